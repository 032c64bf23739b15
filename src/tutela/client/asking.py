"""How a request is made until it has an answer: what is repeated, when, and for how long.

Nothing here touches a socket or sleeps. A call is a generator that yields what it needs (`Send`,
`Pause`, `Work`, `Tell`) and is given the outcome; one small driver runs it on threads, another one
on asyncio. So there is one implementation of everything that can go wrong.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, TypeVar

import httpx2
import msgspec

from tutela.client.answers import Answer, Problem
from tutela.client.problems import (
    BadAnswer,
    EventConflict,
    KeyRefused,
    Refused,
    ServerTrouble,
    Trouble,
    Unreachable,
)

FIRST_PAUSE = 0.1
GREATEST_PAUSE = 5.0
ANSWER_BYTES = 64_000_000
"""Greatest answer that is read."""
_TROUBLE = frozenset({408, 429, 500, 502, 503, 504})
_NOT_TAKEN = frozenset({429, 503})
_TIMED_OUT = "timed-out"
"""Code of a 503 that does not say whether the request took effect."""

T = TypeVar("T")


class Reply(NamedTuple):
    """An answer of the server, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(NamedTuple):
    """Send a request and read the whole answer before the clock shows `until`."""

    request: httpx2.Request
    until: float


class Pause(NamedTuple):
    """Wait."""

    seconds: float


class Work(NamedTuple):
    """Do something that blocks."""

    do: Callable[[], Any]


class Tell(NamedTuple):
    """Hand an answer to the caller of `flush`."""

    answer: Answer


Effect: TypeAlias = Send | Pause | Work | Tell
Steps: TypeAlias = Generator[Effect, Any, T]


class Patience(NamedTuple):
    """How long a call may take.

    Attributes:
        timeout: longest silence of the server within one attempt, in seconds.
        retries: how often a request is repeated at most.
        deadline: seconds for all attempts and pauses together.
    """

    timeout: float = 10.0
    retries: int = 4
    deadline: float = 30.0


class Repeat(Enum):
    """What may be repeated without doing something twice."""

    ALWAYS = "always"
    """The request has the same effect however often it arrives: reads, checks by event id."""
    NOT_TAKEN = "not taken"
    """Only where the server surely did nothing with it."""


class Place(NamedTuple):
    """Where a request goes: shown in errors, so without query and key."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def ask(
    place: Place,
    prepare: Callable[[], httpx2.Request],
    patience: Patience,
    repeat: Repeat,
    understand: Callable[[Reply], T],
) -> Steps[T]:
    """Make a request until it has an answer that is no trouble.

    Args:
        place: where it goes.
        prepare: makes the request, anew for each attempt.
        patience: how long it may take.
        repeat: what may be repeated.
        understand: makes of the answer what was asked for, or raises `BadAnswer`.

    Raises:
        Refused: the server refused it; repeating it would not help.
        Trouble: no answer came in time.
    """
    until = time.monotonic() + patience.deadline
    for number in range(patience.retries + 1):
        try:
            reply = yield from attempt(place, prepare(), patience, until)
            return understand(checked(place, reply))
        except Trouble as trouble:
            pause = _pause(trouble, number)
            over = number == patience.retries or time.monotonic() + pause >= until
            if over or not _repeatable(trouble, repeat):
                raise
        yield Pause(pause)
    raise AssertionError  # the last attempt returns or raises


def read(reply: Reply, kind: type[T], place: Place) -> T:
    """Decode an answer.

    Raises:
        BadAnswer: it is not what was asked for.
    """
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Without the decoder's own text, which may repeat what it could not read.
        raise BadAnswer("the answer is not what was asked for", where=str(place)) from None


def checked(place: Place, reply: Reply) -> Reply:
    """Pass an answer on that is no problem; else raise it as `Refused` or one of its kinds."""
    if httpx2.codes.is_success(reply.status):
        return reply
    problem = _problem(reply)
    where = str(place)
    match problem.status:
        case 401 | 403:
            raise KeyRefused(problem, where=where)
        case 409:
            raise EventConflict(problem, where=where)
        case status if status in _TROUBLE:
            raise ServerTrouble(problem, where=where, retry_after=_retry_after(reply))
        case _:
            raise Refused(problem, where=where)


def attempt(
    place: Place, request: httpx2.Request, patience: Patience, until: float
) -> Steps[Reply]:
    """Make a request once, whatever the status of its answer.

    Raises:
        Unreachable: there is no answer.
    """
    left = max(0.001, min(patience.timeout, until - time.monotonic()))
    limits = dict.fromkeys(("connect", "read", "write", "pool"), left)
    request.extensions = {**request.extensions, "timeout": limits}
    try:
        reply: Reply = yield Send(request, until)
    except Unreachable as problem:
        raise Unreachable(problem.what, sent=problem.sent, where=str(place)) from None
    return reply


def _problem(reply: Reply) -> Problem:
    """The problem document; one made from the status where the body is none, as of a proxy."""
    try:
        problem = msgspec.json.decode(reply.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem()
    detail = problem.detail or f"the server answered with status {reply.status}"
    return msgspec.structs.replace(problem, status=reply.status, detail=detail)


def _retry_after(reply: Reply) -> float:
    """Seconds that the server asks to wait. The date form of the header counts as unsaid."""
    said = reply.headers.get("retry-after", "").strip()
    return float(said) if said.replace(".", "", 1).isdecimal() else 0.0


def _pause(trouble: Trouble, number: int) -> float:
    """Twice as long each time, at least as long as asked for, and never the same for two."""
    own = min(FIRST_PAUSE * 2.0**number, GREATEST_PAUSE)
    jitter = 0.5 + secrets.randbelow(1000) / 1000
    asked = trouble.retry_after if isinstance(trouble, ServerTrouble) else 0.0
    return asked + own * jitter


def _repeatable(trouble: Trouble, repeat: Repeat) -> bool:
    if repeat is Repeat.ALWAYS:
        return True
    if isinstance(trouble, Unreachable):
        return not trouble.sent
    if isinstance(trouble, ServerTrouble):
        return trouble.problem.status in _NOT_TAKEN and trouble.problem.code != _TIMED_OUT
    return False
