"""A real server that speaks S3, in a process of its own: that of moto."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tutela.evidence.vault.s3.bucket import Bucket
from tutela.evidence.vault.s3.signature import Credentials
from tutela.evidence.vault.s3.store import PART_BYTES, S3Store
from tutela.outgoing import Calls

CREDENTIALS = Credentials(access_key="AKIDEXAMPLE", secret_key="of a drill")  # noqa: S106
REGION = "us-east-1"
PROGRAM = "from moto.server import main; main()"


class S3Server:
    """A running server; `url` is its address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count()

    def bucket(self) -> str:
        """Make a new bucket; its name."""
        name = f"evidence-{next(self._numbers)}"
        calls = Calls(self.url, private=True)
        answer = Bucket(calls, name, REGION, CREDENTIALS).ask("PUT", None).answer
        calls.close()
        assert answer.status == 200, answer.body
        return name

    def store(self, place: str = "", *, part_bytes: int = PART_BYTES) -> S3Store:
        """Open a store in a bucket, a new one unless a place is named."""
        calls = Calls(self.url, private=True, limit=4_000_000)
        return S3Store(
            Bucket(calls, place or self.bucket(), REGION, CREDENTIALS), part_bytes=part_bytes
        )


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run one, which forgets everything with its end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, "-H", "127.0.0.1", "-p", str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        command, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            assert process.poll() is None, "the server did not start"
            time.sleep(0.05)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
