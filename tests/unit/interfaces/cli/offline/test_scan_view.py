from __future__ import annotations

import pytest

from tutela.interfaces.cli.offline.scan_view import LISTED_FINDINGS, Tables, printable
from tutela.investigation.findings import PlacedGap, ScannedFile, Summary
from tutela.model import GapReason, Match, Verdict

MATCH = Match(
    bank="drill.csv",
    bank_id=0,
    entry_id=3,
    kind="pdq",
    distance=12,
    exact=False,
    list_version=0,
    label="mountain lake",
    category="1",
    scheme="US",
    part="mirror",
    path=("a.zip", "[red]b.png"),
)


def found(path: str) -> ScannedFile:
    return ScannedFile(path=path, verdict=Verdict.MATCH, matches=(MATCH,))


def missed(path: str, reason: GapReason) -> ScannedFile:
    gap = PlacedGap(reason=reason, detail="cut short")
    return ScannedFile(path=path, verdict=Verdict.NOT_CHECKED, gaps=(gap,))


def shown(capsys: pytest.CaptureFixture[str], *files: ScannedFile, complete: bool = True) -> str:
    tables = Tables()
    reasons: dict[str, int] = {}
    for file in files:
        tables.file(file)
        if file.gaps:
            reason = file.gaps[0].reason.value
            reasons[reason] = reasons.get(reason, 0) + 1
    tables.finish(
        Summary(
            complete=complete,
            files=len(files),
            matched=len(files) - sum(reasons.values()),
            clear=0,
            not_checked=sum(reasons.values()),
            not_checked_reasons=reasons,
            members=0,
            folders=1,
            links=0,
            bytes=2_000_000,
            seconds=2.0,
            distance=31,
            banks=(),
        )
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 湖", "plain é 湖"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_names_cannot_play_with_the_terminal(text: str, expected: str) -> None:
    assert printable(text).plain == expected


def test_a_finding_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, found("/disk/\x1b[2Jx.zip"))
    for part in (
        "/disk/\\x1b[2Jx.zip > a.zip > [red]b.png (mirror)",
        "drill.csv",
        "mountain lake",
        "1 (US)",
        "pdq",
        "12",
    ):
        assert part in text
    assert "\x1b" not in text


def test_reasons_with_many_files_are_cut_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    files = [missed(f"/d{number}", GapReason.DAMAGED) for number in range(30)]
    files += [missed(f"/u{number}", GapReason.UNSUPPORTED) for number in range(30)]
    text = shown(capsys, *files)
    assert text.count("/d") == 20
    assert text.count("/u") == 5
    assert "and 10 more" in text
    assert "and 25 more" in text
    assert "unsupported type" in text


def test_findings_beyond_what_one_reads_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, *(found(f"/f{number}") for number in range(LISTED_FINDINGS + 7)))
    assert text.count("/f") == LISTED_FINDINGS
    assert "and 7 more: use --json or --csv" in text


def test_the_summary_counts_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, missed("/x", GapReason.DAMAGED), complete=False)
    rows = {
        cells[0].strip(): cells[1].strip()
        for line in text.splitlines()
        if len(cells := [cell for cell in line.split("│") if cell.strip()]) == 2
    }
    assert rows["files"] == "1"
    assert rows["not checked"] == "1"
    assert rows["damaged"] == "1"
    assert rows["size"] == "2.0 MB"
    assert rows["rate"] == "0 files/s, 1.0 MB/s"
    assert "Interrupted: what was not reached is counted nowhere." in text
