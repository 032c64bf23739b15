from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from tutela.evidence.backup.age import Identities, decrypted, encrypt
from tutela.evidence.backup.archive import (
    BLOBS,
    KEYS,
    MANIFEST,
    START,
    TABLES,
    Nothing,
    ending,
    go_through,
    member,
    member_of,
)
from tutela.evidence.backup.manifest import (
    FORMAT,
    BlobList,
    DamagedBackup,
    KeyCopy,
    LogEnd,
    Manifest,
    Start,
)
from tutela.storage.dump.layout import ColumnLayout, Form, TableDigest, TableLayout
from tutela.storage.values import now

NAME = "20261130T014200Z-0123abcd"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
TABLE = TableLayout(
    name="counters",
    columns=(ColumnLayout(name="name", form=Form.TEXT),),
    key=("name",),
)
START_ = Start(
    format=FORMAT,
    program="0.1.0",
    generation=NAME,
    made_at=now(),
    revision="0006",
    tables=(TABLE,),
    key_service="file",
)
MANIFEST_ = Manifest(
    generation=NAME,
    log=LogEnd(origin="tutela-0", size=0, root=""),
    tables=(TableDigest(table="counters", rows=0, sha256=EMPTY),),
    blobs=BlobList(count=0, bytes=0, sha256=EMPTY),
    keys=(),
)


def start(**changes: object) -> Iterator[bytes]:
    return member(START, msgspec.json.encode(msgspec.structs.replace(START_, **changes)))


def manifest(**changes: object) -> Iterator[bytes]:
    return member(MANIFEST, msgspec.json.encode(msgspec.structs.replace(MANIFEST_, **changes)))


def blobs(content: bytes = b"") -> Iterator[bytes]:
    return member(BLOBS, content)


def read(path: Path, members: Iterable[Iterator[bytes]], *, end: bool = True) -> Manifest:
    own = Identities.generate()
    path.unlink(missing_ok=True)
    chunks = (chunk for one in (*members, *([ending()] if end else [])) for chunk in one)
    encrypt(path, chunks, [own.recipient])
    return go_through(path, own, NAME, Nothing(), io.BytesIO())[1]


def test_a_whole_archive_is_gone_through(tmp_path: Path) -> None:
    assert read(tmp_path / "a.age", [start(), blobs(), manifest()]) == MANIFEST_


def test_whatever_is_not_as_the_manifest_says_is_found(tmp_path: Path) -> None:
    key = (KeyCopy(name="vault.key", sha256=EMPTY),)
    wrong: dict[str, list[Iterator[bytes]]] = {
        "nothing": [],
        "no start": [blobs(), manifest()],
        "two starts": [start(), start(), blobs(), manifest()],
        "no manifest": [start(), blobs()],
        "manifest of another": [start(), blobs(), manifest(generation=f"{NAME}0")],
        "more after it": [start(), manifest(), blobs()],
        "no list": [start(), manifest()],
        "another list": [start(), blobs(b"x"), manifest()],
        "a key too many": [start(), member(f"{KEYS}vault.key", b""), blobs(), manifest()],
        "a key too few": [start(), blobs(), manifest(keys=key)],
        "a row too many": [start(), member(f"{TABLES}counters/1", b"[1]\n"), blobs(), manifest()],
        "another table": [start(), member(f"{TABLES}hills/1", b"[1]\n"), blobs(), manifest()],
        "another member": [start(), member("../hills", b""), blobs(), manifest()],
        "no JSON": [start(), blobs(), member(MANIFEST, b"nonsense")],
        "no record": [start(), blobs(), member(MANIFEST, b"{}")],
        "no archive": [iter([b"a harmless line" * 1000])],
    }
    for what, members in wrong.items():
        try:
            read(tmp_path / "a.age", members)
        except DamagedBackup:
            continue
        pytest.fail(what)


def test_it_is_a_plain_tar_archive(tmp_path: Path) -> None:
    own, path = Identities.generate(), tmp_path / "a.age"
    file = tmp_path / "file"
    file.write_bytes(b"hills\n" * 100)
    parts = [member("one", b"a harmless line"), member_of("two", file), ending()]
    encrypt(path, (chunk for part in parts for chunk in part), [own.recipient])
    with decrypted(path, own) as plain:
        content = b"".join(iter(lambda: plain.read(1000), b""))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {entry.name: archive.extractfile(entry) for entry in archive}
        contents = {name: stream.read() for name, stream in found.items() if stream}
    assert contents == {"one": b"a harmless line", "two": b"hills\n" * 100}


def test_what_the_source_raises_comes_through(tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"a harmless line"
        raise LookupError("hills")

    with pytest.raises(LookupError, match="hills"):
        encrypt(tmp_path / "a.age", torn(), [Identities.generate().recipient])


def test_a_reader_may_stop_anywhere(tmp_path: Path) -> None:
    own, path = Identities.generate(), tmp_path / "a.age"
    encrypt(path, iter([bytes(10_000_000)]), [own.recipient])
    with decrypted(path, own) as plain:
        assert plain.read(10) == bytes(10)
    with decrypted(path, own) as plain:
        pass
    with decrypted(tmp_path / "none.age", own) as plain, pytest.raises(DamagedBackup):
        plain.read(1)
