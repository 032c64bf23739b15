"""The state of a running conversation as bytes: features, never text.

    magic (4 bytes) | digest of the rest (8 bytes) | MessagePack

It is bounded: so many people, so many authors with evidence, so many grounds. A damaged byte is
found by the digest, a state of another form by the magic or by its shape.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

import msgspec

from tutela.errors import InvalidInput

_DIGEST_BYTES = 8
_T = TypeVar("_T")


class PoolState(msgspec.Struct, frozen=True, array_like=True):
    """`tutela.detection.conversation.evidence.side.Pool`, with the id of its cue."""

    cue: str
    points: float
    messages: int
    days: float
    half_messages: float
    half_days: float
    hard: bool
    share: float


class SideState(msgspec.Struct, frozen=True, array_like=True):
    """`tutela.detection.conversation.evidence.side.Side`, with the id of its author."""

    author: str
    credit: float
    pools: tuple[PoolState, ...]


class PersonState(msgspec.Struct, frozen=True, array_like=True):
    """`tutela.detection.conversation.evidence.people.Person`."""

    id: str
    band: str
    source: str
    years: int | None
    told_young: bool
    told_older: bool
    wrote: bool


class GroundState(msgspec.Struct, frozen=True, array_like=True):
    """`tutela.model.conversation.rating.Ground`."""

    message: int
    author: str
    cue: str
    points: float
    stage: str
    start: int
    end: int


class MediaState(msgspec.Struct, frozen=True, array_like=True):
    """The last picture or video: its place, and seconds since 1970 where they are known."""

    message: int
    seconds: float | None


class LedgerState(msgspec.Struct, frozen=True, array_like=True):
    """`tutela.detection.conversation.evidence.ledger.Ledger`."""

    author: str
    answered: str
    people: tuple[PersonState, ...]
    sides: tuple[SideState, ...]
    stages: dict[str, tuple[int, int]]
    grounds: tuple[GroundState, ...]
    lanes: tuple[str, ...]
    media: MediaState | None
    hits: int
    peak: float
    first_alert: int | None


class RunningState(msgspec.Struct, frozen=True, array_like=True):
    """Everything of a running conversation."""

    conversation: str
    told: str
    heard: bytes
    found: dict[str, int]
    characters: int
    sure: bool
    texts: int
    clock: tuple[int, int, float | None, float | None, tuple[int, int]]
    ledger: LedgerState


def pack(magic: bytes, state: msgspec.Struct) -> bytes:
    """A state as bytes."""
    body = msgspec.msgpack.encode(state)
    return magic + blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def unpack(magic: bytes, data: bytes, kind: type[_T]) -> _T:
    """What `pack` made bytes of.

    Raises:
        InvalidInput: it is damaged, or of another kind of model.
    """
    head = len(magic) + _DIGEST_BYTES
    if data[: len(magic)] != magic:
        raise InvalidInput("the state of the conversation is of another model", remedy=_REMEDY)
    body = data[head:]
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != data[len(magic) : head]:
        raise InvalidInput("the state of the conversation is damaged", remedy=_REMEDY)
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.MsgspecError as problem:
        raise InvalidInput(
            "the state of the conversation is of another form", remedy=_REMEDY
        ) from problem


_REMEDY = "begin the conversation anew"
