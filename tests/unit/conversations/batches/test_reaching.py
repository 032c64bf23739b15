"""Many quiet conversations of one actor say together what none of them says alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.conversations.lines import LEA, harmless, message

from tutela.model.conversation.message import Participant
from tutela.storage.conversation.standing import Key
from tutela.storage.tables import metadata

if TYPE_CHECKING:
    from tests.unit.conversations.conftest import Talking

    from tutela.model.conversation.batch import TalkResult
    from tutela.storage.database import Database

QUIET = ("are you home alone?", "don't tell your parents")
KIM = Key("kim", drill=False)


def reach(talking: Talking, number: int, *texts: str, drill: bool = False) -> TalkResult:
    """Kim writes to one more person, in a conversation of its own."""
    talk = f"talk {number}"
    child = (Participant(id=f"u{number}", age=12),)
    told = {"conversation": talk, "receivers": child, "drill": drill}
    (found,) = talking.take(
        [message(n, text, **told) for n, text in enumerate(texts)]
    ).conversations
    return found


def test_who_reaches_many_rises_where_no_conversation_does(talking: Talking) -> None:
    found = [reach(talking, number, *QUIET) for number in range(8)]
    assert [one.fan_out for one in found] == list(range(1, 9))
    assert len({one.peak for one in found}) == 1
    together = [
        {one.name: one.value for one in event.ratings}.get("grooming_actor", 0.0)
        for event in talking.deciding.handed
    ]
    assert together == sorted(together)
    assert together[-1] > found[0].peak + 2
    last = talking.parts.store.alerts(Key("talk 7", drill=False))[-1]
    assert last.rating.fan_out == 8
    assert last.facts.actor_peak == round(together[-1] * 10)


def test_who_writes_to_many_without_evidence_reaches_nobody(talking: Talking) -> None:
    for number in range(8):
        assert reach(talking, number, *(one.text for one in harmless())).fan_out == 0
    assert talking.deciding.handed == []
    assert not talking.parts.store.read([], [KIM]).actors


def test_an_answer_counts_for_whoever_leads_the_conversation(talking: Talking) -> None:
    reach(talking, 1, *QUIET)
    (told,) = talking.take(
        [message(5, "ok", conversation="talk 1", author=Participant(id="u1"), receivers=())]
    ).conversations
    assert told.fan_out == 1
    assert set(talking.parts.store.read([], [KIM, Key("u1", drill=False)]).actors) == {KIM}
    (again,) = talking.take([message(0, QUIET[0], conversation="talk 1")]).conversations
    assert again.fan_out == 1
    assert talking.parts.store.read([], [KIM]).actors[KIM].revision == 2


def test_drills_of_an_actor_are_apart(talking: Talking) -> None:
    assert reach(talking, 1, *QUIET).fan_out == 1
    assert reach(talking, 2, *QUIET, drill=True).fan_out == 1


def test_the_same_person_in_two_conversations_is_one(talking: Talking) -> None:
    for talk in ("a", "b"):
        told = {"conversation": talk, "receivers": (LEA,)}
        batch = [message(number, text, **told) for number, text in enumerate(QUIET)]
        (found,) = talking.take(batch).conversations
        assert found.fan_out == 1


def test_evidence_of_an_actor_that_cannot_be_read_begins_anew(
    talking: Talking, database: Database
) -> None:
    for number in range(3):
        reach(talking, number, *QUIET)
    table = metadata.tables["actor_evidence"]
    with database.write() as connection:
        connection.execute(table.update().values(state=b"of another form"))
    assert reach(talking, 9, *QUIET).fan_out == 1
    assert talking.parts.store.read([], [KIM]).actors[KIM].revision == 4
