from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.evidence.keys.service import KeyUnavailable
from tutela.policy.law.law import Law
from tutela.response.custody.opening import open_custody
from tutela.settings import Settings
from tutela.storage.database import Database
from tutela.telemetry import make_logger


def settings_of(folder: Path, **more: str) -> Settings:
    return Settings.load(None, {"TUTELA_DATA_FOLDER": str(folder), **more})


def test_the_first_start_makes_key_file_and_folder(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with closing(Database.open(settings.database_url)) as database:
        log = make_logger("error", as_json=False, stream=io.StringIO())
        custody = open_custody(settings, database, Law.load(""), log)
        sealed = custody.vault.vault().seal(b"a harmless line")
        custody.vault.close()
    assert settings.vault_key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in settings.vault_folder.rglob(f"*{sealed.id}")]


def test_a_key_service_that_is_down_keeps_no_server_from_starting(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken")
    token.chmod(0o600)
    settings = settings_of(
        tmp_path,
        TUTELA_VAULT_KEYS="http",
        TUTELA_VAULT_HTTP_URL="http://127.0.0.1:9",
        TUTELA_VAULT_HTTP_PRIVATE="true",
        TUTELA_VAULT_HTTP_TOKEN_FILE=str(token),
    )
    said = io.StringIO()
    with closing(Database.open(settings.database_url)) as database:
        log = make_logger("error", as_json=False, stream=said)
        custody = open_custody(settings, database, Law.load(""), log)
        assert "evidence is owed" in said.getvalue()
        with pytest.raises(KeyUnavailable):
            custody.vault.vault().seal(b"a harmless line")


def test_a_setting_that_can_never_work_stops_the_start(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, TUTELA_VAULT_STORE="no-such-store")
    with closing(Database.open(settings.database_url)) as database:
        log = make_logger("critical", as_json=False, stream=io.StringIO())
        with pytest.raises(BadConfiguration):
            open_custody(settings, database, Law.load(""), log)
