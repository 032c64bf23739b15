"""What a platform tells of an event, and how that is written for the server."""

from __future__ import annotations

import base64
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Required, TypedDict

import httpx2
import msgspec

from tutela.errors import InvalidInput
from tutela.model import AccountSignals, Actor, EventKind, Rating, Signal

MEDIA = "media"
JSON_ONLY = frozenset({"ratings", "account"})
"""Facts that a form has no fields for. An event with them travels as one JSON document."""


class EventArguments(TypedDict, total=False):
    """What `check` takes. Everything may be left out.

    Attributes:
        media: the content: bytes, or the path of a file, which is read as it is sent.
        url: where the server is to fetch the content, instead of `media`.
        signals: ready-made fingerprints of it, instead of `media`.
        event_id: your id of the event; the same id is the same event for ever. One is made where
            there is none.
        kind: `upload` where nothing is said.
        surface, region: where on the platform, and ISO 3166 code of the place whose law applies.
        actor, receivers: who did it and who is to receive it: ids, or `Actor`s with ages.
        ratings: what your own classifiers made of it.
        account: what you count about the actor's account.
        conversation: your id of the conversation.
        language: of the content, as a tag such as `en`, where you know it.
        drill: harmless test material.
    """

    media: bytes | os.PathLike[str] | None
    url: str | None
    signals: Iterable[Signal] | None
    event_id: str | None
    kind: EventKind | None
    surface: str
    region: str
    actor: Actor | str | None
    receivers: Iterable[Actor | str]
    ratings: Iterable[Rating]
    account: AccountSignals | None
    conversation: str
    language: str
    drill: bool


class AppealArguments(TypedDict, total=False):
    """What `appeal` takes: `text`, and one of `event_id` and `case_id`.

    Attributes:
        text: what the person says, at most 10,000 characters.
        event_id: the event that was decided about, by your id.
        case_id: or the case that its answer named.
        id: your id of the appeal; the same id is the same appeal for ever. One is made where there
            is none.
        actor: who contests; without it, who did what the event is about.
        language: of the text, as a tag such as `en`.
    """

    text: Required[str]
    event_id: str
    case_id: str
    id: str
    actor: Actor | str
    language: str


def appeal_told(arguments: AppealArguments) -> dict[str, Any]:
    """Write the arguments of `appeal` as the server takes them."""
    known = {name: value for name, value in arguments.items() if name != "actor" and value}
    given = {"id": new_event_id(), **known, "text": arguments["text"]}
    if who := _actor(arguments.get("actor")):
        given["actor"] = who
    document: dict[str, Any] = msgspec.to_builtins(given)
    return document


class ToldOfEvent(NamedTuple):
    """An event as it is sent: its facts as in the API's JSON, and its content."""

    facts: dict[str, Any]
    media: bytes | Path | None


def told(arguments: EventArguments) -> ToldOfEvent:
    """Write the arguments of `check` as the server takes them; what was not said is left out.

    Raises:
        InvalidInput: there is more than one of media, url and signals.
    """
    contents = [arguments.get(name) for name in ("media", "url", "signals")]
    if sum(content is not None for content in contents) > 1:
        raise InvalidInput("an event carries at most one of media, url and signals")
    facts = {
        "event_id": arguments.get("event_id") or new_event_id(),
        "url": arguments.get("url"),
        "signals": [
            {"kind": signal.kind, "value": signal.value}
            for signal in arguments.get("signals") or ()
        ],
        "kind": arguments.get("kind"),
        "surface": arguments.get("surface"),
        "region": arguments.get("region"),
        "actor": _actor(arguments.get("actor")),
        "receivers": [_actor(receiver) for receiver in arguments.get("receivers", ())],
        "ratings": list(arguments.get("ratings", ())),
        "account": arguments.get("account"),
        "conversation": arguments.get("conversation"),
        "language": arguments.get("language"),
        "drill": arguments.get("drill"),
    }
    said = {name: value for name, value in facts.items() if value not in (None, "", False, [])}
    media = arguments.get("media")
    content = media if media is None or isinstance(media, bytes) else Path(media)
    return ToldOfEvent(msgspec.to_builtins(said), content)


def new_event_id() -> str:
    """An id that nobody has: 32 hex digits, the first 12 of them the time in milliseconds."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def request_of(
    address: str,
    headers: Mapping[str, str],
    facts: Mapping[str, Any],
    media: IO[bytes] | bytes | None,
) -> httpx2.Request:
    """The request of a check: a form where there is a file and a field for each fact, else JSON."""
    if media is None:
        return json_request("POST", address, headers, facts)
    if not facts.keys() & JSON_ONLY and len(facts.get("receivers", ())) <= 1:
        return form_request(address, headers, _flat(facts), media)
    content = base64.b64encode(_whole(media)).decode()
    return json_request("POST", address, headers, {**facts, "media_base64": content})


def form_request(
    address: str,
    headers: Mapping[str, str],
    fields: Mapping[str, str],
    media: IO[bytes] | bytes,
    name: str = MEDIA,
) -> httpx2.Request:
    """A request with a file and fields; `name` is the file's name."""
    file = (name, media, "application/octet-stream")
    return httpx2.Request("POST", address, headers=headers, data=dict(fields), files={MEDIA: file})


def json_request(
    method: str, address: str, headers: Mapping[str, str], document: object
) -> httpx2.Request:
    """A request with a JSON document, or without one."""
    if document is None:
        return httpx2.Request(method, address, headers=headers)
    content = msgspec.json.encode(document)
    headers = {**headers, "Content-Type": "application/json"}
    return httpx2.Request(method, address, headers=headers, content=content)


def _whole(media: IO[bytes] | bytes) -> bytes:
    if isinstance(media, bytes):
        return media
    media.seek(0)
    return media.read()


def _actor(actor: Actor | str | None) -> dict[str, str] | None:
    """An actor, with an age only where one is known, so that older servers understand it."""
    if actor is None:
        return None
    if isinstance(actor, str):
        return {"id": actor}
    unknown = Actor(id=actor.id)
    return {
        name: value
        for name, value in msgspec.to_builtins(actor).items()
        if name == "id" or value != getattr(unknown, name)
    }


def _flat(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as the fields of a form."""
    fields: dict[str, str] = {}
    for name, value in facts.items():
        match name:
            case "actor":
                fields |= _flat_actor(name, value)
            case "receivers":
                fields |= _flat_actor("receiver", value[0])
            case _:
                fields[name] = "true" if value is True else str(value)
    return fields


def _flat_actor(field: str, actor: Mapping[str, str]) -> dict[str, str]:
    return {field if name == "id" else f"{field}_{name}": value for name, value in actor.items()}
