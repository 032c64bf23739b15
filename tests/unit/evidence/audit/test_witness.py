"""The witness: it only grows, whatever interrupts it, and can be read at any time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.errors import BadConfiguration, Unavailable
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.witness import Witness
from tutela.merkle import leaf_hash

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown


def own(grown: Grown) -> Path:
    return grown.witness.folder / grown.log.head().origin


def again(grown: Grown) -> None:
    """Sign with a signer that has just started."""
    Signer(grown.log, grown.key, Witness(grown.witness.folder)).sign_if_more()


def test_it_knows_hashes_texts_and_checkpoints(grown: Grown) -> None:
    known = grown.witness.known()
    assert known is not None
    leaves = grown.log.leaves(0, 600)
    assert known.size == 600
    assert known.origin == grown.log.head().origin
    assert list(known.hashes()) == [leaf.hash for leaf in leaves]
    assert list(known.hashes(100, 103)) == [leaf.hash for leaf in leaves[100:103]]
    others = [(leaf.index, leaf.text) for leaf in leaves if leaf.kind != "decision"]
    assert list(known.texts(0, 600)) == others
    assert len(others) == 60
    assert known.text(20) == leaves[20].text
    assert known.text(21) is None
    assert [kept.note for _, kept in known.checkpoints()] == [
        one.note for one in grown.log.checkpoints()[::-1]
    ]
    assert known.root() == grown.log.head().root
    assert known.root(350) == grown.log.root(350)


def test_nothing_is_known_where_there_is_none(tmp_path: Path) -> None:
    assert Witness(tmp_path / "none").known() is None


def test_it_is_private(grown: Grown) -> None:
    for path in (grown.witness.folder, *grown.witness.folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_folder_that_others_may_enter_is_refused(grown: Grown) -> None:
    grown.witness.folder.chmod(0o755)
    with pytest.raises(BadConfiguration, match="chmod 700"):
        grown.sign()


@pytest.mark.parametrize("torn", [1, 31, 33, 64])
def test_hashes_that_were_torn_off_come_again(grown: Grown, torn: int) -> None:
    grown.grow(50)
    grown.sign()
    # Before its checkpoint was written.
    lines = (own(grown) / "checkpoints.jsonl").read_bytes().splitlines(keepends=True)
    (own(grown) / "checkpoints.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:torn])
    hashes = (own(grown) / "hashes").read_bytes()
    (own(grown) / "hashes").write_bytes(hashes[:-torn])
    again(grown)
    assert (own(grown) / "hashes").read_bytes() == hashes
    assert grown.verify().exit_code == 0


@pytest.mark.parametrize("torn", [1, 10, 500])
def test_texts_that_were_torn_off_are_no_texts(grown: Grown, torn: int) -> None:
    grown.grow(50)
    grown.sign()
    before = grown.witness.known()
    assert before is not None
    texts = dict(before.texts(0, 650))
    path = own(grown) / "leaves.jsonl"
    # The texts are written first: the hashes of these were not any more.
    lines = (own(grown) / "checkpoints.jsonl").read_bytes().splitlines(keepends=True)
    (own(grown) / "checkpoints.jsonl").write_bytes(b"".join(lines[:-1]))
    os.truncate(own(grown) / "hashes", 600 * 32)
    os.truncate(path, path.stat().st_size - torn)
    again(grown)
    known = grown.witness.known()
    assert known is not None
    assert dict(known.texts(0, 650)) == texts
    assert [index for index, _ in known.texts(0, 650)] == list(range(0, 650, 10))


def test_a_line_of_the_names_that_was_torn_off_comes_again(grown: Grown) -> None:
    path = grown.witness.folder / "epochs.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert grown.witness.known() is None
    again(grown)
    assert grown.verify().exit_code == 0
    assert grown.verify().witnessed == 600


def test_a_text_that_was_altered_is_none(grown: Grown) -> None:
    path = own(grown) / "leaves.jsonl"
    path.write_text(path.read_text().replace("event-20", "event-99"))
    known = grown.witness.known()
    assert known is not None
    assert known.text(20) is None
    assert known.text(30) is not None


def test_an_edge_that_no_checkpoint_vouches_for_is_refused(grown: Grown) -> None:
    path = own(grown) / "checkpoints.jsonl"
    for spoilt in (
        path.read_text().replace('"edge":"', '"edge":"AAAA'),
        path.read_text().replace('"size":600', '"size":601'),
        path.read_text() + "{}\n",
    ):
        before = path.read_text()
        path.write_text(spoilt)
        with pytest.raises(Tampered):
            again(grown)
        path.write_text(before)
    again(grown)


def test_lost_hashes_below_a_checkpoint_are_told(grown: Grown) -> None:
    os.truncate(own(grown) / "hashes", 500 * 32)
    with pytest.raises(Tampered, match="lost"):
        again(grown)


def test_names_that_lead_elsewhere_are_refused(grown: Grown) -> None:
    path = grown.witness.folder / "epochs.jsonl"
    path.write_text('{"origin":"../../elsewhere","start":0}\n')
    with pytest.raises(Tampered):
        grown.witness.known()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, grown: Grown) -> None:
    file = tmp_path / "file"
    file.write_text("a harmless line")
    with pytest.raises(Unavailable):
        Signer(grown.log, grown.key, Witness(file / "witness")).sign_if_more()


def test_it_is_read_while_it_grows(grown: Grown) -> None:
    """Whatever a reader sees is a whole beginning of what is written."""
    grown.grow(400)
    hashes = [leaf.hash for leaf in grown.log.leaves(0, 1000)]
    seen = set()
    with grown.witness.writing(grown.key.verifier) as writing:
        for start in range(600, 1000, 50):
            writing.add(grown.log.leaves(start, start + 50))
            known = grown.witness.known()
            assert known is not None
            seen.add(known.size)
            assert list(known.hashes()) == hashes[: known.size]
    assert seen == set(range(650, 1001, 50))


def test_only_one_writes_at_a_time(grown: Grown) -> None:
    lock = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX)"
    with grown.witness.writing(grown.key.verifier):
        other = subprocess.Popen([sys.executable, "-c", lock, grown.witness.folder / "lock"])
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.5)
    assert other.wait(60) == 0


def test_hashes_are_those_of_texts(grown: Grown) -> None:
    known = grown.witness.known()
    assert known is not None
    hashes = list(known.hashes())
    assert all(hashes[index] == leaf_hash(text.encode()) for index, text in known.texts(0, 600))
