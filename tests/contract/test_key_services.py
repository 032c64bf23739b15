"""What every key service must keep to: those that come along, and yours.

To test a service of your own, add to `OPENERS` what opens a new one, and a second time the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pkcs11
import pytest
from tests.servers import token
from tests.servers.keys import TOKEN, KeyServer, key_server

from tutela.errors import Conflict, NotFound
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.keys.http import HttpKeys
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.pkcs11 import Pkcs11Keys
from tutela.evidence.keys.service import DATA_KEY_BYTES, KeyService, Wrapped, WrongKey
from tutela.outgoing import Calls

CONTEXT = b"object 1"
PASSPHRASE = "a harmless phrase"  # noqa: S105 - of a file that ends with its test

Open = Callable[[], KeyService]
"""Opens the service as one more process would: the same keys each time."""


def _memory(_request: pytest.FixtureRequest, _folder: Path) -> Open:
    keys = MemoryKeys()
    return lambda: keys


def _file(_request: pytest.FixtureRequest, folder: Path) -> Open:
    return lambda: KeyFile.create(folder / "vault.key")


def _locked_file(_request: pytest.FixtureRequest, folder: Path) -> Open:
    return lambda: KeyFile.create(folder / "vault.key", PASSPHRASE)


def _pkcs11(request: pytest.FixtureRequest, folder: Path) -> Open:
    library, config = token.module(), token.configured(folder)
    token.make_token(config)
    request.getfixturevalue("monkeypatch").setenv("SOFTHSM2_CONF", config)
    pkcs11.unload(library)  # it reads where its tokens are when it is loaded
    return lambda: Pkcs11Keys(library, token.LABEL, token.PIN, lambda: True)


@pytest.fixture
def key_service() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


def _http(request: pytest.FixtureRequest, _folder: Path) -> Open:
    server: KeyServer = request.getfixturevalue("key_service")
    return lambda: HttpKeys(Calls(server.url, private=True), TOKEN)


OPENERS: Mapping[str, Callable[[pytest.FixtureRequest, Path], Open]] = {
    "memory": _memory,
    "file": _file,
    "file, locked": _locked_file,
    "http": _http,
    "pkcs11": _pkcs11,
}
"""By the service's name, and a variant after a comma; each with the test's request, for fixtures,
and an empty folder."""


@pytest.fixture(params=list(OPENERS))
def open_keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    opened: list[KeyService] = []
    opener = OPENERS[request.param](request, tmp_path)

    def open_keys() -> KeyService:
        opened.append(opener())
        assert opened[-1].name == request.param.partition(",")[0]
        return opened[-1]

    yield open_keys
    for keys in opened:
        keys.close()


@pytest.fixture
def keys(open_keys: Open) -> KeyService:
    return open_keys()


@pytest.fixture
def data_key() -> bytes:
    return secrets.token_bytes(DATA_KEY_BYTES)


def test_what_was_wrapped_is_unwrapped(keys: KeyService, data_key: bytes) -> None:
    wrapped = keys.wrap(data_key, CONTEXT)
    assert wrapped.key_id == keys.current()
    assert data_key not in wrapped.data
    assert keys.unwrap(wrapped, CONTEXT) == data_key


def test_nothing_is_wrapped_alike_twice(keys: KeyService, data_key: bytes) -> None:
    assert keys.wrap(data_key, CONTEXT).data != keys.wrap(data_key, CONTEXT).data


@pytest.mark.parametrize("context", [b"", b"object 2", CONTEXT + b"\0", CONTEXT[:-1]])
def test_a_key_is_bound_to_its_context(keys: KeyService, data_key: bytes, context: bytes) -> None:
    wrapped = keys.wrap(data_key, CONTEXT)
    with pytest.raises(WrongKey):
        keys.unwrap(wrapped, context)


def test_what_was_altered_is_refused(keys: KeyService, data_key: bytes) -> None:
    wrapped = keys.wrap(data_key, CONTEXT)
    for place in range(len(wrapped.data)):
        altered = bytearray(wrapped.data)
        altered[place] ^= 1
        with pytest.raises(WrongKey):
            keys.unwrap(Wrapped(key_id=wrapped.key_id, data=bytes(altered)), CONTEXT)
    for data in (b"", wrapped.data[:5], wrapped.data[:-1], wrapped.data + b"x"):
        with pytest.raises(WrongKey):
            keys.unwrap(Wrapped(key_id=wrapped.key_id, data=data), CONTEXT)


@pytest.mark.parametrize("key_id", ["", "another", "../another", "näïve/\0"])
def test_an_unknown_key_is_told(keys: KeyService, data_key: bytes, key_id: str) -> None:
    wrapped = keys.wrap(data_key, CONTEXT)
    with pytest.raises(WrongKey):
        keys.unwrap(msgspec.structs.replace(wrapped, key_id=key_id), CONTEXT)


def test_rotated_keys_still_unwrap(keys: KeyService, data_key: bytes) -> None:
    first = keys.current()
    before = keys.wrap(data_key, CONTEXT)
    second = keys.rotate()
    third = keys.rotate()
    assert len({first, second, third}) == 3
    assert keys.current() == third
    assert tuple(keys.key_ids()) == (first, second, third)
    after = keys.wrap(data_key, CONTEXT)
    assert after.key_id == third
    assert keys.unwrap(before, CONTEXT) == keys.unwrap(after, CONTEXT) == data_key
    with pytest.raises(WrongKey):  # each key its own: not what another has wrapped
        keys.unwrap(msgspec.structs.replace(before, key_id=third), CONTEXT)


def test_what_a_retired_key_wrapped_is_gone(keys: KeyService, data_key: bytes) -> None:
    first = keys.current()
    wrapped = keys.wrap(data_key, CONTEXT)
    keys.rotate()
    again = keys.wrap(keys.unwrap(wrapped, CONTEXT), CONTEXT)
    keys.retire(first)
    assert first not in keys.key_ids()
    with pytest.raises(WrongKey):
        keys.unwrap(wrapped, CONTEXT)
    assert keys.unwrap(again, CONTEXT) == data_key
    with pytest.raises(NotFound):
        keys.retire(first)


def test_the_current_key_is_not_retired(keys: KeyService, data_key: bytes) -> None:
    wrapped = keys.wrap(data_key, CONTEXT)
    with pytest.raises(Conflict):
        keys.retire(keys.current())
    with pytest.raises(NotFound):
        keys.retire("another")
    assert keys.unwrap(wrapped, CONTEXT) == data_key


def test_derived_keys_survive_everything(open_keys: Open) -> None:
    keys = open_keys()
    first, derived = keys.current(), keys.derive("address")
    assert len(derived) == DATA_KEY_BYTES
    assert keys.derive("another") != derived
    keys.rotate()
    keys.retire(first)
    assert keys.derive("address") == open_keys().derive("address") == derived


def test_another_process_has_the_same_keys(open_keys: Open, data_key: bytes) -> None:
    one, other = open_keys(), open_keys()
    wrapped = one.wrap(data_key, CONTEXT)
    assert other.unwrap(wrapped, CONTEXT) == data_key


def test_a_rotation_elsewhere_counts_here(open_keys: Open, data_key: bytes) -> None:
    one, other = open_keys(), open_keys()
    before = other.wrap(data_key, CONTEXT)
    current = one.rotate()
    assert other.current() == current
    assert other.unwrap(one.wrap(data_key, CONTEXT), CONTEXT) == data_key
    assert other.wrap(data_key, CONTEXT).key_id == current
    one.retire(before.key_id)
    assert tuple(other.key_ids()) == (current,)
    with pytest.raises(WrongKey):
        other.unwrap(before, CONTEXT)


def test_many_at_once(open_keys: Open, data_key: bytes) -> None:
    keys = [open_keys() for _ in range(4)]

    def use(number: int) -> bytes:
        one = keys[number % 4]
        if number % 8 == 0:
            one.rotate()
        return keys[(number + 1) % 4].unwrap(one.wrap(data_key, CONTEXT), CONTEXT)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(64))) == {data_key}
    assert len(set(keys[0].key_ids())) == len(keys[0].key_ids()) == 9


def test_nothing_shows_a_key(keys: KeyService) -> None:
    shown = f"{keys!r} {keys}"
    derived = keys.derive("address")
    assert derived.hex() not in shown
    assert str(derived) not in shown
