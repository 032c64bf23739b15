"""A data folder with a few cases, and somebody at its command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.storage.review.filing import Filed, file_cases
from typer.testing import CliRunner, Result

from tutela.interfaces.cli.main import build_app
from tutela.settings import Settings
from tutela.storage.database import Database
from tutela.storage.review.together.gathering import Gathering

EVIL = "=cmd|'/c' <script>\u202e\x1b[31m[red]"


@pytest.fixture
def tutela() -> Callable[..., Result]:
    """Types a command: `tutela("cases", "list")`."""
    return lambda *words: CliRunner().invoke(build_app(), [str(word) for word in words])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Three cases, one of which stands in another, and one with an odd summary."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    database = Database.open(Settings.load().database_url)
    database.migrate()
    names = [Filed(f"e{at}", actor="a" if at < 2 else "b", minutes=at) for at in range(3)]
    file_cases(database, [*names, Filed("odd", summary=EVIL, region="FR", minutes=9)])
    Gathering(database).gather()
    yield database
    database.close()
