"""The page about the Python client does what it says: its code is run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.conftest import Start

ROOT = Path(__file__).parents[2]


def test_the_code_of_the_page_runs(start: Start, tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/use-the-python-client.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 9
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "program.py").write_text("\n".join(blocks))
    shutil.copy(ROOT / "src/tutela/drill/unrelated/coffee.jpg", desk / "upload.jpg")
    server = start()
    env = {**os.environ, "TUTELA_URL": f"http://127.0.0.1:{server.port}", "TUTELA_KEY": server.key}
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=desk,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "publish it"
    assert lines[1].startswith("('allow',")
    assert lines[2] == "404 not-found"
    assert lines[3] == "0 sent, 0 left, 0 put aside"
    assert lines[4] == "clear False"
    assert lines[6:8] == ["profile clear", "True"]
