"""One's own account: password, second factor, sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, NotAllowed, TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.access.passwords import SHORTEST
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of, token_of
from tutela.interfaces.language import zones
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.model.review.account import Account, AccountState
from tutela.storage.access.identities import Linked
from tutela.storage.values import now

PAGE = "/console/account"


@get("/account", permission=Permission.OWN_ACCOUNT)
async def show_account(request: Request[Any, Any, Any]) -> Response[str]:
    """Show one's own account, with what it lacks."""
    return await account_page(request)


@post("/account/password", permission=Permission.OWN_ACCOUNT)
async def set_password(request: Request[Any, Any, Any]) -> Response[str]:
    """Set a password, or another one; every session ends by that."""
    return await _changed(request, _set_password, "/console/sign-in")


@post("/account/authenticator", permission=Permission.OWN_ACCOUNT)
async def set_authenticator(request: Request[Any, Any, Any]) -> Response[str]:
    """Set up an authenticator, once it has shown a right code."""
    return await _changed(request, _set_authenticator, PAGE)


@post("/account/sessions/end", permission=Permission.OWN_ACCOUNT)
async def end_other_sessions(request: Request[Any, Any, Any]) -> Response[str]:
    """End every session of one's own but this one."""
    return await _changed(request, _end_others, PAGE)


async def _changed(request: Request[Any, Any, Any], change: Any, after: str) -> Response[str]:  # noqa: ANN401 - one of the functions below
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    try:
        await asyncio.to_thread(change, request, account, fields)
    except TutelaError as error:
        return await account_page(request, status=400, problem=problem_of(error))
    return see_other(after)


def _set_password(
    request: Request[Any, Any, Any], account: Account, fields: Mapping[str, str]
) -> None:
    services, new = services_of(request), fields.get("new", "")
    check_present(services, account, fields)
    if new != fields.get("again", ""):
        raise InvalidInput("the two passwords differ", remedy="type the new one twice")
    hashed = services.passwords.hash(new)
    services.accounts.set_password(account.id, hashed, by=by_of(request))


def _set_authenticator(
    request: Request[Any, Any, Any], account: Account, fields: Mapping[str, str]
) -> None:
    services = services_of(request)
    check_present(services, account, fields)
    generation = services.accounts.begin_authenticator(account.id)
    step = Authenticators(services.secrets).step(account.id, generation, fields.get("code", ""))
    if step is None:
        raise InvalidInput(
            "this code is not right", remedy="look whether the clock of your device is right"
        )
    services.accounts.confirm_authenticator(account.id, generation, step, by=by_of(request))


def _end_others(request: Request[Any, Any, Any], account: Account, _: Mapping[str, str]) -> None:
    services_of(request).sessions.close_others(token_of(request), account.id)


def check_present(services: Services, account: Account, fields: Mapping[str, str]) -> None:
    """Whoever finds an open console must not be able to take the account over. Blocks.

    Raises:
        NotAllowed: the account has a password, and another one was typed.
    """
    known = services.accounts.credentials(account.id)
    if known.password is None:
        return
    if account.locked_until is not None and account.locked_until > now():
        raise NotAllowed("too many passwords were not right", remedy="wait a while")
    if not services.passwords.verify(known.password, fields.get("present", "")):
        services.accounts.failed(account.id)
        raise NotAllowed("your present password is not right")


def linked_of(services: Services, account_id: str) -> Linked | None:
    """Since when an account is linked to the provider, if it is. Blocks."""
    single = services.single_sign_on
    issuer = "" if single is None else single.provider.issuer
    found = services.identities.of(account_id)
    return next((one for one in found if one.identity.issuer == issuer), None)


async def account_page(
    request: Request[Any, Any, Any], *, status: int = 200, problem: Problem | None = None
) -> Response[str]:
    """The page of one's own account."""
    if not caller_of(request).account:
        return page(request, "access/nobody.html")
    account = await asyncio.to_thread(account_of, request)
    services = services_of(request)
    generation = await asyncio.to_thread(services.accounts.begin_authenticator, account.id)
    own, single = Authenticators(services.secrets), services.single_sign_on
    known = await asyncio.to_thread(services.accounts.credentials, account.id)
    return page(
        request,
        "access/account.html",
        status=status,
        problem=problem,
        account=account,
        invited=account.state is AccountState.INVITED,
        shortest=SHORTEST,
        keys=await asyncio.to_thread(services.security_keys.of, account.id),
        sessions=await asyncio.to_thread(services.sessions.of, account.id),
        here=session_of(request).id,
        zones=zones(),
        has_password=known.password is not None,
        provider="" if single is None else single.title,
        linked=await asyncio.to_thread(linked_of, services, account.id),
        picture=own.picture(account.id, generation, account.name),
        secret=own.secret(account.id, generation),
    )
