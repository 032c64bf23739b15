"""The tutorial does what it says: its commands are run as they stand in the manual."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tutela.drill.server import Server, free_port
from tutela.interfaces.access import Role
from tutela.settings import Settings
from tutela.storage.access.keys import Keys
from tutela.storage.database import Database

ROOT = Path(__file__).parents[2]
START = "from tutela.interfaces.cli.main import run; run()"
HOST = "127.0.0.1"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder in which the tutorial's relative paths lead to the repository."""
    (tmp_path / "src").symlink_to(ROOT / "src")
    return tmp_path


@pytest.fixture
def env(desk: Path) -> Iterator[dict[str, str]]:
    """The variables that the tutorial's reader has set, with a server running."""
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TUTELA_DATA_FOLDER": str(desk / "data"),
        "TUTELA_SERVER_PORT": str(free_port(HOST, 0)),
    }
    settings = Settings.load(None, env)
    command = [sys.executable, "-c", START, "serve"]
    with (
        Server(command, env, HOST, settings.server.port, desk / "log") as server,
        closing(Database.open(settings.database_url)) as database,
    ):
        keys = Keys(database)
        yield {
            **env,
            "TUTELA": f"http://{server.host}:{server.port}",
            "CURATOR": keys.create("lists", Role.CURATOR)[1],
            "UPLOADER": keys.create("upload-form", Role.UPLOADER)[1],
        }


def commands(first: str, last: str) -> str:
    """The command blocks of the tutorial from one heading to another."""
    text = (ROOT / "docs/tutorial.md").read_text()
    part = text[text.index(f"\n## {first}") : text.index(f"\n## {last}")]
    return "\n".join(re.findall(r"^```\n(.*?)^```", part, re.MULTILINE | re.DOTALL))


def program(first: str, last: str) -> str:
    """The program of the tutorial between two headings."""
    text = (ROOT / "docs/tutorial.md").read_text()
    part = text[text.index(f"\n## {first}") : text.index(f"\n## {last}")]
    (found,) = re.findall(r"^```python\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    return str(found)


def answers(output: str) -> Iterator[Any]:
    """The JSON documents that several commands have printed one after another."""
    decoder = json.JSONDecoder()
    while output := output.strip():
        document, end = decoder.raw_decode(output)
        yield document
        output = output[end:]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_tutorial(desk: Path, env: dict[str, str]) -> None:
    script = "set -e\n" + commands("3. List a picture", "5. Send it again")
    done = subprocess.run(
        ["bash", "-c", script], cwd=desk, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    bank, added, coffee, smaller, note = answers(done.stdout)
    assert bank["drill"]
    assert added["added"] == 1
    assert (coffee["verdict"], coffee["decision"]["actions"]) == ("clear", ["allow"])
    assert smaller["verdict"] == "match"
    (match,) = smaller["matches"]
    assert (match["bank"], match["label"], match["kind"]) == ("tutorial", "mountain lake", "pdq")
    assert smaller["case_id"]
    assert note["verdict"] == "not_checked"
    assert [gap["reason"] for gap in note["gaps"]] == ["unsupported_type"]
    (desk / "check.py").write_text(program("6. Check from a program", "7. Look at the case"))
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=desk, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("match block This cannot be shared"), done.stderr
