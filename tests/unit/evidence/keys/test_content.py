from __future__ import annotations

import json

import msgspec
import pytest

from tutela.errors import BadConfiguration
from tutela.evidence.keys.content import Content, Key, Passphrase, Stretching, decode, encode
from tutela.evidence.keys.service import WrongKey

PHRASE = "a harmless phrase"


@pytest.fixture(scope="module")
def content() -> Content:
    first = Content.make()
    return msgspec.structs.replace(first, keys=(*first.keys, Key.make()))


@pytest.fixture(scope="module")
def locked(content: Content) -> bytes:
    return encode(content, Passphrase(PHRASE))


def test_a_file_is_read_as_it_was_written(content: Content, locked: bytes) -> None:
    assert decode(encode(content, None), None, "here") == content
    assert decode(locked, Passphrase(PHRASE), "here") == content


def test_a_locked_file_shows_nothing(content: Content, locked: bytes) -> None:
    members = json.loads(locked)
    assert members["passphrase"].keys() == {"n", "r", "p", "salt"}
    plain = msgspec.json.encode(content)
    sealed = msgspec.convert(members["content"], bytes)
    assert len(sealed) == 12 + len(plain) + 16
    for key in content.keys:
        assert key.id.encode() not in sealed


def test_nothing_is_encrypted_twice_alike(content: Content) -> None:
    """The salt stays, so that a passphrase is stretched once; the nonce never does."""
    phrase = Passphrase(PHRASE)
    one, other = (json.loads(encode(content, phrase)) for _ in range(2))
    assert one["passphrase"] == other["passphrase"]
    assert one["content"][:16] != other["content"][:16]


@pytest.mark.parametrize("given", [PHRASE + " ", "", "A harmless phrase"])
def test_another_passphrase_is_told(locked: bytes, given: str) -> None:
    with pytest.raises(WrongKey, match="does not open the key file") as caught:
        decode(locked, Passphrase(given), "here")
    assert caught.value.where == "here"
    assert PHRASE not in str(caught.value)


def test_a_passphrase_is_asked_for_where_there_is_one(content: Content, locked: bytes) -> None:
    with pytest.raises(BadConfiguration, match="is locked") as caught:
        decode(locked, None, "here")
    assert "vault.passphrase_file" in caught.value.remedy
    with pytest.raises(BadConfiguration, match="not locked by any"):
        decode(encode(content, None), Passphrase(PHRASE), "here")


def test_a_locked_file_that_was_altered_is_refused(locked: bytes) -> None:
    phrase = Passphrase(PHRASE)
    members = json.loads(locked)
    sealed = msgspec.convert(members["content"], bytes)
    for other in (b"", sealed[:5], sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        members["content"] = msgspec.to_builtins(other)
        with pytest.raises(WrongKey, match="or the file is damaged"):
            decode(json.dumps(members).encode(), phrase, "here")


@pytest.mark.parametrize(
    "data", [b"", b"a harmless line", b"{}", b"[]", b"null", b"\xff\xfe", b"\0" * 300]
)
def test_what_is_no_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadConfiguration, match="no key file of the vault, or it is damaged"):
        decode(data, None, "here")


def test_every_cut_is_found(content: Content) -> None:
    data = encode(content, None).strip()
    for length in range(len(data)):
        with pytest.raises(BadConfiguration, match="damaged"):
            decode(data[:length], None, "here")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "another"},
        {"version": 2},
        {"more": 1},
        {"content": "a harmless line"},
        {"content": "e30="},
    ],
)
def test_another_version_is_refused(content: Content, change: dict[str, object]) -> None:
    members = json.loads(encode(content, None)) | change
    with pytest.raises(BadConfiguration, match="damaged"):
        decode(json.dumps(members).encode(), None, "here")


def test_keys_that_cannot_be_used_are_refused(content: Content) -> None:
    (first, second), replace = content.keys, msgspec.structs.replace
    assert content.sound
    for other in (
        replace(content, keys=()),
        replace(content, root=b"short"),
        replace(content, keys=(first, first)),
        replace(content, keys=(first, replace(second, key=bytes(31)))),
    ):
        with pytest.raises(BadConfiguration, match="damaged"):
            decode(encode(other, None), None, "here")


@pytest.mark.parametrize(
    "change",
    [
        {"n": 2**17 + 1},
        {"n": 0},
        {"n": -(2**17)},
        {"n": 2**40},
        {"r": 0},
        {"r": 2**20},
        {"p": 0},
        {"p": 2**30},
    ],
)
def test_a_file_cannot_make_us_work_without_end(locked: bytes, change: dict[str, int]) -> None:
    members = json.loads(locked)
    members["passphrase"] |= change
    with pytest.raises(BadConfiguration, match="damaged"):
        decode(json.dumps(members).encode(), Passphrase(PHRASE), "here")


def test_parameters_of_scrypt() -> None:
    assert Stretching(n=2**17, r=8, p=1, salt=b"").sound
    assert Stretching(n=2**20, r=8, p=4, salt=b"").sound


def test_errors_show_no_key(content: Content) -> None:
    broken = encode(content, None).replace(b'"version"', b'"Version"')
    with pytest.raises(BadConfiguration) as caught:
        decode(broken, None, "here")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert json.loads(broken)["content"] not in str(caught.value)


def test_ids_tell_the_day_and_differ() -> None:
    keys = [Key.make() for _ in range(50)]
    assert len({key.id for key in keys}) == len({key.key for key in keys}) == 50
    assert all(key.id.startswith(f"{key.made_at:%Y-%m-%d}-") for key in keys)
