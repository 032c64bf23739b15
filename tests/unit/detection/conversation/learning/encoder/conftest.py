"""An encoder made by code: it knows five words, and adds up a number for each."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from tutela.detection.conversation.learning.calibrating import CalibrationKind, ScoreCalibration
from tutela.detection.conversation.learning.encoder.card import (
    CARD,
    FORMAT,
    NETWORK,
    TOKENIZER,
    EncoderCard,
    EncoderInput,
)

WORDS = {"[UNK]": 0.0, "secret": 3.0, "parents": 1.5, "homework": -2.0, "match": -2.0}
EVEN = ScoreCalibration(kind=CalibrationKind.PLATT, values=(1.0, 0.0))


def network(inputs: tuple[str, ...] = ("input_ids", "attention_mask"), labels: int = 2) -> bytes:
    """Logits (1, labels): 0 for the first, and the sum of the words' numbers for the others."""
    table = np.zeros((len(WORDS), labels), np.float32)
    table[:, 1:] = np.array([*WORDS.values()], np.float32)[:, None]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
            helper.make_node("ReduceSum", ["rows", "axes"], ["logits"], keepdims=0),
        ],
        "words",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "n"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, labels])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1], np.int64), "axes"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    made: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(made.SerializeToString())


def tokenizer() -> bytes:
    made = Tokenizer(
        models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]")  # noqa: S106
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return str(made.to_str()).encode()


def write(folder: Path, **changes: object) -> str:
    """An encoder's folder; returns the digest of its card."""
    folder.mkdir(exist_ok=True)
    files = {NETWORK: network(), TOKENIZER: tokenizer()}
    files |= {name: changes.pop(name) for name in (NETWORK, TOKENIZER) if name in changes}  # type: ignore[misc]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    card = EncoderCard(
        format=FORMAT,
        name="words",
        licence="Apache-2.0",
        input=EncoderInput.MESSAGE,
        most_tokens=16,
        labels=("other", "raised"),
        positive="raised",
        calibration=EVEN,
        prevalence=0.5,
        languages=("en",),
        from_value=2.0,
        sha256={name: sha256(content).hexdigest() for name, content in files.items()},
    )
    data = msgspec.json.encode(msgspec.structs.replace(card, **changes))
    (folder / CARD).write_bytes(data)
    return sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "encoder"
