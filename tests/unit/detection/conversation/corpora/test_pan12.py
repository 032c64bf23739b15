from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.corpora.pan12 import conversations, read_predators
from tutela.detection.conversation.corpora.source import Source
from tutela.detection.conversation.corpora.tally import Tally
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from .conftest import Read

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<conversations>\n'
FIRST = """<conversation id="c1">
 <message line="1"><author>ann</author><time>23:58</time><text>tom &amp;amp; I &amp;lt;3 it</text></message>
 <message line="2"><author>tom</author><time>00:03</time><text>a &amp;copy is &amp;#39;fine&amp;#39; &lt;email/&gt;</text></message>
 <message line="3"><author>tom</author><time>00:02</time></message>
</conversation>
"""  # noqa: E501 - as such files are written
SECOND = '<conversation id="c2"><message line="1"><author>eve</author><time>25:70</time><text>hi</text></message></conversation>\n'  # noqa: E501
TAIL = "</conversations>\n"


def test_a_file_is_read_with_times_and_texts(read: Read) -> None:
    got = read(HEAD + FIRST + SECOND + TAIL)
    first, second = (one.conversation for one in got.found)
    assert [message.text for message in first.messages] == [
        "tom & I <3 it",
        "a &copy is 'fine' <email/>",
        "",
    ]
    assert [message.time for message in first.messages] == [
        datetime(1970, 1, 1, 23, 58, tzinfo=UTC),
        datetime(1970, 1, 2, 0, 3, tzinfo=UTC),
        datetime(1970, 1, 2, 0, 2, tzinfo=UTC),
    ]
    assert [message.number for message in first.messages] == [1, 2, 3]
    assert second.messages[0].time is None
    assert got.summary.mended == {"time that was not understood": 1}
    assert got.found[0].label is None
    assert got.found[0].source == "pan12"


def test_the_list_of_ids_makes_labels(read: Read) -> None:
    got = read(HEAD + FIRST + SECOND + TAIL, predators="tom\nsomebody\n")
    assert [(one.label, one.predator_ids) for one in got.found] == [(True, ("tom",)), (False, ())]


@pytest.mark.parametrize(
    "damaged",
    [
        '<conversation id="d">\n<message><author>a</wrong></conversation>\n',
        '<conversation id="d">\n<message>\n',
        '<conversation id="d"><message><text>&unknown;</text></message></conversation>\n',
        "<conversation><message/></conversation>\n",
        f'<conversation id="{"d" * 300}"></conversation>\n',
        '<conversation id="d"><message><text>\x01</text></message></conversation>\n',
    ],
)
def test_a_damaged_conversation_costs_itself_only(read: Read, damaged: str) -> None:
    got = read(HEAD + FIRST + damaged + SECOND + TAIL)
    assert [one.conversation.id for one in got.found] == ["c1", "c2"]
    assert [one.place for one in got.summary.problems] == [8]


def test_bytes_that_are_no_utf8_cost_their_conversation_only(read: Read) -> None:
    text = (HEAD + FIRST + SECOND + TAIL).encode().replace(b"hi", b"\xff")
    got = read(text)
    assert [one.conversation.id for one in got.found] == ["c1"]
    assert got.summary.skipped == 1


def test_a_file_that_ends_early_gives_what_came_before(read: Read) -> None:
    got = read((HEAD + FIRST + SECOND)[:-30])
    assert [one.conversation.id for one in got.found] == ["c1"]
    assert got.summary.skipped == 1


def test_no_entity_is_ever_resolved(read: Read, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("what nobody may read")
    head = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{secret}"><!ENTITY b "bbbbbb">]>\n'
    body = '<conversations><conversation id="c"><message><text>&a;&b;</text></message></conversation></conversations>'  # noqa: E501
    inner = f'<conversations><conversation id="c">{head}</conversation></conversations>'
    for text in (head + body, inner):
        got = read(text)
        assert got.found == []
        assert got.summary.skipped == 1


def test_other_elements_are_ignored_and_counted(read: Read) -> None:
    text = SECOND.replace("<message", "<!-- a comment --><mood/><message").replace(
        "<time>", "<likes>3</likes><time>"
    )
    assert read(HEAD + text + TAIL).summary.ignored == {"message.likes": 1, "mood": 1}


@given(
    st.lists(st.sampled_from(["<conversation id='a'>", "</conversation>", "x\n", "<conv"])),
    st.integers(1, 40),
)
def test_the_cut_does_not_depend_on_where_the_pieces_end(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.xml"
    path.write_text("".join(parts))

    class Slow(Source):
        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            return super().readinto(buffer[:size])

    assert list(conversations(Slow(path, Tally()))) == list(conversations(Source(path, Tally())))


def test_a_conversation_that_is_too_long_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "long.xml"
    text = "<conversation id='a'>" + "x" * 700_000 + "</conversation>\n"
    path.write_text(text + "\n<conversation id='b'></conversation>")
    found = list(conversations(Source(path, Tally()), longest=1000))
    assert [(one.number, one.content is None) for one in found] == [(1, True), (3, False)]


def test_a_list_of_ids_that_is_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("tom\nc1\t12\n")
    with pytest.raises(InvalidInput, match=r"list.txt:2: is not an author id"):
        read_predators(path)
