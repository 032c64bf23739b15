"""A message to a destination that asks for nothing, to see whether one would arrive."""

from __future__ import annotations

from tutela.errors import Unavailable
from tutela.model import Destination
from tutela.model.record import Record
from tutela.outgoing import Outgoing
from tutela.response.secrets import Secrets


class Tried(Record, frozen=True, kw_only=True):
    """What came of a test message.

    Attributes:
        destination: where it was sent.
        id: its id: `test-…`.
        confirmed: whether the answer is one that would confirm an action, or take it.
        text: what came back, in plain words; never with the address.
    """

    destination: str
    id: str
    confirmed: bool
    text: str


async def try_destination(destination: Destination, secrets: Secrets, outgoing: Outgoing) -> Tried:
    """Send a test message and wait for the answer."""
    del destination, secrets, outgoing
    raise Unavailable("test messages cannot be sent yet")
