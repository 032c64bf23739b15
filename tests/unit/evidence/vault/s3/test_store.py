"""The store against a service that misbehaves; `tests/contract` has the rest, with a real one."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tutela.errors import Conflict
from tutela.evidence.vault.s3.store import PART_BYTES, S3Store
from tutela.evidence.vault.store import BlobMissing, StoreUnavailable, blob_name

if TYPE_CHECKING:
    from tests.unit.evidence.vault.s3.conftest import FakeS3

LINE = b"a harmless line"
PART = 1_000
LONG = bytes(range(256)) * 20
"""More than five parts."""
NAME = blob_name("a" * 64, "b" * 32)
KEY = f"pre fix/{NAME}"


def name(number: int) -> str:
    return blob_name(f"{number:064x}", f"{number:032x}")


def get(store: S3Store, start: int = 0) -> bytes:
    return b"".join(store.get(NAME, start=start))


def count(fake: FakeS3, method: str) -> int:
    return sum(one.startswith(f"{method} ") for one in fake.seen)


@pytest.fixture(params=[LINE, LONG], ids=["at once", "in parts"])
def content(request: pytest.FixtureRequest) -> bytes:
    found: bytes = request.param
    return found


@pytest.fixture
def store(fake: FakeS3) -> Iterator[S3Store]:
    store = fake.store(part_bytes=PART)
    yield store
    store.close()


def test_names_lie_under_the_prefix(fake: FakeS3, store: S3Store, content: bytes) -> None:
    store.put(NAME, [content])
    assert fake.objects == {KEY: content}
    assert get(store) == content
    assert fake.uploads == {}


def test_busy_and_then_well(fake: FakeS3, store: S3Store, content: bytes) -> None:
    for method in ("HEAD", "PUT", "POST", "GET", "DELETE"):
        fake.will(method, 2, status=503, code="SlowDown")
    store.put(NAME, [content])
    assert get(store) == content
    store.delete(NAME)
    assert fake.objects == {}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_for_ever(fake: FakeS3, store: S3Store, status: int, content: bytes) -> None:
    fake.will("PUT", 99, status=status, code="InternalError")
    with pytest.raises(StoreUnavailable, match=r"cannot be used now.*InternalError"):
        store.put(NAME, [content])
    assert count(fake, "PUT") == 3
    assert (fake.objects, fake.uploads) == ({}, {})
    fake.will("GET", 99, status=status)
    for ask in (lambda: get(store), lambda: list(store.list())):
        with pytest.raises(StoreUnavailable, match="cannot be used now"):
            ask()


def test_busy_with_another_status(fake: FakeS3, store: S3Store) -> None:
    fake.will("PUT", 2, status=400, code="RequestTimeout")
    store.put(NAME, [LINE])
    assert fake.objects == {KEY: LINE}


def test_silence(fake: FakeS3, content: bytes) -> None:
    store = fake.store(seconds=1, part_bytes=PART)
    fake.will("PUT", hang=1.5)
    store.put(NAME, [content])
    assert fake.objects == {KEY: content}
    fake.will("GET", hang=1.5)
    assert get(store) == content
    store.close()


def test_an_answer_that_was_lost_is_no_conflict(
    fake: FakeS3, store: S3Store, content: bytes
) -> None:
    """The first attempt has done it, and the second is refused for that."""
    if content == LONG:
        fake.will("POST")  # the beginning of the upload
    fake.will("POST" if content == LONG else "PUT", after=True, status=503)
    store.put(NAME, [content])
    assert fake.objects == {KEY: content}
    with pytest.raises(Conflict):
        store.put(NAME, [content])


def test_a_lost_answer_does_not_hide_a_conflict(fake: FakeS3, store: S3Store) -> None:
    def chunks() -> Iterator[bytes]:
        yield LINE
        fake.objects[KEY], fake.etags[KEY] = b"another's", "e"
        fake.will("PUT", status=503)

    with pytest.raises(Conflict):
        store.put(NAME, chunks())
    assert fake.objects == {KEY: b"another's"}


def test_a_reset_before_the_answer(fake: FakeS3, store: S3Store, content: bytes) -> None:
    fake.will("PUT", reset=0)
    fake.will("HEAD", reset=0)
    store.put(NAME, [content])
    assert fake.objects == {KEY: content}


def test_a_reset_in_the_middle_goes_on_where_it_broke(fake: FakeS3, store: S3Store) -> None:
    large = LONG * 100
    store.put(NAME, [large])
    fake.will("GET", 2, reset=len(large) // 3)
    assert get(store) == large
    ranges = [headers["range"] for headers in fake.headers if "range" in headers]
    assert ranges
    assert all(headers.get("if-match") for headers in fake.headers if "range" in headers)


def test_resets_for_ever_end_somewhere(fake: FakeS3, store: S3Store) -> None:
    store.put(NAME, [LONG])
    fake.will("GET", 99, reset=0)
    with pytest.raises(StoreUnavailable, match="cannot be used now"):
        get(store)
    assert count(fake, "GET") == 3


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"keep": slice(0, 0)}, "has none"),
        ({"keep": slice(0, 7)}, "has other bytes"),
        ({"keep": slice(0, -1)}, "has other bytes"),
        ({"keep": b"A harmless line"}, "has other bytes"),
        ({"keep": b"A harmless line", "etag": "0" * 32}, "has other bytes"),
    ],
)
def test_lies_about_what_was_sent_at_once(
    fake: FakeS3, store: S3Store, lie: dict[str, Any], said: str
) -> None:
    fake.will("PUT", **lie)
    with pytest.raises(StoreUnavailable, match=said):
        store.put(NAME, [LINE])
    assert fake.objects == {}


@pytest.mark.parametrize(
    ("keep", "said"),
    [(slice(0, 0), "has none"), (slice(0, -1), "has other"), (LONG[:-1] + b"x", "has other")],
)
def test_lies_about_what_was_sent_in_parts(
    fake: FakeS3, store: S3Store, keep: slice | bytes, said: str
) -> None:
    fake.will("POST")
    fake.will("POST", keep=keep)
    with pytest.raises(StoreUnavailable, match=said):
        store.put(NAME, [LONG])
    assert (fake.objects, fake.uploads) == ({}, {})


def test_an_etag_that_is_no_digest_is_made_up_for_by_reading(
    fake: FakeS3, store: S3Store, content: bytes
) -> None:
    """As with keys of the service: what is told is no lie, but tells nothing."""
    fake.will("HEAD")
    fake.will("HEAD", etag="f" * 32)
    store.put(NAME, [content])
    assert fake.objects == {KEY: content}
    assert count(fake, "GET") == 1


def test_a_deletion_that_was_none(fake: FakeS3, store: S3Store) -> None:
    store.put(NAME, [LINE])
    fake.will("DELETE", status=204)
    with pytest.raises(StoreUnavailable, match="still has it"):
        store.delete(NAME)


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch", "Odd", "N<!--o-->"])
def test_refusals_are_told_at_once_and_without_secrets(
    fake: FakeS3, store: S3Store, code: str
) -> None:
    asks: list[tuple[str, Callable[[], object]]] = [
        ("PUT", lambda: store.put(NAME, [LINE])),
        ("GET", lambda: get(store)),
        ("GET", lambda: list(store.list())),
        ("DELETE", lambda: store.delete(NAME)),
    ]
    for method, ask in asks:
        fake.will(method, status=403, code=code)
        before = count(fake, method)
        with pytest.raises(StoreUnavailable) as caught:
            ask()
        assert count(fake, method) == before + 1
        text = f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
        assert "secret-of-a-drill" not in text
        assert "AKIDEXAMPLE" not in text


def test_no_such_bucket_is_no_missing_blob(fake: FakeS3, store: S3Store) -> None:
    fake.will("GET", status=404, code="NoSuchBucket")
    with pytest.raises(StoreUnavailable, match=r"vault\.s3_bucket"):
        get(store)
    fake.will("GET", status=404, raw=b"<html>not found</html>")
    with pytest.raises(StoreUnavailable, match="404"):
        get(store)
    with pytest.raises(BlobMissing):
        get(store)


def test_another_region(fake: FakeS3, store: S3Store) -> None:
    fake.will("HEAD", status=301)
    with pytest.raises(StoreUnavailable, match=r"vault\.s3_region"):
        store.put(NAME, [LINE])


def test_a_service_that_does_not_know_what_once_is(
    fake: FakeS3, store: S3Store, content: bytes
) -> None:
    fake.knows_once = False
    store.put(NAME, [content])
    with pytest.raises(Conflict):
        store.put(NAME, [b"another"])
    assert fake.objects == {KEY: content}
    puts = [headers for headers in fake.headers if headers.get("if-none-match")]
    store.put(name(1), [content])
    assert [headers for headers in fake.headers if headers.get("if-none-match")] == puts


def test_another_came_first_while_it_was_sent(fake: FakeS3, store: S3Store, content: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        yield content
        fake.objects[KEY], fake.etags[KEY] = b"another's", "e"

    with pytest.raises(Conflict):
        store.put(NAME, chunks())
    assert (fake.objects, fake.uploads) == ({KEY: b"another's"}, {})


def test_success_with_an_error_in_it(fake: FakeS3, store: S3Store) -> None:
    """S3 answers 200 to the end of an upload before it knows how that goes."""
    inner = b"<Error><Code>%s</Code></Error>"
    fake.will("POST")
    fake.will("POST", raw=b"\n \n" + inner % b"InternalError")
    store.put(NAME, [LONG])
    assert fake.objects == {KEY: LONG}


def test_a_service_that_does_not_know_parts(fake: FakeS3, store: S3Store) -> None:
    fake.knows_ranges = False
    store.put(NAME, [LINE])
    assert get(store) == LINE
    with pytest.raises(StoreUnavailable, match="the part of an object that was asked for"):
        get(store, 3)


def test_lists_go_on_page_by_page(fake: FakeS3, store: S3Store, at: datetime) -> None:
    for number in range(9):
        store.put(name(number), [LINE])
    fake.objects["pre fix/notes.txt"] = fake.objects["pre fix"] = b"not ours"
    fake.page = 4
    blobs = list(store.list())
    assert [blob.name for blob in blobs] == [name(number) for number in range(9)]
    assert {(blob.size, blob.stored_at) for blob in blobs} == {(len(LINE), at)}
    assert [blob.name for blob in store.list(after=name(6))] == [name(7), name(8)]
    assert count(fake, "GET") >= 3


def test_a_list_out_of_order_is_no_list(fake: FakeS3, store: S3Store) -> None:
    for number in range(3):
        store.put(name(number), [LINE])
    fake.order = -1
    with pytest.raises(StoreUnavailable, match="order of names"):
        list(store.list())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html><body>sign in, please</body></html>",
        b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        b"<ListBucketResult><Contents><Key>pre%20fix/a</Key></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult>&b;</ListBucketResult>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><ListBucketResult/>',
        b"\xff\xfe\0",
    ],
)
def test_a_list_that_is_none(fake: FakeS3, store: S3Store, raw: bytes) -> None:
    fake.will("GET", 99, raw=raw)
    with pytest.raises(StoreUnavailable):
        list(store.list())
    fake.faults.clear()
    fake.will("POST", 99, raw=raw)
    with pytest.raises(StoreUnavailable):
        store.put(NAME, [LONG])
    assert fake.objects == {}


def test_uploads_that_were_never_finished_are_tidied(
    fake: FakeS3, store: S3Store, at: datetime
) -> None:
    for number in range(5):
        fake.uploads[f"upload-{number}"] = {1: LINE}
        fake.keys[f"upload-{number}"] = f"pre fix/{name(number)}"
    fake.uploads["upload-9"], fake.keys["upload-9"] = {1: LINE}, "pre fix/another's.iso"
    fake.page = 2
    assert store.tidy(at) == 0
    assert store.tidy(at + timedelta(seconds=1)) == 5
    assert [*fake.uploads] == ["upload-9"]


def test_memory_is_bounded_whatever_the_size(fake: FakeS3) -> None:
    fake.forgetful = True
    store = fake.store()
    piece = bytes(2**20)
    tracemalloc.start()
    try:
        with pytest.raises(StoreUnavailable, match="other bytes"):
            store.put(NAME, itertools.repeat(piece, 150))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        store.close()
    # The server runs in this process, too, and holds a part while it takes it.
    assert 2 * PART_BYTES < peak < 5 * PART_BYTES
