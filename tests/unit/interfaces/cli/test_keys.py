from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import InvalidInput, NotFound
from tutela.interfaces.cli.keys import app
from tutela.storage.access.keys import ApiKey, Keys
from tutela.storage.database import Database

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    return tmp_path


def verified(data: Path, secret: str) -> ApiKey | None:
    database = Database.open(f"sqlite:///{data / 'tutela.db'}")
    try:
        return Keys(database).verify(secret)
    finally:
        database.close()


def create(*arguments: str) -> tuple[str, str]:
    done = RUNNER.invoke(app, ["create", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_the_key_alone_goes_to_standard_output(data: Path) -> None:
    out, err = create("--role", "uploader", "--name", "upload path")
    assert re.fullmatch(r"tut_\w+_[\w-]+\n", out)
    secret = out.strip()
    key = verified(data, secret)
    assert key is not None
    assert (key.name, key.role, key.expires_at) == ("upload path", "uploader", None)
    assert secret not in err
    assert key.id in err
    assert "not shown again" in err
    assert secret.encode() not in (data / "tutela.db").read_bytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", timedelta(days=90)),
        ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
        ("2099-01-31T12:00:00+02:00", datetime(2099, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_key_that_expires(data: Path, text: str, expected: datetime | timedelta) -> None:
    begun = datetime.now(UTC)
    out, _ = create("--role", "admin", "--name", "a", "--expires", text)
    key = verified(data, out.strip())
    assert key is not None
    assert key.expires_at is not None
    if isinstance(expected, timedelta):
        assert begun + expected <= key.expires_at <= datetime.now(UTC) + expected
    else:
        assert key.expires_at == expected


@pytest.mark.parametrize("text", ["soon", "d", "9999999999999d", "31.01.2099"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidInput):
        create("--role", "admin", "--name", "a", "--expires", text)


def test_an_unknown_role_is_refused() -> None:
    done = RUNNER.invoke(app, ["create", "--role", "king", "--name", "a"])
    assert done.exit_code == 2


def test_list_and_revoke(data: Path) -> None:
    out, _ = create("--role", "curator", "--name", "lists")
    secret = out.strip()
    listed = RUNNER.invoke(app, ["list", "--json"], catch_exceptions=False)
    (row,) = msgspec.json.decode(listed.stdout)
    assert (row["name"], row["role"], row["revoked_at"]) == ("lists", "curator", None)
    assert secret not in listed.stdout
    table = RUNNER.invoke(app, ["list"], catch_exceptions=False).stdout
    assert row["id"] in table
    assert "valid" in table
    assert RUNNER.invoke(app, ["revoke", row["id"]], catch_exceptions=False).exit_code == 0
    assert verified(data, secret) is None
    assert "revoked" in RUNNER.invoke(app, ["list"], catch_exceptions=False).stdout


def test_a_key_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        RUNNER.invoke(app, ["revoke", "nobody"], catch_exceptions=False)
