"""The figures of review: breaches first, then every number with the cases behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from msgspec import structs

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.leading.samples import samples_address
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.asking import address, moment_of
from tutela.interfaces.language import later, zone_of
from tutela.interfaces.review.figures import (
    FiguresFormat,
    Practice,
    asked_period,
    figures,
    figures_csv,
)
from tutela.interfaces.services import services_of
from tutela.interfaces.worded import from_words
from tutela.model.record import Record
from tutela.model.review.figures import Number, Period
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.search import CaseQuery, Moment
from tutela.response.review.figures import Figures, Line, Met


class Asked(Record, frozen=True, kw_only=True):
    """What the page is to be about; days count whole."""

    since: Moment | None = None
    until: Moment | None = None
    drill: Practice = Practice.NO


class Breach(Record, frozen=True, kw_only=True):
    """A target of a queue that is not kept.

    Attributes:
        kind: `overdue` cases now, `late` ones in the period, or accuracy: `missed` or `below`.
        count: cases of it; 0 for accuracy.
        href: where they are.
    """

    kind: str
    line: Line
    count: int = 0
    href: str = ""


class Links:
    """Addresses of the searches that find what a number counts."""

    def __init__(self, period: Period) -> None:
        self._period = period

    def number(self, name: str, queue: str) -> str:
        """The cases of a number."""
        return address(self._period.asked(Number(name), queue))

    def outcome(self, outcome: ReviewOutcome, category: str, queue: str) -> str:
        """The cases that were decided so; a category that is empty asks for none in particular."""
        asked = self._period.asked(Number.DECIDED, queue)
        return address(structs.replace(asked, outcome=outcome, category=category))

    def samples(self, queue: str) -> str:
        """The cases that wait to be read again."""
        return samples_address(queue)

    def now(self, name: str, queue: str) -> str:
        """The cases that wait so now."""
        asked: dict[str, Any] = {"waiting": {"waiting": True}, "overdue": {"overdue": True}}
        return address(CaseQuery(queue=queue, **asked[name]))


@get("/review/figures", permission=Permission.REVIEW_LEAD)
async def show_figures(request: Request[Any, Any, Any]) -> Response[str]:
    """The figures of a period, by queue."""
    given = dict(request.query_params.items())
    status, problem, asked = 200, None, Asked()
    try:
        asked = _asked(given, zone_of(request))
        period = asked_period(asked.since, asked.until, asked.drill)
    except InvalidInput as error:
        status, problem, asked = 400, problem_of(error), Asked()
        period = asked_period(None, None, asked.drill)
    services = services_of(request)
    found = await asyncio.to_thread(figures, services.figures, period)
    queues = await asyncio.to_thread(services.queues.list)
    links = Links(period)
    return page(
        request,
        "leading/figures.html",
        status=status,
        problem=problem,
        found=found,
        lines=(found.total, *found.queues),
        promised={one.name: one.wait_seconds for one in queues},
        breaches=tuple(_breaches(found, links)),
        links=links,
        fields={name: given.get(name, "") for name in Asked.__struct_fields__},
        practices=tuple(Practice),
        exported=urlencode(_exported(period, asked)),
        outcomes=tuple(_outcomes(found)),
    )


@get("/review/figures/export", permission=Permission.REVIEW_LEAD)
async def export_figures(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The figures as a file: they name queues and nobody."""
    given = dict(request.query_params.items())
    wanted = given.get("format", "")
    form = FiguresFormat(wanted) if wanted in set(FiguresFormat) else FiguresFormat.CSV
    asked = _asked(given, zone_of(request))
    period = asked_period(asked.since, asked.until, asked.drill)
    found = await asyncio.to_thread(figures, services_of(request).figures, period)
    body = figures_csv(found) if form is FiguresFormat.CSV else msgspec.json.encode(found)
    name = f'attachment; filename="figures.{form}"'
    headers = {"Content-Disposition": name}
    return Response(body, media_type=form.media_type, headers=headers)


def _asked(given: Mapping[str, str], zone: ZoneInfo) -> Asked:
    """What an address asks for; what is empty is left out, and days are those of the reader.

    Raises:
        InvalidInput: a field has a value that it cannot have.
    """
    named = {name: given.get(name, "").strip() for name in Asked.__struct_fields__}
    fields = {name: moment_of(name, value, zone) for name, value in named.items() if value}
    try:
        return from_words(fields, Asked)
    except (msgspec.ValidationError, InvalidInput) as error:
        said = error.where if isinstance(error, InvalidInput) else str(error)
        name = said.rpartition("`$.")[2].rstrip("`")
        raise InvalidInput(
            later("this is no period: days are written such as 2026-11-30"),
            where=name if name in named else "",
        ) from None


def _exported(period: Period, asked: Asked) -> Mapping[str, str]:
    """The same figures again, of the same moment."""
    times = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    return times | {"drill": asked.drill.value}


def _breaches(found: Figures, links: Links) -> Iterator[Breach]:
    """Targets that are not kept, the most certain first."""
    for kind in (Met.MISSED, Met.BELOW):
        for line in found.queues:
            if line.met is kind:
                href = links.number(Number.OVERTURNED.value, line.queue)
                yield Breach(kind=kind.value, line=line, href=href)
    for line in found.queues:
        if line.now is not None and line.now.overdue:
            href = links.now("overdue", line.queue)
            yield Breach(kind="overdue", line=line, count=line.now.overdue, href=href)
    for line in found.queues:
        if late := line.numbers[Number.LATE]:
            href = links.number(Number.LATE.value, line.queue)
            yield Breach(kind="late", line=line, count=late, href=href)


def _outcomes(found: Figures) -> Iterator[tuple[ReviewOutcome, int, tuple[tuple[str, int], ...]]]:
    """For each outcome how many cases of all queues, and how many of each category."""
    for outcome in ReviewOutcome:
        own = [one for one in found.total.outcomes if one.outcome is outcome]
        named = tuple((one.category, one.cases) for one in own if one.category)
        if own:
            yield outcome, sum(one.cases for one in own), named
