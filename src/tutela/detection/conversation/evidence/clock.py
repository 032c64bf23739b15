"""When something was said, in the measures in which evidence is forgotten: messages and days."""

from __future__ import annotations

from datetime import UTC, datetime

OF_A_DAY = 50
"""So many messages of one day let evidence be forgotten: more would only wash it away."""

_DAY = 86_400.0


class Clock:
    """Goes on with each message, never back, whatever times the messages name.

    Attributes:
        place: of the message now, from 0; -1 before the first.
        seconds: since 1970 when it was sent, as it says itself; None where it does not.
        messages: that count for forgetting.
        days: since the first message that has a time.
    """

    __slots__ = ("_day", "_latest", "_of_day", "_started", "days", "messages", "place", "seconds")

    def __init__(
        self,
        place: int = -1,
        messages: int = 0,
        started: float | None = None,
        latest: float | None = None,
        of_day: tuple[int, int] = (0, 0),
    ) -> None:
        self.place = place
        self.messages = messages
        self.seconds: float | None = None
        self._started = started
        self._latest = latest
        self._day, self._of_day = of_day
        self.days = 0.0 if started is None or latest is None else (latest - started) / _DAY

    def tick(self, time: datetime | None) -> None:
        """A message comes, sent at `time`; a time without a zone is taken as UTC."""
        self.place += 1
        if time is None:
            self.seconds = None
            if self._started is None:
                self.messages += 1
                return
        else:
            self.seconds = seconds = _seconds(time)
            if self._started is None or self._latest is None:
                self._started = self._latest = seconds
            elif seconds > self._latest:
                self._latest = seconds
                self.days = (seconds - self._started) / _DAY
        day = int(self.days)
        if day != self._day:
            self._day, self._of_day = day, 0
        if self._of_day < OF_A_DAY:
            self._of_day += 1
            self.messages += 1

    def dump(self) -> tuple[int, int, float | None, float | None, tuple[int, int]]:
        """What a clock that goes on from here is made with."""
        return self.place, self.messages, self._started, self._latest, (self._day, self._of_day)


def _seconds(time: datetime) -> float:
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
