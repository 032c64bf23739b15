from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from typer.testing import Result

from tutela.errors import InvalidInput

Tutela = Callable[..., Result]
pytestmark = pytest.mark.usefixtures("desk")


def queues(tutela: Tutela) -> dict[str, dict[str, object]]:
    listed = msgspec.json.decode(tutela("queues", "list", "--json").stdout)["queues"]
    return {one["name"]: one for one in listed}


def test_a_queue_is_made_and_changed_in_part(tutela: Tutela) -> None:
    made = tutela("queues", "set", "french", "--filter", '{"regions": ["FR"]}', "--readings", 2)
    assert made.stdout == "Queue french takes regions: FR.\n"
    tutela("queues", "set", "french", "--wait", 3600)
    french = queues(tutela)["french"]
    assert (french["readings"], french["wait_seconds"]) == (2, 3600)
    assert french["filter"] == {"regions": ["FR"]}
    table = tutela("queues", "list").stdout
    assert "french" in table
    assert "regions: FR" in table


def test_queues_are_ordered_and_deleted(tutela: Tutela) -> None:
    tutela("queues", "set", "one")
    tutela("queues", "set", "two")
    assert list(queues(tutela)) == ["one", "two", "everything"]
    tutela("queues", "order", "two", "one")
    assert list(queues(tutela)) == ["two", "one", "everything"]
    assert tutela("queues", "delete", "two").stdout == "Deleted queue two.\n"
    assert list(queues(tutela)) == ["one", "everything"]


@pytest.mark.parametrize("takes", ["{", '{"colour": 1}', '{"principles": [12]}', "[]"])
def test_bad_filters(tutela: Tutela, takes: str) -> None:
    made = tutela("queues", "set", "bad", "--filter", takes)
    assert isinstance(made.exception, InvalidInput)
    assert "bad" not in queues(tutela)
