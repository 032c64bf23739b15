"""What people decide over the API, a step for each of its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.unit.interfaces.acting import NOTE, World
from tests.unit.interfaces.reviewing import case

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer


def held(world: World) -> tuple[str, str]:
    """A case, and the key of somebody who has claimed it."""
    case_id = case(world)
    return case_id, world.read_by(case_id)


def reader(world: World) -> str:
    """The key of somebody who holds nothing."""
    case_id, key = held(world)
    world.services.claims.take_back(case_id)
    return key


def give(world: World) -> Answer:
    """Decide about a case."""
    case_id, key = held(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    world.secrets.add(claim["token"])
    document = {
        "claim": claim["token"],
        "revision": claim["revision"],
        "outcome": "harmless",
        "reasons": ["wrong-match"],
        "note": NOTE,
        "statement": NOTE,
    }
    return world.post_as(key, f"/v1/cases/{case_id}/readings", document)


def _undo(world: World) -> Answer:
    case_id, key = held(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    document = {"claim": claim["token"], "revision": claim["revision"], "outcome": "confirmed"}
    given = world.post_as(key, f"/v1/cases/{case_id}/readings", document).json
    return world.post_as(key, f"/v1/readings/{given['id']}/undo")


def _let_go(way: str) -> Callable[[World], Answer]:
    def let_go(world: World) -> Answer:
        case_id, key = held(world)
        return world.post_as(key, f"/v1/cases/{case_id}/{way}")

    return let_go


CASE = "POST /v1/cases/{case_id:str}"
STEPS: Mapping[str, Callable[[World], Answer]] = {
    "POST /v1/review/next": lambda w: w.post_as(reader(w), "/v1/review/next"),
    f"{CASE}/claim": lambda w: w.post_as(reader(w), f"/v1/cases/{case(w)}/claim"),
    f"{CASE}/hand-back": _let_go("hand-back"),
    f"{CASE}/pass": _let_go("pass"),
    f"{CASE}/readings": give,
    "POST /v1/readings/{reading_id:int}/undo": _undo,
}
SILENT: Mapping[str, str] = {
    f"{CASE}/renew": "holds a claim for longer, which is told when it is made and when it ends",
}
