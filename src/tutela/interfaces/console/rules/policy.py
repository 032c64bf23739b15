"""Pages of the policy: what is in force and in shadow, its rules, its history, and its switches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post

from tutela.errors import BadConfiguration, Conflict, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.rules.policy import (
    TEXT_NAME,
    PolicyChoice,
    PolicyQuery,
    PolicyText,
    activate,
    cast_shadow,
    place_of,
    propose,
    roll_back,
    state_of,
    version_of,
)
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import Translator, later, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import by_of
from tutela.model.record import Record
from tutela.policy.policy import Policy
from tutela.storage.rules.switches import PolicySwitch

FORM_BYTES = 4_000_000
"""Largest form with a text; larger policies come by the command line or the API."""
HISTORY = 20
"""Changes that are shown, the latest first."""
RULES = 200
"""Rules that are shown as cards; a policy may have thousands."""
AROUND = 3
"""Lines that are shown before and after one with a mistake."""


class Line(Record, frozen=True, kw_only=True):
    """A line of a text: its number, and whether the mistake is in it."""

    number: int
    text: str
    wrong: bool


@get("/policy", permission=Permission.POLICY_READ)
async def show_policy(request: Request[Any, Any, Any]) -> Response[str]:
    """What is in force and in shadow, with its rules, its history, and the form to change it."""
    return await _policy_page(request)


@get("/policy/versions/{version:str}", permission=Permission.POLICY_READ)
async def show_version(request: Request[Any, Any, Any], version: str) -> Response[str]:
    """One version: its rules and its text, as it decided."""
    services, role = services_of(request), session_of(request).role
    kept = await asyncio.to_thread(version_of, services, version)
    latest = await asyncio.to_thread(services.versions.latest)
    texts = translator_of(request)
    policy, problem = await asyncio.to_thread(_loaded, services, version, texts)
    return page(
        request,
        "policy_version.html",
        kept=kept,
        policy=policy,
        problem=problem,
        shown=RULES,
        latest=latest,
        may_change=may(role, Permission.POLICY_CHANGE),
        may_approve=may(role, Permission.POLICY_APPROVE),
    )


@post("/policy/check", permission=Permission.POLICY_READ)
async def check_text(request: Request[Any, Any, Any]) -> Response[str]:
    """Check a text that was pasted, and change nothing."""
    fields = await _fields(request)
    text = _text(fields)
    try:
        policy = await asyncio.to_thread(Policy.load, text, TEXT_NAME)
    except BadConfiguration as problem:
        return await _policy_page(request, fields=fields, problem=problem)
    texts, count = translator_of(request), len(policy.rules)
    note = texts.ngettext(
        "This is a policy of %(number)s rule: version %(version)s. Nothing was changed.",
        "This is a policy of %(number)s rules: version %(version)s. Nothing was changed.",
        count,
    ) % {"number": texts.amount(count), "version": policy.version}
    return await _policy_page(request, fields=fields, note=note)


@post("/policy/propose", permission=Permission.POLICY_CHANGE)
async def propose_policy(request: Request[Any, Any, Any]) -> Response[str]:
    """Keep a text that was pasted, for somebody else to put in force."""
    fields = await _fields(request)
    services, by = services_of(request), by_of(request)
    try:
        kept = await asyncio.to_thread(propose, services, PolicyText(text=_text(fields)), by)
    except TutelaError as problem:
        return await _policy_page(request, fields=fields, problem=problem)
    return see_other(f"/console/policy/versions/{quote(kept.version, safe='')}")


@post("/policy/activate", permission=Permission.POLICY_APPROVE)
async def activate_policy(request: Request[Any, Any, Any]) -> Response[str]:
    """Put a version or a text that was pasted in force."""
    return await _change(request, activate)


@post("/policy/shadow", permission=Permission.POLICY_CHANGE)
async def shadow_policy(request: Request[Any, Any, Any]) -> Response[str]:
    """Let a version or a text that was pasted decide in shadow; or none."""
    return await _change(request, cast_shadow)


@post("/policy/rollback", permission=Permission.POLICY_APPROVE)
async def roll_back_policy(request: Request[Any, Any, Any]) -> Response[str]:
    """Put the version in force that was live before, if it is still the one that was shown."""
    fields = await _fields(request)
    services, by = services_of(request), by_of(request)
    try:
        before = await asyncio.to_thread(services.versions.switches.live_before)
        if before is None or before.live != fields.get("to"):
            raise Conflict(
                later("what is in force has changed since this page was opened"),
                remedy=later("look at it again"),
            )
        await asyncio.to_thread(roll_back, services, fields.get("note", "").strip(), by)
    except TutelaError as problem:
        return await _policy_page(request, problem=problem)
    return see_other("/console/policy")


async def _change(
    request: Request[Any, Any, Any], act: Callable[[Services, PolicyChoice, str], PolicySwitch]
) -> Response[str]:
    fields = await _fields(request)
    services, by = services_of(request), by_of(request)
    version = fields.get("version")
    choice = PolicyChoice(
        version=version,
        text=_text(fields) if version is None and "text" in fields else None,
        note=fields.get("note", "").strip(),
    )
    try:
        await asyncio.to_thread(act, services, choice, by)
    except TutelaError as problem:
        return await _policy_page(request, fields=fields, problem=problem)
    return see_other("/console/policy")


async def _fields(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    fields = await read_fields(request, most=FORM_BYTES)
    check_csrf(request, fields)
    return fields


def _text(fields: Mapping[str, str]) -> str:
    """The text of a form, whose lines end as browsers send them."""
    return fields.get("text", "").replace("\r\n", "\n")


async def _policy_page(
    request: Request[Any, Any, Any],
    *,
    fields: Mapping[str, str] | None = None,
    problem: TutelaError | None = None,
    note: str = "",
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    state = await asyncio.to_thread(state_of, services, PolicyQuery(limit=HISTORY))
    shadow = state.in_force.shadow
    counts = await asyncio.to_thread(services.shadows.counts, shadow) if shadow else {}
    text = _text(fields or {})
    return page(
        request,
        "policy.html",
        status=400 if problem else 200,
        problem=_problem(problem, translator_of(request)),
        mistake=_around(text, problem),
        note=note,
        state=state,
        policy=services.policy.now().live,
        shown=RULES,
        counts=counts,
        before=await asyncio.to_thread(services.versions.switches.live_before),
        text=text,
        why=(fields or {}).get("note", ""),
        may_change=may(role, Permission.POLICY_CHANGE),
        may_approve=may(role, Permission.POLICY_APPROVE),
    )


def _loaded(
    services: Services, version: str, texts: Translator
) -> tuple[Policy | None, Problem | None]:
    """A version to show its rules, or why this release of the program has no use for it."""
    try:
        return services.versions.load(version), None
    except BadConfiguration as problem:
        where = texts.gettext("This release of the program cannot load this version:")
        return None, Problem(where=where, text=str(problem))


def _problem(error: TutelaError | None, texts: Translator) -> Problem | None:
    if error is None:
        return None
    line, column = place_of(error)
    where = texts.gettext("Line %(line)s, column %(column)s:") % {"line": line, "column": column}
    return Problem(where=where if line else "", text=error.what, remedy=error.remedy)


def _around(text: str, error: TutelaError | None) -> tuple[Line, ...]:
    """The line with a mistake, and those around it."""
    wrong = place_of(error)[0] if error is not None else 0
    if not wrong or not text:
        return ()
    lines = text.split("\n")
    first, last = max(wrong - AROUND, 1), min(wrong + AROUND, len(lines))
    return tuple(
        Line(number=number, text=lines[number - 1], wrong=number == wrong)
        for number in range(first, last + 1)
    )
