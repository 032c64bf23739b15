"""Security keys of one's own: set up in two steps, and forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, post

from tutela.errors import InvalidInput, NotAllowed, TutelaError
from tutela.interfaces.access import Permission, cookies
from tutela.interfaces.access.security_keys import Asked
from tutela.interfaces.console.access.account import PAGE, account_page, check_present
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import STEP_LIFE, check_csrf, read_fields, site_of
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of
from tutela.model.review.account import Account
from tutela.storage.access.security_keys import KeyName

NEW_KEY = "new security key"


@post("/account/keys/ask", permission=Permission.OWN_ACCOUNT)
async def ask_for_key(request: Request[Any, Any, Any]) -> Response[str]:
    """Ask the browser for a new security key, once the present password was typed."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    try:
        name = _name(fields.get("key_name", ""))
        await asyncio.to_thread(check_present, services_of(request), account, fields)
        asked, token = await asyncio.to_thread(_begun, request, account, name)
    except TutelaError as error:
        return await account_page(request, status=400, problem=problem_of(error))
    answer = page(request, "access/new_key.html", options=asked.options, name=name)
    seconds = int(STEP_LIFE.total_seconds())
    cookies.write(answer, cookies.STEP, token, site_of(request).origin, seconds=seconds)
    return answer


@post("/account/keys", permission=Permission.OWN_ACCOUNT)
async def add_key(request: Request[Any, Any, Any]) -> Response[str]:
    """Keep a security key that the browser has set up."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    try:
        await asyncio.to_thread(_add, request, account, fields.get("answer", ""))
    except TutelaError as error:
        return await account_page(request, status=400, problem=problem_of(error))
    return see_other(PAGE)


@post("/account/keys/{key_id:str}/remove", permission=Permission.OWN_ACCOUNT)
async def remove_key(request: Request[Any, Any, Any], key_id: str) -> Response[str]:
    """Forget a security key, once the present password was typed."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    services, by = services_of(request), by_of(request)
    try:
        await asyncio.to_thread(check_present, services, account, fields)
        await asyncio.to_thread(services.security_keys.remove, account.id, key_id, by=by)
    except TutelaError as error:
        return await account_page(request, status=400, problem=problem_of(error))
    return see_other(PAGE)


def _begun(request: Request[Any, Any, Any], account: Account, name: str) -> tuple[Asked, str]:
    services = services_of(request)
    asked = site_of(request).ask_for_new(account, services.security_keys.of(account.id))
    facts = {"challenge": asked.challenge, "name": name}
    return asked, services.steps.begin(NEW_KEY, facts, STEP_LIFE, account.id)


def _add(request: Request[Any, Any, Any], account: Account, answer: str) -> None:
    services, site = services_of(request), site_of(request)
    token = cookies.read(request, cookies.STEP, site.origin)
    step = services.steps.take(NEW_KEY, token) if token else None
    if step is None or step.account_id != account.id:
        raise NotAllowed("that took too long, or was sent twice", remedy="begin again")
    made = site.made(answer, step.facts["challenge"])
    if made is None:
        raise InvalidInput("the answer of the security key is not right", remedy="begin again")
    name, by = step.facts["name"], by_of(request)
    services.security_keys.add(account.id, made.id, name, made.public_key, made.uses, by=by)


def _name(text: str) -> str:
    try:
        return msgspec.convert(text.strip(), KeyName)
    except msgspec.ValidationError:
        raise InvalidInput("a security key's name has 1 to 64 characters", where="name") from None
