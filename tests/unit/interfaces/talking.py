"""What is done with the texts of conversations that wait for people, a step for each route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.unit.interfaces.acting import NOTE, NUMBERS, Seat, World

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer

LINES = (
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "delete this chat",
    "let's talk on another app",
    "send me a picture",
)
"""Each is a cue by itself, as school leaflets name them."""


def talk(world: World) -> tuple[str, str]:
    """A conversation for which a case waits; with the case."""
    name = f"talk-{next(NUMBERS)}"
    world.secrets |= set(LINES)
    told = {
        "conversation": name,
        "author": {"id": f"author of {name}", "age": 34},
        "receivers": [{"id": f"reader of {name}", "age": 12}],
        "language": "en",
        "region": "US",
        "drill": True,
    }
    messages = [{**told, "number": at, "text": text} for at, text in enumerate(LINES, 1)]
    answer = world.post("/v1/messages", {"messages": messages})
    (raised,) = answer.json["conversations"]
    return name, raised["outcome"]["case_id"]


def _history(world: World) -> Answer:
    name, _ = talk(world)
    messages = [{"author": "somebody", "text": NOTE, "number": 0}]
    path = f"/v1/conversations/{name}/messages"
    return world.send("PUT", path, {"messages": messages, "drill": True})


def _held(world: World) -> tuple[Seat, str, str]:
    name, case_id = talk(world)
    seat = world.person()
    claim = world.services.claims.take(case_id, seat.account)
    world.secrets.add(claim.token)
    return seat, name, f"/cases/{case_id}/conversation"


def _messages(world: World) -> Answer:
    seat, name, path = _held(world)
    return world.submit_as(seat, f"{path}/messages", talk=name)


def _reveal(world: World) -> Answer:
    seat, name, path = _held(world)
    return world.submit_as(seat, f"{path}/reveal", talk=name, place=str(len(LINES) - 1))


STEPS: Mapping[str, Callable[[World], Answer]] = {
    "PUT /v1/conversations/{conversation_id:str}/messages": _history,
    "POST /console/cases/{case_id:str}/conversation/messages": _messages,
    "POST /console/cases/{case_id:str}/conversation/reveal": _reveal,
}
