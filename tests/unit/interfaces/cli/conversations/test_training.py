from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.unit.detection.conversation.learning.conftest import CUES, conversations, labelled
from typer.testing import CliRunner, Result

from tutela.detection.conversation.corpora.record import record_of
from tutela.detection.conversation.learning.card import Bars, Card, Choices
from tutela.detection.conversation.learning.model import load
from tutela.detection.conversation.learning.training.bars import NEVER
from tutela.detection.conversation.learning.training.trainer import DECOYS
from tutela.errors import BadConfiguration, InvalidInput
from tutela.interfaces.cli.conversations.fitting import TRAINER, _threshold
from tutela.interfaces.cli.main import build_app
from tutela.model.conversation.message import Labelled

APP = build_app()


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("corpus") / "talks.jsonl"
    lines = [msgspec.json.encode(record_of(one)) for one in conversations(80)]
    unknown = record_of(labelled("u", [*CUES], label=None))
    file.write_bytes(b"\n".join([*lines, b"{ torn", msgspec.json.encode(unknown)]))
    return file


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, ["conversations", "train", *map(str, arguments)])


def test_a_model_is_trained_saved_and_told(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    found = train(corpus, "--into", folder, "--folds", "2", "--alerts", "500")
    assert found.exit_code == 0, found.output
    card = load(folder).card
    assert card.name == "own"
    assert card.cues["en"].startswith("en ")
    text = found.stdout
    assert text.startswith("Trained on conversations that a generator made: no figure here is one")
    assert "Learned from 80 conversations (20 positive," in text
    assert "Left out: 1 (no label)." in text
    assert "talks.jsonl: 1 damaged records skipped." in text
    assert f"Threshold {card.bars.high:.2f} of 10: at most 5.0000% of harmless" in text
    assert f'model_folder = "{folder}"' in text
    assert "homework" not in text
    lines = [line for line in text.splitlines() if "model_folder" not in line]
    assert max(map(len, lines)) <= 80


def test_json_is_the_card(corpus: Path, tmp_path: Path) -> None:
    found = train(corpus, "--into", tmp_path / "model", "--folds", "2", "--json", "--name", "v2")
    card = msgspec.json.decode(found.stdout, type=Card)
    assert card == load(tmp_path / "model").card
    assert card.name == "v2"
    assert not card.bars.enough


def test_a_learned_model_rates_files(corpus: Path, tmp_path: Path) -> None:
    train(corpus, "--into", tmp_path / "model", "--folds", "2", "--alerts", "500")
    settings = tmp_path / "tutela.toml"
    settings.write_text(
        f'[conversations]\nrater = "learned"\nmodel_folder = "{tmp_path / "model"}"\n'
    )
    found = CliRunner().invoke(
        APP, ["conversations", "rate", str(corpus), "--json", "--config", str(settings)]
    )
    assert found.exit_code == 0, found.output
    rows = [msgspec.json.decode(line) for line in found.stdout.splitlines()]
    assert {row["model"].split(" (")[0] for row in rows} == {"learned own"}
    positive = [row["rating"] for row in rows[:80:4]]
    assert min(positive) > max(row["rating"] for place, row in enumerate(rows[:80]) if place % 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--name", "No Name"), "--name: a name has"),
        (("--alerts", "20000"), "--alerts: no threshold is needed"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_read(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    found = train(tmp_path / "none.jsonl", "--into", tmp_path / "model", *arguments)
    assert isinstance(found.exception, InvalidInput)
    assert str(found.exception).startswith(message)


def test_measuring_on_what_was_learned_from_is_told(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"\n".join(msgspec.json.encode(record_of(one)) for one in more()))
    train(other, corpus, "--into", tmp_path / "model", "--folds", "2", "--alerts", "500")
    settings = tmp_path / "tutela.toml"
    settings.write_text(
        f'[conversations]\nrater = "learned"\nmodel_folder = "{tmp_path / "model"}"\n'
    )
    new = tmp_path / "new.jsonl"
    new.write_bytes(b"\n".join(msgspec.json.encode(record_of(one)) for one in more(seed=8)))
    cautions = "The model learnt from one of these files"
    for file, told in ((other, True), (corpus, True), (new, False)):
        quick = ["--resamples", "0", "--perturbed", "0", "--json", "--config", str(settings)]
        found = CliRunner().invoke(APP, ["conversations", "evaluate", str(file), *quick])
        assert found.exit_code == 0, found.output
        assert (cautions in found.stdout) is told


def more(seed: int = 7) -> Iterator[Labelled]:
    return conversations(40, seed=seed)


def pan12(conversation: Labelled) -> str:
    lines = [
        f'<message line="{at}"><author>{one.author}</author><time>10:{at % 60:02d}</time>'
        f"<text>{one.text}</text></message>"
        for at, one in enumerate(conversation.conversation.messages, 1)
    ]
    return f'<conversation id="{conversation.conversation.id}">{"".join(lines)}</conversation>'


def test_pan12_is_learned_from_with_its_list_of_ids(corpus: Path, tmp_path: Path) -> None:
    talks = list(conversations(40, seed=6))
    xml, ids = tmp_path / "pan12.xml", tmp_path / "ids.txt"
    xml.write_text(f"<conversations>{''.join(map(pan12, talks))}</conversations>")
    ids.write_text("\n".join(f"{one.conversation.id}-0" for one in talks if one.label))
    found = train(xml, corpus, "--predators", ids, "--into", tmp_path / "m", "--folds", "2")
    assert found.exit_code == 0, found.output
    data = load(tmp_path / "m").card.data
    assert (data.conversations, data.positives) == (120, 30)
    assert DECOYS in load(tmp_path / "m").card.limits


def test_a_list_of_ids_without_pan12_is_refused(corpus: Path, tmp_path: Path) -> None:
    found = train(corpus, "--predators", corpus, "--into", tmp_path / "m")
    assert isinstance(found.exception, InvalidInput)
    assert "belongs to PAN12's XML only" in str(found.exception)


def test_no_model_is_written_over(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    found = train(corpus, "--into", tmp_path)
    assert isinstance(found.exception, InvalidInput)
    assert "there is a model in this folder already" in str(found.exception)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = train(tmp_path / "none.jsonl", "--into", tmp_path / "model")
    assert isinstance(found.exception, InvalidInput)
    assert "none.jsonl" in str(found.exception)


def test_what_is_not_installed_is_named(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, TRAINER, None)
    found = train(corpus, "--into", tmp_path / "model")
    assert isinstance(found.exception, BadConfiguration)
    assert "pip install 'tutela[train]'" in str(found.exception)


def test_a_budget_that_nothing_keeps_is_told() -> None:
    bars = Bars(raised=9.0, high=NEVER, critical=NEVER, measured=900, enough=True, by_language={})
    assert _threshold(bars, Choices()).startswith("No threshold keeps this budget: more than 0.1")
