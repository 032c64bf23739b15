"""The client: `Tutela` for threads, `AsyncTutela` for asyncio, with the same calls."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from tutela.client.answers import Answer, Appeal, Confirmed, Lookup, Readiness, StoredEvent
from tutela.client.asking import Patience
from tutela.client.calls import Calls, Flushed, OnTrouble, PlaceTold
from tutela.client.carrying import Loop, Threads, tls_of
from tutela.client.conversing import MessagesAnswer, RatedConversation, StoredConversation
from tutela.client.spool import Spool
from tutela.client.told import AppealArguments, EventArguments
from tutela.model import Receipt, Signal
from tutela.model.conversation.batch import NewMessage, NewReport

TIMEOUT = 10.0
RETRIES = 4
DEADLINE = 30.0
FLUSH_SECONDS = 10.0
LOGGER = "tutela.client"
FLUSH_FAILED = "what waits in the spool could not be sent, and is tried again"


class Tutela:
    """A client of one server. Any number of threads may share it.

    Args:
        url: address of the server.
        key: API key of the role uploader.
        timeout: longest silence of the server within one attempt, in seconds.
        retries: how often a request is repeated where that is safe.
        deadline: seconds for all attempts and pauses of one call together.
        spool: a folder for events that could not be sent; without one, `check` raises.
        on_trouble: what the answer of a spooled event asks for: `closed` is hold, `open` allow.
        tls: how certificates are checked, such as for an authority of your own; else as usual.

    Raises:
        InvalidInput: the address is none.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        deadline: float = DEADLINE,
        spool: Spool | os.PathLike[str] | str | None = None,
        on_trouble: OnTrouble = "closed",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        patience = Patience(timeout, retries, deadline)
        self._calls = Calls(url, key, patience, _spool(spool), on_trouble)
        self._driver = Threads(tls_of(self._calls.url, tls))

    def __enter__(self) -> Self:
        """Use the client as a context that closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._driver.http.close()

    def check(self, **event: Unpack[EventArguments]) -> Answer:
        """Check one event. What it takes stands in `EventArguments`.

        Safe to call again with the same `event_id`: the same event has the same answer.

        Raises:
            InvalidInput: the arguments contradict each other, or a file cannot be read.
            Refused: the server refused the event; `problem` says why.
            Trouble: no answer came in time, and there is no spool.
            SpoolFull: no answer came in time, and the spool has no room.
        """
        return self._driver.run(self._calls.check(event))

    def lookup(
        self,
        signals: Iterable[Signal],
        *,
        banks: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Lookup:
        """Ask for the matches of ready-made signals. Nothing is decided, nothing stored."""
        return self._driver.run(self._calls.lookup(tuple(signals), _tuple(banks), limit))

    def event(self, event_id: str) -> StoredEvent:
        """Read a stored event; raises `Refused` with status 404 where there is none."""
        return self._driver.run(self._calls.event(event_id))

    def appeal(self, **appeal: Unpack[AppealArguments]) -> Appeal:
        """Contest a decision for the person whom it hits: `AppealArguments` says what it takes.

        Safe to call again with the same `id`: the same appeal has the same answer.

        Raises:
            Refused: there is nothing to contest, or it was decided before; `problem` says why.
            Trouble: no answer came in time. Keep the text, and send it again.
        """
        return self._driver.run(self._calls.appeal(appeal))

    def appealed(self, appeal_id: str) -> Appeal:
        """Read what came of an appeal; raises `Refused` with status 404 where there is none."""
        return self._driver.run(self._calls.appealed(appeal_id))

    def messages(
        self, messages: Iterable[NewMessage], reports: Iterable[NewReport] = ()
    ) -> MessagesAnswer:
        """Hand in messages as they are written, up to 1 000 of any conversations.

        Safe to call again with the same: a message whose number was taken before does nothing.

        Raises:
            Refused: the batch as a whole cannot be taken; `problem` says why.
            Trouble: no answer came in time. Keep the messages, and send them again.
        """
        return self._driver.run(self._calls.messages(tuple(messages), tuple(reports)))

    def rate(
        self, record: Mapping[str, object], *, region: str = "", surface: str = ""
    ) -> RatedConversation:
        """Rate a whole conversation, a record as in files; nothing of it is kept."""
        return self._driver.run(self._calls.rate(record, PlaceTold(region, surface)))

    def conversation(self, conversation_id: str, *, drill: bool = False) -> StoredConversation:
        """Read where a conversation stands; raises `Refused` with status 404 for none."""
        return self._driver.run(self._calls.conversation(conversation_id, drill=drill))

    def confirm(self, receipt: Receipt) -> Confirmed:
        """Tell what came of an action that the server asked for."""
        return self._driver.run(self._calls.confirm(receipt))

    def ready(self) -> Readiness:
        """Ask once whether the server can answer for its lists."""
        return self._driver.run(self._calls.ready())

    def flush(self, told: Callable[[Answer], object] = lambda _: None) -> Flushed:
        """Send what waits in the spool, oldest first.

        Args:
            told: called with each answer before its event leaves the spool. After a crash it may
                be called again for the same event.

        Raises:
            KeyRefused: the key may not check; everything stays as it was.
        """
        return self._driver.run(self._calls.flush(), told)

    def keep_flushing(
        self,
        stop: threading.Event,
        told: Callable[[Answer], object] = lambda _: None,
        *,
        every: float = FLUSH_SECONDS,
    ) -> None:
        """Flush again and again until `stop` is set: what a background thread runs.

        What goes wrong, here or in `told`, is logged, and tried again after the next pause.
        """
        while not stop.wait(every):
            try:
                self.flush(told)
            except Exception:
                logging.getLogger(LOGGER).exception(FLUSH_FAILED)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Read any other route of the API: its JSON."""
        return self._driver.run(self._calls.other("GET", path))

    def post(self, path: str, document: object) -> Any:  # noqa: ANN401 - JSON
        """Send JSON to any other route of the API; repeated only where it surely was not taken."""
        return self._driver.run(self._calls.other("POST", path, document))

    def upload(self, path: str, fields: Mapping[str, str], file: bytes, name: str = "media") -> Any:  # noqa: ANN401 - JSON
        """Send a file with fields to any other route of the API, as a web form does."""
        return self._driver.run(self._calls.upload(path, fields, file, name))


class AsyncTutela:
    """The same client for asyncio; see `Tutela` for what the arguments and calls mean."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        deadline: float = DEADLINE,
        spool: Spool | os.PathLike[str] | str | None = None,
        on_trouble: OnTrouble = "closed",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        patience = Patience(timeout, retries, deadline)
        self._calls = Calls(url, key, patience, _spool(spool), on_trouble)
        self._driver = Loop(tls_of(self._calls.url, tls))

    async def __aenter__(self) -> Self:
        """Use the client as a context that closes it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._driver.http.aclose()

    async def check(self, **event: Unpack[EventArguments]) -> Answer:
        """Check one event, as `Tutela.check` does."""
        return await self._driver.run(self._calls.check(event))

    async def lookup(
        self,
        signals: Iterable[Signal],
        *,
        banks: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Lookup:
        """Ask for the matches of ready-made signals. Nothing is decided, nothing stored."""
        return await self._driver.run(self._calls.lookup(tuple(signals), _tuple(banks), limit))

    async def event(self, event_id: str) -> StoredEvent:
        """Read a stored event; raises `Refused` with status 404 where there is none."""
        return await self._driver.run(self._calls.event(event_id))

    async def appeal(self, **appeal: Unpack[AppealArguments]) -> Appeal:
        """Contest a decision, as `Tutela.appeal` does."""
        return await self._driver.run(self._calls.appeal(appeal))

    async def appealed(self, appeal_id: str) -> Appeal:
        """Read what came of an appeal, as `Tutela.appealed` does."""
        return await self._driver.run(self._calls.appealed(appeal_id))

    async def messages(
        self, messages: Iterable[NewMessage], reports: Iterable[NewReport] = ()
    ) -> MessagesAnswer:
        """Hand in messages as they are written, as `Tutela.messages` does."""
        return await self._driver.run(self._calls.messages(tuple(messages), tuple(reports)))

    async def rate(
        self, record: Mapping[str, object], *, region: str = "", surface: str = ""
    ) -> RatedConversation:
        """Rate a whole conversation, as `Tutela.rate` does."""
        return await self._driver.run(self._calls.rate(record, PlaceTold(region, surface)))

    async def conversation(
        self, conversation_id: str, *, drill: bool = False
    ) -> StoredConversation:
        """Read where a conversation stands, as `Tutela.conversation` does."""
        return await self._driver.run(self._calls.conversation(conversation_id, drill=drill))

    async def confirm(self, receipt: Receipt) -> Confirmed:
        """Tell what came of an action that the server asked for."""
        return await self._driver.run(self._calls.confirm(receipt))

    async def ready(self) -> Readiness:
        """Ask once whether the server can answer for its lists."""
        return await self._driver.run(self._calls.ready())

    async def flush(self, told: Callable[[Answer], Awaitable[object]] | None = None) -> Flushed:
        """Send what waits in the spool, oldest first, as `Tutela.flush` does."""
        return await self._driver.run(self._calls.flush(), told)

    async def keep_flushing(
        self,
        told: Callable[[Answer], Awaitable[object]] | None = None,
        *,
        every: float = FLUSH_SECONDS,
    ) -> None:
        """Flush again and again until it is cancelled, as `Tutela.keep_flushing` does."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.flush(told)
            except Exception:
                logging.getLogger(LOGGER).exception(FLUSH_FAILED)

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Read any other route of the API: its JSON."""
        return await self._driver.run(self._calls.other("GET", path))

    async def post(self, path: str, document: object) -> Any:  # noqa: ANN401 - JSON
        """Send JSON to any other route of the API; repeated only where it surely was not taken."""
        return await self._driver.run(self._calls.other("POST", path, document))

    async def upload(
        self, path: str, fields: Mapping[str, str], file: bytes, name: str = "media"
    ) -> Any:  # noqa: ANN401 - JSON
        """Send a file with fields to any other route of the API, as a web form does."""
        return await self._driver.run(self._calls.upload(path, fields, file, name))


def _spool(spool: Spool | os.PathLike[str] | str | None) -> Spool | None:
    return spool if spool is None or isinstance(spool, Spool) else Spool(Path(spool))


def _tuple(names: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
