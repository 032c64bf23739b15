from __future__ import annotations

from collections import defaultdict

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.evaluation.grouping import Groups, halves, held_out
from tutela.model.conversation.message import Conversation, Labelled, Message


def talk(number: int, authors: str, text: str = "") -> Labelled:
    messages = tuple(Message(author=author, text=text) for author in authors)
    return Labelled(conversation=Conversation(id=f"c{number}", messages=messages), label=False)


def grouped(talks: list[Labelled]) -> list[int]:
    groups = Groups()
    for one in talks:
        groups.add(one)
    return [int(one) for one in groups.numbers()]


@given(st.lists(st.text(alphabet="abcdefgh", max_size=3), max_size=20))
def test_groups_are_the_connected_components(authors: list[str]) -> None:
    numbers = grouped([talk(at, one) for at, one in enumerate(authors)])
    linked: dict[int, set[int]] = defaultdict(set)
    for left, one in enumerate(authors):
        for right, other in enumerate(authors):
            if left == right or set(one) & set(other):
                linked[left].add(right)
    for start in linked:
        reached, waiting = {start}, [start]
        while waiting:
            new = linked[waiting.pop()] - reached
            reached |= new
            waiting += new
        assert reached == {at for at, number in enumerate(numbers) if number == numbers[start]}


def test_the_same_id_or_the_same_text_binds_too() -> None:
    text = "the same long line that nobody writes twice by chance"
    talks = [talk(1, "a"), talk(1, "b"), talk(2, "c", text), talk(3, "d", text.upper())]
    assert grouped([*talks, talk(4, "e", "ok"), talk(5, "f", "ok")]) == [0, 0, 1, 1, 2, 3]


def test_authors_who_are_not_known_bind_nothing() -> None:
    unknown = Labelled(conversation=Conversation(id="x", messages=(Message(author=""),)))
    other = Labelled(conversation=Conversation(id="y", messages=(Message(author=""),)))
    assert grouped([unknown, other]) == [0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60),
    st.integers(0, 3),
)
def test_no_group_is_torn_and_the_seed_decides(rows: list[tuple[int, bool]], seed: int) -> None:
    groups = np.array([group for group, _ in rows], dtype=np.int64)
    truth = np.array([label for _, label in rows])
    choosing, measuring = halves(groups, truth, seed)
    assert (choosing != measuring).all()
    for group in set(groups.tolist()):
        assert len(set(measuring[groups == group].tolist())) == 1
    assert (measuring == halves(groups, truth, seed).measuring).all()


def test_both_halves_get_their_share() -> None:
    groups = np.arange(1000, dtype=np.int64)
    truth = groups % 10 == 0
    measuring = halves(groups, truth, 1).measuring
    assert (measuring & truth).sum() == 50
    assert (measuring & ~truth).sum() == 450
    assert (measuring != halves(groups, truth, 2).measuring).any()


def test_nearly_the_same_texts_bind_and_others_do_not() -> None:
    lines = [f"line {number} of what was written on day {number % 7}" for number in range(30)]
    text = " ".join(lines)
    other = " ".join(f"somebody else says {number * 977} things" for number in range(30))
    talks = [
        talk(1, "a", text),
        talk(2, "b", text.replace("line 7", "Line  seven")),
        talk(3, "c", other),
    ]
    assert grouped(talks) == [0, 0, 1]


def test_the_generators_own_lines_bind_nothing() -> None:
    text = "the same few lines in every conversation that it makes, one after the other, " * 4
    made = [
        msgspec.structs.replace(talk(number, name, text + name), synthetic=True)
        for number, name in enumerate("ab")
    ]
    assert grouped(made) == [0, 1]


def test_groups_of_what_is_held_out_do_not_choose() -> None:
    groups = np.array([0, 1, 2, 1, 3])
    both = held_out(groups, np.array([False, False, False, True, True]))
    assert both.choosing.tolist() == [True, False, True, False, False]
