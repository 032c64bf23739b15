from __future__ import annotations

import asyncio
import hashlib
import io
import threading
import time
from pathlib import Path

import pytest

from tutela.app import open_services
from tutela.errors import BadConfiguration, TutelaError, Unavailable
from tutela.model import Verdict
from tutela.pipeline import Submission
from tutela.settings import Settings
from tutela.storage import tables
from tutela.storage.rules.switches import Version
from tutela.telemetry import make_logger

LOG = make_logger("error", as_json=True, stream=io.StringIO())
"""Thrown away."""


def settings(folder: Path, **more: str) -> Settings:
    env = {"TUTELA_DATA_FOLDER": str(folder), "TUTELA_DECODER_CHILDREN": "1"}
    return Settings.load(None, env | more)


def test_everything_works_without_http(tmp_path: Path) -> None:
    with open_services(settings(tmp_path / "new" / "folder"), LOG) as services:
        submission = Submission(event_id="e", digest="0" * 64, source=b"some text")
        outcome = asyncio.run(services.pipeline.check(submission))
        assert outcome.verdict is Verdict.NOT_CHECKED
        assert services.events.get("e").outcome == outcome
        assert services.sync.ready


def test_what_was_stored_is_there_again(tmp_path: Path) -> None:
    with open_services(settings(tmp_path), LOG) as services:
        services.banks.create("kept")
    with open_services(settings(tmp_path), LOG) as services:
        assert [bank.name for bank in services.banks.list()] == ["kept"]


def test_policies_of_an_earlier_release_are_taken_over(tmp_path: Path) -> None:
    text = "policy: old\nrules: as they were written then\n"
    name = f"old-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / f"{name}.yaml").write_text(text)
    with open_services(settings(tmp_path), LOG) as services:
        assert services.versions.policies.text(name) == text
        live = services.policy.now().live
        assert live.version == services.versions.policies.list()[0].version


def test_a_policy_of_another_release_in_force_is_no_start(tmp_path: Path) -> None:
    with open_services(settings(tmp_path), LOG) as services:
        newer = Version(version="newer-1", text="policy: newer\n")
        services.versions.switches.activate(newer, by="a newer release")
    before = threading.active_count()
    with pytest.raises(BadConfiguration, match="cannot be loaded"):
        open_services(settings(tmp_path), LOG)
    assert threading.active_count() == before


def test_closing_twice_does_no_harm_and_stops_everything(tmp_path: Path) -> None:
    services = open_services(settings(tmp_path), LOG)
    services.close()
    services.close()
    with pytest.raises(Unavailable):
        services.decoder.submit(b"x").result()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUTELA_POLICY_FILE", "/nowhere/policy.yaml"),
        ("TUTELA_STORAGE_URL", "sqlite:////proc/nowhere/tutela.db"),
        ("TUTELA_CONVERSATIONS_RATER", "learned"),
        ("TUTELA_CONVERSATIONS_ENCODER_FOLDER", "/nowhere/encoder"),
    ],
)
def test_what_cannot_start_leaves_nothing_behind(tmp_path: Path, name: str, value: str) -> None:
    before = threading.active_count()
    with pytest.raises(BadConfiguration):
        open_services(settings(tmp_path, **{name: value}), LOG)
    assert threading.active_count() == before


def test_trouble_of_every_part_reaches_the_log_of_the_process(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = make_logger("warning", as_json=True, stream=stream)
    with open_services(settings(tmp_path), log) as services:
        with services.database.write() as connection:
            for table in (tables.actions, tables.entry_signals, tables.counters):
                table.drop(connection)
        submission = Submission(event_id="e", digest="0" * 64, source=b"some text")
        with pytest.raises(TutelaError):
            asyncio.run(services.pipeline.check(submission))
        patience = time.monotonic() + 60
        while "index sync failed" not in stream.getvalue():
            assert time.monotonic() < patience
            time.sleep(0.01)
    assert "events were not stored" in stream.getvalue()
