"""The index on disk beside real server processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

VALUE = "ab" * 16


def eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def mapping(server: Running) -> list[int]:
    """The workers that map a file of the index that is in use."""
    index = server.folder / "data" / "index"
    names = [str(path) for path in index.glob("*.segment")]
    workers = server.children()
    maps = [Path(f"/proc/{pid}/maps").read_text() for pid in workers]
    return [
        pid
        for pid, text in zip(workers, maps, strict=True)
        if names and all(name in text for name in names)
    ]


def is_listed(server: Running) -> bool:
    document = {"signals": [{"kind": "md5", "value": VALUE}]}
    answers = [server.post("/v1/lookup", document).json for _ in range(6)]
    return all(answer["results"][0]["total"] for answer in answers)


def test_workers_share_the_files_and_a_killed_server_starts_from_them(start: Start) -> None:
    server = start("--workers", "2")
    server.post("/v1/banks", {"name": "hills"})
    entries = [{"signals": [{"kind": "md5", "value": VALUE}]}]
    assert server.post("/v1/banks/hills/entries", {"entries": entries}).status == 201
    eventually(lambda: is_listed(server))
    server.kill()
    server.start()
    eventually(lambda: server.ask("GET", "/health/ready").status == 200)
    assert is_listed(server)
    manifest = server.folder / "data" / "index" / "manifest.json"
    before = msgspec.json.decode(manifest.read_bytes())["manifest"]
    assert before["rebuilt"] == 1
    for start_at in range(0, 5000, 1000):
        some = range(start_at, start_at + 1000)
        more = [{"signals": [{"kind": "md5", "value": f"{n:032x}"}]} for n in some]
        assert server.post("/v1/banks/hills/entries", {"entries": more}).status == 201
    eventually(lambda: len(mapping(server)) == 2)
    keeper = int((server.folder / "data" / "index" / "keeper.lock").read_text())
    assert keeper in server.children()
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: len(server.children()) == 2 and keeper not in server.children())
    eventually(lambda: len(mapping(server)) == 2)
    assert is_listed(server)
    after = msgspec.json.decode(manifest.read_bytes())["manifest"]
    assert (after["rebuilt"], after["published"]) == (1, before["published"] + 1)
    assert "refused" not in server.log
