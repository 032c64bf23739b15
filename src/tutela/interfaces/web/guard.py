"""The one guard: every route names a permission, and every caller is asked for it.

A route names its permission where it is declared: `@get("/v1/banks", permission=...)`. How a
caller is known is the route's `identify`: by API key unless the route or its router says otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias, cast

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute

from tutela.errors import BadConfiguration, Conflict, NotAllowed, NotSignedIn
from tutela.interfaces.access import Permission, may
from tutela.interfaces.services import services_of
from tutela.model.record import Record
from tutela.model.review.account import Account

PERMISSION = "permission"
"""Name under which a route states its permission."""
IDENTIFY = "identify"
"""Name under which a route or router states how its callers are known."""
CALLER = "tutela.caller"
"""Where the caller stands in the connection's scope."""

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Caller(Record, frozen=True, kw_only=True):
    """Who asks.

    Attributes:
        id: of a key or session; no secret.
        role: what it may do.
        by: the caller in records of who did what: `person:ID`, `key:ID` or `session:ID`.
        account: id of the person's account; empty where a key or code is nobody's in particular.
        scopes: permissions that a key is limited to; None for all that its role has.
        limit: role of the person whom a key acts for: it never does more than they may.
    """

    id: str
    role: str
    by: str
    account: str = ""
    scopes: tuple[str, ...] | None = None
    limit: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether role and scopes both have a permission."""
        within = self.scopes is None or permission.value in self.scopes
        if self.limit is not None and not may(self.limit, permission):
            return False
        return within and may(self.role, permission)


class NeedsAccount(Conflict):
    """Whoever asks may do this in general, and is nobody in particular."""

    code = "needs-account"


Identify = Callable[[Connection], Awaitable[Caller]]
"""Tells who a caller is; raises `NotSignedIn`."""


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let a caller pass who has the route's permission and stays within the rate.

    Raises:
        NotSignedIn: nobody, or nobody known.
        NotAllowed: the role lacks the permission.
        TooMany: the caller asks too often.
        MethodNotAllowedException: the method is OPTIONS, which nobody needs without CORS.
    """
    permission = handler.opt.get(PERMISSION)
    if permission is Permission.PUBLIC:
        return
    if _answers_options(handler):
        raise MethodNotAllowedException
    identify = cast("Identify", handler.opt.get(IDENTIFY, by_key))
    caller = await identify(connection)
    connection.scope[CALLER] = caller  # type: ignore[literal-required]
    if not isinstance(permission, Permission) or not caller.may(permission):
        raise _refusal(caller, permission)
    services_of(connection).rates.take(caller.id)


def _refusal(caller: Caller, permission: object) -> NotAllowed:
    beyond = isinstance(permission, Permission) and may(caller.role, permission)
    lacking = "this key is not made for" if beyond else f"the role {caller.role} does not have"
    return NotAllowed(
        f"this needs the permission {permission}, which {lacking}",
        remedy="use a key whose role has it",
    )


def caller_of(connection: Connection) -> Caller:
    """Who asks; of a route that is not public."""
    caller: Caller = connection.scope[CALLER]  # type: ignore[literal-required]
    return caller


def account_of(connection: Connection) -> Account:
    """The account of whoever asks. Blocks.

    Raises:
        NeedsAccount: a key or code is nobody's in particular: what people decide needs a person.
    """
    caller = caller_of(connection)
    if not caller.account:
        raise NeedsAccount(
            "this needs an account of a person",
            remedy="sign in with your own account, or use a key that was made for it",
        )
    return services_of(connection).accounts.get(caller.account)


def by_of(connection: Connection) -> str:
    """Who asks, for the record of who did what; of a route that is not public."""
    return caller_of(connection).by


async def by_key(connection: Connection) -> Caller:
    """Know a caller by the API key in `Authorization: Bearer tut_…`.

    Raises:
        NotSignedIn: there is no key, or it is unknown, revoked or expired.
    """
    secret = _bearer(connection)
    key = await services_of(connection).key_ring.find(secret) if secret else None
    if key is None:
        raise NotSignedIn(
            "this needs an API key" if not secret else "this API key is not valid",
            remedy="send the header Authorization: Bearer tut_…; `tutela keys create` makes keys",
        )
    account = key.account_id or ""
    by = f"person:{account}" if account else f"key:{key.id}"
    return Caller(
        id=key.id, role=key.role, by=by, account=account, scopes=key.scopes, limit=key.account_role
    )


def _bearer(connection: Connection) -> str:
    """The key that a request shows; empty where there is none."""
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            scheme, _, secret = value.decode("latin-1").partition(" ")
            secret = secret.strip()
            known = scheme.lower() == "bearer" and secret.startswith("tut_")
            return secret if known else ""
    return ""


def _answers_options(handler: BaseRouteHandler) -> bool:
    """Whether this is the answer to OPTIONS that the framework adds to each route."""
    return isinstance(handler, HTTPRouteHandler) and handler.http_methods == {"OPTIONS"}


def declared(app: Litestar) -> Iterator[tuple[str, str, Permission]]:
    """Every route of an application with its permission, as (method, path, permission).

    Raises:
        BadConfiguration: a route names no permission.
    """
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise BadConfiguration(f"the route {route.path} is none that the guard can see")
        for handler in route.route_handlers:
            if _answers_options(handler):
                continue
            permission = handler.opt.get(PERMISSION)
            if not isinstance(permission, Permission):
                raise BadConfiguration(f"the route {route.path} names no permission")
            for method in sorted(handler.http_methods):
                yield method, route.path, permission
