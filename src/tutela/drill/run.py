"""A drill against a running server: fill a bank, send uploads, count the answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from tutela.client import Tutela
from tutela.drill.photographs import listed
from tutela.drill.plan import Upload, UploadKind
from tutela.drill.tally import Tally
from tutela.errors import Unavailable
from tutela.model.record import Record
from tutela.model.verdict import Verdict

BANK = "drill"
"""Name of the bank that a drill fills."""
COUNT_SECONDS = 10.0
"""Longest wait until added entries count; it takes less than a second."""
LOOK_BACK_SECONDS = 90.0
"""Longest wait until the past was compared; the process that does so may still be starting."""
SENDERS = 4
"""Uploads under way at once: enough that the server always has one to work on."""


class LookBack(Record, frozen=True, kw_only=True):
    """What came of a photograph that was listed after it had been sent.

    Attributes:
        sent: earlier uploads of it.
        found: those that a re-scan has found.
    """

    photograph: str
    sent: int
    found: int

    @property
    def sound(self) -> bool:
        """Whether every earlier upload was found."""
        return self.found == self.sent

    def line(self) -> str:
        """One line for people."""
        return (
            f"past: {self.photograph} was listed afterwards, and {self.found} of {self.sent} "
            "earlier uploads of it were found"
        )


def fill_bank(client: Tutela) -> None:
    """Create the drill bank, add the listed photographs through the API, wait until they count.

    Raises:
        Unavailable: the photographs did not count in time.
        TutelaError: the server refused, or is gone.
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
    while client.ready().list_version < version:
        if time.monotonic() > until:
            raise Unavailable("the entries of the drill bank do not count yet", where="index")
        time.sleep(0.05)


def send(client: Tutela, uploads: Sequence[Upload], answered: Callable[[], object]) -> Tally:
    """Send uploads, several at once, and count the verdicts.

    Args:
        client: what they are sent with.
        uploads: what to send. Files are made as they are sent.
        answered: called after each answer.

    Raises:
        TutelaError: the server refused an upload, or is gone. What is not sent yet is dropped.
    """
    tally = Tally()
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(SENDERS)
        stack.callback(pool.shutdown, cancel_futures=True)
        verdicts = pool.map(partial(check, client), uploads)
        for upload, verdict in zip(uploads, verdicts, strict=True):
            tally.add(upload.recipe.kind, verdict)
            answered()
    return tally


def look_back(
    client: Tutela, uploads: Sequence[Upload], begins: Callable[[str], object]
) -> LookBack | None:
    """List a photograph that was sent before, and wait until it is found in the past.

    Args:
        client: a connection of an admin.
        uploads: all that was sent.
        begins: called with the name of the photograph before it is listed.

    Returns:
        What came of it, or None where no photograph was sent that is not listed.
    """
    sent = [upload for upload in uploads if upload.recipe.kind is UploadKind.UNRELATED]
    if not sent:
        return None
    names = Counter(upload.photograph.name for upload in sent)
    name, _ = names.most_common(1)[0]
    begins(name)
    copies = [upload for upload in sent if upload.photograph.name == name]
    fields = {"label": name, "source": BANK}
    data = copies[0].photograph.data
    client.upload(f"/v1/banks/{BANK}/media", fields, data, f"{name}.jpg")
    wanted = {event_id(upload) for upload in copies}
    until = time.monotonic() + LOOK_BACK_SECONDS
    while not wanted <= (found := _found(client)) and time.monotonic() < until:
        time.sleep(0.2)
    return LookBack(photograph=name, sent=len(wanted), found=len(wanted & found))


def _found(client: Tutela) -> set[str]:
    """Ids of the events that re-scans have found something in."""
    rescans = client.get("/v1/rescans")["rescans"]
    pages = [client.get(f"/v1/rescans/{one['id']}/findings?limit=500") for one in rescans]
    findings = [finding for page in pages for finding in page["findings"]]
    return {finding["event"]["origin"]["event_id"] for finding in findings}


def event_id(upload: Upload) -> str:
    """The id that an upload is sent with."""
    return f"drill-{upload.number}"


def check(client: Tutela, upload: Upload) -> Verdict:
    """Make one upload, send it, and return the verdict."""
    file = upload.file()
    answer = client.check(media=file, event_id=event_id(upload), surface="drill", drill=True)
    return answer.verdict
