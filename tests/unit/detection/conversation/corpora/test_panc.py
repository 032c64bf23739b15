from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tutela.model.conversation.message import Message

if TYPE_CHECKING:
    from .conftest import Read

PACK = {
    "datapackID": "ours",
    "chats": {
        "talk-1": {
            "className": "predator",
            "content": [
                {"type": "message", "author": "a", "body": "hello", "time": 1700000000.5},
                {"type": "separator"},
                {"type": "message", "author": "b", "body": "hi", "time": None, "mood": 1},
            ],
        },
        "talk-2": {"className": "unheard of", "content": []},
        "talk-3": {"className": "non-predator", "content": [{"author": "c", "body": 7}]},
        "talk-4": {"className": "non-predator", "content": [{"author": "c", "body": "ok"}]},
        "talk-5": [],
    },
}


def test_a_datapack_gives_its_chats(read: Read) -> None:
    for indent in (None, 2):
        got = read(json.dumps(PACK, indent=indent))
        first, last = got.found
        assert (first.conversation.id, first.label, first.source) == ("talk-1", True, "panc")
        assert [message.text for message in first.conversation.messages] == ["hello", "hi"]
        assert last.conversation.messages == (Message(author="c", text="ok"),)
        assert [str(one) for one in got.summary.problems] == [
            "record 2: the class is neither predator nor non-predator",
            "record 3: the body of part 1 is not a text",
            "record 5: the chat has no list `content`",
        ]
        assert got.summary.ignored == {"content.mood": 1}


def test_a_datapack_that_breaks_off_gives_what_came_before(read: Read) -> None:
    text = json.dumps(PACK)
    got = read(text[: text.index("unheard")])
    assert [one.conversation.id for one in got.found] == ["talk-1"]
    assert got.summary.skipped == 1
    assert len(got.summary.sha256) == 64


def test_a_table_of_segments_names_no_authors(read: Read) -> None:
    got = read('label,chatName,segment\npredator,t,"hello\nthere"\nnon-predator,u,ok\nno,v,x\n')
    assert [(one.label, one.conversation.id) for one in got.found] == [(True, "t"), (False, "u")]
    assert [message.text for message in got.found[0].conversation.messages] == ["hello", "there"]
    assert [str(one) for one in got.summary.problems] == [
        "line 5: the class is neither predator nor non-predator"
    ]
