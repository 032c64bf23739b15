from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.detection.conversation.learning.encoder.conftest import (
    EVEN,
    network,
    write,
)

from tutela.detection.conversation.learning.encoder.card import NETWORK, TOKENIZER, read_folder
from tutela.detection.conversation.learning.encoder.network import Network
from tutela.errors import BadConfiguration


def made(folder: Path, **changes: object) -> Network:
    return Network(read_folder(folder, write(folder, **changes)))


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("secret parents", 4.5),
        ("homework", -2.0),
        ("", 0.0),
        ("\ud800 secret", 3.0),
        ("secret " * 200_000, 16 * 3.0),  # cut at sixteen tokens
    ],
    ids=["for", "against", "nothing", "surrogate", "megabyte"],
)
def test_evidence_is_the_score_over_the_others(folder: Path, text: str, evidence: float) -> None:
    assert made(folder).evidence(text) == pytest.approx(evidence)


def test_evidence_takes_the_share_of_positives_off(folder: Path) -> None:
    assert made(folder, prevalence=0.25).evidence("") == pytest.approx(1.0986, abs=1e-4)


def test_calibration_of_the_card_is_used(folder: Path) -> None:
    half = type(EVEN)(kind=EVEN.kind, values=(0.5, 0.0))
    assert made(folder, calibration=half).evidence("secret") == pytest.approx(1.5)


def test_one_label_is_a_score_of_its_own(folder: Path) -> None:
    found = made(folder, labels=("raised",), **{NETWORK: network(labels=1)})
    assert found.evidence("secret") == 0.0  # this network gives its only label nothing


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({NETWORK: b"no network"}, "no network that onnxruntime can run"),
        ({TOKENIZER: b"{}"}, "no tokenizer"),
        ({NETWORK: network(inputs=("input_ids", "more"))}, "its inputs are not"),
        ({NETWORK: network(labels=3)}, "not 2 finite scores"),
    ],
    ids=["network", "tokenizer", "inputs", "labels"],
)
def test_files_that_do_not_fit_are_refused(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadConfiguration, match=message):
        made(folder, **changes)
