from __future__ import annotations

import io
from html.parser import HTMLParser

import msgspec

from tutela.investigation.findings import BankUsed, PlacedGap, ScannedFile, Summary
from tutela.investigation.page import LISTED_PER_REASON, HtmlPage, best_matches, megabytes
from tutela.model import GapReason, Match, Verdict

EVIL = "<script>alert(1)</script>\"'&"

MATCH = Match(
    bank=EVIL,
    bank_id=0,
    entry_id=3,
    kind="pdq",
    distance=12,
    exact=False,
    list_version=0,
    label=EVIL,
    category=EVIL,
    scheme=EVIL,
    part=EVIL,
    path=(EVIL,),
)


class _Parsed(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def page(*files: ScannedFile, complete: bool = True, title: str = "/disk") -> str:
    stream = io.BytesIO()
    report = HtmlPage(stream, title=title)
    for file in files:
        report.file(file)
    matched = [file for file in files if file.verdict is Verdict.MATCH]
    report.finish(
        Summary(
            complete=complete,
            files=len(files),
            matched=len(matched),
            clear=0,
            not_checked=len(files) - len(matched),
            not_checked_reasons={"damaged": len(files) - len(matched)} if files else {},
            members=0,
            folders=1,
            links=2,
            bytes=1_500_000,
            seconds=2.0,
            distance=31,
            banks=(BankUsed(name="b.csv", file=EVIL, entries=3, left_out={EVIL: 2}),),
        )
    )
    return stream.getvalue().decode()


def found(path: str = "/x", **fields: object) -> ScannedFile:
    match = msgspec.structs.replace(MATCH, **fields)
    return ScannedFile(path=path, verdict=Verdict.MATCH, matches=(match,))


def missed(path: str) -> ScannedFile:
    gap = PlacedGap(reason=GapReason.DAMAGED, detail=EVIL)
    return ScannedFile(path=path, verdict=Verdict.NOT_CHECKED, gaps=(gap,))


def test_whatever_names_hold_stays_text() -> None:
    parsed = _Parsed(page(found(EVIL), missed(EVIL), title=EVIL))
    assert parsed.tags.isdisjoint({"script", "img", "iframe", "object", "link", "form", "a"})
    # Title twice, file, member, part, bank, label, category, scheme, missed file, detail, bank
    # file, left out.
    assert parsed.text.count(EVIL) == 13


def test_the_page_loads_and_runs_nothing() -> None:
    attributes = _Parsed(page(found())).attributes
    assert not [
        value
        for name, value in attributes
        if name.startswith("on") or name in {"src", "href", "action"} or "://" in (value or "")
    ]
    policy = dict(attributes)["content"]
    assert policy is not None
    policies = [value for name, value in attributes if name == "content"]
    assert any("default-src 'none'" in (value or "") for value in policies)


def test_findings_and_counts_are_shown() -> None:
    text = _Parsed(page(found(label="mountain lake"), missed("/cut.jpg"))).text
    for part in ("mountain lake", "/cut.jpg", "1.5 MB", "2.0 s", "Damaged: 1", "2 links"):
        assert part in text
    assert "Incomplete" not in text


def test_an_interrupted_scan_says_so() -> None:
    assert "Incomplete." in _Parsed(page(complete=False)).text


def test_nothing_found_says_so() -> None:
    text = _Parsed(page()).text
    assert "No file matched an entry." in text
    assert "Every file was compared whole." in text


def test_long_lists_of_gaps_are_cut_with_a_count() -> None:
    text = _Parsed(page(*(missed(f"/n{number}.jpg") for number in range(500)))).text
    assert text.count(".jpg") == LISTED_PER_REASON
    assert f"And {500 - LISTED_PER_REASON} more" in text


def test_an_entry_is_shown_once_per_file_inside() -> None:
    exact = msgspec.structs.replace(MATCH, kind="md5", exact=True, distance=0)
    other = msgspec.structs.replace(MATCH, entry_id=4)
    inside = msgspec.structs.replace(MATCH, path=("b.png",))
    file = ScannedFile(path="/x", verdict=Verdict.MATCH, matches=(exact, MATCH, other, inside))
    assert best_matches(file) == [exact, other, inside]


def test_megabytes() -> None:
    assert [megabytes(size) for size in (0, 49_999, 10**12)] == ["0.0 MB", "0.0 MB", "1000000.0 MB"]
