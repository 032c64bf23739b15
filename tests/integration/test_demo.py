"""`tutela demo`, as a user starts it: a real server, real uploads, a clean end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# A shell may start what runs in its background with Ctrl-C ignored; a terminal does not.
START = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from tutela.interfaces.cli.main import run; run()"
)
PLATFORM = Path(__file__).parents[2] / "examples/platform/serve.py"
EVERY_EDIT = 25
"""Uploads that use each edit once."""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment in which the demo makes its folder below `tmp_path`."""
    return {**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "120"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", START, "demo", "--port", str(free_port()), *arguments]


def test_a_drill_that_runs_once_misses_nothing(env: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        command("--once", "--events", str(EVERY_EDIT)),
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "drill: 25 events, 16 matched, 0 missed, 3 not checked"
    assert "text file named .jpg" in done.stdout
    # A photograph that is listed afterwards is found in what was clear before.
    past = r"past: [\w-]+ was listed afterwards, and (\d) of \1 earlier uploads of it were found"
    assert any(re.fullmatch(past, line) for line in lines)
    # The log verifies, and a leaf that somebody altered in a copy of it is named.
    assert "$ tutela audit verify" in lines
    assert re.fullmatch(
        r"audit log: \d+ leaves, verified; leaf (\d+) was altered in a copy, and leaf \1 was named",
        lines[-2],
    )
    # Conversations are rated where the law allows that, and a rating did no more than it may.
    talks = (
        r"conversations: 60 synthetic, [1-9] of them for people to look at, \d+ messages rated; "
        r"\d+ messages from FR were counted and not rated, as its law says"
    )
    assert any(re.fullmatch(talks, line) for line in lines)
    assert "Conversations, all synthetic: no figure of accuracy" in done.stdout
    assert "Without a platform: --platform" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_platform_shows_and_confirms_every_action(env: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        command("--once", "--events", "1", "--keep", "--platform", str(PLATFORM)),
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seen: Mika reads that nobody has to answer" in done.stdout
    assert "NOT SEEN" not in done.stdout
    for action in ("block", "slow", "warn receiver", "restrict contact"):
        assert re.search(rf"│ {action} +│.*│ meadow-\d+ +│ done +│", done.stdout)
    assert re.search(r"platform: (\d+) actions asked for, \1 confirmed", done.stdout)
    assert done.stdout.splitlines()[-1].startswith("drill: 1 events, 1 matched")
    # The folder stays where that is asked for.
    (folder,) = tmp_path.glob("tutela-drill-*")
    assert (folder / "data/tutela.db").is_file()
    assert str(folder) in done.stdout.replace("\n", "")


@pytest.fixture
def staying(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command("--events", "1"), env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_drill_stays_up_until_it_is_ended(
    staying: subprocess.Popen[str], tmp_path: Path, ending: signal.Signals
) -> None:
    assert staying.stdout is not None
    shown = ""
    for line in staying.stdout:
        shown += line
        if "Ctrl-C" in line:
            break
    address = re.search(r"http://([\d.]+):(\d+)(/console)", shown)
    assert address, shown
    assert re.search(r"Sign-in code: +\S{8,}", shown)
    assert answer_of(address[1], int(address[2]), address[3]) in {200, 303}
    staying.send_signal(ending)
    staying.wait(60)
    assert staying.returncode == (0 if ending is signal.SIGINT else 143)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        answer_of(address[1], int(address[2]), "/health/live")


def answer_of(host: str, port: int, path: str) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
