"""`POST /v1/lookup`: the matches of ready-made signals. Nothing is decided, nothing stored."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.api.submissions import SignalDocument, canonical
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.lists.matching import MOST_MATCHES
from tutela.model import Match, Silenced
from tutela.model.bank import BankName
from tutela.model.record import Record


class LookupDocument(Record, frozen=True, kw_only=True):
    """What to look up.

    Attributes:
        signals: 1 to 10 000 signals.
        banks: names of the banks to look in; all enabled ones without it.
        limit: most entries that are told of each signal, the closest.
    """

    signals: Annotated[tuple[SignalDocument, ...], msgspec.Meta(min_length=1, max_length=10_000)]
    banks: tuple[BankName, ...] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = MOST_MATCHES


class LookupResult(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The matches of one signal, closest first.

    Attributes:
        total: entries that match in all, silenced ones too, of which at most the limit is told.
        silenced: matches that do not count, each with why; left out where there are none.
    """

    total: int
    matches: tuple[Match, ...]
    silenced: tuple[Silenced, ...] = ()


class LookupAnswer(Record, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        list_version: version of the lists that the answer speaks for at least.
        results: one for each signal, in the order of the request.
    """

    list_version: int
    results: list[LookupResult]


_DECODER = msgspec.json.Decoder(LookupDocument)


@post(
    "/v1/lookup",
    status_code=200,
    permission=Permission.SIGNALS_LOOKUP,
    express=True,
    about=About(summary="Look signals up", takes=LookupDocument, gives=LookupAnswer),
)
async def lookup(request: Request[Any, Any, Any]) -> ASGIApp:
    """Find the entries within reach of each signal. Nothing is decided and nothing is stored.

    There is no event, and so no ruling of the law is made: whoever asks about the signals of
    somebody's content asks `GET /v1/law/ruling` first.
    """
    services = services_of(request)
    document = await read_json(request, _DECODER)
    signals = canonical(document.signals, services.kinds)
    version = services.matching.version
    matching, banks, limit = services.matching, document.banks, document.limit
    found = await matching.of_signals(signals, banks, limit)
    hits = sum(1 for one in found if one.matches)
    services.metrics.looked_up(found=hits, missed=len(found) - hits)
    told = [len(one.matches) + len(one.silenced) for one in found]
    totals = await matching.totals(signals, told, banks, limit)
    results = [
        LookupResult(total=total, matches=one.matches, silenced=one.silenced)
        for total, one in zip(totals, found, strict=True)
    ]
    return JsonAnswer(LookupAnswer(list_version=version, results=results))
