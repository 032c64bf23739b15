"""A conversation comes to the same however its messages are cut into batches, and however often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.unit.conversations.lines import HARMLESS, LINES, message

from tutela.conversations.batches.carrying import Carried, Numbered, carry_on, tenths
from tutela.model.conversation.batch import MessageStatus, NewMessage
from tutela.storage.conversation.standing import Key
from tutela.storage.values import now

if TYPE_CHECKING:
    from tutela.detection.conversation.rater import Rater

KEY, AT, FLOOR = Key("talk 1", drill=False), now(), 30
TEXTS = some.lists(some.sampled_from([*LINES, *HARMLESS, ""]), min_size=1, max_size=25)


def carry(rater: Rater, batches: list[list[NewMessage]]) -> list[Carried]:
    before, found = None, []
    for batch in batches:
        numbered = [Numbered(place, one) for place, one in enumerate(batch)]
        found.append(carry_on(rater, KEY, before, numbered, floor=FLOOR, at=AT))
        before = found[-1].standing
    return found


@given(texts=TEXTS, data=some.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batches_cut_anywhere_and_sent_again(
    rater: Rater, texts: list[str], data: some.DataObject
) -> None:
    whole = [message(number, text) for number, text in enumerate(texts)]
    cuts = sorted(data.draw(some.sets(some.integers(0, len(whole)), max_size=5)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a < b]
    shuffled = [data.draw(some.permutations(part)) for part in parts]
    again = [data.draw(some.sampled_from(parts[: place + 1])) for place in range(len(parts))]
    pieces = [batch for pair in zip(shuffled, again, strict=True) for batch in pair]

    expected, found = carry(rater, [whole])[-1], carry(rater, pieces)
    assert found[-1].standing == expected.standing
    assert found[-1].rating == expected.rating
    statuses = [one.status for carried in found for one in carried.results.values()]
    assert statuses.count(MessageStatus.RATED) == len(whole)
    assert set(statuses) <= {MessageStatus.RATED, MessageStatus.DUPLICATE}
    # Whatever was raised on the way, the last rise is that of the whole.
    assert any(one.risen for one in found) == expected.risen
    reached = [one for carried in found for one in carried.reached]
    assert sorted(reached) == sorted(expected.reached)
    assert len(reached) == expected.standing.peak + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, 0), (0.099, 0), (0.1, 1), (0.3, 3), (0.7, 7), (2.9, 29), (6.499, 64), (10.0, 100)],
)
def test_tenths_never_say_more_than_was_reached(value: float, expected: int) -> None:
    assert tenths(value) == expected
