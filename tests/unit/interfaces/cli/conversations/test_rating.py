from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tutela.interfaces.cli.main import build_app

APP = build_app()

GRAVE = [
    ("x", "how old are you?"),
    ("y", "im 12"),
    ("x", "are you home alone?"),
    ("x", "don't tell your parents"),
    ("x", "let's talk on another app"),
]
CALM = [("x", "training is at five today"), ("y", "ok, i bring the ball")]
AGES = [{"id": "x", "age": 34}, {"id": "y", "age": 12}]
PAN12 = """<?xml version="1.0" encoding="UTF-8"?>
<conversations><conversation id="p1">
<message line="1"><author>a1</author><time>10:00</time><text>are you home alone?</text></message>
<message line="2"><author>b2</author><time>10:01</time><text>why</text></message>
</conversation></conversations>
"""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def record(name: str, lines: Sequence[tuple[str, str]], **more: object) -> str:
    messages = [
        {"author": author, "text": text, "time": f"2026-03-02T15:{place % 60:02d}:00Z"}
        for place, (author, text) in enumerate(lines)
    ]
    known = {"conversation_id": name, "language": "en", "participants": AGES, "messages": messages}
    return json.dumps({**known, **more})


def rate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, ["conversations", "rate", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talks.jsonl"
    lines = [
        record("calm", CALM, weather="fine"),
        record("grave", GRAVE),
        record("foreign", CALM, language="sv"),
        "{ torn",
        record("grave\u001b[31m again", GRAVE),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def objects(result: Result) -> Mapping[str, Any]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {one["conversation_id"]: one for one in found}


def test_json_has_one_object_for_each_conversation(file: Path) -> None:
    result = rate(file, "--json")
    assert result.exit_code == 0, result.output
    found = objects(result)
    assert [*found] == ["calm", "grave", "foreign", "grave\u001b[31m again"]
    grave = found["grave"]
    assert grave["rating"] > 6
    assert grave["band"] == "high"
    assert 0 < grave["probability"] < 1
    assert [mark["stage"] for mark in grave["stages"]] == ["probing", "isolation"]
    assert {"message", "author", "cue", "points", "stage", "start", "end"} == {*grave["reasons"][0]}
    assert grave["not_enough_evidence"] is None
    assert grave["age_gap"] == {"knowledge": "known", "adult_to_minor": True, "years": 22}
    assert found["calm"]["rating"] < 1
    assert found["foreign"]["probability"] is None
    assert found["foreign"]["not_enough_evidence"] == {
        "reason": "unsupported_language",
        "detail": "unsupported language (sv)",
    }


def test_what_was_left_out_is_told_beside_json(file: Path) -> None:
    told = rate(file, "--json").stderr
    assert "1 damaged records skipped" in told
    assert "1 members ignored" in told


def test_the_table_fits_80_columns_and_says_why(file: Path) -> None:
    result = rate(file)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "Message 4, x: asks to keep a secret (+2.0)." in result.stdout
    assert "4 conversations:" in result.stdout
    assert "unsupported language" in result.stdout
    assert "Damaged records skipped: 1." in result.stdout
    assert "says nothing about a person's guilt" in " ".join(result.stdout.split())


def test_an_id_cannot_write_on_the_terminal(file: Path) -> None:
    shown = rate(file).stdout
    assert "\u001b" not in shown
    assert "\\x1b[31m" in shown


def test_the_highest_come_first_and_only_so_many(file: Path) -> None:
    result = rate(file, "--rows", "1")
    assert "│ grave" in result.stdout
    assert "│ calm" not in result.stdout


def test_the_rating_is_the_highest_that_it_had(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    chatter = [("xy"[n % 2], f"nice weather {n}") for n in range(2000)]
    path.write_text(record("short", GRAVE) + "\n" + record("long", GRAVE + chatter) + "\n")
    found = objects(rate(path, "--json"))
    assert found["long"]["rating"] == found["short"]["rating"]
    assert found["long"]["at_end"] <= found["long"]["rating"]


def test_how_many_people_an_author_reaches_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    lines = [
        record(f"c{n}", [(a if a == "x" else f"y{n}", t) for a, t in GRAVE], participants=[])
        for n in range(3)
    ]
    path.write_text("\n".join(lines) + "\n")
    assert [one["fan_out"] for one in objects(rate(path, "--json")).values()] == [1, 2, 3]
    assert "went to 3 people in this file" in " ".join(rate(path).stdout.split())


def test_the_page_holds_no_word_of_what_was_written(file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert rate(file, "--html", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "asks to keep a secret" in text
    assert "training is at five" not in text
    assert "don&#39;t tell" not in text
    assert "don't tell" not in text
    assert "<script" not in text
    assert "\u001b" not in text


def test_what_is_synthetic_says_so_everywhere(tmp_path: Path) -> None:
    path, page = tmp_path / "made.jsonl", tmp_path / "made.html"
    path.write_text(record("made", GRAVE, synthetic=True) + "\n")
    assert objects(rate(path, "--json"))["made"]["synthetic"] is True
    assert "SYNTHETIC" in rate(path, "--html", page).stdout
    assert "Synthetic." in page.read_text()


def test_pan12_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pan12.xml"
    path.write_text(PAN12)
    found = objects(rate(path, "--json"))
    assert found["p1"]["rating"] > 1
    assert found["p1"]["author"] == "a1"


def test_a_page_that_cannot_be_written_is_an_error(file: Path, tmp_path: Path) -> None:
    result = rate(file, "--html", tmp_path / "missing" / "page.html")
    assert "the page cannot be written" in str(result.exception)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"\0\1\2")
    assert "no file of conversations" in str(rate(path).exception)
