"""What can go wrong between a platform and the server, as typed errors."""

from __future__ import annotations

from typing import ClassVar

from tutela.client.answers import Problem
from tutela.errors import TutelaError


class Trouble(TutelaError):
    """No answer came, and another attempt later may bring one. With a spool, the event is kept."""

    code: ClassVar[str] = "trouble"


class Unreachable(Trouble):
    """The server could not be reached, did not answer in time, or broke off.

    Attributes:
        sent: whether any of the request may have reached the server.
    """

    code: ClassVar[str] = "unreachable"

    def __init__(self, what: str, *, sent: bool, where: str = "", remedy: str = "") -> None:
        self.sent = sent
        super().__init__(what, where=where, remedy=remedy)


class BadAnswer(Trouble):
    """An answer came that is none: not JSON, cut short, or about something else."""

    code: ClassVar[str] = "bad-answer"


class Refused(TutelaError):
    """The server answered with a problem document.

    Attributes:
        problem: the document; `problem.status`, `problem.code`, `problem.instance`.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, problem: Problem, *, where: str = "") -> None:
        self.problem = problem
        place = f"{where} ({problem.where})" if problem.where else where
        what = problem.detail or problem.title or f"the server answered {problem.status}"
        super().__init__(what, where=place, remedy=problem.remedy)


class KeyRefused(Refused):
    """The API key is not valid, or its role may not do this (401, 403)."""

    code: ClassVar[str] = "key-refused"


class EventConflict(Refused):
    """The event id is known with other content (409)."""

    code: ClassVar[str] = "conflict"


class ServerTrouble(Refused, Trouble):
    """The server is busy, not ready, or failed (408, 429, 5xx), and stayed so.

    Attributes:
        retry_after: seconds that it asked to wait; 0 where it did not say.
    """

    code: ClassVar[str] = "server-trouble"

    def __init__(self, problem: Problem, *, where: str = "", retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(problem, where=where)

    @property
    def busy(self) -> bool:
        """Whether it said that it takes nothing now, as opposed to having failed at this."""
        return self.problem.status in {429, 503}


class SpoolFull(TutelaError):
    """The spool has reached its size limit, and the event was not kept."""

    code: ClassVar[str] = "spool-full"
