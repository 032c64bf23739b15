"""Each setting is declared once; each value knows where it came from; no secret is shown."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import msgspec
import pytest

from tutela.detection.media.limits import Limits
from tutela.settings import Settings
from tutela.settings.declare import Section, declared_in
from tutela.settings.settings import declarations

ADDRESS = "postgresql+psycopg://ann:s3cr:t/@db.example/tutela?sslpassword=s3cret"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "tutela.toml"
    file.write_text("[server]\nport = 81\nhost = '0.0.0.0'\n[decoder]\ndihedral = true\n")
    env = {"TUTELA_SERVER_PORT": "82", "TUTELA_FETCH_TIMEOUT": "2.5", "TUTELA_LOG_JSON": "true"}
    settings = Settings.load(file, env)
    assert (settings.server.port, settings.server.host) == (82, "0.0.0.0")  # noqa: S104
    assert (settings.decoder.dihedral, settings.fetch.timeout, settings.log.json) == (
        True,
        2.5,
        True,
    )
    origins = {row.name: row.origin for row in settings.explain() if row.origin != "default"}
    assert origins == {
        "server.host": str(file),
        "server.port": "TUTELA_SERVER_PORT",
        "decoder.dihedral": str(file),
        "fetch.timeout": "TUTELA_FETCH_TIMEOUT",
        "log.json": "TUTELA_LOG_JSON",
    }


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "tutela.toml"
    file.write_text("[server]\nport = 81\n")
    assert Settings.load(None, {"TUTELA_CONFIG": str(file)}).server.port == 81
    assert Settings.load(None, {"TUTELA_CONFIG": ""}).server.port == 8080


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_SERVER_PORT", "83")
    assert Settings.load().server.port == 83


def test_every_default_would_be_accepted() -> None:
    for one in declarations().values():
        assert msgspec.convert(one.default, one.type) == one.default


def test_every_setting_says_what_it_means() -> None:
    rows = Settings().explain()
    for row in rows:
        assert re.fullmatch(r"[a-z].*[^.]", row.meaning), row.name
        assert row.variable == "TUTELA_" + row.name.replace(".", "_").upper()
        assert row.expects
        if isinstance(row.default, int | float) and not isinstance(row.default, bool):
            assert row.unit or row.name == "server.port", row.name
    assert len({row.variable for row in rows}) == len(rows)


def test_every_setting_can_be_set_by_its_variable() -> None:
    env = {row.variable: str(row.default) for row in Settings().explain()}
    settings = Settings.load(None, env)
    assert [row.value for row in settings.explain()] == [row.value for row in Settings().explain()]
    assert all(row.origin == row.variable for row in settings.explain())


def test_every_setting_can_be_set_by_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tutela.toml"
    rows = Settings().explain()
    lines = [f"{row.name} = {msgspec.json.encode(row.default).decode()}" for row in rows]
    file.write_text("\n".join(lines))
    settings = Settings.load(file, {})
    assert [row.value for row in settings.explain()] == [row.value for row in rows]
    assert all(row.origin == str(file) for row in settings.explain())


def test_a_password_is_shown_nowhere() -> None:
    settings = Settings.load(None, {"TUTELA_STORAGE_URL": ADDRESS})
    assert settings.database_url == ADDRESS
    shown = [repr(settings), str(settings), settings.shown_database, repr(settings.storage)]
    shown.append(msgspec.json.encode(settings.explain()).decode())
    for text in shown:
        assert "s3cr" not in text
        assert "postgresql+psycopg://ann:***@db.example/tutela?sslpassword=***" in text


@pytest.mark.parametrize(
    "url", ["sqlite:///a/b@c.db", "postgresql://host/name", "postgresql://user@host/name"]
)
def test_an_address_without_a_password_is_shown_whole(url: str) -> None:
    assert Settings.load(None, {"TUTELA_STORAGE_URL": url}).shown_database == url


def test_the_database_lies_in_the_data_folder_unless_it_is_named() -> None:
    settings = Settings.load(None, {"TUTELA_DATA_FOLDER": "/srv/tutela"})
    assert settings.database_url == "sqlite:////srv/tutela/tutela.db"
    assert settings.database_file == Path("/srv/tutela/tutela.db")
    assert settings.policy_versions_folder == Path("/srv/tutela/policies")
    assert Settings.load(None, {"TUTELA_STORAGE_URL": ADDRESS}).database_file is None


def test_a_setting_that_is_not_declared_properly_is_a_mistake_of_ours() -> None:
    class Careless(Section, frozen=True, kw_only=True):
        size: int = 3

    with pytest.raises(TypeError, match="size is not declared with setting"):
        declared_in(Careless)


def test_the_decoder_has_a_setting_for_each_limit_with_the_same_default() -> None:
    settings = Settings().decoder
    limits = Limits()
    assert {name: getattr(settings, name) for name in Limits.__struct_fields__} == {
        name: getattr(limits, name) for name in Limits.__struct_fields__
    }


def test_the_digest_is_of_the_values_and_of_no_password() -> None:
    plain = Settings.load(None, {})
    assert plain.digest == Settings.load(None, {"TUTELA_SERVER_PORT": "8080"}).digest
    assert plain.digest != Settings.load(None, {"TUTELA_SERVER_PORT": "8081"}).digest
    urls = [f"postgresql+psycopg://one:{word}@host/name" for word in ("hush", "quiet")]
    first, second = (Settings.load(None, {"TUTELA_STORAGE_URL": url}).digest for url in urls)
    assert first == second != plain.digest
    shown = {one.name: one.value for one in plain.explain()}
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert plain.digest == hashlib.sha256(text.encode()).hexdigest()
