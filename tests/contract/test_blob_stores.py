"""What every blob store must keep to: those that come along, and yours.

To test a store of your own, add to `OPENERS` what opens an empty one; it is closed by the tests.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.servers.s3 import S3Server, s3_server

from tutela.errors import Conflict, InvalidInput
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import BlobMissing, BlobStore, blob_name, is_blob_name

OPENERS: Mapping[str, Callable[[pytest.FixtureRequest, Path], BlobStore]] = {
    "memory": lambda _request, _folder: MemoryStore(),
    "folder": lambda _request, folder: Folder(folder / "vault"),
    "s3": lambda request, _folder: cast("S3Server", request.getfixturevalue("s3")).store(),
}
"""By the store's name; each with the test's request, for fixtures, and an empty folder."""

LARGE = 12_000_000
"""Bytes: more than one part for stores that send parts."""


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=list(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    store = OPENERS[request.param](request, tmp_path)
    assert store.name == request.param
    yield store
    store.close()


def name(number: int, address: int | None = None) -> str:
    """Names that lie all over the store."""
    address = number * 0x9E3779B97F4A7C15 << 192 if address is None else address
    return blob_name(f"{address % 2**256:064x}", f"{number:032x}")


def get(store: BlobStore, name: str, start: int = 0) -> bytes:
    return b"".join(store.get(name, start=start))


@pytest.mark.parametrize(
    "chunks",
    [[], [b""], [b"a harmless line"], [b"a ", b"", b"harmless", b" line"], [b"mountain"] * 5_000],
)
def test_what_was_put_is_given_back(store: BlobStore, chunks: list[bytes]) -> None:
    store.put(name(1), chunks)
    assert get(store, name(1)) == b"".join(chunks)
    assert [(blob.name, blob.size) for blob in store.list()] == [(name(1), len(b"".join(chunks)))]


def test_large_blobs(store: BlobStore) -> None:
    block = os.urandom(1_000_003)
    chunks = [block[at:] + block[:at] for at in range(LARGE // len(block) + 1)]
    store.put(name(1), iter(chunks))
    assert get(store, name(1)) == b"".join(chunks)


@pytest.mark.parametrize("start", [0, 1, 7, 14, 15, 16, 1_000])
def test_a_blob_from_an_offset(store: BlobStore, start: int) -> None:
    store.put(name(1), [b"a harmless line"])
    assert get(store, name(1), start) == b"a harmless line"[start:]


def test_a_blob_is_written_once(store: BlobStore) -> None:
    store.put(name(1), [b"a harmless line"])
    with pytest.raises(Conflict):
        store.put(name(1), [b"another"])
    assert get(store, name(1)) == b"a harmless line"


def test_a_blob_that_is_not_there(store: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        get(store, name(1))
    store.delete(name(1))


def test_a_blob_is_deleted(store: BlobStore) -> None:
    store.put(name(1), [b"a harmless line"])
    store.put(name(2), [b"another"])
    store.delete(name(1))
    with pytest.raises(BlobMissing):
        get(store, name(1))
    assert [blob.name for blob in store.list()] == [name(2)]
    store.put(name(1), [b"once more"])
    assert get(store, name(1)) == b"once more"


def test_what_the_chunks_raise_leaves_nothing(store: BlobStore) -> None:
    class Fell(Exception):
        pass

    def chunks(count: int) -> Iterator[bytes]:
        yield from itertools.repeat(os.urandom(1_000_000), count)
        raise Fell

    for count in (0, 1, LARGE // 1_000_000):
        with pytest.raises(Fell):
            store.put(name(1), chunks(count))
    assert list(store.list()) == []
    with pytest.raises(BlobMissing):
        get(store, name(1))
    store.put(name(1), [b"a harmless line"])
    assert get(store, name(1)) == b"a harmless line"


def test_nothing_is_visible_before_the_end(store: BlobStore) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(LARGE // 1_000_000):
            yield os.urandom(1_000_000)
            assert list(store.list()) == []
            with pytest.raises(BlobMissing):
                get(store, name(1))

    store.put(name(1), chunks())
    assert [blob.name for blob in store.list()] == [name(1)]


def test_blobs_are_listed_in_the_order_of_names(store: BlobStore) -> None:
    names = [name(number) for number in range(40)] + [name(number, 5 << 250) for number in range(9)]
    for one in names:
        store.put(one, [one.encode()])
    listed = list(store.list())
    assert [blob.name for blob in listed] == sorted(names)
    assert {blob.size for blob in listed} == {97}
    for after in ("", *sorted(names)[::7], "0", "8", "f" * 64, "g"):
        assert [blob.name for blob in store.list(after=after)] == sorted(
            one for one in names if one > after
        )


def test_a_list_tells_when_blobs_were_stored(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=3)  # clocks of stores count in seconds
    store.put(name(1), [b"a harmless line"])
    (blob,) = store.list()
    assert before < blob.stored_at < datetime.now(UTC) + timedelta(seconds=3)


def test_a_list_may_be_read_while_blobs_are_deleted(store: BlobStore) -> None:
    names = sorted(name(number) for number in range(30))
    for one in names:
        store.put(one, [b""])
    seen = []
    for blob in store.list():
        store.delete(blob.name)
        seen.append(blob.name)
    assert seen == names
    assert list(store.list()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "../" + name(1),
        name(1)[:-1],
        name(1) + "0",
        name(1) + "\n",
        name(1).upper().replace("0", "A"),
        name(1).replace("-", "/"),
        "/etc/passwd",
        name(1)[:60] + "/../" + name(1)[64:],
        "\0" * 97,
    ],
)
def test_other_names_are_refused(store: BlobStore, bad: str) -> None:
    assert not is_blob_name(bad)
    with pytest.raises(InvalidInput):
        store.put(bad, [b"a harmless line"])
    with pytest.raises(InvalidInput):
        get(store, bad)
    with pytest.raises(InvalidInput):
        store.delete(bad)
    assert list(store.list()) == []


def test_of_many_writers_of_one_name_one_wins(store: BlobStore) -> None:
    together = threading.Barrier(8)

    def write(number: int) -> bool:
        def chunks() -> Iterator[bytes]:
            together.wait(60)
            yield from itertools.repeat(bytes([number]) * 100_000, 20)

        try:
            store.put(name(1), chunks())
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert sum(won) == 1
    assert get(store, name(1)) == bytes([won.index(True)]) * 2_000_000


def test_many_writers_of_many_names(store: BlobStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.put(name(number), [b"%d" % number]), range(64)))
        found = list(pool.map(lambda number: get(store, name(number)), range(64)))
    assert found == [b"%d" % number for number in range(64)]


def test_tidying_leaves_blobs_alone(store: BlobStore) -> None:
    store.put(name(1), [b"a harmless line"])
    assert store.tidy(datetime.now(UTC) + timedelta(hours=1)) == 0
    assert get(store, name(1)) == b"a harmless line"


def test_a_reader_may_stop_anywhere(store: BlobStore) -> None:
    store.put(name(1), [os.urandom(LARGE)])
    pieces = store.get(name(1))
    assert next(pieces)
    pieces.close()
    store.delete(name(1))
