"""The accounts of the people who work here, for those who run the place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import GRANTS, Permission, Role, Sensitivity, may
from tutela.interfaces.access.people import Invitation, NewPerson, PersonChange
from tutela.interfaces.api.access.accounts import people_of
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later, translator_of
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of

PAGE = "/console/accounts"
LEVELS: Mapping[Sensitivity, str] = MappingProxyType(
    {
        Sensitivity.OPEN: later("Open: what is public, or could be"),
        Sensitivity.WORKING: later("Working: how the program is set up and how it fares"),
        Sensitivity.PERSONAL: later("Personal: people, and what was found and decided of them"),
        Sensitivity.MATERIAL: later("Material: suspected material, decisions, and what is listed"),
        Sensitivity.KEYS: later(
            "Keys to the house: who comes in, what is in force, what is destroyed"
        ),
    }
)
"""What is at stake at each level, as people are told."""


@get("/accounts", permission=Permission.ACCOUNTS_READ)
async def list_accounts(request: Request[Any, Any, Any]) -> Response[str]:
    """List the people who work here."""
    return await _page(request)


@post("/accounts", permission=Permission.ACCOUNTS_CHANGE)
async def invite(request: Request[Any, Any, Any]) -> Response[str]:
    """Invite a person; the code is shown once."""
    fields = await _fields(request)
    by, people = by_of(request), people_of(services_of(request))
    try:
        new = _new(fields)
        invitation = await asyncio.to_thread(people.invite, new, by=by)
    except TutelaError as error:
        return await _page(request, status=400, problem=problem_of(error), typed=fields)
    return await _page(request, invitation=invitation)


@post("/accounts/{account_id:str}/invite", permission=Permission.ACCOUNTS_CHANGE)
async def invite_again(request: Request[Any, Any, Any], account_id: str) -> Response[str]:
    """Forget what a person signs in with, and show a new code."""
    await _fields(request)
    by, people = by_of(request), people_of(services_of(request))
    try:
        invitation = await asyncio.to_thread(people.invite_again, account_id, by=by)
    except TutelaError as error:
        return await _page(request, status=400, problem=problem_of(error))
    return await _page(request, invitation=invitation)


@post("/accounts/{account_id:str}", permission=Permission.ACCOUNTS_CHANGE)
async def change(request: Request[Any, Any, Any], account_id: str) -> Response[str]:
    """Give another role, keep a person out, let a person in again, unlock."""
    fields = await _fields(request)
    by, people = by_of(request), people_of(services_of(request))
    try:
        wanted = _change(fields)
        await asyncio.to_thread(people.change, account_id, wanted, by=by)
    except TutelaError as error:
        return await _page(request, status=400, problem=problem_of(error))
    return see_other(PAGE)


def rights_of(role: Role) -> Iterator[tuple[str, Sequence[Permission]]]:
    """What a role may, by how sensitive it is, the least first; each level in words."""
    for level, meaning in LEVELS.items():
        own = sorted(one for one in GRANTS[role] if one.sensitivity is level)
        if own := [one for one in own if one is not Permission.PUBLIC]:
            yield meaning, own


async def _fields(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    fields = await read_fields(request)
    check_csrf(request, fields)
    return fields


def _new(fields: Mapping[str, str]) -> NewPerson:
    told = {"name": fields.get("name", "").strip().lower(), "role": fields.get("role", "")}
    try:
        return msgspec.convert(told, NewPerson)
    except msgspec.ValidationError:
        raise InvalidInput(
            "a name has small letters, digits and . _ @ + -, and begins with a letter or digit",
            where="name",
        ) from None


def _change(fields: Mapping[str, str]) -> PersonChange:
    did = fields.get("do", "")
    if did == "role" and fields.get("role") in set(Role):
        return PersonChange(role=Role(fields["role"]))
    if did in {"enable", "disable"}:
        return PersonChange(enabled=did == "enable")
    if did == "unlock":
        return PersonChange(unlock=True)
    raise InvalidInput("the form does not say what is to change")


async def _page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    problem: Problem | None = None,
    invitation: Invitation | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response[str]:
    found = await asyncio.to_thread(services_of(request).accounts.list)
    say = translator_of(request).gettext
    rights = {role: [(say(told), own) for told, own in rights_of(role)] for role in Role}
    return page(
        request,
        "access/accounts.html",
        status=status,
        problem=problem,
        accounts=found,
        invitation=invitation,
        typed=typed or {},
        roles=list(Role),
        rights=rights,
        may_change=may(session_of(request).role, Permission.ACCOUNTS_CHANGE),
    )
