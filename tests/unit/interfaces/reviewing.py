"""What people do at cases in the console, a step for each of its routes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.unit.interfaces.acting import NOTE, NUMBERS, Seat, World, value
from tests.unit.interfaces.finding import keep

from tutela.detection.media.formats import samples

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer

    from tutela.storage.review.claims import Claim

CASES = "/cases/"


def case(world: World) -> str:
    """Open a case about something that a bank lists."""
    listed = value()
    bank = world.bank()
    world.secrets.add(listed)
    signals = [{"kind": "md5", "value": listed}]
    assert world.api.post(f"/v1/banks/{bank}/entries", {"entries": [{"signals": signals}]}).json
    world.services.sync.refresh()
    event = {"event_id": f"review-{next(NUMBERS)}", "drill": True, "signals": signals}
    opened = str(world.api.post("/v1/check", event).json["case_id"])
    world.services.gathering.gather()
    return opened


def held(world: World) -> tuple[Seat, Claim]:
    """Somebody with a case."""
    seat = world.person()
    claim = world.services.claims.take(case(world), seat.account)
    world.secrets.add(claim.token)
    return seat, claim


def _next(world: World) -> Answer:
    case(world)
    return world.submit_as(world.person(), "/review/next")


def _take(world: World) -> Answer:
    return world.submit_as(world.person(), f"{CASES}{case(world)}/take")


def _decide(world: World) -> Answer:
    seat, claim = held(world)
    fields = {"claim": claim.token, "revision": str(claim.revision), "outcome": "harmless"}
    path = f"{CASES}{claim.case_id}/decide"
    return world.submit_as(seat, path, note=NOTE, statement=NOTE, **fields)


def _undo(world: World) -> Answer:
    _decide(world)
    account = world.by.partition(":")[2]
    reading = world.services.readings.latest(account)
    assert reading is not None
    seat = world.seats[account]
    return world.submit_as(seat, f"{CASES}{reading.case_id}/undo", reading=str(reading.id))


def _let_go(way: str) -> Callable[[World], Answer]:
    def let_go(world: World) -> Answer:
        seat, claim = held(world)
        return world.submit_as(seat, f"{CASES}{claim.case_id}/{way}")

    return let_go


def _release(world: World) -> Answer:
    _, claim = held(world)
    return world.submit(f"{CASES}{claim.case_id}/release")


def _merge(world: World) -> Answer:
    other = case(world)
    seat, claim = held(world)
    return world.submit_as(seat, f"{CASES}{claim.case_id}/merge", other=other, why=NOTE)


def _merged(world: World) -> tuple[Seat, str, str]:
    other = case(world)
    seat, claim = held(world)
    world.services.arranging.merge(claim.case_id, other, holder=seat.account)
    return seat, claim.case_id, other


def _split(world: World) -> Answer:
    seat, case_id, other = _merged(world)
    return world.submit_as(seat, f"{CASES}{case_id}/split", why=NOTE, **{other: "yes"})


def _undo_change(world: World) -> Answer:
    seat, case_id, _ = _merged(world)
    (change,) = world.services.arranging.history(case_id)
    return world.submit_as(seat, f"{CASES}{case_id}/changes/{change.id}/undo")


def _move(world: World) -> Answer:
    return world.submit(f"{CASES}{case(world)}/move", queue="everything", why=NOTE)


def _show(world: World) -> Answer:
    stream = io.BytesIO()
    samples.drawing().save(stream, "PNG")
    found = keep(world.services, picture=stream.getvalue())
    seat = world.person()
    world.services.claims.take(found.case_id, seat.account)
    path = f"{CASES}{found.case_id}/media/{found.content}"
    return world.submit_as(seat, path, show="covered")


CASE = "POST /console/cases/{case_id:str}"
STEPS: Mapping[str, Callable[[World], Answer]] = {
    "POST /console/review/next": _next,
    "POST /console/cases/export": lambda w: w.submit("/cases/export", form="csv"),
    f"{CASE}/take": _take,
    f"{CASE}/decide": _decide,
    f"{CASE}/undo": _undo,
    f"{CASE}/pass": _let_go("pass"),
    f"{CASE}/hand-back": _let_go("hand-back"),
    f"{CASE}/release": _release,
    f"{CASE}/merge": _merge,
    f"{CASE}/split": _split,
    f"{CASE}/changes/{{change_id:int}}/undo": _undo_change,
    f"{CASE}/move": _move,
    f"{CASE}/media/{{item_id:str}}": _show,
}
SILENT: Mapping[str, str] = {
    f"{CASE}/draft": "drafts a text, and keeps nothing",
    "POST /console/exposures/{number:int}/end": "says how long something that is told of was seen",
    f"{CASE}/renew": "holds a claim for longer, which is told when it is made and when it ends",
}
