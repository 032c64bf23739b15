"""The spool: nothing that was said to wait is lost, and nothing is told twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tutela.client import Answer, Flushed, KeyRefused, Spool, SpoolFull, Tutela
from tutela.drill.photographs import unrelated
from tutela.drill.server import free_port
from tutela.errors import InvalidInput
from tutela.model import ActionKind, Verdict

if TYPE_CHECKING:
    from tests.contract.conftest import FakeServer

Connect = Callable[..., Tutela]
PICTURE = unrelated()[0].data


class TestTheSpool:
    @pytest.mark.parametrize(
        ("policy", "asks"), [("closed", ActionKind.HOLD), ("open", ActionKind.ALLOW)]
    )
    def test_the_answer_says_what_was_chosen(
        self, connect: Connect, tmp_path: Path, policy: str, asks: ActionKind
    ) -> None:
        client = connect(nowhere(), retries=0, spool=tmp_path, on_trouble=policy)
        answer = client.check(media=PICTURE, event_id="e-1", drill=True)
        assert answer.verdict is Verdict.NOT_CHECKED
        assert answer.asks is asks
        assert (answer.spooled, answer.event_id, answer.drill) == (True, "e-1", True)

    @pytest.mark.parametrize("fault", [{"status": 500}, {"cut": 0.5}, {"reset": True}], ids=str)
    def test_any_trouble_spools(
        self, connect: Connect, fake: FakeServer, tmp_path: Path, fault: dict[str, Any]
    ) -> None:
        fake.does(**fault)
        client = connect(fake.url, retries=0, spool=tmp_path)
        assert client.check(media=PICTURE).spooled
        fake.does()
        assert client.flush() == Flushed(sent=1)
        assert len(fake.stored) == 1
        assert fake.seen[-1].media == PICTURE

    def test_a_full_spool_says_so(self, connect: Connect, tmp_path: Path) -> None:
        client = connect(nowhere(), retries=0, spool=Spool(tmp_path, limit_bytes=1000))
        with pytest.raises(SpoolFull, match="do not fit"):
            client.check(media=bytes(1000))
        assert waiting(tmp_path) == []

    def test_a_server_that_goes_away_again_leaves_the_rest(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        spooled(connect, tmp_path, 4)
        fake.faults = []
        client = connect(fake.url, retries=0, spool=tmp_path)
        fake.will()
        fake.will(status=503)
        assert client.flush() == Flushed(sent=1, left=3)
        assert client.flush() == Flushed(sent=3)

    def test_an_event_that_the_server_fails_at_does_not_hold_up_the_others(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        ids = spooled(connect, tmp_path, 3)
        client = connect(fake.url, retries=0, spool=tmp_path)
        fake.will(status=500)
        assert client.flush() == Flushed(sent=2, left=1)
        assert list(fake.stored) == ids[1:]
        assert client.flush() == Flushed(sent=1)

    def test_an_event_that_is_refused_is_put_aside_with_a_report(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        spooled(connect, tmp_path, 2)
        fake.will(status=400)
        client = connect(fake.url, spool=tmp_path)
        assert client.flush() == Flushed(sent=1, aside=1)
        (event,) = (tmp_path / "aside").glob("*.event")
        (report,) = (tmp_path / "aside").glob("*.json")
        assert report.name.startswith(event.name)
        assert "the server refused it (400)" in json.loads(report.read_text())["why"]

    def test_a_refused_key_changes_nothing(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        spooled(connect, tmp_path, 2)
        before = waiting(tmp_path)
        fake.does(status=401)
        with pytest.raises(KeyRefused):
            connect(fake.url, spool=tmp_path).flush()
        assert waiting(tmp_path) == before

    def test_damaged_files_are_put_aside_and_the_others_sent(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        spooled(connect, tmp_path, 4)
        first, second, third, _ = waiting(tmp_path)
        first.write_bytes(first.read_bytes()[:-40])
        second.write_bytes(second.read_bytes().replace(b"spool 1", b"spool 2"))
        third.write_bytes(b"")
        assert connect(fake.url, spool=tmp_path).flush() == Flushed(sent=1, aside=3)
        assert waiting(tmp_path) == []
        assert len(list((tmp_path / "aside").glob("*.event"))) == 3
        assert len(list((tmp_path / "aside").glob("*.json"))) == 3

    def test_an_answer_that_could_not_be_taken_comes_again(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        (event_id,) = spooled(connect, tmp_path, 1)
        client = connect(fake.url, spool=tmp_path)

        def broken(_: Answer) -> None:
            raise LookupError("the platform's database is away")

        with pytest.raises(LookupError):
            client.flush(broken)
        told: list[Answer] = []
        assert client.flush(told.append) == Flushed(sent=1)
        assert (told[0].event_id, told[0].replayed) == (event_id, True)

    def test_several_flush_at_once_and_nothing_is_told_twice(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        ids = spooled(connect, tmp_path, 12)
        told: list[str] = []

        def flush() -> None:
            with Tutela(fake.url, "tut_key", spool=tmp_path) as client:
                client.flush(lambda answer: told.append(answer.event_id))

        threads = [threading.Thread(target=flush) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == sorted(ids)
        assert len(fake.seen) == 12

    def test_without_a_spool_there_is_nothing_to_flush(self, connect: Connect) -> None:
        with pytest.raises(InvalidInput, match="no spool"):
            connect(nowhere()).flush()


KILLED = """
import sys
from pathlib import Path
from tutela.client import Tutela

def told(answer):
    print(answer.event_id, flush=True)

with Tutela(sys.argv[1], "tut_key", spool=sys.argv[2], retries=0) as client:
    client.flush(told)
"""


def test_a_process_that_is_killed_loses_nothing(
    fake_at: Callable[..., Any], tmp_path: Path
) -> None:
    """Killed while it waits for the answer to the second of six, again and again."""
    with Tutela(nowhere(), "tut_key", retries=0, spool=tmp_path) as client:
        ids = [client.check(media=bytes([n]), event_id=f"e-{n}").event_id for n in range(6)]
    with fake_at() as fake:
        for _ in range(3):
            fake.will()
            fake.will(hang=5.0)
            asked = len(fake.seen) + 2
            command = [sys.executable, "-c", KILLED, fake.url, str(tmp_path)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            until = time.monotonic() + 60
            while len(fake.seen) < asked and time.monotonic() < until:
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            fake.faults.clear()
        with Tutela(fake.url, "tut_key", spool=tmp_path) as client:
            assert client.flush() == Flushed(sent=3)
        assert list(fake.stored) == ids
    assert waiting(tmp_path) == []


WRITING = """
import sys
from tutela.client import Tutela

with Tutela(sys.argv[1], "tut_key", spool=sys.argv[2], retries=0) as client:
    while True:
        print(client.check(media=bytes(300_000), drill=True).event_id, flush=True)
"""


def test_what_was_said_to_wait_outlives_the_process(tmp_path: Path) -> None:
    """Killed while it writes: every answer that it got is kept, whole."""
    command = [sys.executable, "-c", WRITING, nowhere(), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    said += process.communicate()[0].split()
    spool, kept = Spool(tmp_path), []
    for name in spool.names():
        held = spool.claim(name)
        assert held is not None
        assert held.media is not None
        assert held.media.read() == bytes(300_000)
        kept.append(held.facts["event_id"])
        held.file.close()
    assert set(said) <= set(kept)
    assert len(kept) - len(said) <= 1


def spooled(connect: Connect, folder: Path, count: int) -> list[str]:
    """Let events wait in a folder; their ids."""
    away = connect(nowhere(), retries=0, spool=folder)
    return [away.check(media=bytes([n]) * 100).event_id for n in range(count)]


def waiting(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.event"))


def nowhere() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port('127.0.0.1', 0)}"
