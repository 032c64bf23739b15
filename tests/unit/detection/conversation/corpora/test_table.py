from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tutela.errors import InvalidInput
from tutela.model.actor import AgeBand
from tutela.model.conversation.message import Participant

if TYPE_CHECKING:
    from .conftest import Read

HEAD = "conversation_id,author,time,text,label,predator,author_age,author_age_band,mood\n"


def test_rows_of_one_conversation_are_put_together(read: Read) -> None:
    got = read(
        HEAD
        + 'c1,ann,2026-11-30 12:00,"hello, you",,,12,,x\r\n'
        + "c1,tom,2026-11-30 12:01,hi,true,,,adult,\n"
        + "\n"
        + "c2,eve,,ok,0,,,,\n"
    )
    first, second = got.found
    assert first.conversation.participants == (
        Participant(id="ann", age=12),
        Participant(id="tom", age_band=AgeBand.ADULT),
    )
    assert [message.text for message in first.conversation.messages] == ["hello, you", "hi"]
    assert (first.label, second.label) == (True, False)
    assert got.summary.read == 2
    assert got.summary.ignored == {"mood": 1}


def test_an_author_who_is_marked_makes_the_label(read: Read) -> None:
    got = read("conversation_id;text;author;predator\nc;a;x;no\nc;b;y;yes\n")
    assert (got.found[0].label, got.found[0].predator_ids) == (True, ("y",))


def test_a_damaged_row_costs_itself_only(read: Read) -> None:
    got = read(
        HEAD
        + "c1,ann,,one,,,,,\n"
        + "c1,ann,,two,perhaps,,,,\n"
        + ",ann,,three,,,,,\n"
        + "c1,ann,,four,,,,,,,,\n"
        + 'c1,ann,,"five"x,,,,,\n'
        + 'c1,ann,,"six,,,,,\n'
        + "c1,ann,noon,seven,,,old,,\n"
    )
    assert [message.text for message in got.found[0].conversation.messages] == ["one", "seven"]
    assert [str(one) for one in got.summary.problems] == [
        "line 3: label is neither true nor false",
        "line 4: conversation_id is empty",
        "line 5: has 12 cells, the header has 9",
        "line 6: the quotes of a cell are broken",
        "line 7: a quote is never closed",
    ]
    assert got.summary.mended == {
        "age that is not a whole number of years": 1,
        "time that was not understood": 1,
    }


def test_a_long_message_fits_a_cell(read: Read) -> None:
    text = 'a "quoted" line\n' * 70_000
    got = read('conversation_id,text\nc,"' + text.replace('"', '""') + '"\n')
    assert got.found[0].conversation.messages[0].text == text


def test_a_table_without_its_columns_is_refused(read: Read) -> None:
    for text in ("a,b\n1,2\n", "", "hello\n"):
        with pytest.raises(InvalidInput):
            read(text)
    with pytest.raises(InvalidInput, match="names a column twice"):
        read("conversation_id,text,text\n")
