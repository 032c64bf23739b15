"""Whatever a file holds, reading it ends, and ends with counts or with a sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.corpora.opening import Corpus, Form
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Labelled

JSONL = json.dumps(
    {
        "conversation_id": "c",
        "participants": [{"id": "a", "age": 12}],
        "messages": [{"author": "a", "time": "10:00", "text": "hello \u202e z\u0351\u0351"}],
        "label": True,
    }
).encode()
CSV = b'conversation_id,author,time,text,label\nc,a,10:00,"hello, ""you""",1\nd,b,,ok,0\n'
PAN12 = (
    b'<conversations><conversation id="c"><message line="1"><author>a</author>'
    b"<time>10:00</time><text>a &amp;amp; b</text></message></conversation></conversations>"
)
PANC = b'{"chats": {"c": {"className": "predator", "content": [{"author": "a", "body": "hi"}]}}}'
WHOLE = {Form.JSONL: JSONL, Form.CSV: CSV, Form.PAN12: PAN12, Form.PANC: PANC}

EDITS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.integers(0, 6),
        st.binary(max_size=4) | st.sampled_from([b'"', b"<", b"&", b"\n", b"{", b"\xff", b"\0"]),
    ),
    max_size=6,
)


def read(path: Path, form: Form, data: bytes) -> tuple[list[Labelled], Corpus]:
    path.write_bytes(data)
    corpus = Corpus(path, form)
    return list(corpus), corpus


@pytest.mark.parametrize("form", Form)
@given(edits=EDITS)
def test_no_damage_does_more_than_cost_its_record(
    form: Form, edits: list[tuple[int, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(WHOLE[form])
    for start, length, new in edits:
        data[start : start + length] = new
    header = bytes(data).split(b"\n")[0]
    path = tmp_path_factory.getbasetemp() / form
    if form is Form.CSV and header != CSV.split(b"\n")[0]:
        with suppress(InvalidInput):  # the header names the columns no longer
            read(path, form, bytes(data))
        return
    found, corpus = read(path, form, bytes(data))
    summary = corpus.summary()
    assert summary.read == len(found)
    assert summary.size == len(data)
    assert len(summary.sha256) == 64
    for labelled in found:
        for message in labelled.conversation.messages:
            message.text.encode()


@pytest.mark.parametrize("form", [Form.JSONL, Form.PAN12])
@given(noise=st.binary(max_size=80))
def test_what_follows_the_damage_is_read(
    form: Form, noise: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = WHOLE[form] + b"\n"
    noise = noise.replace(b"<", b"").replace(b"{", b"")
    found, _ = read(tmp_path_factory.getbasetemp() / form, form, whole + noise + b"\n" + whole)
    assert len(found) == 2


def test_odd_people_and_texts_come_through(tmp_path: Path) -> None:
    messages = [{"author": f"p{number}\u0000\u001b[31m", "text": "ok"} for number in range(500)]
    messages += [{"text": "\U0001f600" * 1000}, {"author": "a", "text": "e\u0301" * 500_000}]
    record = {"conversation_id": "c\r\n1", "messages": messages}
    found, corpus = read(tmp_path / "odd", Form.JSONL, json.dumps(record).encode())
    assert len(found[0].conversation.messages) == 502
    assert len(found[0].conversation.messages[-1].text) == 1_000_000
    assert corpus.summary().skipped == 0
