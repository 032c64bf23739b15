"""What people do to queues in the console, a step for each of its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.unit.interfaces.acting import NUMBERS, World

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer

FORM = {"readings": "2", "sample": "12.5", "wait": "2", "unit": "hours", "accuracy": "95"}
"""A form that makes a queue; with its name, of a new one."""


def _move(world: World) -> Answer:
    world.queue()
    return world.submit(f"/queues/{world.queue()}/move", way="down")


QUEUE = "POST /console/queues/{name:str}"
STEPS: Mapping[str, Callable[[World], Answer]] = {
    "POST /console/queues": lambda w: w.submit("/queues", name=f"new-{next(NUMBERS)}", **FORM),
    QUEUE: lambda w: w.submit(f"/queues/{w.queue()}", **FORM),
    f"{QUEUE}/move": _move,
    f"{QUEUE}/delete": lambda w: w.submit(f"/queues/{w.queue()}/delete"),
}
