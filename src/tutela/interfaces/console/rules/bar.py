"""The page of the bar: what each threshold of conversations would cost and find, and moving it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post

from tutela.conversations.bar import DAYS, THRESHOLD, Bar, Reckoning, bar_of, recorded
from tutela.errors import Conflict, InvalidInput, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.rules.policy import PolicyText, propose
from tutela.interfaces.charts.drawing import ends
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.rules.bar_charts import HIGHEST, charts
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import by_of
from tutela.interfaces.worded import from_words
from tutela.model.record import Record
from tutela.policy.thresholds.changing import with_thresholds

STEP = 5
"""Distance in tenths of the rows that the table shows at once."""

T = TypeVar("T")
Value = Annotated[float, msgspec.Meta(ge=0.1, le=10)]


class Asked(Record, frozen=True, kw_only=True):
    """What the page is to show.

    Attributes:
        days: so many at most.
        minutes: that a reviewer needs for a case; None takes the setting.
        budget: alerts a day; None chooses no threshold.
        threshold: the one to look at; None takes the one for the budget, else that in force.
        drill: what was rated in drills.
    """

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = DAYS
    minutes: Annotated[float, msgspec.Meta(ge=0.1, le=480)] | None = None
    budget: Annotated[float, msgspec.Meta(gt=0, le=10**9)] | None = None
    threshold: Value | None = None
    drill: bool = False


class Chosen(Record, frozen=True, kw_only=True):
    """A threshold to be proposed, and the version of the policy that it was chosen for."""

    threshold: Value
    live: str


@get("/conversations/bar", permission=Permission.POLICY_READ)
async def show_bar(request: Request[Any, Any, Any]) -> Response[str]:
    """What each threshold of conversations would have cost and found, and where the bar stands."""
    return await _bar_page(request)


@post("/conversations/bar", permission=Permission.POLICY_CHANGE)
async def propose_bar(request: Request[Any, Any, Any]) -> Response[str]:
    """Keep the policy in force with another bar as a new version, to be put in force."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    services, by = services_of(request), by_of(request)
    try:
        named = {name: fields.get(name, "") for name in Chosen.__struct_fields__}
        version = await asyncio.to_thread(_moved, services, _read(named, Chosen), by)
    except TutelaError as problem:
        return await _bar_page(request, problem)
    return see_other(f"/console/policy/versions/{quote(version, safe='')}")


def _moved(services: Services, chosen: Chosen, by: str) -> str:
    """The version with the bar moved; kept. Blocks.

    Raises:
        Conflict: another policy has come in force since the page was opened.
        NotFound: the policy names no such threshold.
        Unprocessable: a test of the policy does not pass with it.
    """
    live = services.policy.now().live
    if live.version != chosen.live:
        raise Conflict(
            later("what is in force has changed since this page was opened"),
            remedy=later("look at it again"),
        )
    text = with_thresholds(live.text, live.version, {THRESHOLD: round(chosen.threshold, 1)})
    return propose(services, PolicyText(text=text), by).version


async def _bar_page(
    request: Request[Any, Any, Any], problem: TutelaError | None = None
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    given = request.query_params if request.method == "GET" else {}
    asked = Asked()
    try:
        asked = _asked(given)
        bar = await asyncio.to_thread(_simulated, services, asked)
    except InvalidInput as error:
        problem = problem or error
        asked = Asked()
        bar = await asyncio.to_thread(_simulated, services, asked)
    live = services.policy.now().live
    shown = _shown(asked, bar)
    return page(
        request,
        "conversations/bar.html",
        status=400 if problem else 200,
        problem=None if problem is None else problem_of(problem),
        bar=bar,
        shown=bar.simulation.at(shown),
        lowest=bar.floor,
        highest=HIGHEST,
        rows=[one for one in bar.simulation.points if one.threshold >= bar.floor],
        step=STEP,
        charts=charts(bar, shown, translator_of(request)),
        axis=ends(),
        asked=asked,
        minutes=bar.simulation.minutes,
        live=live.version,
        may_change=may(role, Permission.POLICY_CHANGE),
    )


def _asked(given: Mapping[str, str]) -> Asked:
    """What an address asks for; what is empty is left out.

    Raises:
        InvalidInput: a field has a value that it cannot have.
    """
    named = {name: given.get(name, "").strip() for name in Asked.__struct_fields__}
    return _read({name: value for name, value in named.items() if value}, Asked)


def _read(words: Mapping[str, str], kind: type[T]) -> T:
    try:
        return from_words(words, kind)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("`$.")[2].rstrip("`")
        raise InvalidInput(
            later("this is no number that can stand here"), where=name if name in words else ""
        ) from None


def _simulated(services: Services, asked: Asked) -> Bar:
    settings = services.settings.conversations
    minutes = settings.case_minutes if asked.minutes is None else asked.minutes
    reckoning = Reckoning(
        threshold=bar_of(services.policy.now().live),
        floor=settings.floor,
        minutes=minutes,
        budget=asked.budget,
    )
    return recorded(services.database, reckoning, asked.days, drill=asked.drill)


def _shown(asked: Asked, bar: Bar) -> float:
    """The threshold to look at, within the axis."""
    chosen = bar.budget.threshold if bar.budget else None
    named = (one for one in (asked.threshold, chosen, bar.threshold) if one is not None)
    return min(max(next(named, bar.floor), bar.floor), HIGHEST)
