"""The network itself, run by onnxruntime on this machine's processor; needs the extra `onnx`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tutela.detection.conversation.learning.calibrating import logit
from tutela.detection.conversation.learning.encoder.card import EncoderFolder
from tutela.errors import BadConfiguration

_CHARACTERS_PER_TOKEN: Final = 16
_KNOWN: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})
_WARNINGS_OFF: Final = 3


class Network:
    """Scores texts. May be used by many threads.

    Args:
        folder: its files.
        threads: that one text may use.

    Raises:
        BadConfiguration: the files are no network or tokenizer, or do not fit each other.
    """

    def __init__(self, folder: EncoderFolder, threads: int = 1) -> None:
        self._card = folder.card
        self._positive = folder.card.labels.index(folder.card.positive)
        self._base = logit(folder.card.prevalence)
        self._tokenizer = _tokenizer(folder)
        self._session = _session(folder, threads)
        self._inputs = tuple(one.name for one in self._session.get_inputs())
        self._output = self._session.get_outputs()[0].name
        if "input_ids" not in self._inputs or not set(self._inputs) <= _KNOWN:
            raise _refused("its inputs are not input_ids, attention_mask and token_type_ids")
        self.evidence("probe")

    def evidence(self, text: str) -> float:
        """Log of how much likelier a text is in a positive conversation than in another.

        Only as much of it is read as `most_tokens` can hold.
        """
        scores = self._scores(text[: self._card.most_tokens * _CHARACTERS_PER_TOKEN])
        score = float(scores[self._positive])
        others = np.delete(scores, self._positive)
        if others.size:
            score -= float(np.logaddexp.reduce(others))
        return self._card.calibration.log_odds(score) - self._base

    def _scores(self, text: str) -> NDArray[np.float64]:
        # A lone surrogate is no text to a tokenizer.
        encoding = self._tokenizer.encode(text.encode("utf-8", "replace").decode())
        fed: dict[str, Any] = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        given = {name: np.array([fed[name]], np.int64) for name in self._inputs}
        try:
            found = np.asarray(self._session.run([self._output], given)[0], np.float64)
        except Exception as problem:  # whatever onnxruntime raises has no class of its own
            raise _refused("the network cannot be run") from problem
        if found.shape != (1, len(self._card.labels)) or not np.isfinite(found).all():
            raise _refused(f"its output is not {len(self._card.labels)} finite scores")
        row: NDArray[np.float64] = found[0]
        return row


def _tokenizer(folder: EncoderFolder) -> Any:  # noqa: ANN401 - tokenizers has no types
    try:
        made = Tokenizer.from_buffer(folder.tokenizer)
    except Exception as problem:  # likewise
        raise _refused("tokenizer.json is no tokenizer") from problem
    made.no_padding()
    made.enable_truncation(max_length=folder.card.most_tokens)
    return made


def _session(folder: EncoderFolder, threads: int) -> Any:  # noqa: ANN401 - onnxruntime has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = _WARNINGS_OFF
    try:
        return onnxruntime.InferenceSession(
            folder.network, options, providers=["CPUExecutionProvider"]
        )
    except Exception as problem:  # likewise
        raise _refused("model.onnx is no network that onnxruntime can run") from problem


def _refused(what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the encoder cannot be used: {what}", remedy="see docs/reference/rater-models.md"
    )
