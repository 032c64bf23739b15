"""Requests to a real server; `test_store.py` has a fake that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.servers.s3 import CREDENTIALS, REGION, S3Server, s3_server

from tutela.evidence.vault.s3 import answers
from tutela.evidence.vault.s3.bucket import Bucket, is_success
from tutela.evidence.vault.s3.store import S3Store
from tutela.evidence.vault.store import StoreUnavailable, blob_name
from tutela.outgoing import Calls

NAME = blob_name("a" * 64, "b" * 32)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def test_uploads_that_were_never_finished_are_listed_and_aborted(s3: S3Server) -> None:
    place = f"{s3.bucket()}/under a/prefix"
    calls = Calls(s3.url, private=True)
    bucket = Bucket(calls, place, REGION, CREDENTIALS)
    ids = [
        answers.upload_id(bucket.ask("POST", name, query={"uploads": ""}).answer.body)
        for name in (NAME, NAME, "notes.txt")
    ]
    part = bucket.ask("PUT", NAME, query={"partNumber": "1", "uploadId": ids[0]}, body=b"line")
    assert is_success(part.answer)
    store = S3Store(bucket)
    assert store.tidy(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert store.tidy(datetime.now(UTC)) == 2
    assert store.tidy(datetime.now(UTC)) == 0
    assert list(store.list()) == []
    store.close()


def test_prefixes_share_a_bucket_and_do_not_meet(s3: S3Server) -> None:
    bucket = s3.bucket()
    one, other = s3.store(f"{bucket}/one"), s3.store(f"{bucket}/on")
    one.put(NAME, [b"a harmless line"])
    assert list(other.list()) == []
    other.delete(NAME)
    assert b"".join(one.get(NAME)) == b"a harmless line"
    for store in (one, other):
        store.close()


def test_a_bucket_that_is_not_there(s3: S3Server) -> None:
    store = s3.store("no-such-bucket")
    with pytest.raises(StoreUnavailable, match=r"NoSuchBucket.*vault\.s3_bucket"):
        list(store.list())
    with pytest.raises(StoreUnavailable, match=r"vault\.s3_bucket"):
        store.put(NAME, [b"a harmless line"])
    store.close()
