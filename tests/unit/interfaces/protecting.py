"""What protects people, a step for each of its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.unit.interfaces.acting import NOTE, World

from tutela.model import Severity
from tutela.model.review.protection import ExposureKind

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer

LOOSER = {"blur": 1, "grey": False, "size": 192}


def reader(world: World, role: str = "reviewer") -> str:
    """The key of somebody with an account."""
    made = world.services.keys.create(NOTE, role, account_id=world.person(role).account)
    world.secrets.add(made[1])
    return made[1]


def account_of(world: World, key: str) -> str:
    """Whose key it is."""
    found = world.services.keys.verify(key)
    assert found is not None
    assert found.account_id is not None
    return found.account_id


def seen(world: World, items: int = 1, *, severity: Severity = Severity.HIGH) -> str:
    """The account of somebody who has uncovered something; the case is as grave as is said."""
    case = world.case(severity=severity)
    account = account_of(world, world.read_by(case))
    for number in range(items):
        world.services.exposures.begin(account, case, f"item-{number}", ExposureKind.REVEAL)
    return account


def _chosen(world: World) -> Answer:
    return world.post_as(reader(world), "/v1/protection", LOOSER, method="PUT")


def _recused(world: World) -> Answer:
    document = {"queues": [world.queue()]}
    return world.post_as(reader(world), "/v1/protection/recusals", document, method="PUT")


def _lifted(world: World) -> Answer:
    document = {"kind": "budget", "items": 3, "minutes": 4, "reason": NOTE}
    return world.post(f"/v1/team/{seen(world)}/lift", document)


def _lifted_in_console(world: World) -> Answer:
    path = f"/team/{seen(world)}/lift"
    return world.submit(path, kind="budget", items="1", minutes="0", reason=NOTE)


def _recused_in_console(world: World) -> Answer:
    box = f"queue-{world.queue()}"
    return world.submit_as(world.person(), "/protection/recusals", **{box: "on"})


STEPS: Mapping[str, Callable[[World], Answer]] = {
    "PUT /v1/protection": _chosen,
    "PUT /v1/protection/recusals": _recused,
    "PUT /v1/protection/floor": lambda w: w.send("PUT", "/v1/protection/floor", {"blur": 0}),
    "POST /v1/team/{account_id:str}/lift": _lifted,
    "POST /console/protection": lambda w: w.submit_as(
        w.person(), "/protection", blur="3", size="192", mute="on"
    ),
    "POST /console/protection/recusals": _recused_in_console,
    "POST /console/team/{account_id:str}/lift": _lifted_in_console,
    "POST /console/team/floor": lambda w: w.submit("/team/floor", blur="1", size="192", mute="on"),
}
