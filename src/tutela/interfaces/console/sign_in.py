"""Signing in and out: a one-time code or an API key becomes a session in a strict cookie.

A code or key travels in the body of a form, never in a URL. The cookie holds a random token whose
digest is in the database; forms carry the session's second token, so that no other site can send
them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, NotAllowed, NotSignedIn, TooLarge
from tutela.interfaces.access import Permission
from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.access.signing_in import Refused, SignIn
from tutela.interfaces.console.alarm import look
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import home_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.bodies import pieces
from tutela.interfaces.web.guard import Caller, Connection
from tutela.model.review.account import AccountState
from tutela.storage.access.sessions import Session

COOKIE = "tutela_session"
SESSION = "tutela.session"
"""Where the session stands in the scope."""
FORM_BYTES = 65_536
"""Largest form without a file."""


async def by_session(connection: Connection) -> Caller:
    """Know a caller by the session cookie.

    Raises:
        NotSignedIn: there is no session, or it has ended.
    """
    token = connection.cookies.get(COOKIE, "")
    find = services_of(connection).sessions.find
    session = await asyncio.to_thread(find, token) if token else None
    if session is None:
        raise NotSignedIn("your session has ended", remedy="sign in again")
    connection.scope[SESSION] = session  # type: ignore[literal-required]
    await look(connection, session.role)
    return Caller(
        id=f"session-{session.id}",
        role=session.role,
        by=session.name,
        account=session.account_id or "",
    )


def session_of(request: Request[Any, Any, Any]) -> Session:
    """The session that the guard found."""
    session: Session = request.scope[SESSION]  # type: ignore[literal-required]
    return session


def check_csrf(request: Request[Any, Any, Any], fields: Mapping[str, str]) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        NotAllowed: its token is missing or another's.
    """
    given, own = fields.get("csrf", ""), session_of(request).csrf
    if not secrets.compare_digest(given.encode(), own.encode()):
        raise NotAllowed("this form is not of your session", remedy="open the page again")


async def read_fields(request: Request[Any, Any, Any], *, most: int = FORM_BYTES) -> dict[str, str]:
    """The fields of a form without a file.

    Args:
        request: the form.
        most: bytes that it may have.

    Raises:
        TooLarge: the form is larger than any of ours.
        InvalidInput: it is not a form.
    """
    body = bytearray()
    async for piece in pieces(request):
        body += piece
        if len(body) > most:
            raise TooLarge("the form is too large")
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=64))
    except ValueError as problem:
        raise InvalidInput("the form cannot be read") from problem


@get("/sign-in", permission=Permission.PUBLIC)
async def show_sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    """The page to sign in on."""
    return page(request, "sign_in.html", typed="")


@post("/sign-in", permission=Permission.PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    """Turn a code or key into a session."""
    services = services_of(request)
    _check_origin(request)
    services.rates.take("sign-in " + (request.client.host if request.client else ""))
    fields = await read_fields(request)
    opened = await asyncio.to_thread(_opened, services, fields)
    if isinstance(opened, str):
        typed = fields.get("name", "")
        return page(request, "sign_in.html", status=403, problem=opened, typed=typed)
    session, token = opened
    await asyncio.to_thread(services.sessions.close, request.cookies.get(COOKIE, ""))
    answer = see_other(await asyncio.to_thread(_first_page, services, session))
    answer.set_cookie(
        COOKIE,
        token,
        path="/console",
        max_age=services.settings.console.session_minutes * 60,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@post("/sign-out", permission=Permission.PRINCIPLES_READ)
async def sign_out(request: Request[Any, Any, Any]) -> Response[str]:
    """End the session."""
    check_csrf(request, await read_fields(request))
    token = request.cookies.get(COOKIE, "")
    await asyncio.to_thread(services_of(request).sessions.close, token)
    answer = see_other("/console/sign-in")
    answer.delete_cookie(COOKIE, path="/console")
    return answer


def _opened(services: Services, fields: Mapping[str, str]) -> tuple[Session, str] | str:
    """A session with its token, or what was wrong, in words. Blocks."""
    if "password" in fields:
        return _by_password(services, fields)
    opened = _by_secret(services, fields.get("secret", "").strip())
    return opened or "This code or key is not known, was used already, or has expired."


def _by_password(services: Services, fields: Mapping[str, str]) -> tuple[Session, str] | str:
    name, password, code = (fields.get(part, "") for part in ("name", "password", "code"))
    found = sign_in_of(services).sign_in(name, password, code)
    if found is Refused.WRONG:
        return "This is not right. After several wrong tries, nothing is tried for a while."
    if found is Refused.NO_FACTOR:
        return "This account needs a second factor. Ask an administrator for a one-time code."
    idle, life = _spans(services)
    return services.sessions.open(found.role, idle=idle, life=life, account_id=found.id)


def _by_secret(services: Services, secret: str) -> tuple[Session, str] | None:
    """A session for a valid key or code.

    A key that is limited to scopes opens none: a session has all that its role has.
    """
    (idle, life), sessions = _spans(services), services.sessions
    if secret.startswith("tut_"):
        key = services.keys.verify(secret)
        if key is None or key.scopes is not None:
            return None
        account = key.account_id
        return sessions.open(key.role, idle=idle, life=life, key_id=key.id, account_id=account)
    code = sessions.redeem(secret)
    if code is None:
        return None
    role = services.accounts.get(code.account_id).role if code.account_id else code.role
    return sessions.open(role, idle=idle, life=life, code=code, account_id=code.account_id)


def sign_in_of(services: Services) -> SignIn:
    """What signs people in with a password."""
    return SignIn(
        services.accounts,
        services.passwords,
        Authenticators(services.secrets),
        services.settings.access.second_factor == "required",
    )


def _spans(services: Services) -> tuple[timedelta, timedelta]:
    """How long a session may be idle, and how long it may last."""
    settings = services.settings
    life = timedelta(minutes=settings.console.session_minutes)
    return min(timedelta(minutes=settings.access.idle_minutes), life), life


def _first_page(services: Services, session: Session) -> str:
    """Where somebody begins: who was invited sets up the account first."""
    if session.account_id:
        account = services.accounts.get(session.account_id)
        if account.state is AccountState.INVITED:
            return "/console/account"
    return home_of(session.role)


def _check_origin(request: Request[Any, Any, Any]) -> None:
    """Nobody is signed in by a form on another site: browsers name the site that sends a form."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("this form was sent by another site", remedy="open the console itself")
