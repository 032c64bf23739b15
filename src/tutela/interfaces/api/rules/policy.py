"""`/v1/policy`: what is in force and in shadow, every version, and how that changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import BadConfiguration, Conflict, InvalidInput, NotFound, TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.interfaces.web.problems import Unprocessable
from tutela.model.record import Record
from tutela.policy.policy import Policy
from tutela.storage.rules.policies import KeptPolicy
from tutela.storage.rules.shadows import Comparison
from tutela.storage.rules.switches import LONGEST_NOTE, PolicySwitch

TEXT_NAME = "policy"
"""What a text that was sent is called in its errors: `policy:12:5`."""

VersionName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Note = Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)]


class PolicyQuery(Record, frozen=True, kw_only=True):
    """Which part of the history: changes with numbers below `before`, at most `limit`."""

    before: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class PolicyState(Record, frozen=True, kw_only=True):
    """What is in force.

    Attributes:
        in_force: the latest change: the live version, and the one in shadow.
        deciding: the version that this server process decides with: another than the live one for
            up to a second after a change, and where it cannot load that.
        history: changes, latest first.
        next: the `before` of the next page of the history, or None.
    """

    in_force: PolicySwitch
    deciding: str
    history: Sequence[PolicySwitch]
    next: int | None


class PolicyVersionList(Record, frozen=True, kw_only=True):
    """Every policy version that is kept, latest first."""

    versions: Sequence[KeptPolicy]


class PolicyVersionDocument(Record, frozen=True, kw_only=True):
    """A policy version with its text."""

    version: str
    added_at: datetime
    added_by: str
    text: str


class PolicyText(Record, frozen=True, kw_only=True):
    """The text of a policy, in YAML."""

    text: str


class PolicyCheck(Record, frozen=True, kw_only=True):
    """What came of a check.

    Attributes:
        ok: whether it could be put in force.
        version: the version that the text is, where it is one.
        rules: how many rules it has.
        what: the first mistake, as a sentence.
        line, column: its place, counted from 1; 0 where it has none.
        remedy: what can be done about it.
    """

    ok: bool
    version: str = ""
    rules: int = 0
    what: str = ""
    line: int = 0
    column: int = 0
    remedy: str = ""


class PolicyChoice(Record, frozen=True, kw_only=True):
    """A policy: a version that is kept, or a text, which is kept from then on.

    Attributes:
        version: names one that is kept.
        text: one in YAML.
        note: why, for the history.
    """

    version: VersionName | None = None
    text: str | None = None
    note: Note = ""


class RollbackNote(Record, frozen=True, kw_only=True):
    """Why a policy is rolled back, for the history."""

    note: Note = ""


class ComparisonQuery(Record, frozen=True, kw_only=True):
    """What to compare: the version in shadow (else the present one), with one that was live."""

    policy: VersionName | None = None
    live: VersionName | None = None


_CHOICE = msgspec.json.Decoder(PolicyChoice)
_TEXT = msgspec.json.Decoder(PolicyText)
_NOTE = msgspec.json.Decoder(RollbackNote)


@get(
    "/v1/policy",
    permission=Permission.POLICY_READ,
    about=About(summary="Read what is in force", query=PolicyQuery, gives=PolicyState),
)
async def read_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read which policy is in force and in shadow, and what was, by whom and why."""
    services, page = services_of(request), read_query(request, PolicyQuery)
    return JsonAnswer(await asyncio.to_thread(state_of, services, page))


@get(
    "/v1/policy/versions",
    permission=Permission.POLICY_READ,
    about=About(summary="List the policy versions", gives=PolicyVersionList),
)
async def list_versions(request: Request[Any, Any, Any]) -> ASGIApp:
    """List every policy version that is kept. None is ever changed or deleted."""
    versions = await asyncio.to_thread(services_of(request).versions.policies.list)
    return JsonAnswer(PolicyVersionList(versions=versions))


@get(
    "/v1/policy/versions/{version:str}",
    permission=Permission.POLICY_READ,
    about=About(summary="Read one policy version", gives=PolicyVersionDocument),
)
async def read_version(request: Request[Any, Any, Any], version: FromPath[str]) -> ASGIApp:
    """Read a policy version with its text, as it decided."""
    return JsonAnswer(await asyncio.to_thread(version_of, services_of(request), version))


@post(
    "/v1/policy/check",
    status_code=200,
    permission=Permission.POLICY_READ,
    about=About(summary="Check the text of a policy", takes=PolicyText, gives=PolicyCheck),
)
async def check_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Check a text as `activate` would, and change nothing. A mistake is told with its place."""
    wanted = await read_json(request, _TEXT)
    return JsonAnswer(await asyncio.to_thread(checked, wanted.text))


@post(
    "/v1/policy/propose",
    status_code=201,
    permission=Permission.POLICY_CHANGE,
    about=About(summary="Propose a policy", takes=PolicyText, gives=KeptPolicy, status=201),
)
async def propose_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Keep the text of a policy, for somebody else to look at and to put in force."""
    wanted = await read_json(request, _TEXT)
    kept = await asyncio.to_thread(propose, services_of(request), wanted, by_of(request))
    return JsonAnswer(kept, status=201)


@post(
    "/v1/policy/activate",
    status_code=200,
    permission=Permission.POLICY_APPROVE,
    about=About(summary="Put a policy in force", takes=PolicyChoice, gives=PolicySwitch),
)
async def activate_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Put a version or a text in force. Every server process follows within a second.

    One that is in force already changes nothing; one with a mistake is refused, and so is one that
    the caller, a person with an account, has written: that is for somebody else.
    """
    wanted = await read_json(request, _CHOICE)
    return JsonAnswer(
        await asyncio.to_thread(activate, services_of(request), wanted, by_of(request))
    )


@post(
    "/v1/policy/shadow",
    status_code=200,
    permission=Permission.POLICY_CHANGE,
    about=About(summary="Let a policy decide in shadow", takes=PolicyChoice, gives=PolicySwitch),
)
async def shadow_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Let a version or a text decide beside the live one, without effect; for neither, none."""
    wanted = await read_json(request, _CHOICE)
    return JsonAnswer(
        await asyncio.to_thread(cast_shadow, services_of(request), wanted, by_of(request))
    )


@post(
    "/v1/policy/rollback",
    status_code=200,
    permission=Permission.POLICY_APPROVE,
    about=About(summary="Roll the policy back", takes=RollbackNote, gives=PolicySwitch),
)
async def roll_back_policy(request: Request[Any, Any, Any]) -> ASGIApp:
    """Put the version in force that was live before. Doing so twice leads back."""
    wanted = await read_json(request, _NOTE)
    return JsonAnswer(
        await asyncio.to_thread(roll_back, services_of(request), wanted.note, by_of(request))
    )


@get(
    "/v1/policy/comparison",
    permission=Permission.POLICY_READ,
    about=About(summary="Compare live and shadow", query=ComparisonQuery, gives=Comparison),
)
async def read_comparison(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read how often a policy in shadow decided otherwise than the one in force, and what."""
    services, query = services_of(request), read_query(request, ComparisonQuery)
    return JsonAnswer(await asyncio.to_thread(compared, services, query))


def state_of(services: Services, page: PolicyQuery) -> PolicyState:
    """What is in force, with a page of the history. Blocks."""
    latest = services.versions.begun(services.settings.policy.file)
    history = services.versions.switches.history(before=page.before, limit=page.limit)
    return PolicyState(
        in_force=latest,
        deciding=services.policy.now().live.version,
        history=history,
        next=history[-1].id if len(history) == page.limit else None,
    )


def version_of(services: Services, version: str) -> PolicyVersionDocument:
    """A version with its text. Blocks; raises `NotFound`."""
    kept = services.versions.policies.get(version)
    text = services.versions.policies.text(version)
    return PolicyVersionDocument(**msgspec.structs.asdict(kept), text=text)


def checked(text: str) -> PolicyCheck:
    """Whether a text is a policy, or where it is none. Blocks."""
    try:
        policy = Policy.load(text, TEXT_NAME)
    except BadConfiguration as problem:
        line, column = place_of(problem)
        return PolicyCheck(
            ok=False, what=problem.what, line=line, column=column, remedy=problem.remedy
        )
    return PolicyCheck(ok=True, version=policy.version, rules=len(policy.rules))


def place_of(problem: TutelaError) -> tuple[int, int]:
    """Line and column of a mistake in a text that was sent; zeros where it has no place."""
    numbers = problem.where.split(":")[1:3]
    line, column = ([int(one) for one in numbers if one.isdecimal()] + [0, 0])[:2]
    return line, column


def activate(services: Services, wanted: PolicyChoice, by: str) -> PolicySwitch:
    """Put a policy in force, here at once. Blocks.

    Raises:
        NotFound: no such version is kept.
        Unprocessable: the text is no policy.
        InvalidInput: neither a version nor a text was named, or both.
    """
    policy = _policy(services, wanted)
    if policy is None:
        raise InvalidInput("no policy was named", where="version", remedy="give a version or text")
    _check_approval(services, policy, by)
    switch = services.versions.activate(policy, by=by, note=wanted.note)
    services.policy.refresh(policy)
    return switch


def propose(services: Services, wanted: PolicyText, by: str) -> KeptPolicy:
    """Keep a text, for somebody else to look at and to put in force. Blocks.

    Raises:
        Unprocessable: the text is no policy.
    """
    policy = _policy(services, PolicyChoice(text=wanted.text))
    if policy is None:
        raise InvalidInput("no policy was given", where="text")
    services.versions.keep(policy, by)
    return services.versions.policies.get(policy.version)


def _check_approval(services: Services, policy: Policy, by: str) -> None:
    """Nobody puts in force alone what they wrote.

    A key or command that is no person's in particular may: whoever has those runs the machine.

    Raises:
        Conflict: it is the caller's own, or was seen by nobody else yet.
    """
    if services.settings.policy.approval == "anybody" or not by.startswith("person:"):
        return
    try:
        writer = services.versions.policies.get(policy.version).added_by
    except NotFound:
        writer = by
    if writer == by:
        raise Conflict(
            "you wrote this policy: somebody else must put it in force",
            where="policy",
            remedy="propose it, and ask another person who may approve policies",
        )


def cast_shadow(services: Services, wanted: PolicyChoice, by: str) -> PolicySwitch:
    """Put a policy in shadow, or none; as `activate`."""
    policy = _policy(services, wanted)
    switch = services.versions.cast(policy, by=by, note=wanted.note)
    services.policy.refresh(*([policy] if policy else ()))
    return switch


def roll_back(services: Services, note: str, by: str) -> PolicySwitch:
    """Put the version in force that was live before, here at once. Blocks.

    Raises:
        Conflict: there was none, or somebody else was quicker.
        Unprocessable: this release of the program cannot load it.
    """
    try:
        switch = services.versions.roll_back(by=by, note=note)
    except BadConfiguration as problem:
        raise _refused(problem) from None
    services.policy.refresh()
    return switch


def compared(services: Services, query: ComparisonQuery) -> Comparison:
    """How a policy in shadow compares. Blocks.

    Raises:
        NotFound: none is in shadow and none was named, or it is not kept.
    """
    version = query.policy or services.versions.begun(services.settings.policy.file).shadow
    if version is None:
        raise NotFound(
            "no policy decides in shadow", where="policy", remedy="name one that was in shadow"
        )
    services.versions.policies.get(version)
    return services.shadows.compared(version, query.live)


def _policy(services: Services, wanted: PolicyChoice) -> Policy | None:
    if wanted.version is not None and wanted.text is not None:
        raise InvalidInput("a version and a text were named", where="text", remedy="leave one out")
    try:
        if wanted.text is not None:
            return Policy.load(wanted.text, TEXT_NAME)
        if wanted.version is None:
            return None
        return services.versions.load(wanted.version, tested=True)
    except BadConfiguration as problem:
        raise _refused(problem) from None


def _refused(problem: BadConfiguration) -> Unprocessable:
    return Unprocessable(problem.what, where=problem.where, remedy=problem.remedy)
