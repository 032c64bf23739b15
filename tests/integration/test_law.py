"""A real server in whose law some content may not be looked at: nothing of it is."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from tutela.drill.photographs import listed

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
KNOWN = listed()[0].data
PLACES = {"private": ("DE", "chat"), "public": ("DE", "feed")}
LAW = "surfaces: {chat: private_messages, feed: public}\n"
OVERRIDE = """overrides:
  - path: eu.scan.private_messages.may_scan
    value: true
    reason: Counsel found a basis.
    decided_by: Counsel of the tests
    date: 2026-01-02
"""


@contextmanager
def pictures() -> Iterator[tuple[str, list[str]]]:
    """A web server with the known picture, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(KNOWN)))
            self.end_headers()
            self.wfile.write(KNOWN)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def decoded(server: Running) -> float:
    """Files that the decoder was given so far."""
    text = server.ask("GET", "/metrics").body.decode()
    found = re.search(r"^tutela_decode_seconds_count (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def hand_in(server: Running, place: str, address: str) -> dict[str, dict[str, Any]]:
    """The known picture in every way in which it can come in; outcomes by way."""
    region, surface = PLACES[place]
    facts = {"region": region, "surface": surface, "drill": True}
    ways = {
        "base64": {"media_base64": base64.b64encode(KNOWN).decode()},
        "url": {"url": f"{address}/{place}.jpg"},
    }
    batch = [facts | {"event_id": f"{place}-batch-{way}"} | more for way, more in ways.items()]
    query = {"event_id": f"{place}-body", "region": region, "surface": surface, "drill": "true"}
    found: dict[str, dict[str, Any]] = {
        way: server.post("/v1/check", facts | {"event_id": f"{place}-{way}"} | more).json
        for way, more in ways.items()
    }
    found["body"] = server.ask("POST", "/v1/check", KNOWN, {}, **query).json
    for number, one in enumerate(server.post("/v1/events", {"events": batch}).json["results"]):
        found[f"batch {number}"] = one["outcome"]
    return found


def fill(server: Running) -> None:
    bank = {"name": "drill", "trusted": True, "drill": True, "source": "a test"}
    assert server.post("/v1/banks", bank).status == 201
    answer = server.ask("POST", "/v1/banks/drill/media", KNOWN, {"Content-Type": "image/jpeg"})
    assert answer.status == 201, answer.body


def told(server: Running, *words: str) -> str:
    """What a command says on the same data folder."""
    return subprocess.run(
        [*PROGRAM, "law", *words], env=server.env, check=True, capture_output=True, text=True
    ).stdout


def test_what_may_not_be_looked_at_is_not_until_the_operator_decides(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "law.yaml"
    file.write_text(LAW)
    server = start(TUTELA_LAW_FILE=str(file), TUTELA_FETCH_ALLOW_PRIVATE="true")
    fill(server)
    with pictures() as (address, asked):
        before = decoded(server)
        private = hand_in(server, "private", address)
        assert decoded(server) == before
        assert asked == []
        public = hand_in(server, "public", address)
        assert decoded(server) == before + 5
        assert asked == ["/public.jpg", "/public.jpg"]
    for way, outcome in private.items():
        assert outcome["verdict"] == "not_checked", way
        assert [gap["reason"] for gap in outcome["gaps"]] == ["not_permitted"], way
    assert {outcome["verdict"] for outcome in public.values()} == {"match"}
    then = private["body"]["law"]["version"]

    # The operator decides otherwise: from then on it is looked at, and each answer says whose
    # decision that is. What was answered before stays, and what it rested on can still be read.
    file.write_text(LAW + OVERRIDE)
    server.stop()
    server.start()
    facts = {"event_id": "later", "region": "DE", "surface": "chat", "drill": "true"}
    later = server.ask("POST", "/v1/check", KNOWN, {}, **facts).json
    assert (later["verdict"], later["law"]["overridden"]) == ("match", True)
    assert later["law"]["version"] != then
    facts["event_id"] = "private-body"
    assert server.ask("POST", "/v1/check", KNOWN, {}, **facts).json == private["body"]
    assert "overridden: eu" not in told(server, "show", "--version", then)
    assert "Counsel of the tests" in told(server, "show", "--version", later["law"]["version"])
    assert "says no: 5 events." in told(server, "proof")
