from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.unit.detection.conversation.learning.conftest import CHATTER, CUES, labelled
from tests.unit.detection.conversation.learning.encoder.conftest import write

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.learning.encoder.cascade import ENCODER, CascadeRater
from tutela.detection.conversation.learning.encoder.opening import open_encoder
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.rater import rate
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Conversation, Message


def talk(*lines: str) -> Conversation:
    return labelled("c", [*lines], label=None).conversation


def made(below: CueRater, folder: Path, **changes: object) -> CascadeRater:
    return CascadeRater(below, *open_encoder(folder, write(folder, **changes)))


def test_what_is_rated_low_is_not_asked_about(cues: CueRater, folder: Path) -> None:
    found = rate(made(cues, folder), talk("secret", "secret", *CHATTER))
    assert ENCODER not in {ground.cue for ground in found.reasons}
    assert found.value == 0.0


def test_what_is_rated_high_moves_with_what_the_encoder_says(cues: CueRater, folder: Path) -> None:
    rater = made(cues, folder)
    plain = rate(cues, talk(*CUES))
    up, down = (rate(rater, talk(*CUES, *[line] * 3)) for line in ("secret", "homework"))
    assert down.value < plain.value < up.value
    assert down.probability is not None
    assert up.probability is not None
    assert plain.probability is not None
    assert down.probability < plain.probability < up.probability
    [ground] = [ground for ground in up.reasons if ground.cue == ENCODER]
    assert ground.message >= len(CUES)
    assert ground.points > 0
    assert up.model == rater.model
    assert up.model.startswith("encoder words (")


def test_no_network_silences_what_cues_have_shown(cues: CueRater, folder: Path) -> None:
    found = rate(made(cues, folder), talk(*CUES, *["homework match"] * 100))
    assert found.value > rate(cues, talk(*CUES, *["homework match"] * 100)).value - 1.2
    assert found.peak > 2


def test_another_language_is_not_asked_about(cues: CueRater, folder: Path) -> None:
    found = rate(made(cues, folder, languages=("fr",)), talk(*CUES, "secret"))
    assert ENCODER not in {ground.cue for ground in found.reasons}


def test_not_enough_evidence_stays_so(cues: CueRater, folder: Path) -> None:
    found = rate(made(cues, folder), Conversation(id="c", language="sv"))
    assert found.not_enough_evidence is not None
    assert found.probability is None


def test_state_goes_on_as_if_nothing_had_been_between(rater: LearnedRater, folder: Path) -> None:
    cascade = CascadeRater(rater, *open_encoder(folder, write(folder)))
    whole = talk(*CUES, *CHATTER, "secret", "homework")
    running = cascade.begin("c", (), "en")
    for message in whole.messages:
        running = cascade.resume(running.dump())
        running.add(message)
    assert running.rating() == rate(cascade, whole)
    assert running.value() == running.rating().value
    assert b"homework" not in running.dump()


def test_first_alert_is_when_the_value_is_high(cues: CueRater, folder: Path) -> None:
    rater = made(cues, folder)
    running, values = rater.begin("c", (), "en"), []
    for message in talk(*CUES, "secret", "secret").messages:
        running.add(message)
        values.append(running.value())
    high = [at for at, value in enumerate(values) if value >= rater.bands[1]]
    assert running.rating().first_alert == next(iter(high), None)
    assert running.rating().peak == max(values)


def test_a_state_of_another_encoder_is_refused(
    cues: CueRater, folder: Path, tmp_path: Path
) -> None:
    running = made(cues, folder).begin("c")
    running.add(Message(author="a", text="hello there"))
    other = made(cues, tmp_path / "other", name="others")
    with pytest.raises(InvalidInput, match="another encoder"):
        other.resume(running.dump())
    with pytest.raises(InvalidInput, match="another model"):
        other.resume(cues.begin("c").dump())


def test_words_of_identity_are_not_read(cues: CueRater, folder: Path) -> None:
    rater = made(cues, folder)
    for word in ("muslim", "GAY", "\u00e9trang\u00e8re"):
        assert rater.evidence(f"secret {word} parents") == rater.evidence("secret parents")
        found = rate(rater, talk(*CUES, f"{word} secret"))
        assert found.value == rate(rater, talk(*CUES, "tall secret")).value


def test_text_can_be_anything(cues: CueRater, folder: Path) -> None:
    rater = made(cues, folder)
    for text in ("\ud800", "a" * 1_000_000, "\u202e\u202e"):
        found = rate(rater, msgspec.structs.replace(talk(*CUES, text), language="en"))
        assert 0 <= found.value <= 10
