"""The key service behind HTTP, where it misbehaves; `tests/contract` has the rest."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.servers.keys import TOKEN, KeyServer, key_server, text

from tutela.errors import TutelaError
from tutela.evidence.keys.http import HttpKeys
from tutela.evidence.keys.service import DATA_KEY_BYTES, KeyUnavailable, Wrapped, WrongKey
from tutela.outgoing import Calls

CONTEXT = b"object 1"
KEY = bytes(range(DATA_KEY_BYTES))
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503},
    {"status": 400},
    {"status": 403},
    {"status": 404},
    {"status": 422},
    {"status": 302},
    {"cut": 0.5},
    {"cut": 0.0},
    {"raw": b"<html>sign in, please</html>"},
    {"raw": b"[]"},
    {"raw": b"{}"},
    {"raw": b"\xff\xfe"},
    {"raw": b'{"key_id": 1, "key": 2, "data": 3, "current": 4, "keys": 5, "retired": 6}'},
]


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


@pytest.fixture
def keys(server: KeyServer) -> Iterator[HttpKeys]:
    keys = HttpKeys(Calls(server.url, private=True), TOKEN)
    yield keys
    keys.close()


def uses(keys: HttpKeys, wrapped: Wrapped) -> dict[str, Callable[[], object]]:
    return {
        "/keys/wrap": lambda: keys.wrap(KEY, CONTEXT),
        "/keys/unwrap": lambda: keys.unwrap(wrapped, CONTEXT),
        "/keys/derive": lambda: keys.derive("address"),
        "/keys/rotate": keys.rotate,
        "/keys/retire": lambda: keys.retire(wrapped.key_id),
        "/keys": keys.key_ids,
    }


def shown(problem: TutelaError) -> str:
    return f"{problem} {problem.__cause__!r} {problem.__context__!r}"


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("path", ["wrap", "unwrap", "derive", "rotate", "retire", ""])
def test_no_answer_and_no_use_of_one_tell_nothing_of_keys(
    server: KeyServer, keys: HttpKeys, path: str, fault: dict[str, Any]
) -> None:
    """Nobody may take evidence for lost because a page before the service says 404."""
    wrapped = keys.wrap(KEY, CONTEXT)
    path = f"/keys/{path}" if path else "/keys"
    server.will(path, **fault)
    with pytest.raises(KeyUnavailable) as caught:
        uses(keys, wrapped)[path]()
    assert TOKEN not in shown(caught.value)
    assert "sign in" not in shown(caught.value)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_keys_of_another_length_are_refused(server: KeyServer, keys: HttpKeys, length: int) -> None:
    wrapped = keys.wrap(KEY, CONTEXT)
    told = text(secrets.token_bytes(length))
    for path in ("/keys/unwrap", "/keys/derive"):
        server.will(path, edit={"key": told})
        with pytest.raises(KeyUnavailable, match="32 bytes") as caught:
            uses(keys, wrapped)[path]()
        assert not told or told not in shown(caught.value)


def test_an_answer_for_another_key_is_none(server: KeyServer, keys: HttpKeys) -> None:
    wrapped = keys.wrap(KEY, CONTEXT)
    server.will("/keys/unwrap", edit={"key_id": "another"})
    with pytest.raises(KeyUnavailable, match="another key"):
        keys.unwrap(wrapped, CONTEXT)
    first = keys.current()
    keys.rotate()
    server.will("/keys/retire", edit={"retired": "another"})
    with pytest.raises(KeyUnavailable, match="another key"):
        keys.retire(first)


@pytest.mark.parametrize(
    "edit",
    [
        {"key_id": ""},
        {"key_id": "another"},
        {"data": ""},
        {"data": text(b"\0" * 60)},
        {"data": text(KEY)},
        {"data": text(b"nonce" + KEY + b"tag")},
        {"data": text(b"\0" * 5_000)},
        {"data": "no base64"},
    ],
    ids=str,
)
def test_what_cannot_be_unwrapped_again_is_trusted_with_nothing(
    server: KeyServer, keys: HttpKeys, edit: dict[str, str]
) -> None:
    server.will("/keys/wrap", edit=edit)
    with pytest.raises(KeyUnavailable) as caught:
        keys.wrap(KEY, CONTEXT)
    assert text(KEY) not in shown(caught.value)


def test_a_key_that_comes_back_as_another_is_trusted_with_nothing(
    server: KeyServer, keys: HttpKeys
) -> None:
    server.will("/keys/unwrap", edit={"key": text(b"\1" * 32)})
    with pytest.raises(KeyUnavailable, match="just wrapped"):
        keys.wrap(KEY, CONTEXT)


@pytest.mark.parametrize(
    "edit", [{"keys": []}, {"keys": ["a", "b"], "current": "a"}, {"keys": [""], "current": ""}]
)
def test_the_current_key_is_the_last(
    server: KeyServer, keys: HttpKeys, edit: dict[str, Any]
) -> None:
    server.will("/keys", 2, edit=edit)
    for ask in (keys.current, keys.key_ids):
        with pytest.raises(KeyUnavailable, match="the last"):
            ask()


def test_more_members_than_we_know_do_no_harm(server: KeyServer, keys: HttpKeys) -> None:
    for path in ("/keys", "/keys/wrap", "/keys/unwrap", "/keys/derive"):
        server.will(path, 9, edit={"added_by_a_newer_service": {"a": [1]}})
    wrapped = keys.wrap(KEY, CONTEXT)
    assert keys.unwrap(wrapped, CONTEXT) == KEY
    assert keys.current() == wrapped.key_id
    assert len(keys.derive("address")) == DATA_KEY_BYTES


def test_silence(server: KeyServer) -> None:
    keys = HttpKeys(Calls(server.url, private=True, seconds=0.5), TOKEN)
    server.will("/keys/derive", hang=1)
    with pytest.raises(KeyUnavailable, match="in time"):
        keys.derive("address")
    keys.close()


def test_another_token_is_refused(server: KeyServer) -> None:
    keys = HttpKeys(Calls(server.url, private=True), "another")
    with pytest.raises(KeyUnavailable, match=r"401.*vault\.http_token_file"):
        keys.wrap(KEY, CONTEXT)
    keys.close()


def test_a_service_that_is_not_there(server: KeyServer) -> None:
    keys = HttpKeys(Calls("http://127.0.0.1:1", private=True), TOKEN)
    with pytest.raises(KeyUnavailable, match="connected"):
        keys.derive("address")
    assert server.seen == []


def test_only_the_service_itself_tells_that_a_key_is_gone(
    server: KeyServer, keys: HttpKeys
) -> None:
    wrapped = keys.wrap(KEY, CONTEXT)
    server.will("/keys/unwrap", status=404)
    with pytest.raises(KeyUnavailable):
        keys.unwrap(wrapped, CONTEXT)
    keys.rotate()
    keys.retire(wrapped.key_id)
    with pytest.raises(WrongKey):
        keys.unwrap(wrapped, CONTEXT)


def test_only_keys_of_objects_are_wrapped(server: KeyServer, keys: HttpKeys) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keys.wrap(KEY[:-1], CONTEXT)
    assert server.seen == []
