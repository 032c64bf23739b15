"""The store: each blob is one object, sent at once or in parts, and looked at after it was sent."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from http import HTTPStatus

from tutela.errors import Conflict
from tutela.evidence.vault.s3 import answers
from tutela.evidence.vault.s3.bucket import (
    LARGEST_ERROR,
    Asked,
    Bucket,
    is_success,
    refuse,
    silent,
)
from tutela.evidence.vault.s3.parts import Sent, parts
from tutela.evidence.vault.store import (
    Blob,
    BlobMissing,
    StoreUnavailable,
    checked_name,
    is_blob_name,
)
from tutela.model.record import Record
from tutela.outgoing import FetchFailed, Reading

PART_BYTES = 8 * 2**20
"""What is held in memory and sent at once: at least 5 MiB, says the protocol."""
MOST_PARTS = 10_000
"""The protocol's limit."""
_TYPE = {"Content-Type": "application/octet-stream"}
_ONCE = {"If-None-Match": "*"}


class _Found(Record, frozen=True, kw_only=True):
    """What a service says that it has."""

    size: int
    etag: str


class S3Store:
    """Keeps blobs in a bucket. Thread-safe.

    Args:
        bucket: makes the requests.
        part_bytes: what is sent at once.
    """

    name = "s3"

    def __init__(self, bucket: Bucket, *, part_bytes: int = PART_BYTES) -> None:
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._once = _ONCE

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Send a blob, and look whether it is there as it was sent.

        Raises:
            StoreUnavailable: it could not be sent, or is not there; nothing stays under the name,
                unless the service fell silent after it took the bytes: then the vault's `tidy`
                removes them, as it does what was sealed and never written down.
            Conflict: there is a blob of this name; it is left as it is.
        """
        if self._look(checked_name(name)) is not None:
            raise _taken(name)
        sent = Sent()
        pieces = parts(chunks, self._part_bytes)
        part, last = next(pieces)
        if last:
            self._put_whole(name, part, sent)
        else:
            pieces = itertools.chain([(part, last)], pieces)
            del part
            self._put_parts(name, pieces, sent)

    def get(self, name: str, *, start: int = 0) -> Generator[bytes, None, None]:
        """A blob's bytes. A connection that breaks is opened anew where it broke.

        Raises `BlobMissing`, `StoreUnavailable`.
        """
        checked_name(name)
        at, whole, etag, failures = start, -1, "", 0
        while whole < 0 or at < whole:
            try:
                with self._bucket.reading(name, _range(at, etag)) as reading:
                    whole = self._whole(name, reading, at)
                    etag = reading.headers.get("etag", "")
                    if at < whole:
                        for piece in reading.pieces():
                            at, failures = at + len(piece), 0
                            yield piece
                        _check_end(at, whole)
            except FetchFailed as problem:
                failures += 1
                if failures == self._bucket.attempts:
                    raise silent(problem.what) from None
                self._bucket.pause(failures - 1)

    def delete(self, name: str) -> None:
        """Delete a blob, and look whether it is gone. Raises `StoreUnavailable`."""
        asked = self._bucket.ask("DELETE", checked_name(name))
        if not is_success(asked.answer) and asked.code != "NoSuchKey":
            refuse(asked.answer.status, asked.code)
        if self._look(name) is not None:
            raise StoreUnavailable(
                "the service says that it deleted a blob, and still has it",
                where=name,
                remedy="see whether the bucket keeps what is deleted (object lock)",
            )

    def list(self, *, after: str = "") -> Iterator[Blob]:
        """Every blob after a name, in the order of names. Raises `StoreUnavailable`."""
        prefix, last, following = self._bucket.prefix, after, ""
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        if after:
            query["start-after"] = prefix + after
        while True:
            more = {"continuation-token": following} if following else {}
            found = answers.page(self._listing(query | more))
            for one in found.objects:
                name = one.key.removeprefix(prefix)
                if one.key.startswith(prefix) and is_blob_name(name):
                    if name <= last:
                        raise _disordered()
                    last = name
                    yield Blob(name=name, size=one.size, stored_at=one.changed_at)
            if not found.following:
                return
            if found.following == following:
                raise _disordered()
            following = found.following

    def tidy(self, before: datetime) -> int:
        """Abort uploads in parts that were begun before a time and never completed."""
        old = [upload for upload in self._uploads() if upload.begun_at < before]
        for upload in old:
            self._abort(upload.key.removeprefix(self._bucket.prefix), upload.id)
        return len(old)

    def close(self) -> None:
        """Close the connections."""
        self._bucket.close()

    def _put_whole(self, name: str, part: bytes, sent: Sent) -> None:
        sent.add(part)
        asked = self._bucket.ask("PUT", name, headers=_TYPE | self._once, body=part)
        if self._does_not_know_once(asked):
            asked = self._bucket.ask("PUT", name, headers=_TYPE, body=part)
        self._settle(name, asked, sent)

    def _put_parts(self, name: str, pieces: Iterator[tuple[bytes, bool]], sent: Sent) -> None:
        upload = self._begin(name)
        try:
            etags: list[str] = []
            for piece, _ in pieces:
                etags.append(self._send(name, upload, len(etags) + 1, piece, sent))
                del piece  # or it would be held while the next is made
            asked = self._complete(name, upload, etags)
        except BaseException:
            with suppress(StoreUnavailable):
                self._abort(name, upload)
            raise
        if asked.code or not is_success(asked.answer):
            with suppress(StoreUnavailable):
                self._abort(name, upload)
        self._settle(name, asked, sent)

    def _begin(self, name: str) -> str:
        asked = self._bucket.ask("POST", name, query={"uploads": ""}, headers=_TYPE)
        if not is_success(asked.answer):
            refuse(asked.answer.status, asked.code)
        return answers.upload_id(asked.answer.body)

    def _send(self, name: str, upload: str, number: int, part: bytes, sent: Sent) -> str:
        """Send one part; its ETag as the service has it."""
        if number > MOST_PARTS:
            raise StoreUnavailable(
                f"a blob has more than {MOST_PARTS:,} parts of {self._part_bytes:,} bytes",
                where="vault.store",
                remedy="keep files of this size in a store of another kind",
            )
        sent.add(part)
        query = {"partNumber": str(number), "uploadId": upload}
        asked = self._bucket.ask("PUT", name, query=query, body=part)
        if not is_success(asked.answer):
            refuse(asked.answer.status, asked.code)
        return asked.answer.headers.get("etag", "")

    def _complete(self, name: str, upload: str, etags: Sequence[str]) -> Asked:
        body, query = answers.completion(etags), {"uploadId": upload}
        for headers in (self._once, {}):
            asked = self._bucket.ask(
                "POST",
                name,
                query=query,
                headers=headers,
                body=body,
                settled=lambda answer: answers.is_complete(answer.body),
            )
            if not self._does_not_know_once(asked):
                break
        return asked

    def _does_not_know_once(self, asked: Asked) -> bool:
        """Whether the service lacks `If-None-Match`: then looking first must do."""
        if self._once and asked.answer.status == HTTPStatus.NOT_IMPLEMENTED:
            self._once = {}
            return True
        return False

    def _settle(self, name: str, asked: Asked, sent: Sent) -> None:
        """Look at what lies under the name now, whatever the service says of it."""
        taken = asked.answer.status == HTTPStatus.PRECONDITION_FAILED
        # An attempt whose answer was lost may have done it, and stands in its own way.
        lost = asked.again and (taken or asked.code == "NoSuchUpload")
        if not lost and taken:
            raise _taken(name)
        if not lost and (asked.code or not is_success(asked.answer)):
            refuse(asked.answer.status, asked.code)
        found = self._look(name)
        if found is None:
            raise _untrue("has none")
        if found.size == sent.size and self._is_sent(name, found, sent):
            return
        if taken:
            raise _taken(name)
        with suppress(StoreUnavailable):
            self.delete(name)
        raise _untrue("has other bytes")

    def _is_sent(self, name: str, found: _Found, sent: Sent) -> bool:
        """By its ETag; where that is none of the bytes, as with keys of the service, by reading."""
        if found.etag in sent.etags():
            return True
        with closing(self.get(name)) as pieces:
            return sent.is_same(pieces, self._part_bytes)

    def _look(self, name: str) -> _Found | None:
        asked = self._bucket.ask("HEAD", name)
        headers = asked.answer.headers
        if asked.answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not is_success(asked.answer):
            refuse(asked.answer.status, asked.code)
        size = headers.get("content-length", "")
        if not size.isdecimal():
            raise silent("it does not tell how long an object is")
        return _Found(size=int(size), etag=headers.get("etag", "").strip('"').lower())

    def _whole(self, name: str, reading: Reading, at: int) -> int:
        """How long the object is of which a part is being read, from an offset on."""
        length = reading.headers.get("content-length", "")
        match reading.status:
            case HTTPStatus.OK if not at and length.isdecimal():
                return int(length)
            case HTTPStatus.PARTIAL_CONTENT:
                first, _, whole = reading.headers.get("content-range", "").rpartition("/")
                if first.startswith(f"bytes {at}-") and whole.isdecimal():
                    return int(whole)
            case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return at
            case status if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                code = answers.error_code(reading.whole(LARGEST_ERROR))
                if code == "NoSuchKey":
                    raise BlobMissing("the store does not have this blob", where=name)
                refuse(status, code)
        raise silent("it does not answer with the part of an object that was asked for")

    def _listing(self, query: dict[str, str]) -> bytes:
        asked = self._bucket.ask("GET", None, query=query)
        if not is_success(asked.answer):
            refuse(asked.answer.status, asked.code)
        return asked.answer.body

    def _uploads(self) -> Iterator[answers.Upload]:
        query = {"uploads": "", "prefix": self._bucket.prefix, "encoding-type": "url"}
        while True:
            found = answers.uploads(self._listing(query))
            for upload in found.uploads:
                if is_blob_name(upload.key.removeprefix(self._bucket.prefix)):
                    yield upload
            if found.following is None:
                return
            query["key-marker"], query["upload-id-marker"] = found.following

    def _abort(self, name: str, upload: str) -> None:
        asked = self._bucket.ask("DELETE", name, query={"uploadId": upload})
        if not is_success(asked.answer) and asked.code != "NoSuchUpload":
            refuse(asked.answer.status, asked.code)


def _check_end(at: int, whole: int) -> None:
    """Go on where an answer ended before the object does."""
    if at < whole:
        raise FetchFailed("the answer broke off")


def _range(at: int, etag: str) -> dict[str, str]:
    """Ask for what follows an offset, of the very object that was read so far."""
    wanted = {"Range": f"bytes={at}-"} if at else {}
    return wanted | ({"If-Match": etag} if etag else {})


def _taken(name: str) -> Conflict:
    return Conflict("there is a blob of this name", where=name)


def _untrue(has: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"the service said that it keeps what was sent, and {has}",
        where="vault.s3_url",
        remedy="do not use it for evidence until its operator has explained this",
    )


def _disordered() -> StoreUnavailable:
    return StoreUnavailable(
        "the service does not list in the order of names",
        where="vault.s3_url",
        remedy="use a bucket of the general kind, not a directory bucket",
    )
