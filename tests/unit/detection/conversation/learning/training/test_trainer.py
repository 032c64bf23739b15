from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.unit.detection.conversation.learning.conftest import (
    CHATTER,
    CHOICES,
    conversations,
    labelled,
)

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.model import load, save
from tutela.detection.conversation.learning.training.preparing import Pile
from tutela.detection.conversation.learning.training.trainer import (
    DECOYS,
    SYNTHETIC,
    _sampled,
    train,
)
from tutela.detection.conversation.rater import rate
from tutela.errors import InvalidInput


def quiet(_step: str) -> None: ...


def test_the_same_data_and_seed_give_the_same_files(
    pile: Pile, trained: Path, tmp_path: Path
) -> None:
    again = train(pile, "trial", {"en": "en 1"}, CHOICES, damaged=0, step=quiet)
    save(again, tmp_path / "again")
    for file in trained.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_card_tells_from_what_it_was_made(trained: Path) -> None:
    card = load(trained).card
    assert card.data.conversations == 160
    assert card.data.positives == 40
    assert card.data.languages == {"en": 160}
    assert card.limits[0] == SYNTHETIC
    assert [one.messages for one in card.figures] == [5, 10, 20, 0]
    assert card.bars.raised <= card.bars.high <= card.bars.critical
    assert list(card.shares.values()) == sorted(card.shares.values())


def test_corpora_of_decoys_say_so(cues: CueRater) -> None:
    pile = Pile(cues)
    pile.read(
        msgspec.structs.replace(one, source="pan12", synthetic=False) for one in conversations(40)
    )
    card = train(pile, "p", {}, CHOICES, damaged=3, step=quiet).card
    assert card.limits[0] == DECOYS
    assert card.data.damaged == 3


def test_threshold_keeps_the_budget_on_conversations_that_it_never_saw(
    rater: LearnedRater,
) -> None:
    benign = [one for one in conversations(300, seed=21) if not one.label]
    raised = sum(
        rate(rater, one.conversation).peak >= rater.learned.card.bars.high for one in benign
    )
    share = CHOICES.alerts / CHOICES.conversations
    assert raised <= len(benign) * share + 3 * (len(benign) * share) ** 0.5


def test_rarer_positives_get_lower_probabilities(pile: Pile, cues: CueRater) -> None:
    rare = msgspec.structs.replace(CHOICES, prevalence=0.001)
    model = train(pile, "rare", {}, rare, damaged=0, step=quiet)
    common = train(pile, "common", {}, CHOICES, damaged=0, step=quiet)
    assert model.card.figures == common.card.figures  # told for the data's own share
    one = next(conversations(1, seed=31)).conversation
    low, high = (rate(LearnedRater(cues, each), one).probability for each in (model, common))
    assert low is not None
    assert high is not None
    assert low < high


@pytest.mark.parametrize(("most", "benign"), [(1, 1), (10**9, 120)])
def test_benign_conversations_beyond_the_room_are_not_learned_from(
    pile: Pile, most: int, benign: int
) -> None:
    kept = _sampled(pile.conversations, msgspec.structs.replace(CHOICES, most=most))
    assert sum(talk.label for talk in kept) == 40
    assert sum(not talk.label for talk in kept) == benign


@pytest.mark.parametrize("every", [1, 1000])
def test_one_label_alone_is_refused(cues: CueRater, every: int) -> None:
    pile = Pile(cues)
    pile.read(conversations(8, every=every))
    with pytest.raises(InvalidInput, match="two of each are needed"):
        train(pile, "p", {}, CHOICES, damaged=0, step=quiet)


def test_people_who_all_write_with_each_other_are_refused(cues: CueRater) -> None:
    pile = Pile(cues)
    pile.read(labelled("same", [*CHATTER], label=bool(at % 2)) for at in range(8))
    with pytest.raises(InvalidInput, match="1 unconnected groups"):
        train(pile, "p", {}, CHOICES, damaged=0, step=quiet)
