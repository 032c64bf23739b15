"""Half a surrogate pair in a text costs that character, and neither the message nor its batch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tutela.interfaces.api.conversations.surrogates import whole_pairs

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

PIECES = ("\ud83d", "\ude00", "\ud83d\ude00", "\\", '"', "a", "\\ud800", "\n", "\udfff")


@given(some.lists(some.sampled_from(PIECES)).map("".join))
def test_what_can_be_read_stays_and_halves_are_replaced(text: str) -> None:
    mended = msgspec.json.decode(whole_pairs(json.dumps(text).encode()))
    assert mended == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_messages_and_records_with_halves_are_rated(api: Api) -> None:
    said = rb'"text": "a\ud800b"'
    batch = b'{"messages": [{"conversation": "half", "number": 1, %b}]}' % said
    found = api.ask("POST", "/v1/messages", batch, kind="application/json")
    assert [one["status"] for one in found.json["results"]] == ["rated"]
    record = b'{"conversation_id": "half", "messages": [{"author": "kim", %b}]}' % said
    found = api.ask("POST", "/v1/conversations/rate", record, kind="application/json")
    assert found.json["rating"]["messages"] == 1


@pytest.mark.parametrize("body", [b'{"messages": [\\ud800]}', b'{"messages": "\\ud8', b""])
def test_what_is_no_json_is_refused_all_the_same(api: Api, body: bytes) -> None:
    assert api.ask("POST", "/v1/messages", body, kind="application/json").status == 400
    assert api.ask("POST", "/v1/messages", body, kind="text/plain").status == 400
