"""A key service behind HTTP, shaped as those of clouds are: docs/reference/key-service.md.

What it answers is checked as far as that is possible, and what it wraps is unwrapped once before
anything is trusted to it: evidence under a key that nobody can unwrap would be lost.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from http import HTTPStatus
from typing import TypeVar

import msgspec

from tutela.evidence.keys.service import DATA_KEY_BYTES, KeyUnavailable, Wrapped, WrongKey
from tutela.evidence.keys.wrapping import is_current, missing_key, no_such_key
from tutela.outgoing import Answer, Calls, FetchFailed

UNKNOWN, ALTERED, CURRENT = "unknown-key", "altered", "current-key"
"""Codes of errors that tell something of keys."""
MOST_TOKEN = 4096
"""Bytes of what the service wraps a key into, at most."""


class _Keys(msgspec.Struct, frozen=True):
    current: str
    keys: list[str]


class _Wrap(msgspec.Struct, frozen=True):
    key: bytes
    context: bytes


class _Wrapping(msgspec.Struct, frozen=True):
    key_id: str
    data: bytes
    context: bytes = b""


class _Key(msgspec.Struct, frozen=True):
    key: bytes
    key_id: str = ""


class _KeyId(msgspec.Struct, frozen=True):
    key_id: str


class _Purpose(msgspec.Struct, frozen=True):
    purpose: str


class _Retired(msgspec.Struct, frozen=True):
    retired: str


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


Told = TypeVar("Told", bound=msgspec.Struct)


class HttpKeys:
    """Asks a key service. Thread-safe; keeps no key.

    Args:
        calls: the client of the service.
        token: what it asks for.
    """

    name = "http"

    def __init__(self, calls: Calls, token: str) -> None:
        self._calls = calls
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def current(self) -> str:
        """Id of the key that wraps now. Raises `KeyUnavailable`."""
        return self._keys().current

    def key_ids(self) -> Sequence[str]:
        """Ids of all keys, oldest first. Raises `KeyUnavailable`."""
        return tuple(self._keys().keys)

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wrap 32 bytes with the current key, bound to a context. Raises `KeyUnavailable`."""
        if len(key) != DATA_KEY_BYTES:
            raise ValueError(f"keys of objects have {DATA_KEY_BYTES} bytes")
        told = self._told("wrap", _Wrap(key=key, context=context), _Wrapping)
        if not told.key_id or not 0 < len(told.data) <= MOST_TOKEN or key in told.data:
            raise _odd("wraps no key, or does not say with which")
        wrapped = Wrapped(key_id=told.key_id, data=told.data)
        try:
            back = self.unwrap(wrapped, context)
        except WrongKey:
            back = b""
        if not hmac.compare_digest(back, key):
            raise _odd("does not unwrap what it has just wrapped")
        return wrapped

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The inverse. Raises `WrongKey`, `KeyUnavailable`."""
        asked = _Wrapping(key_id=wrapped.key_id, data=wrapped.data, context=context)
        answer = self._ask("POST", "unwrap", asked)
        code = _code(answer)
        if code == UNKNOWN:
            raise missing_key(wrapped.key_id)
        if code == ALTERED:
            raise WrongKey(
                "this key did not wrap what it is asked to unwrap, or that was altered",
                where=f"key {wrapped.key_id}",
                remedy="bring back the key service and the database of one time",
            )
        told = _decoded(answer, _Key)
        if told.key_id != wrapped.key_id:
            raise _odd("answers for another key")
        return _checked(told.key)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for a purpose, always the same. Raises `KeyUnavailable`."""
        return _checked(self._told("derive", _Purpose(purpose=purpose), _Key).key)

    def rotate(self) -> str:
        """Have a new current key made; its id. Raises `KeyUnavailable`."""
        key_id = self._told("rotate", None, _KeyId).key_id
        if not key_id:
            raise _odd("does not say which key is new")
        return key_id

    def retire(self, key_id: str) -> None:
        """Have a key destroyed. Raises `Conflict`, `NotFound`, `KeyUnavailable`."""
        answer = self._ask("POST", "retire", _KeyId(key_id=key_id))
        code = _code(answer)
        if code == UNKNOWN:
            raise no_such_key(key_id)
        if code == CURRENT:
            raise is_current(key_id)
        if _decoded(answer, _Retired).retired != key_id:
            raise _odd("answers for another key")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def _keys(self) -> _Keys:
        told = _decoded(self._ask("GET", "", None), _Keys)
        if not told.current or told.keys[-1:] != [told.current]:
            raise _odd("lists keys of which the current one is not the last")
        return told

    def _told(self, what: str, asked: msgspec.Struct | None, form: type[Told]) -> Told:
        return _decoded(self._ask("POST", what, asked), form)

    def _ask(self, method: str, what: str, asked: msgspec.Struct | None) -> Answer:
        body = None if method == "GET" else msgspec.json.encode(asked or {})
        path = f"/keys/{what}" if what else "/keys"
        try:
            return self._calls.call(method, path, headers=self._headers, body=body)
        except FetchFailed as problem:
            raise _silent(problem.what) from None


def _decoded(answer: Answer, form: type[Told]) -> Told:
    if answer.status != HTTPStatus.OK:
        raise _silent(f"it answered with status {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # From None: the text of the error may hold a part of the answer.
        raise _odd("answers with something that is not of the protocol") from None


def _code(answer: Answer) -> str:
    """The code of an error that the service itself tells: a page before it tells none."""
    if not HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ""
    try:
        return msgspec.json.decode(answer.body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _checked(key: bytes) -> bytes:
    if len(key) != DATA_KEY_BYTES:
        raise _odd(f"gives a key that does not have {DATA_KEY_BYTES} bytes")
    return key


def _silent(said: str) -> KeyUnavailable:
    return KeyUnavailable(
        f"the key service cannot be used now: {said}",
        where="vault.http_url",
        remedy="see that it runs, can be reached, and takes the token of vault.http_token_file",
    )


def _odd(does: str) -> KeyUnavailable:
    return KeyUnavailable(
        f"the key service {does}",
        where="vault.http_url",
        remedy="see that the address is that of the service, and that it is in order",
    )
