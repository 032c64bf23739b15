from __future__ import annotations

from pathlib import Path

import pytest

from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.columns import joined
from tutela.lists.offline import LoadedList, OfflineLists, load_list
from tutela.lists.snapshot import write_snapshot
from tutela.model import EntryFacts, Signal

PDQ = [f"{number:064x}" for number in (0, (1 << 16) - 1, (1 << 200) - 1, (1 << 256) - 1)]
MD5 = ["ab" * 16, "cd" * 16]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(f"type,value,label\nmd5,{MD5[0]},a\npdq,{PDQ[2]},b\n")
    two.write_text(f"type,value,label\npdq,{PDQ[0]},c\nmd5,{MD5[0]},d\nsha1,{'ef' * 20},e\n")
    return [one, two]


def loaded(files: list[Path], kinds: SignalKinds) -> list[LoadedList]:
    return [load_list(file, kinds) for file in files]


def found(lists: OfflineLists, kinds: SignalKinds, kind: str, value: str, distance: int) -> object:
    matcher = Matcher(kinds)
    lists.fill(matcher, distance)
    hits = matcher.match([Signal(kind=kind, value=value)])
    return sorted(
        (
            matcher.banks[hit.bank_id].name,
            lists.number(hit.entry_id),
            lists.facts([hit.entry_id])[hit.entry_id],
            hit.distance,
        )
        for hit in hits
    )


def test_matches_name_bank_entry_and_facts(files: list[Path], kinds: SignalKinds) -> None:
    lists = OfflineLists(loaded(files, kinds))
    assert found(lists, kinds, "md5", MD5[0], 31) == [
        ("one.csv", 1, EntryFacts(label="a"), 0),
        ("two.csv", 2, EntryFacts(label="d"), 0),
    ]
    assert found(lists, kinds, "md5", MD5[1], 31) == []
    assert found(lists, kinds, "pdq", PDQ[1], 31) == [("two.csv", 1, EntryFacts(label="c"), 16)]
    assert found(lists, kinds, "pdq", PDQ[1], 15) == []
    assert found(lists, kinds, "sha1", "ef" * 20, 0) == [("two.csv", 3, EntryFacts(label="e"), 0)]


def test_a_snapshot_keeps_its_banks(files: list[Path], kinds: SignalKinds, tmp_path: Path) -> None:
    path = tmp_path / "both.tutela"
    write_snapshot(path, joined([item.columns for item in loaded(files, kinds)]))
    lists = OfflineLists(loaded([path], kinds))
    assert lists.names == ("one.csv", "two.csv")
    assert [(name, size) for name, _, size in lists.banks()] == [("one.csv", 2), ("two.csv", 3)]
    # An entry's number counts within the file that was given.
    assert found(lists, kinds, "md5", MD5[0], 0) == [
        ("one.csv", 1, EntryFacts(label="a"), 0),
        ("two.csv", 4, EntryFacts(label="d"), 0),
    ]


def test_banks_of_one_name_are_told_apart_by_their_files(
    files: list[Path], kinds: SignalKinds, tmp_path: Path
) -> None:
    again = tmp_path / "again" / "one.csv"
    again.parent.mkdir()
    again.write_text(files[0].read_text())
    lists = OfflineLists(loaded([*files, again], kinds))
    assert lists.names == (f"one.csv ({files[0]})", "two.csv", f"one.csv ({again})")


def test_a_bank_without_entries_would_prove_nothing(kinds: SignalKinds, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text(f'{{"value": [{{"MD5": "{MD5[0]}", "Category": 0}}]}}')
    with pytest.raises(InvalidInput) as caught:
        OfflineLists(loaded([path], kinds))
    assert str(caught.value) == (
        f"{path}: the bank file holds no entry that can be compared; "
        "category 0 or none: never taken as positive: 1"
    )


def test_progress_is_told_for_text_and_not_for_snapshots(
    files: list[Path], kinds: SignalKinds
) -> None:
    steps: list[int] = []
    load_list(files[0], kinds, progress=steps.append)
    assert sum(steps) == files[0].stat().st_size


def test_entries_keep_distances_of_their_own(tmp_path: Path, kinds: SignalKinds) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"type,value,label,distance\npdq,{PDQ[0]},near,15\npdq,{PDQ[0]},far,20\n")
    snapshot = tmp_path / "own.tutela"
    write_snapshot(snapshot, load_list(path, kinds).columns)
    for file, name in ((path, "own.csv"), (snapshot, "own.csv")):
        lists = OfflineLists(loaded([file], kinds))
        for of_all in (0, 31):
            assert found(lists, kinds, "pdq", PDQ[1], of_all) == [
                (name, 2, EntryFacts(label="far"), 16)
            ]


def test_an_allow_bank_is_narrow_and_marked(files: list[Path], kinds: SignalKinds) -> None:
    lists = OfflineLists([load_list(files[0], kinds), load_list(files[1], kinds, allow=True)])
    matcher = Matcher(kinds)
    lists.fill(matcher, 31)
    assert [(bank.allow, bank.distance) for bank in matcher.banks.values()] == [
        (False, 31),
        (True, 10),
    ]
    lists.fill(matcher, 4)
    assert [bank.distance for bank in matcher.banks.values()] == [4, 4]
