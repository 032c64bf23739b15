"""What staff hear of surfaces that nobody has named."""

from __future__ import annotations

import io
import json

from tutela.model import EventKind
from tutela.policy.law.law import Law
from tutela.policy.law.telling import MOST_TOLD, Telling
from tutela.telemetry import make_logger

LAW = Law.load("")


def told(*asked: tuple[str, str, EventKind]) -> list[dict[str, str]]:
    stream = io.StringIO()
    telling = Telling(LAW, make_logger("info", as_json=True, stream=stream))
    for region, surface, kind in asked:
        assert telling.ruling(region, surface, kind) == LAW.ruling(region, surface, kind)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_surface_that_nobody_named_is_told_of_once() -> None:
    (line,) = told(*[("DE", "feed", EventKind.UPLOAD)] * 3)
    assert (line["level"], line["surface"], line["pack"]) == ("warning", "feed", "eu")


def test_what_is_scanned_or_named_or_has_no_surface_is_not_told_of() -> None:
    assert not told(
        ("US", "feed", EventKind.UPLOAD),
        ("DE", "private_messages", EventKind.MESSAGE),
        ("DE", "", EventKind.MESSAGE),
        ("", "feed", EventKind.UPLOAD),
    )


def test_clients_cannot_fill_the_log() -> None:
    asked = [("DE", f"feed {number}", EventKind.UPLOAD) for number in range(MOST_TOLD + 20)]
    assert len(told(*asked)) == MOST_TOLD
