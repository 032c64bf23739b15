from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree
from typer.testing import CliRunner, Result

from tutela.interfaces.cli.main import build_app

APP = build_app()
QUICK = ("--resamples", "25", "--perturbed", "5", "--false-alarms", "0.1")


class Shown(NamedTuple):
    """A report as it was printed, and its page."""

    lines: list[str]
    page: str


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, ["conversations", *map(str, arguments)])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "talks.jsonl"
    options = ("--conversations", "120", "--positives", "0.4", "--longest", "20")
    assert run("synthesise", path, *options).exit_code == 0
    return path


@pytest.fixture(scope="module")
def shown(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    page = tmp_path_factory.mktemp("page") / "page.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        result = run("evaluate", corpus, *QUICK, "--html", page)
    assert result.exit_code == 0, result.output
    return Shown(result.stdout.splitlines(), page.read_text())


def test_a_corpus_is_labelled_synthetic_in_every_line(corpus: Path) -> None:
    records = [json.loads(line) for line in corpus.read_text().splitlines()]
    assert len(records) == 120
    assert all(record["synthetic"] is True for record in records)


def test_a_corpus_goes_to_standard_output_and_its_notice_does_not() -> None:
    result = run("synthesise", "--conversations", "3", "--language", "fr")
    assert len(result.stdout.splitlines()) == 3
    assert "No figure from it is a figure of accuracy" in result.stderr
    assert {json.loads(line)["language"] for line in result.stdout.splitlines()} == {"fr"}


def test_tables_fit_a_terminal_and_begin_with_what_they_are_not(shown: Shown) -> None:
    lines = shown.lines
    assert lines[0].startswith("! Synthetic conversations")
    assert max(map(len, lines)) <= 80
    for title in (
        "Measured on",
        "Whole conversations",
        "By messages seen",
        "How early",
        "Recall within a budget",
        "At real base rates: the model",
        "False alarms by stratum: the model",
        "Against the onset: the model",
        "Written otherwise: the model",
        "Files",
    ):
        assert any(line.startswith(title) for line in lines), title
    assert any("p = 0.01234" in line for line in lines)


PAN12 = """<conversations>
<conversation id="{id}"><message line="1"><author>{a}</author><time>10:00</time>
<text>are you home alone?</text></message></conversation>
<conversation id="{id}x"><message line="1"><author>{b}</author><time>10:00</time>
<text>training is at five</text></message></conversation>
</conversations>"""


def test_one_corpus_chooses_and_another_is_measured_each_with_its_list(tmp_path: Path) -> None:
    files: list[str] = []
    for name, first, second in (("train", "a1", "b1"), ("test", "a2", "b2")):
        (tmp_path / name).write_text(PAN12.format(id=name, a=first, b=second))
        (tmp_path / f"{name}.txt").write_text(f"{first}\n")
        files += ["--predators", str(tmp_path / f"{name}.txt")]
    result = run(
        "evaluate", tmp_path / "train", "--measured-on", tmp_path / "test", *files, "--json"
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["material"]["choosing"] == report["material"]["measuring"] == [1, 1]
    assert report["cautions"][0].startswith("Positives are adults talking to decoys, in English")


def test_json_is_the_whole_report(corpus: Path) -> None:
    result = run("evaluate", corpus, *QUICK, "--json")
    report = json.loads(result.stdout)
    assert report["synthetic"] is True
    assert report["material"]["conversations"] == 120
    assert [one["name"] for one in report["raters"]][1:] == ["metadata only", "lexicon only"]
    assert report["raters"][0]["early"]["p"] == pytest.approx(0.01234, abs=1e-5)


def test_the_page_has_charts_with_their_numbers_and_runs_nothing(shown: Shown) -> None:
    text = shown.page
    assert "<script" not in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    tree = etree.fromstring(text.encode(), etree.HTMLParser())
    for svg in tree.iter("svg"):
        section = svg.getparent()
        assert section.find(".//table") is not None
        assert svg.find("title") is not None
    assert len(list(tree.iter("svg"))) == 4
    assert "Synthetic conversations: made by a generator" in text
    assert "how old are you" not in text


def test_names_of_files_and_members_cannot_write_on_the_terminal_or_the_page(
    corpus: Path, tmp_path: Path
) -> None:
    evil = tmp_path / "<b>talks\u202e.jsonl"
    first, rest = corpus.read_text().split("\n", 1)
    evil.write_text(first[:-1] + ', "<i>\\u001b[31m": 1}\n{ torn\n' + rest)
    page = tmp_path / "page.html"
    result = run("evaluate", evil, *QUICK, "--html", page)
    assert result.exit_code == 0, result.output
    for text in (result.stdout, page.read_text()):
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "the line is not JSON" in re.sub(r"[\s│]+", " ", text)
    assert "<b>" not in page.read_text()
    assert "<i>" not in page.read_text()


def test_what_cannot_be_measured_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text('{"conversation_id": "c", "messages": [], "label": false}\n')
    result = run("evaluate", path)
    assert "no positive conversation" in str(result.exception)
    listed = tmp_path / "list.txt"
    listed.write_text("a\n")
    result = run("evaluate", path, "--predators", listed)
    assert "belongs to PAN12" in str(result.exception)
    assert run("evaluate", tmp_path / "none").exit_code != 0
