"""What the settings name is opened; a log that contradicts its witness is told of at the start."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from tutela.errors import BadConfiguration
from tutela.evidence.audit.opening import glance, open_roots, open_signer, open_stamping
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.settings import Settings
from tutela.settings.sections import DataSettings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.custody_tables import audit_head
from tutela.storage.database import Database
from tutela.telemetry import make_logger


def settings_in(folder: Path, **audit: object) -> Settings:
    settings = Settings(data=DataSettings(folder=str(folder)))
    changed = msgspec.structs.replace(settings.audit, **audit)
    return msgspec.structs.replace(settings, audit=changed)


def look(settings: Settings, log: AuditLog) -> str:
    told = io.StringIO()
    glance(settings, log, make_logger("info", as_json=True, stream=told))
    return told.getvalue()


@pytest.fixture
def log(database: Database) -> AuditLog:
    log = AuditLog(database)
    log.write([NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject=str(n)) for n in range(9)])
    return log


def test_a_first_start_makes_the_key_and_says_nothing(log: AuditLog, tmp_path: Path) -> None:
    assert look(settings_in(tmp_path), log) == ""
    assert (tmp_path / "audit.key").exists()
    assert (tmp_path / "audit.pub").exists()


def test_a_good_log_is_nothing_to_tell_of(log: AuditLog, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert open_signer(settings, log).sign_if_more() is not None
    assert look(settings, log) == ""


def test_an_older_database_is_told_of_loudly(
    database: Database, log: AuditLog, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    open_signer(settings, log).sign_if_more()
    with database.write() as connection:
        connection.execute(update(audit_head).values(size=0, edge=b""))
    told = look(settings, log)
    assert '"level":"error"' in told.replace(" ", "")
    assert "an older database was put in its place" in told
    assert "tutela audit verify" in told


def test_a_witness_that_cannot_be_read_is_told_of(log: AuditLog, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_signer(settings, log).sign_if_more()
    (tmp_path / "audit" / "epochs.jsonl").write_text("a harmless line\n")
    assert "the witness was altered" in look(settings, log)


def test_stamps_are_opened_where_a_service_is_named(tmp_path: Path) -> None:
    assert open_stamping(settings_in(tmp_path)) is None
    assert open_roots(settings_in(tmp_path)) is None
    assert open_stamping(settings_in(tmp_path, timestamp_url="http://127.0.0.1:1/")) is not None
    with pytest.raises(BadConfiguration, match="timestamp_url"):
        open_stamping(settings_in(tmp_path, timestamp_url="ftp://nowhere"))
    roots = str(tmp_path / "none.pem")
    with pytest.raises(BadConfiguration, match="certificates"):
        open_stamping(
            settings_in(tmp_path, timestamp_url="http://127.0.0.1:1/", timestamp_roots=roots)
        )
