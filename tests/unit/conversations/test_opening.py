"""What rates is made once, and what is kept goes when its time is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.conversations.lines import rising

from tutela.conversations.opening import OpenedRater
from tutela.conversations.raters import open_rater
from tutela.detection.conversation.rater import Rater
from tutela.model.custody.leaf import Leaf
from tutela.settings import Settings
from tutela.storage.conversation.standing import Key
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.conversations.conftest import Talking


def test_a_rater_is_made_once_and_not_before_it_is_needed() -> None:
    made: list[Rater] = []

    def make() -> Rater:
        made.append(open_rater(Settings()))
        return made[-1]

    opened = OpenedRater(make)
    assert made == []
    found: list[Rater] = []
    threads = [threading.Thread(target=lambda: found.append(opened())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert found == made * 4


def test_what_is_kept_goes_after_the_days_of_the_settings(
    talking: Talking, leaves: Callable[[], list[Leaf]]
) -> None:
    talking.take(rising())
    before, parts = len(leaves()), talking.parts
    assert parts.expire(now() + timedelta(days=89)).total == 0
    gone = parts.expire(now() + timedelta(days=91))
    assert (gone.conversations, gone.actors, gone.accounts, gone.alerts) == (1, 1, 2, 0)
    assert parts.store.alerts(Key("talk 1", drill=False))
    assert parts.expire(now() + timedelta(days=366)).alerts == 1
    assert [leaf.data["did"] for leaf in leaves()[before:]] == ["expired"] * 2
    # What is written afterwards is another course, and may be raised again.
    talking.take(rising())
    assert len({one.event_id for one in talking.deciding.handed}) == 2
