from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.unit.detection.conversation.learning.encoder.conftest import write

from tutela.detection.conversation.learning.encoder.opening import NETWORK, open_encoder
from tutela.errors import BadConfiguration


def test_an_encoder_is_opened(folder: Path) -> None:
    found, network = open_encoder(folder, write(folder))
    assert found.card.name == "words"
    assert network.evidence("secret") == pytest.approx(3.0)


def test_what_is_not_installed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = write(folder)
    monkeypatch.delitem(sys.modules, NETWORK, raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BadConfiguration, match=r"tutela\[onnx\]"):
        open_encoder(folder, digest)
