"""The API against its own OpenAPI document: requests made from it, answers held to it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.conftest import Start

EXAMPLES = 5


def test_requests_made_from_the_document(start: Start) -> None:
    server = start(TUTELA_LOG_LEVEL="error")
    server.post("/v1/banks", {"name": "a", "drill": True})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://127.0.0.1:{server.port}/schema/openapi.json",
            *("--header", f"Authorization: Bearer {server.key}"),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"),
            # A document can fit its schema and still make no sense, such as an unknown signal kind.
            *("--exclude-checks", "positive_data_acceptance"),
        ],
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    paths = server.ask("GET", "/schema/openapi.json").json["paths"]
    # The program leaves out the address that it has the document from.
    operations = sum(len(methods) for methods in paths.values()) - 1
    assert operations >= 23
    assert f"Selected: {operations}/{operations}" in done.stdout
    assert server.ask("GET", "/health/live").status == 200
    assert "unexpected error" not in server.log
