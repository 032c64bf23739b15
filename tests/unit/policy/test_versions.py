"""A policy version never changes, and what is in force follows plain rules."""

from __future__ import annotations

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from tutela.errors import BadConfiguration, Conflict, InvalidInput, NotFound
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.storage.database import Database
from tutela.storage.rules.switches import SwitchSource, Version
from tutela.storage.tables import policies
from tutela.telemetry import make_logger

DEFAULT = Policy.default()


def policy(name: str, action: str = "hold") -> Policy:
    return Policy.load(text(name, action), name)


def text(name: str, action: str = "hold") -> str:
    return (
        f"policy: {name}\nowner: safety\nrules:\n"
        f"  - name: all\n    when: 'true'\n    actions: [{action}]\n"
        "    reason: Wait.\n    notice: It waits.\n"
    )


@pytest.fixture
def versions(database: Database) -> PolicyVersions:
    return PolicyVersions(database)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file that the setting names."""
    path = tmp_path / "policy.yaml"
    path.write_text(text("mine"))
    return path


def live(versions: PolicyVersions) -> str:
    latest = versions.latest()
    assert latest is not None
    return latest.live


def test_a_kept_version_is_read_again_and_decides_alike(versions: PolicyVersions) -> None:
    assert versions.policies.list() == []
    versions.keep(DEFAULT, "somebody")
    versions.keep(DEFAULT, "somebody else")
    (kept,) = versions.policies.list()
    assert (kept.version, kept.added_by) == (DEFAULT.version, "somebody")
    assert versions.policies.get(DEFAULT.version) == kept
    loaded = versions.load(DEFAULT.version)
    assert (loaded.version, loaded.text) == (DEFAULT.version, DEFAULT.text)


def test_a_version_with_another_text_is_refused(versions: PolicyVersions) -> None:
    versions.keep(DEFAULT)
    with pytest.raises(Conflict, match="another text"):
        versions.policies.keep(DEFAULT.version, "policy: other\n")
    assert versions.policies.text(DEFAULT.version) == DEFAULT.text


def test_a_text_that_was_changed_in_the_database_does_not_decide(
    versions: PolicyVersions, database: Database
) -> None:
    versions.keep(DEFAULT)
    with database.write() as connection:
        connection.execute(update(policies).values(text=text("other")))
    with pytest.raises(BadConfiguration, match="not the one that this version names"):
        versions.load(DEFAULT.version)


def test_what_is_not_kept_is_not_found(versions: PolicyVersions) -> None:
    for act in (versions.load, versions.policies.get, versions.policies.text):
        with pytest.raises(NotFound, match="not kept here"):
            act("none-000000000000")


def test_an_edited_file_counts_and_what_a_person_chose_stays_until_then(
    versions: PolicyVersions, file: Path
) -> None:
    first = versions.configured(str(file))
    assert (first.live, first.source, first.by) == (policy("mine").version, SwitchSource.FILE, "")
    assert versions.configured(str(file)) == first, "started again"
    chosen = policy("chosen")
    switch = versions.activate(chosen, by="a person", note="try it")
    assert (switch.source, switch.by, switch.note) == (SwitchSource.PERSON, "a person", "try it")
    assert versions.configured(str(file)) == switch, "a restart changes nothing"
    file.write_text(text("mine", "block"))
    assert versions.configured(str(file)).live == policy("mine", "block").version
    versions.roll_back(by="a person")
    assert live(versions) == chosen.version
    versions.configured(str(file))
    assert live(versions) == chosen.version, "a rollback sticks"
    file.write_text(text("mine"))
    versions.configured(str(file))
    assert live(versions) == policy("mine").version, "back to the text of before is a change"


def test_a_person_was_quicker_than_the_file(versions: PolicyVersions, file: Path) -> None:
    versions.configured(str(file))
    new = policy("mine", "block")
    versions.activate(new, by="a person")
    file.write_text(new.text)
    versions.configured(str(file))
    versions.roll_back(by="a person")
    assert versions.configured(str(file)).live == policy("mine").version, "it was brought in before"


def test_another_setting_counts(versions: PolicyVersions, file: Path) -> None:
    versions.configured(str(file))
    assert versions.configured("").live == DEFAULT.version, "the file is not named any more"
    assert versions.configured(str(file)).live == policy("mine").version


def test_an_upgrade_of_the_shipped_policy_counts_while_the_shipped_one_is_live(
    versions: PolicyVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded, again = policy("default"), policy("default", "block")
    versions.configured("")
    monkeypatch.setattr(Policy, "default", lambda: upgraded)
    assert versions.configured("").live == upgraded.version
    versions.activate(policy("mine"), by="a person")
    monkeypatch.setattr(Policy, "default", lambda: again)
    assert versions.configured("").live == policy("mine").version
    versions.roll_back(by="a person")
    assert versions.configured("").live == again.version


def test_a_bad_file_changes_nothing(versions: PolicyVersions, file: Path) -> None:
    before = versions.configured(str(file))
    file.write_text(text("mine").replace("[hold]", "[hope]"))
    with pytest.raises(BadConfiguration, match=r"policy\.yaml:6:"):
        versions.configured(str(file))
    assert versions.latest() == before


def test_what_begun_names_is_what_is_in_force(versions: PolicyVersions, file: Path) -> None:
    assert versions.latest() is None
    first = versions.begun(str(file))
    assert first.live == policy("mine").version
    assert versions.begun("") == first, "a command has no say where a server was started"


def test_several_servers_that_start_at_once_make_one_change(
    versions: PolicyVersions, file: Path
) -> None:
    gate = threading.Barrier(8)

    def start(_: int) -> int:
        gate.wait()
        return versions.configured(str(file)).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(8)))) == 1
    assert len(versions.switches.history()) == 1


def test_rolling_back_leads_to_the_version_before_and_twice_leads_back(
    versions: PolicyVersions,
) -> None:
    with pytest.raises(Conflict, match="no other version"):
        versions.roll_back(by="a person")
    one, two = policy("one"), policy("two")
    versions.activate(one, by="a")
    with pytest.raises(Conflict, match="no other version"):
        versions.roll_back(by="a person")
    versions.activate(two, by="b")
    versions.cast(one, by="c")  # what is in shadow is no part of it
    versions.cast(None, by="c")
    assert versions.roll_back(by="d", note="too strict").live == one.version
    assert versions.roll_back(by="d").live == two.version
    history = versions.switches.history()
    assert [switch.live for switch in history] == [
        version.version for version in (two, one, two, two, two, one)
    ]
    page = versions.switches.history(limit=2)
    assert versions.switches.history(before=page[-1].id, limit=2) == history[2:4]


def test_activating_what_is_live_changes_nothing(versions: PolicyVersions) -> None:
    first = versions.activate(DEFAULT, by="a")
    assert versions.activate(DEFAULT, by="b", note="again") == first


def test_a_shadow_goes_on_until_it_is_live_itself(versions: PolicyVersions) -> None:
    with pytest.raises(InvalidInput, match="no policy is in force"):
        versions.cast(DEFAULT, by="a")
    one, two, three = policy("one"), policy("two"), policy("three")
    versions.activate(one, by="a")
    with pytest.raises(InvalidInput, match="in force itself"):
        versions.cast(one, by="a")
    switch = versions.cast(two, by="a", note="is it right?")
    assert (switch.live, switch.shadow, switch.note) == (one.version, two.version, "is it right?")
    assert versions.cast(two, by="b") == switch, "it is there already"
    assert versions.activate(three, by="a").shadow == two.version
    assert versions.activate(two, by="a").shadow is None
    versions.cast(three, by="a")
    assert versions.cast(None, by="a").shadow is None


def test_who_looked_at_an_older_state_changes_nothing(versions: PolicyVersions) -> None:
    first = versions.activate(policy("one"), by="a")
    second = versions.activate(policy("two"), by="a")
    with pytest.raises(Conflict, match="somebody else"):
        versions.switches.activate(
            _named(policy("three")),
            by="late",
            after=first.id,
        )
    assert versions.latest() == second


def _named(policy: Policy) -> Version:
    return Version(version=policy.version, text=policy.text)


def test_a_note_has_a_limit(versions: PolicyVersions) -> None:
    with pytest.raises(InvalidInput, match=r"2,000 characters"):
        versions.activate(DEFAULT, by="a", note="x" * 2001)
    assert versions.latest() is None


def test_what_an_earlier_release_kept_in_a_folder_is_taken_over_without_loss(
    versions: PolicyVersions, tmp_path: Path
) -> None:
    said = io.StringIO()
    log = make_logger("warning", as_json=True, stream=said)
    folder = tmp_path / "policies"
    assert versions.take_over(folder, log) == 0, "there is none"
    folder.mkdir()
    # Not one that this release would load: it decided once, and can be read for ever.
    old = "policy: old\nrules: it was written otherwise then\n"
    name = f"old-{hashlib.sha256(old.encode()).hexdigest()[:12]}"
    for stem, kept in ((name, old), (DEFAULT.version, DEFAULT.text)):
        (folder / f"{stem}.yaml").write_bytes(kept.encode())
    (folder / "forged-0123456789ab.yaml").write_text("policy: forged\n")
    (folder / "broken-0123456789ab.yaml").write_bytes(b"\xff")
    assert versions.take_over(folder, log) == 2
    assert versions.take_over(folder, log) == 0
    assert {one.version for one in versions.policies.list()} == {name, DEFAULT.version}
    assert versions.policies.text(name) == old
    assert said.getvalue().count("not taken over") == 4, "each of two, each time"
    assert len(list(folder.iterdir())) == 4, "the files stay"
