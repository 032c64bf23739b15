"""Signing in with the organisation's provider: out to it, back from it, and linking an account.

Whoever comes back from the provider comes from another site. Browsers then send no strict cookie,
not even to the address that they are sent on to; so the answer is a small page that goes on by
itself, from which they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post

from tutela.errors import Conflict, NotFound, TutelaError
from tutela.interfaces.access import Permission, cookies
from tutela.interfaces.access.single_sign_on.opening import SingleSignOn
from tutela.interfaces.access.single_sign_on.refusals import NoPlace, NotProven, ProviderDown
from tutela.interfaces.access.single_sign_on.tokens import Claims
from tutela.interfaces.console.access.account import PAGE, account_page, check_present
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import (
    COOKIE,
    STEP_LIFE,
    check_csrf,
    first_page,
    read_fields,
    sign_in_page,
    site_of,
    spans,
    take_turn,
)
from tutela.interfaces.language import later, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import account_of, by_of
from tutela.model.review.account import Account
from tutela.storage.access.steps import Step

ABROAD = "provider"
BACK = "/console/sign-in/provider/done"
MOST_FIELDS = 32
ONWARD = "access/onward.html"
NO_ADDRESS = later("the provider has no address to sign out at")


@get("/sign-in/provider", permission=Permission.PUBLIC)
async def go_abroad(request: Request[Any, Any, Any]) -> Response[str]:
    """Send a browser to the provider."""
    single = _single(request)
    take_turn(request)
    try:
        address, token = await _begun(request, single, None)
    except ProviderDown as problem:
        return _refused(request, problem)
    answer = Response("", status_code=303, headers={"Location": address}, media_type="text/html")
    return _remembering(request, answer, token)


@get(BACK.removeprefix("/console"), permission=Permission.PUBLIC)
async def come_back(request: Request[Any, Any, Any]) -> Response[str]:
    """Let somebody in whom the provider sends, or link an account to the person."""
    single = _single(request)
    take_turn(request)
    try:
        step = await asyncio.to_thread(_step, request)
        brought = _brought(request)
        claims = await single.ask(lambda: single.provider.finish(brought, step.facts))
        return await _arrived(request, single, claims, step.account_id)
    except (NotProven, NoPlace, ProviderDown, Conflict) as problem:
        return _refused(request, problem)


@get("/sign-in/provider/leave", permission=Permission.PUBLIC)
async def leave(request: Request[Any, Any, Any]) -> Response[str]:
    """Send somebody who has signed out here to where the provider signs out."""
    single = _single(request)
    take_turn(request)
    back = f"{site_of(request).origin}/console/sign-in"
    try:
        address = await single.ask(lambda: single.provider.leave(back))
    except ProviderDown as problem:
        return _refused(request, problem)
    if address is None:
        return sign_in_page(request, problem=Problem(text=NO_ADDRESS))
    return Response("", status_code=303, headers={"Location": address}, media_type="text/html")


@post("/account/provider", permission=Permission.OWN_ACCOUNT)
async def link_account(request: Request[Any, Any, Any]) -> Response[str]:
    """Begin to link one's account, once the present password was typed."""
    single, account = await _own_form(request)
    if isinstance(account, Response):
        return account
    try:
        address, token = await _begun(request, single, account.id)
    except ProviderDown as problem:
        return await account_page(request, status=503, problem=problem_of(problem))
    # No redirect: browsers let a form of this page lead nowhere else.
    _ = translator_of(request).gettext
    heading = _("To %(provider)s") % {"provider": single.title}
    return _remembering(request, page(request, ONWARD, heading=heading, href=address), token)


@post("/account/provider/remove", permission=Permission.OWN_ACCOUNT)
async def unlink_account(request: Request[Any, Any, Any]) -> Response[str]:
    """No longer let the provider sign one in, once the present password was typed."""
    single, account = await _own_form(request)
    if isinstance(account, Response):
        return account
    try:
        await asyncio.to_thread(_unlink, services_of(request), single, account, by_of(request))
    except TutelaError as problem:
        return await account_page(request, status=400, problem=problem_of(problem))
    return see_other(PAGE)


async def _own_form(
    request: Request[Any, Any, Any],
) -> tuple[SingleSignOn, Account | Response[str]]:
    """Whose form it is, or the page that says why it does not count."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    single, account = _single(request), await asyncio.to_thread(account_of, request)
    try:
        await asyncio.to_thread(check_present, services_of(request), account, fields)
    except TutelaError as problem:
        return single, await account_page(request, status=400, problem=problem_of(problem))
    return single, account


def _unlink(services: Services, single: SingleSignOn, account: Account, by: str) -> None:
    factor = services.settings.access.second_factor == "required"
    services.identities.unlink(account.id, single.provider.issuer, factor=factor, by=by)


async def _begun(
    request: Request[Any, Any, Any], single: SingleSignOn, account_id: str | None
) -> tuple[str, str]:
    """Where the browser goes, and the token of what is remembered until it comes back."""
    back = site_of(request).origin + BACK
    begun = await single.ask(lambda: single.provider.begin(back))
    remember = services_of(request).steps.begin
    token = await asyncio.to_thread(remember, ABROAD, begun.facts, STEP_LIFE, account_id)
    return begun.address, token


def _remembering(
    request: Request[Any, Any, Any], answer: Response[str], token: str
) -> Response[str]:
    seconds = int(STEP_LIFE.total_seconds())
    cookies.write(answer, cookies.ABROAD, token, site_of(request).origin, seconds=seconds)
    return answer


def _step(request: Request[Any, Any, Any]) -> Step:
    """What was remembered of this browser, once. Blocks; raises `NotProven`."""
    token = cookies.read(request, cookies.ABROAD, site_of(request).origin)
    step = services_of(request).steps.take(ABROAD, token) if token else None
    if step is None:
        raise NotProven("the browser was not sent out, was here already, or took too long")
    return step


def _brought(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """The query that the browser brings; raises `NotProven`."""
    try:
        query = request.scope["query_string"].decode("ascii")
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise NotProven("the query cannot be read") from None


async def _arrived(
    request: Request[Any, Any, Any], single: SingleSignOn, claims: Claims, linking: str | None
) -> Response[str]:
    """A page that leads on: with a session, or with an account that is linked now."""
    services, site = services_of(request), site_of(request)
    _ = translator_of(request).gettext
    if linking is not None:
        by = f"person:{linking}"
        await asyncio.to_thread(single.arrivals.link, linking, claims, by=by)
        answer = page(request, ONWARD, heading=_("Your account is linked"), href=PAGE)
        cookies.write(answer, cookies.ABROAD, "", site.origin, seconds=0)
        return answer
    href, token = await asyncio.to_thread(_admitted, services, single, claims)
    answer = page(request, ONWARD, heading=_("You are signed in"), href=href)
    life = services.settings.console.session_minutes * 60
    cookies.write(answer, cookies.ABROAD, "", site.origin, seconds=0)
    cookies.write(answer, COOKIE, token, site.origin, seconds=life)
    return answer


def _admitted(services: Services, single: SingleSignOn, claims: Claims) -> tuple[str, str]:
    """The first page of somebody who may come in, and the session's token. Blocks."""
    account, (idle, life) = single.arrivals.account_of(claims), spans(services)
    session, token = services.sessions.open(
        account.role, idle=idle, life=life, account_id=account.id, means="single sign-on"
    )
    return first_page(services, session), token


def _refused(request: Request[Any, Any, Any], problem: TutelaError) -> Response[str]:
    """The sign-in page with what people are told; the log has what was wrong."""
    why = problem.why if isinstance(problem, NotProven | ProviderDown) else problem.code
    services_of(request).log.warning("the provider signed nobody in", why=why)
    down, unproven = isinstance(problem, ProviderDown), isinstance(problem, NotProven)
    status = 503 if down else 400 if unproven else 403
    said = Problem(text=problem.what[:1].upper() + problem.what[1:], remedy=problem.remedy)
    return sign_in_page(request, status=status, problem=said)


def _single(request: Request[Any, Any, Any]) -> SingleSignOn:
    """Single sign-on.

    Raises:
        NotFound: no provider is set.
    """
    single = services_of(request).single_sign_on
    if single is None:
        raise NotFound("there is no single sign-on here")
    return single
