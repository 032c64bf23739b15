"""`/v1/accounts`: the people who work here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.access.people import Invitation, NewPerson, People, PersonChange
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model.record import Record
from tutela.model.review.account import Account

_NEW = msgspec.json.Decoder(NewPerson)
_CHANGE = msgspec.json.Decoder(PersonChange)


class AccountsAnswer(Record, frozen=True, kw_only=True):
    """Every account, by name."""

    accounts: Sequence[Account]


@get(
    "/v1/accounts",
    permission=Permission.ACCOUNTS_READ,
    about=About(summary="List the people who work here", gives=AccountsAnswer),
)
async def list_accounts(request: Request[Any, Any, Any]) -> ASGIApp:
    """List the people who work here, with roles and pseudonyms; never what they sign in with."""
    found = await asyncio.to_thread(services_of(request).accounts.list)
    return JsonAnswer(AccountsAnswer(accounts=found))


@post(
    "/v1/accounts",
    permission=Permission.ACCOUNTS_CHANGE,
    about=About(summary="Invite a person", takes=NewPerson, gives=Invitation, status=201),
)
async def invite(request: Request[Any, Any, Any]) -> ASGIApp:
    """Make an account and a one-time code for it, which is shown once."""
    new = await read_json(request, _NEW)
    people, by = people_of(services_of(request)), by_of(request)
    return JsonAnswer(await asyncio.to_thread(people.invite, new, by=by), status=201)


@get(
    "/v1/accounts/{account_id:str}",
    permission=Permission.ACCOUNTS_READ,
    about=About(summary="Read one account", gives=Account),
)
async def read_account(request: Request[Any, Any, Any], account_id: FromPath[str]) -> ASGIApp:
    """Read an account; never what the person signs in with."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).accounts.get, account_id))


@patch(
    "/v1/accounts/{account_id:str}",
    permission=Permission.ACCOUNTS_CHANGE,
    about=About(summary="Change an account", takes=PersonChange, gives=Account),
)
async def change_account(request: Request[Any, Any, Any], account_id: FromPath[str]) -> ASGIApp:
    """Give another role, keep a person out, let a person in again, or unlock."""
    wanted = await read_json(request, _CHANGE)
    people, by = people_of(services_of(request)), by_of(request)
    return JsonAnswer(await asyncio.to_thread(people.change, account_id, wanted, by=by))


@post(
    "/v1/accounts/{account_id:str}/invite",
    status_code=200,
    permission=Permission.ACCOUNTS_CHANGE,
    about=About(summary="Invite a person again", gives=Invitation),
)
async def invite_again(request: Request[Any, Any, Any], account_id: FromPath[str]) -> ASGIApp:
    """Forget all that a person signs in with, and show a new one-time code."""
    people, by = people_of(services_of(request)), by_of(request)
    return JsonAnswer(await asyncio.to_thread(people.invite_again, account_id, by=by))


def people_of(services: Services) -> People:
    """What changes people."""
    return People.of(services.accounts, services.sessions, services.settings.access)
