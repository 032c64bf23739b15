"""`tutela policy` shows, switches, compares and replays what a database keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import BadConfiguration, Conflict, InvalidInput, NotFound
from tutela.interfaces.cli.policy import app
from tutela.model import Content, Event, Signal
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.response.conclusion import conclude
from tutela.storage.database import Database
from tutela.storage.journal import Journal

RUNNER = CliRunner()
DEFAULT = Policy.default()


def text(name: str, action: str = "hold") -> str:
    return (
        f"policy: {name}\nowner: safety\nrules:\n"
        f"  - name: all\n    when: 'true'\n    actions: [{action}]\n"
        "    reason: Wait.\n    notice: It waits.\n"
    )


def version(name: str, action: str = "hold") -> str:
    return Policy.load(text(name, action), name).version


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and two policy files beside it."""
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(data))
    monkeypatch.chdir(tmp_path)
    Path("strict.yaml").write_text(text("strict"))
    Path("wrong.yaml").write_text(text("wrong", "hope"))
    return data


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{folder}/tutela.db")
    database.migrate()
    yield database
    database.close()


def run(*words: str) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def read(*words: str) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json"))


def test_looking_at_the_policy_creates_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("show") == DEFAULT.text
    monkeypatch.setenv("TUTELA_POLICY_FILE", "strict.yaml")
    assert run("show") == text("strict")
    assert list(folder.iterdir()) == []


def test_a_policy_is_put_in_force_and_rolled_back() -> None:
    told = run("activate", "strict.yaml", "--note", "since the audit")
    assert told.startswith(f"{version('strict')} is in force. Before it was {DEFAULT.version};")
    assert run("show") == text("strict")
    assert run("show", DEFAULT.version) == DEFAULT.text
    assert "already; nothing was changed" in run("activate", version("strict"))
    back = read("rollback", "--note", "too strict")
    assert (back["live"], back["source"], back["note"]) == (DEFAULT.version, "person", "too strict")
    assert back["by"].startswith("cli:")
    assert f"{version('strict')} is in force" in run("rollback")
    history = read("history")
    assert [one["live"] for one in history] == [
        version("strict"),
        DEFAULT.version,
        version("strict"),
        DEFAULT.version,
    ]
    table = run("history", "--limit", "3")
    assert "since the audit" in table
    assert "the program (shipped)" not in table, "the fourth"
    assert "the program (shipped)" in run("history")


def test_every_version_is_listed_with_its_place() -> None:
    run("activate", "strict.yaml")
    run("shadow", DEFAULT.version)
    assert {one["version"] for one in read("versions")} == {DEFAULT.version, version("strict")}
    lines = run("versions").splitlines()
    assert any(version("strict") in line and "in force" in line for line in lines)
    assert any(DEFAULT.version in line and "in shadow" in line for line in lines)


@pytest.mark.parametrize("words", [("activate", "wrong.yaml"), ("shadow", "wrong.yaml")])
def test_a_bad_file_is_refused_with_its_place_and_changes_nothing(words: tuple[str, ...]) -> None:
    before = read("history")
    with pytest.raises(BadConfiguration, match=r"wrong\.yaml:6:"):
        run(*words)
    assert read("history") == before
    assert len(read("versions")) == 1


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("activate", "nothing.yaml"), NotFound, "no such file, and no such version"),
        (("show", "none-0"), NotFound, "not kept here"),
        (("rollback",), Conflict, "no other version was in force"),
        (("shadow",), InvalidInput, "either a policy or --off"),
        (("shadow", "strict.yaml", "--off"), InvalidInput, "either a policy or --off"),
        (("shadow", DEFAULT.version), InvalidInput, "in force itself"),
        (("compare",), InvalidInput, "no policy decides in shadow"),
        (("compare", "--policy", "none-0"), NotFound, "not kept here"),
        (("replay", "nothing.yaml"), NotFound, "no such file"),
        (("replay", "strict.yaml", "--since", "soon"), InvalidInput, "no point in time"),
    ],
)
def test_what_cannot_be_done_says_why(
    words: tuple[str, ...], error: type[Exception], said: str
) -> None:
    run("history")
    with pytest.raises(error, match=said):
        run(*words)


def store(database: Database, policy: InForce, *names: str) -> None:
    with Journal(database) as journal:
        for name in names:
            signal = Signal(kind="md5", value=f"{len(name):032x}")
            event = Event(
                id=name,
                digest="-",
                received_at=datetime.now(UTC),
                contents=(Content(signals=(signal,)),),
            )
            journal.record(*conclude(event, (), (), policy=policy, list_version=0)).result(30)


def test_a_shadow_is_tried_compared_and_taken_away(database: Database) -> None:
    told = run("shadow", "strict.yaml", "--note", "is it right?")
    assert (
        told == f"{version('strict')} decides in the shadow of {DEFAULT.version}, without effect.\n"
    )
    strict = PolicyVersions(database).load(version("strict"))
    store(database, InForce(DEFAULT, strict), "one", "two", "three")
    store(database, InForce(DEFAULT, DEFAULT), "beside")
    shown = run("compare")
    assert f"{version('strict')}: in shadow since" in shown
    assert f"compared with {DEFAULT.version}" in shown
    assert "3 events decided by both: 0 alike, 3 otherwise (100.00%)" in shown
    assert "3 events: allow → hold" in shown
    assert "rule all: 3 times more" in shown
    assert "three: allow → hold" in shown
    assert "No policy decides in shadow" in run("shadow", "--off")
    assert "not in shadow now; it was since" in run("compare", "--policy", version("strict"))
    found = read("compare", "--policy", version("strict"), "--live", "none-0")
    assert found["decided"] == 0


def test_the_past_is_replayed_with_a_file_that_nobody_has_to_keep(database: Database) -> None:
    store(database, InForce(DEFAULT), "one", "two")
    told = run("replay", "strict.yaml")
    assert "2 events decided anew: 0 as before, 2 otherwise" in told
    assert "2 events: allow → hold" in told
    same = read("replay", DEFAULT.version, "--until", "2999-01-01")
    assert (same["tally"]["same"], same["tally"]["changed"]) == (2, 0)
    none = read("replay", "strict.yaml", "--until", "2001-01-01")
    assert none["tally"]["events"] == 0
    assert {one["version"] for one in read("versions")} == {DEFAULT.version}
