"""What the conversations of a drill must come to; `tests/integration/test_demo.py` runs them."""

from __future__ import annotations

import msgspec
import pytest

from tutela.detection.conversation.corpora.synthetic.generating import synthesise
from tutela.interfaces.cli.conversations.drilling import PLAN, Raised, Talks

LOOKED_AT = Raised(id="c", peak=6.4, messages=40, alert=12, reasons=("threatens",), case=True)
SOUND = Talks(
    conversations=2,
    statuses={"rated": 80},
    refused={"not_permitted": 20},
    actions={"allow": 1, "open_case": 1, "slow": 1, "warn_receiver": 1, "second_look": 1},
    raised=(LOOKED_AT,),
)


def test_a_sound_one_says_what_was_rated_and_what_was_not() -> None:
    assert SOUND.sound
    assert SOUND.line() == (
        "conversations: 2 synthetic, 1 of them for people to look at, 80 messages rated; "
        "20 messages from FR were counted and not rated, as its law says"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"statuses": {"rated": 79, "refused": 1}},
        {"statuses": {}},
        {"refused": {"not_permitted": 19, "rated": 1}},
        {"refused": {}},
        {"actions": {"allow": 1, "block": 1}},
        {"raised": ()},
        {"raised": (msgspec.structs.replace(LOOKED_AT, case=False),)},
    ],
)
def test_whatever_is_otherwise_is_not_sound(change: dict[str, object]) -> None:
    assert not msgspec.structs.replace(SOUND, **change).sound


def test_they_are_made_and_marked_as_made() -> None:
    made = tuple(synthesise(PLAN))
    assert len(made) == PLAN.conversations
    assert all(one.synthetic for one in made)
    assert any(one.label for one in made)
