"""A flood, from the first upload to the curator's decision, over two server processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

PDQ = "0123456789abcdef" * 4
SECONDS = 60


def check(server: Running, distance: int) -> dict[str, Any]:
    """Check a signal so many bits from the listed one: each is another content."""
    value = f"{int(PDQ, 16) ^ ((1 << distance) - 1):064x}"
    answer = server.post("/v1/check", {"signals": [{"kind": "pdq", "value": value}]})
    assert answer.status == 200, answer.body
    outcome: dict[str, Any] = answer.json
    return outcome


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def verdicts(server: Running) -> set[str]:
    """Of enough checks that both processes have answered."""
    return {check(server, 2)["verdict"] for _ in range(12)}


def test_a_flood_is_parked_in_every_process_and_released(start: Start) -> None:
    server = start(
        "--workers", "2", TUTELA_FLOOD_CONTENTS_PER_HOUR="3", TUTELA_FLOOD_LOOK_SECONDS="0.1"
    )
    server.post("/v1/banks", {"name": "hills", "trusted": True})
    entries = {"entries": [{"label": "a hill", "signals": [{"kind": "pdq", "value": PDQ}]}]}
    assert server.post("/v1/banks/hills/entries", entries).status == 201
    until(lambda: verdicts(server) == {"match"})
    for distance in range(3, 8):
        check(server, distance)
    until(lambda: verdicts(server) == {"not_checked"})
    outcome = check(server, 9)
    assert outcome["decision"]["actions"] == ["hold", "preserve", "open_case"]
    assert [one["reason"] for one in outcome["silenced"]] == ["parked"]
    assert "it is parked until a curator decides" in server.log
    (parking,) = server.ask("GET", "/v1/parkings").json["parkings"]
    assert (parking["allowed"], parking["label"]) == (3, "a hill")
    server.stop()
    server.start()  # what is parked stays so
    assert verdicts(server) == {"not_checked"}
    path = f"/v1/parkings/{parking['id']}/decision"
    assert server.post(path, {"choice": "release"}).status == 200
    until(lambda: verdicts(server) == {"match"})
    for distance in range(10, 16):
        assert check(server, distance)["verdict"] == "match"
    assert server.ask("GET", "/v1/parkings").json["parkings"] == []
