from __future__ import annotations

from datetime import UTC, datetime

from tutela.evidence.backup.checking import Checked
from tutela.evidence.backup.lost import Lost, LostHold, LostReport
from tutela.evidence.backup.making import Made
from tutela.evidence.backup.manifest import LogEnd
from tutela.evidence.backup.proving import Proof
from tutela.evidence.backup.restoring import Back
from tutela.interfaces.cli.backup.view import back_lines, checked_lines, lost_lines, made_lines
from tutela.storage.dump.layout import TableDigest

AT = datetime(2026, 11, 30, 1, 42, tzinfo=UTC)
LOG = LogEnd(origin="tutela-1", size=1234, root="ab" * 32)
LOST = Lost(
    witness="data/audit",
    size=1200,
    known=1234,
    kinds={"decision": 30, "destroy": 1, "hold": 1, "release": 1, "report": 1},
    first_at=AT,
    last_at=AT,
    destroyed=("item-1",),
    placed=(LostHold(item="item-2", number=7, at=AT, by="cli:anna"),),
    lifted=(LostHold(item="item-3", number=5, at=AT, by="cli:ben"),),
    reports=(LostReport(event="event-4", at=AT, by="key:1"),),
)


def test_what_is_lost_is_told_line_by_line() -> None:
    assert list(lost_lines(LOST)) == [
        "OLDER than the audit log: the witness data/audit knows 1,234 leaves,",
        "  the backup has 1,200. Lost are 34:",
        "         30 decision",
        "          1 destroy",
        "          1 hold",
        "          1 release",
        "          1 report",
        "  from 2026-11-30 01:42:00 to 2026-11-30 01:42:00 UTC",
        "Holds that are gone: place them again (1):",
        "  item item-2, hold 7 (2026-11-30 01:42, cli:anna)",
        "Holds that stand again, and had been lifted (1):",
        "  item item-3, hold 5 (2026-11-30 01:42, cli:ben)",
        "Reports that are not recorded any more: record them again (1):",
        "  event event-4 (2026-11-30 01:42, key:1)",
    ]


def test_a_log_that_parts_and_one_that_lost_nothing() -> None:
    parted = Lost(witness="w", size=10, known=12, parted=8, kinds={"hold": 4})
    assert list(lost_lines(parted))[1] == "  and another log from leaf 8 on. Lost are 4:"
    nothing = Lost(witness="w", size=10, known=10)
    assert "knows nothing that the backup does not have" in next(lost_lines(nothing))


def test_what_a_restore_found_is_told() -> None:
    back = Back(
        generation="20261130T014200Z-0123abcd",
        made_at=AT,
        tables=39,
        rows=5000,
        blobs=3,
        proof=Proof(checked=2, unreadable=("0a",), findings=("leaf 2: it was altered",)),
        lost=LOST,
        destroyed=("item-1",),
        revoked=("9f",),
        signed_out=2,
        aside=("data/tutela.db.before-restore-1",),
    )
    said = "\n".join(back_lines(back, "sqlite:///data/tutela.db"))
    for line in (
        "database  sqlite:///data/tutela.db: 39 tables, 5,000 rows, equal to the backup",
        "evidence  3 objects, 2 of them read through",
        "audit log does NOT verify",
        "2 sessions and sign-in codes were ended",
        "put aside data/tutela.db.before-restore-1",
        "UNREADABLE (1):\n  0a",
        "WRONG in the audit log (1):\n  leaf 2: it was altered",
        "Destroyed again (1):\n  item-1",
        "API keys revoked again (1):\n  9f",
    ):
        assert line in said


def test_what_a_backup_lacks_is_told() -> None:
    made = Made(
        generation="g",
        file="b/generations/g.age",
        made_at=AT,
        bytes=31_000,
        tables=(TableDigest(table="banks", rows=7, sha256=""),),
        log=LOG,
        blobs=2,
        blob_bytes=2_000_000,
        new_blobs=1,
        new_bytes=1_000_000,
        gone=1,
        missing=("0a", "0b"),
        removed=("f",),
        removed_blobs=None,
    )
    assert list(made_lines(made)) == [
        "Generation g is whole and was read back: b/generations/g.age",
        "  tables    1, with 7 rows (31.0 kB encrypted)",
        "  evidence  2 objects (2.0 MB), 1 of them new (1.0 MB)",
        "  audit log 1,234 leaves of tutela-1",
        "  1 objects were destroyed meanwhile, and are not in it",
        "  removed   1 older generations, and no blobs: the list of a generation is missing",
        "MISSING in the vault, and so in the backup (2):",
        "  0a",
        "  0b",
    ]


def test_a_generation_that_is_not_whole_is_told() -> None:
    checked = Checked(
        generation="g",
        made_at=AT,
        rows=7,
        log=LOG,
        keys=("audit.key",),
        blobs=2,
        bytes=2_000_000,
        missing=1,
        problems=("the blob of object 0a is missing",),
    )
    assert list(checked_lines(checked)) == [
        "Generation g is NOT whole; made 2026-11-30 01:42:00 UTC",
        "  rows      7",
        "  evidence  2 objects (2.0 MB)",
        "  keys      audit.key",
        f"  audit log 1,234 leaves of tutela-1, root {'ab' * 32}",
        "  1 objects were missing when it was made",
        "problems (1):",
        "  the blob of object 0a is missing",
    ]
