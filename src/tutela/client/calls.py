"""Each call of the client as its steps, the same for threads and for asyncio."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec

from tutela.client.answers import (
    Answer,
    Appeal,
    Confirmed,
    Lookup,
    Readiness,
    StoredEvent,
    of_trouble,
)
from tutela.client.asking import (
    Patience,
    Place,
    Repeat,
    Reply,
    Steps,
    Tell,
    Work,
    ask,
    attempt,
    checked,
    read,
)
from tutela.client.conversing import MessagesAnswer, RatedConversation, StoredConversation
from tutela.client.problems import (
    BadAnswer,
    KeyRefused,
    Refused,
    ServerTrouble,
    Trouble,
    Unreachable,
)
from tutela.client.spool import Damaged, Spool, Waiting, opened
from tutela.client.told import (
    AppealArguments,
    EventArguments,
    appeal_told,
    form_request,
    json_request,
    request_of,
    told,
)
from tutela.errors import InvalidInput
from tutela.model import ActionKind, Receipt, Signal
from tutela.model.conversation.batch import NewMessage, NewReport

CHECK = Place("POST", "/v1/check")
LOOKUP = Place("POST", "/v1/lookup")
READY = Place("GET", "/health/ready")
EVENT = Place("GET", "/v1/events/{id}")
APPEALS = Place("POST", "/v1/appeals")
APPEAL = Place("GET", "/v1/appeals/{id}")
MESSAGES = Place("POST", "/v1/messages")
RATE = Place("POST", "/v1/conversations/rate")
CONVERSATION = Place("GET", "/v1/conversations/{id}/rating")
RECEIPT = Place("POST", "/v1/actions/{id}/receipt")
REPLAYED = "tutela-replayed"
AGENT = "tutela-client"

OnTrouble = Literal["closed", "open"]
T = TypeVar("T")


class Flushed(NamedTuple):
    """What a flush has done.

    Attributes:
        sent: events that were answered.
        left: events that wait on: the server is away, cannot answer for them now, or another
            process sends them.
        aside: files that were put aside with a report: damaged, or refused for good.
    """

    sent: int = 0
    left: int = 0
    aside: int = 0


class PlaceTold(NamedTuple):
    """Where a conversation takes place, for the law."""

    region: str
    surface: str


class Calls:
    """What the client can do, as steps that a driver carries out.

    Args:
        url: address of the server: `https://tutela.example.org`.
        key: API key.
        patience: how long each call may take.
        spool: where events wait that could not be sent.
        on_trouble: what their answers ask for: `closed` is hold, `open` is allow.

    Attributes:
        url: the address, without a slash at its end.

    Raises:
        InvalidInput: the address is none.
    """

    def __init__(
        self, url: str, key: str, patience: Patience, spool: Spool | None, on_trouble: OnTrouble
    ) -> None:
        self.url = _address(url)
        self._headers = {"Accept": "application/json", "User-Agent": AGENT}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._patience = patience
        self._spool = spool
        self._asks = ActionKind.ALLOW if on_trouble == "open" else ActionKind.HOLD

    def check(self, arguments: EventArguments) -> Steps[Answer]:
        """Check one event; with a spool, keep it where the server gives no answer."""
        facts, content = told(arguments)
        media: IO[bytes] | bytes | None
        media = (yield Work(partial(opened, content))) if isinstance(content, Path) else content
        with nullcontext() if media is None or isinstance(media, bytes) else media:
            try:
                return (yield from self._checked(facts, media))
            except Trouble:
                if self._spool is None:
                    raise
                yield Work(partial(self._spool.keep, facts, media))
                return of_trouble(facts, self._asks)

    def flush(self) -> Steps[Flushed]:
        """Send what waits, oldest first; each event goes when its answer was told.

        Raises:
            KeyRefused: the key is not valid, or may not check; everything stays as it was.
            InvalidInput: there is no spool.
        """
        if self._spool is None:
            raise InvalidInput("this client has no spool", remedy="give it one: spool=folder")
        done = Flushed()
        for name in (yield Work(self._spool.abandoned)):
            yield Work(partial(self._spool.put_aside, name, "its writing was broken off"))
            done = done._replace(aside=done.aside + 1)
        names: list[str] = yield Work(self._spool.names)
        for number, name in enumerate(names):
            try:
                done = yield from self._flush_one(self._spool, name, done)
            except (Unreachable, ServerTrouble) as trouble:
                if isinstance(trouble, Unreachable) or trouble.busy:
                    return done._replace(left=done.left + len(names) - number)
                done = done._replace(left=done.left + 1)
            except BadAnswer:
                done = done._replace(left=done.left + 1)
        return done

    def lookup(
        self, signals: tuple[Signal, ...], banks: tuple[str, ...] | None, limit: int | None
    ) -> Steps[Lookup]:
        """Ask for the matches of ready-made signals."""
        asked = [{"kind": signal.kind, "value": signal.value} for signal in signals]
        more = {"banks": banks, "limit": limit}
        document = {"signals": asked, **{k: v for k, v in more.items() if v is not None}}

        def understand(reply: Reply) -> Lookup:
            found = read(reply, Lookup, LOOKUP)
            if len(found.results) != len(signals):
                raise BadAnswer("the answer has another number of results", where=str(LOOKUP))
            return found

        return (yield from self._send(LOOKUP, LOOKUP.path, understand, document))

    def event(self, event_id: str) -> Steps[StoredEvent]:
        """Read a stored event."""
        path = f"/v1/events/{quote(event_id, safe='')}"
        return (yield from self._send(EVENT, path, lambda reply: read(reply, StoredEvent, EVENT)))

    def appeal(self, arguments: AppealArguments) -> Steps[Appeal]:
        """Contest a decision. Its id makes sending it again harmless."""
        document = appeal_told(arguments)
        return (
            yield from self._send(
                APPEALS, APPEALS.path, lambda reply: read(reply, Appeal, APPEALS), document
            )
        )

    def appealed(self, appeal_id: str) -> Steps[Appeal]:
        """Read what came of an appeal."""
        path = f"/v1/appeals/{quote(appeal_id, safe='')}"
        return (yield from self._send(APPEAL, path, lambda reply: read(reply, Appeal, APPEAL)))

    def messages(
        self, messages: tuple[NewMessage, ...], reports: tuple[NewReport, ...]
    ) -> Steps[MessagesAnswer]:
        """Hand messages in. Their numbers make sending them again harmless."""
        document = msgspec.to_builtins({"messages": messages, "reports": reports})

        def understand(reply: Reply) -> MessagesAnswer:
            found = read(reply, MessagesAnswer, MESSAGES)
            if len(found.results) != len(messages):
                raise BadAnswer("the answer has another number of results", where=str(MESSAGES))
            return found

        return (yield from self._send(MESSAGES, MESSAGES.path, understand, document))

    def rate(self, record: Mapping[str, object], where: PlaceTold) -> Steps[RatedConversation]:
        """Rate a whole conversation."""
        path = f"{RATE.path}?{urlencode(where._asdict())}"
        return (
            yield from self._send(
                RATE, path, lambda reply: read(reply, RatedConversation, RATE), record
            )
        )

    def conversation(self, conversation_id: str, *, drill: bool) -> Steps[StoredConversation]:
        """Read where a conversation stands."""
        path = f"/v1/conversations/{quote(conversation_id, safe='')}/rating"
        query = "?drill=true" if drill else ""
        return (
            yield from self._send(
                CONVERSATION,
                path + query,
                lambda reply: read(reply, StoredConversation, CONVERSATION),
            )
        )

    def confirm(self, receipt: Receipt) -> Steps[Confirmed]:
        """Tell that an action is done, or not yet. A receipt may be sent again."""
        path = f"/v1/actions/{quote(receipt.id, safe='')}/receipt"
        return (
            yield from self._send(
                RECEIPT, path, lambda reply: read(reply, Confirmed, RECEIPT), receipt
            )
        )

    def ready(self) -> Steps[Readiness]:
        """Ask once whether the server can answer for its lists."""
        until = time.monotonic() + self._patience.deadline
        request = httpx2.Request("GET", self.url + READY.path, headers=self._headers)
        reply = yield from attempt(READY, request, self._patience, until)
        if reply.status != httpx2.codes.SERVICE_UNAVAILABLE:
            checked(READY, reply)
        return read(reply, Readiness, READY)

    def other(self, method: str, path: str, document: object = None) -> Steps[Any]:
        """Use another route of the API; gives the decoded JSON, or None for an empty answer."""
        place = Place(method, path.partition("?")[0])
        repeat = Repeat.ALWAYS if method == "GET" else Repeat.NOT_TAKEN
        understand = partial(_json, place)
        return (yield from self._send(place, path, understand, document, repeat))

    def upload(self, path: str, fields: Mapping[str, str], media: bytes, name: str) -> Steps[Any]:
        """Send a file with fields to another route of the API, as a web form does."""
        place = Place("POST", path.partition("?")[0])
        prepare = partial(form_request, self.url + path, self._headers, fields, media, name)
        understand = partial(_json, place)
        return (yield from ask(place, prepare, self._patience, Repeat.NOT_TAKEN, understand))

    def _checked(self, facts: dict[str, Any], media: IO[bytes] | bytes | None) -> Steps[Answer]:
        prepare = partial(request_of, self.url + CHECK.path, self._headers, facts, media)
        understand = partial(_answer, facts["event_id"])
        return (yield from ask(CHECK, prepare, self._patience, Repeat.ALWAYS, understand))

    def _flush_one(self, spool: Spool, name: str, done: Flushed) -> Steps[Flushed]:
        """Send one event of the spool. Whatever happens, it is sent, left or put aside."""
        try:
            waiting: Waiting | None = yield Work(partial(spool.claim, name))
        except Damaged as damage:
            yield Work(partial(spool.put_aside, name, damage.what))
            return done._replace(aside=done.aside + 1)
        if waiting is None:
            return done
        with closing(waiting.file):
            try:
                answer = yield from self._checked(waiting.facts, waiting.media)
            except (KeyRefused, Trouble):
                raise
            except Refused as refusal:
                why = f"the server refused it ({refusal.problem.status}): {refusal.what}"
                yield Work(partial(spool.put_aside, name, why))
                return done._replace(aside=done.aside + 1)
            yield Tell(answer)
            yield Work(partial(spool.remove, waiting))
        return done._replace(sent=done.sent + 1)

    def _send(
        self,
        place: Place,
        path: str,
        understand: Callable[[Reply], T],
        document: object = None,
        repeat: Repeat = Repeat.ALWAYS,
    ) -> Steps[T]:
        address = self.url + path
        prepare = partial(json_request, place.method, address, self._headers, document)
        return (yield from ask(place, prepare, self._patience, repeat, understand))


def _answer(event_id: str, reply: Reply) -> Answer:
    """The answer about one event."""
    answer = read(reply, Answer, CHECK)
    if answer.event_id != event_id:
        raise BadAnswer("the answer is about another event", where=str(CHECK))
    replayed = reply.headers.get(REPLAYED) == "true"
    return msgspec.structs.replace(answer, replayed=True) if replayed else answer


def _json(place: Place, reply: Reply) -> Any:  # noqa: ANN401 - JSON
    """The JSON of any answer; None for an empty one."""
    return read(reply, object, place) if reply.body else None


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput("the server's address is no http or https address", where="url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput(
            "the server's address carries more than scheme, host, port and path", where="url"
        )
    return url.rstrip("/")
