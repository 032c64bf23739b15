"""The JSON record of a conversation, which is the same everywhere: in files, in and out.

    {"conversation_id", "language"?, "participants"?: [{"id", "age"? | "age_band"?,
     "age_source"?}], "messages": [{"author", "time", "text"}], "label"?, "predator_ids"?,
     "onset"?, "stratum"?}

Messages may also carry `number` and `media`, the whole `source` and `synthetic`. Members that are
not known are ignored and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tutela.detection.conversation.corpora.clock import Clock
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Conversation, Labelled, Message, Participant

LONGEST_ID: Final = 256
"""Characters that an id may have."""

_OLDEST = 130
_LARGEST_NUMBER = 2**53
_RECORD = frozenset(
    [
        "conversation_id",
        "language",
        "participants",
        "messages",
        "label",
        "predator_ids",
        "onset",
        "stratum",
        "source",
        "synthetic",
    ]
)
_PARTICIPANT = frozenset(("id", "age", "age_band", "age_source"))
_MESSAGE = frozenset(("author", "time", "text", "number", "media"))


def labelled_of(found: object, tally: Tally, *, source: str = "") -> Labelled:
    """The conversation that a decoded JSON record tells.

    Args:
        found: what the JSON says.
        tally: takes what is ignored or taken as unknown.
        source: where it came from, where the record itself does not say.

    Raises:
        Damaged: a member that is needed is missing, or one is not what it should be.
    """
    record = _mapping(found, "the record")
    _ignore_others(record, _RECORD, "", tally)
    messages = _messages(record, tally)
    predators = tuple(
        identifier(one, "an id in predator_ids") for one in _list(record, "predator_ids")
    )
    label = label_of(record.get("label"))
    return Labelled(
        conversation=Conversation(
            id=conversation_id(record),
            language=_text(record, "language", LONGEST_ID),
            participants=_participants(record, tally),
            messages=messages,
        ),
        label=True if label is None and predators else label,
        predator_ids=predators,
        onset=_onset(record, len(messages), tally),
        stratum=_text(record, "stratum", LONGEST_ID),
        source=_text(record, "source", LONGEST_ID) or source,
        synthetic=record.get("synthetic") is True,
    )


def record_of(labelled: Labelled) -> dict[str, Any]:
    """The JSON record of a conversation; what is not known is left out."""
    talk = labelled.conversation
    record: dict[str, Any] = {"conversation_id": talk.id}
    if labelled.synthetic:
        record["synthetic"] = True
    if talk.language:
        record["language"] = talk.language
    if talk.participants:
        record["participants"] = [_participant_record(one) for one in talk.participants]
    record["messages"] = [_message_record(one) for one in talk.messages]
    if labelled.label is not None:
        record["label"] = labelled.label
    if labelled.predator_ids:
        record["predator_ids"] = list(labelled.predator_ids)
    if labelled.onset is not None:
        record["onset"] = labelled.onset
    for name in ("stratum", "source"):
        if value := getattr(labelled, name):
            record[name] = value
    return record


def conversation_id(record: Mapping[str, Any]) -> str:
    """The id of a record.

    Raises:
        Damaged: it has none.
    """
    found = identifier(record.get("conversation_id"), "conversation_id")
    if not found:
        raise Damaged("conversation_id is missing")
    return found


def identifier(found: object, name: str) -> str:
    """An id, which may be written as a number; empty where there is none.

    Raises:
        Damaged: it is something else, or too long.
    """
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise Damaged(f"{name} is not a text")
    text = found if isinstance(found, str) else format(found, "d")
    if len(text) > LONGEST_ID:
        raise Damaged(f"{name} is longer than {LONGEST_ID} characters")
    return text


def label_of(found: object) -> bool | None:
    """A label: true or false, also as 1 or 0; None where there is none.

    Raises:
        Damaged: it is something else. A label that is guessed would teach a wrong lesson.
    """
    if found is None or found is True or found is False:
        return found
    if found in (0, 1):
        return bool(found)
    raise Damaged("label is neither true nor false")


def age_of(found: object, tally: Tally) -> int | None:
    """An age in years; None, and counted, where it cannot be one."""
    if found is None:
        return None
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _OLDEST:
        return found
    tally.mend("age that is not a whole number of years")
    return None


def band_of(found: object, tally: Tally) -> AgeBand:
    """An age band; unknown, and counted, where it is none of ours."""
    if found is None or found == "":
        return AgeBand.UNKNOWN
    try:
        return AgeBand(str(found))
    except ValueError:
        tally.mend("age band that is not known")
        return AgeBand.UNKNOWN


def clean(text: str, tally: Tally) -> str:
    """A text that can be written as UTF-8: half a surrogate pair becomes U+FFFD, and is counted."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        tally.mend("text with half a surrogate pair")
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _mapping(found: object, name: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise Damaged(f"{name} is not an object")
    return found


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    found = record.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Damaged(f"{name} is not a list")
    return found


def _text(record: Mapping[str, Any], name: str, longest: int) -> str:
    found = record.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > longest:
        raise Damaged(f"{name} is not a text of at most {longest} characters")
    return found


def _ignore_others(
    found: Mapping[str, Any], known: frozenset[str], where: str, tally: Tally
) -> None:
    if not found.keys() <= known:
        for name in found.keys() - known:
            tally.ignore(where + name)


def _messages(record: Mapping[str, Any], tally: Tally) -> tuple[Message, ...]:
    if "messages" not in record:
        raise Damaged("messages is missing")
    clock = Clock()
    return tuple(
        _message(one, at, clock, tally) for at, one in enumerate(_list(record, "messages"))
    )


def _message(found: object, at: int, clock: Clock, tally: Tally) -> Message:
    name = f"message {at + 1}"
    message = _mapping(found, name)
    _ignore_others(message, _MESSAGE, "messages.", tally)
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        raise Damaged(f"text of {name} is not a text")
    time = clock.read(message.get("time"))
    if time is None and message.get("time") is not None:
        tally.mend("time that was not understood")
    return Message(
        author=identifier(message.get("author"), f"author of {name}"),
        text=clean(text or "", tally),
        time=time,
        number=_number(message.get("number"), tally),
        media=message.get("media") is True,
    )


def _number(found: object, tally: Tally) -> int | None:
    if found is None:
        return None
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LARGEST_NUMBER:
        return found
    tally.mend("number of a message that is not a whole number")
    return None


def _participants(record: Mapping[str, Any], tally: Tally) -> tuple[Participant, ...]:
    return tuple(_participant(one, tally) for one in _list(record, "participants"))


def _participant(found: object, tally: Tally) -> Participant:
    person = _mapping(found, "a participant")
    _ignore_others(person, _PARTICIPANT, "participants.", tally)
    given = person.get("age_source")
    try:
        source = AgeSource.NOT_TOLD if given is None else AgeSource(given)
    except ValueError:
        tally.mend("age source that is not known")
        source = AgeSource.NOT_TOLD
    return Participant(
        id=identifier(person.get("id"), "id of a participant"),
        age=age_of(person.get("age"), tally),
        age_band=band_of(person.get("age_band"), tally),
        age_source=source,
    )


def _onset(record: Mapping[str, Any], messages: int, tally: Tally) -> int | None:
    found = record.get("onset")
    if found is None:
        return None
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < messages:
        return found
    tally.mend("onset that is not the place of a message")
    return None


def _participant_record(person: Participant) -> dict[str, Any]:
    record: dict[str, Any] = {"id": person.id}
    if person.age is not None:
        record["age"] = person.age
    elif person.age_band is not AgeBand.UNKNOWN:
        record["age_band"] = person.age_band.value
    if person.age_source is not AgeSource.NOT_TOLD:
        record["age_source"] = person.age_source.value
    return record


def _message_record(message: Message) -> dict[str, Any]:
    record: dict[str, Any] = {
        "author": message.author,
        "time": msgspec.to_builtins(message.time),
        "text": message.text,
    }
    if message.number is not None:
        record["number"] = message.number
    if message.media:
        record["media"] = True
    return record
