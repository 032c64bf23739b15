from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tutela.client import Answer, AsyncTutela, Flushed, Tutela, Unreachable
from tutela.drill.server import free_port

HEAVY = {"numba", "numpy", "sqlalchemy", "litestar", "PIL", "typer", "jinja2", "uvicorn"}


def test_the_client_loads_nothing_of_the_server() -> None:
    script = "import sys, tutela.client, tutela.client.webhooks; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("tutela.")}
    assert ours == {"tutela.client", "tutela.model", "tutela.errors"}


def test_a_background_thread_flushes_until_it_is_told_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong in between does not end it."""
    stop, again = threading.Event(), threading.Event()
    calls: list[int] = []

    class Watched(Tutela):
        def flush(self, told: Callable[[Answer], object] = lambda _: None) -> Flushed:
            calls.append(1)
            if len(calls) == 1:
                raise LookupError("the platform's database is away")
            again.set()
            return super().flush(told)

    with Watched(nowhere(), "tut_key", retries=0, spool=tmp_path) as client:
        thread = threading.Thread(target=client.keep_flushing, args=(stop,), kwargs={"every": 0.01})
        thread.start()
        assert again.wait(20)
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
    assert "could not be sent, and is tried again" in caplog.text


def test_a_background_task_flushes_until_it_is_cancelled(tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncTutela(nowhere(), "tut_key", spool=tmp_path) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.keep_flushing(every=0.01), 0.1)

    asyncio.run(run())


def test_a_call_that_is_cancelled_lets_go_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"content")

    async def run() -> None:
        async with AsyncTutela(nowhere(), "tut_key", retries=99) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.check(media=file), 0.1)

    # A file that stayed open would raise a ResourceWarning here, which is an error in tests.
    asyncio.run(run())


def test_an_error_names_the_route_and_nothing_of_the_event() -> None:
    with Tutela(nowhere(), "tut_key", retries=0) as client, pytest.raises(Unreachable) as caught:
        client.event("upload-17")
    assert str(caught.value) == "GET /v1/events/{id}: the server cannot be connected to"


def nowhere() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port('127.0.0.1', 0)}"
