"""Table and chart of `docs/explanation/robustness.md`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Protocol

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "robustness.md"
CHART = DOCS / "pictures" / "robustness.svg"
BEGIN, END = "<!-- from bench/robustness.py -->", "<!-- end -->"

LINE = 18
LEFT, WIDTH, RIGHT = 230, 360, 60
TOP = 46


class Row(Protocol):
    """Shares in per cent; see `robustness.Row`."""

    @property
    def edit(self) -> str:
        """Its name."""

    @property
    def own(self) -> float:
        """Found."""

    @property
    def own_dihedral(self) -> float:
        """Found, or found turned."""

    @property
    def reference(self) -> float | None:
        """Found by the reference."""

    @property
    def reference_dihedral(self) -> float | None:
        """Found turned by the reference."""

    @property
    def middle(self) -> int:
        """Bits, median."""


def write(rows: Sequence[Row]) -> None:
    """Bring the page's table and the chart up to date."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n{END}{after}", encoding="utf-8")
    CHART.write_text(chart(rows), encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| edit | found | with variants | `pdqhash` | with variants | bits, median |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {row.edit} | {_share(row.own)} | {_share(row.own_dihedral)} | {_share(row.reference)} "
        f"| {_share(row.reference_dihedral)} | {row.middle} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f} %"


def chart(rows: Sequence[Row]) -> str:
    """Bars: found as it is, and beyond that with turned and mirrored variants."""
    height = TOP + LINE * len(rows) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}"',
        ' font-family="sans-serif" font-size="11" role="img" aria-labelledby="title">',
        '<title id="title">Share of photographs found after an edit, in per cent</title>',
        f'<rect width="{LEFT + WIDTH + RIGHT}" height="{height}" fill="#fff"/>',
        _key(LEFT, "#1f5f8b", "found as it is"),
        _key(LEFT + 118, "#e0a030", "more with turned and mirrored variants"),
        f'<rect x="{LEFT + 372}" y="7" width="2" height="13" fill="#c02020"/>',
        f'<text x="{LEFT + 378}" y="17" fill="#222">pdqhash</text>',
        *(_rule(share, height) for share in (0, 25, 50, 75, 100)),
        *(_bar(number, row) for number, row in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _key(left: int, colour: str, words: str) -> str:
    return (
        f'<rect x="{left}" y="8" width="11" height="11" fill="{colour}"/>'
        f'<text x="{left + 16}" y="17" fill="#222">{words}</text>'
    )


def _rule(share: int, height: int) -> str:
    x = LEFT + WIDTH * share / 100
    return (
        f'<line x1="{x:g}" y1="{TOP - 8}" x2="{x:g}" y2="{height - 20}" stroke="#ccc"/>'
        f'<text x="{x:g}" y="{TOP - 12}" text-anchor="middle" fill="#555">{share} %</text>'
    )


def _bar(number: int, row: Row) -> str:
    y = TOP + LINE * number
    own, more = (WIDTH * share / 100 for share in (row.own, row.own_dihedral))
    reference = row.reference_dihedral
    mark = "" if reference is None else _mark(LEFT + WIDTH * reference / 100, y)
    return (
        f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end" fill="#222">{escape(row.edit)}</text>'
        f'<rect x="{LEFT}" y="{y + 2}" width="{more:.1f}" height="{LINE - 6}" fill="#e0a030"/>'
        f'<rect x="{LEFT}" y="{y + 2}" width="{own:.1f}" height="{LINE - 6}" fill="#1f5f8b"/>'
        f'<text x="{LEFT + more + 5:.1f}" y="{y + 11}" fill="#222">{row.own_dihedral:.0f}</text>'
        + mark
    )


def _mark(x: float, y: int) -> str:
    """Where the reference stands, with variants."""
    return f'<rect x="{x - 1:.1f}" y="{y}" width="2" height="{LINE - 2}" fill="#c02020"/>'
