"""A drill against a running server: fill a bank, send uploads, count the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

from tutela.drill.client import Client
from tutela.drill.photographs import listed
from tutela.drill.plan import Upload
from tutela.drill.tally import Tally
from tutela.errors import Unavailable
from tutela.model.verdict import Verdict

BANK = "drill"
"""Name of the bank that a drill fills."""
COUNT_SECONDS = 10.0
"""Longest wait until added entries count; it takes less than a second."""
SENDERS = 4
"""Uploads under way at once: enough that the server always has one to work on."""


def fill_bank(client: Client) -> None:
    """Create the drill bank, add the listed photographs through the API, wait until they count.

    Raises:
        Unavailable: the server refused, or the photographs did not count in time.
    """
    source = "Photographs of landscapes and things that ship with Tutela"
    client.post("/v1/banks", {"name": BANK, "source": source, "trusted": True, "drill": True})
    version = 0
    for photograph in listed():
        fields = {"label": photograph.name, "source": BANK}
        name = f"{photograph.name}.jpg"
        answer = client.upload(f"/v1/banks/{BANK}/media", fields, photograph.data, name)
        version = answer["version"]
    until = time.monotonic() + COUNT_SECONDS
    while client.get("/health/ready")["list_version"] < version:
        if time.monotonic() > until:
            raise Unavailable("the entries of the drill bank do not count yet", where="index")
        time.sleep(0.05)


def send(
    connect: Callable[[], Client], uploads: Sequence[Upload], answered: Callable[[], object]
) -> Tally:
    """Send uploads, several at once, and count the verdicts.

    Args:
        connect: opens a connection; called once for each sender.
        uploads: what to send. Files are made as they are sent.
        answered: called after each answer.

    Raises:
        Unavailable: the server refused an upload, or is gone. What is not sent yet is dropped.
    """
    tally = Tally()
    with ExitStack() as stack:
        idle: SimpleQueue[Client] = SimpleQueue()
        for _ in range(SENDERS):
            idle.put(stack.enter_context(connect()))

        def one(upload: Upload) -> Verdict:
            file = upload.file()
            client = idle.get()
            try:
                return check(client, upload, file)
            finally:
                idle.put(client)

        pool = ThreadPoolExecutor(SENDERS)
        stack.callback(pool.shutdown, cancel_futures=True)
        for upload, verdict in zip(uploads, pool.map(one, uploads), strict=True):
            tally.add(upload.recipe.kind, verdict)
            answered()
    return tally


def check(client: Client, upload: Upload, file: bytes) -> Verdict:
    """Send one upload as a web form does and return the verdict."""
    fields = {"event_id": f"drill-{upload.number}", "surface": "drill", "drill": "true"}
    answer = client.upload("/v1/check", fields, file, "photo.jpg")
    return Verdict(answer["verdict"])
