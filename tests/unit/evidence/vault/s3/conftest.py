"""A server that speaks the wire format of S3 and misbehaves as it is told to."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tutela.evidence.vault.s3.bucket import Bucket
from tutela.evidence.vault.s3.signature import Credentials
from tutela.evidence.vault.s3.store import S3Store
from tutela.outgoing import Calls

SECRET = "secret-of-a-drill"  # noqa: S105 - there is no such account
AT = "2026-01-02T03:04:05.000Z"


@dataclass
class Fault:
    """What the server does with a request instead of answering it as it should.

    Attributes:
        on: method that it happens to.
        times: how often.
        status, code: answers so, before anything is done.
        after: does it after the request has taken effect.
        hang: says nothing for so many seconds.
        reset: closes with a reset, after so many bytes of the answer.
        keep: keeps this of what was sent and says that all is well.
        etag: the ETag that it tells.
        raw: this body instead of its own.
    """

    on: str
    times: int = 1
    status: int = 0
    code: str = ""
    after: bool = False
    hang: float = 0.0
    reset: int = -1
    keep: slice | bytes | None = None
    etag: str = ""
    raw: bytes | None = None


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class FakeS3:
    """State of the fake."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.objects: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.keys: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.knows_once = True
        self.knows_ranges = True
        self.forgetful = False
        self.page = 1000
        self.order = 1
        self.url = ""

    def will(self, on: str, times: int = 1, **fault: object) -> None:
        self.faults.append(Fault(on, times, **fault))  # type: ignore[arg-type]

    def next_fault(self, method: str) -> Fault:
        with self.lock:
            for fault in self.faults:
                if fault.on == method and fault.times:
                    fault.times -= 1
                    return fault
        return Fault(method)

    def store(self, seconds: float = 20, **about: object) -> S3Store:
        calls = Calls(self.url, private=True, seconds=seconds, limit=1_000_000)
        credentials = Credentials(access_key="AKIDEXAMPLE", secret_key=SECRET)
        bucket = Bucket(calls, "bucket/pre fix", "eu-west-1", credentials, pauses=(0.01, 0.01))
        return S3Store(bucket, **about)  # type: ignore[arg-type]

    def answer(self, request: Handler, body: bytes, fault: Fault) -> Reply:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        bucket, _, key = unquote(parts.path).strip("/").partition("/")
        assert bucket == "bucket"
        with self.lock:
            if not key:
                return self._list_uploads(query) if "uploads" in query else self._list(query)
            if "uploads" in query or "uploadId" in query:
                return self._upload(key, query, request, body, fault)
            return self._object(key, request, body, fault)

    def _object(self, key: str, request: Handler, body: bytes, fault: Fault) -> Reply:
        match request.command:
            case "HEAD" | "GET":
                return self._get(key, request, fault)
            case "PUT":
                return self._put(key, body, request, fault)
            case _:
                self.objects.pop(key, None)
                return Reply(204)

    def _upload(
        self, key: str, query: dict[str, str], request: Handler, body: bytes, fault: Fault
    ) -> Reply:
        match request.command:
            case "POST" if "uploads" in query:
                return self._begin(key)
            case "POST":
                return self._complete(key, query["uploadId"], body, request, fault)
            case "PUT":
                return self._part(query, body)
            case _:
                self.uploads.pop(query["uploadId"], None)
                return Reply(204)

    def _get(self, key: str, request: Handler, fault: Fault) -> Reply:
        if key not in self.objects:
            return error(404, "NoSuchKey")
        whole = self.objects[key]
        headers = {"ETag": f'"{fault.etag or self.etags[key]}"'}
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if not found or not self.knows_ranges:
            return Reply(200, whole, headers)
        at = int(found[1])
        if at >= len(whole):
            return error(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {at}-{len(whole) - 1}/{len(whole)}"
        return Reply(206, whole[at:], headers)

    def _refused(self, key: str, request: Handler) -> Reply | None:
        if "If-None-Match" not in request.headers:
            return None
        if not self.knows_once:
            return error(501, "NotImplemented")
        return error(412, "PreconditionFailed") if key in self.objects else None

    def _keep(self, key: str, body: bytes, etag: str, fault: Fault) -> None:
        if isinstance(fault.keep, bytes):
            body, etag = fault.keep, fault.etag or hashlib.md5(fault.keep).hexdigest()  # noqa: S324
        elif fault.keep is not None:
            body = body[fault.keep]
        self.objects[key], self.etags[key] = body, fault.etag or etag
        if isinstance(fault.keep, slice) and not body:
            del self.objects[key]

    def _put(self, key: str, body: bytes, request: Handler, fault: Fault) -> Reply:
        if refused := self._refused(key, request):
            return refused
        self._keep(key, body, hashlib.md5(body).hexdigest(), fault)  # noqa: S324
        return Reply(200, b"", {"ETag": f'"{self.etags[key]}"'})

    def _begin(self, key: str) -> Reply:
        upload = f"upload-{len(self.keys)}"
        self.uploads[upload], self.keys[upload] = {}, key
        return xml(
            f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
            "</InitiateMultipartUploadResult>"
        )

    def _part(self, query: dict[str, str], body: bytes) -> Reply:
        if query["uploadId"] not in self.uploads:
            return error(404, "NoSuchUpload")
        self.uploads[query["uploadId"]][int(query["partNumber"])] = b"" if self.forgetful else body
        return Reply(200, b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324

    def _complete(
        self, key: str, upload: str, body: bytes, request: Handler, fault: Fault
    ) -> Reply:
        if upload not in self.uploads:
            return error(404, "NoSuchUpload")
        if refused := self._refused(key, request):
            return refused
        pieces = [self.uploads[upload][n] for n in sorted(self.uploads[upload])]
        told = re.findall(
            r"<PartNumber>(\d+)</PartNumber><ETag>&?[^<]*?([0-9a-f]{32})", body.decode()
        )
        digests = [hashlib.md5(piece) for piece in pieces]  # noqa: S324
        expected = [(str(number), one.hexdigest()) for number, one in enumerate(digests, 1)]
        assert self.forgetful or told == expected
        whole = hashlib.md5(b"".join(one.digest() for one in digests)).hexdigest()  # noqa: S324
        self._keep(key, b"".join(pieces), f"{whole}-{len(pieces)}", fault)
        del self.uploads[upload]
        return xml("<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>")

    def _list(self, query: dict[str, str]) -> Reply:
        after = query.get("continuation-token") or query.get("start-after", "")
        found = [
            key for key in sorted(self.objects) if key.startswith(query["prefix"]) and key > after
        ]
        page = found[: self.page]
        more = len(page) < len(found)
        entries = "".join(
            f"<Contents><Key>{key.replace(' ', '%20')}</Key><LastModified>{AT}</LastModified>"
            f"<Size>{len(self.objects[key])}</Size></Contents>"
            for key in page[:: self.order]
        )
        token = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        return xml(
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{entries}{token}'
            f"<IsTruncated>{str(more).lower()}</IsTruncated></ListBucketResult>"
        )

    def _list_uploads(self, query: dict[str, str]) -> Reply:
        marker = query.get("upload-id-marker", "")
        found = [upload for upload in sorted(self.uploads) if upload > marker]
        page = found[: self.page]
        more = len(page) < len(found)
        entries = "".join(
            f"<Upload><Key>{self.keys[one].replace(' ', '%20')}</Key><UploadId>{one}</UploadId>"
            f"<Initiated>{AT}</Initiated></Upload>"
            for one in page
        )
        markers = (
            f"<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>{page[-1]}</NextUploadIdMarker>"
            if more
            else ""
        )
        return xml(
            f"<ListMultipartUploadsResult>{entries}{markers}"
            f"<IsTruncated>{str(more).lower()}</IsTruncated></ListMultipartUploadsResult>"
        )


def xml(text: str) -> Reply:
    return Reply(200, b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode())


def error(status: int, code: str) -> Reply:
    reply = xml(f"<Error><Code>{code}</Code><Message>it went as {SECRET}</Message></Error>")
    return Reply(status, reply.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeS3

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        assert self.headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
        with self.fake.lock:
            self.fake.seen.append(f"{self.command} {self.path}")
            self.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.fake.next_fault(self.command)
        failed = error(fault.status, fault.code) if fault.status else None
        reply = failed if failed and not fault.after else self.fake.answer(self, body, fault)
        time.sleep(fault.hang)
        self._send(failed or reply, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - as the library has it

    def _send(self, reply: Reply, fault: Fault) -> None:
        body = reply.body if fault.raw is None else fault.raw
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if fault.reset < 0 else body[: fault.reset])
        if fault.reset >= 0:
            time.sleep(0.05)  # what was sent before a reset may still arrive
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """What breaks here was broken on purpose, or is seen by the test."""


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    made = FakeS3()
    handler = type("Bound", (Handler,), {"fake": made})
    with Listener(("127.0.0.1", 0), handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def at() -> datetime:
    """When everything in the fake was stored."""
    return datetime.fromisoformat(AT).astimezone(UTC)
