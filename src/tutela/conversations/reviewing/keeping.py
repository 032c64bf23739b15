"""Texts of conversations: kept only while people are to look at them, sealed, and for a term.

Nothing of a conversation's text is stored as long as no case waits for it. Once one does, the batch
that raised it is kept, and later ones, and a history where the platform hands that in: each as an
item of evidence in the vault, with the term that the law of the place gives to content.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from structlog.typing import FilteringBoundLogger

from tutela.errors import Conflict, NotFound, TooLarge, TutelaError
from tutela.evidence.vault.vault import Vault
from tutela.model import EventKind, Ruling
from tutela.model.conversation.message import Message
from tutela.model.custody.evidence import (
    EvidenceKind,
    Item,
    ItemFacts,
    ItemState,
    NewItem,
    Sealed,
    Step,
    StepKind,
)
from tutela.model.custody.leaf import PROGRAM
from tutela.model.record import Record
from tutela.response.custody.terms import Terms
from tutela.storage.conversation.standing import Key
from tutela.storage.conversation.texts import KeptTexts, Waiting
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

MOST_BYTES = 16 * 2**20
"""Of one piece, as it is sealed."""
MOST_READ = 64 * 2**20
"""Of all pieces of a case together, as they are read."""
NAME = "messages.json"
MEDIA_TYPE = "application/json"

LawOf = Callable[[str, str, EventKind], Ruling | None]
"""Gives what the law of a region says of a surface, for a kind of event."""


class Piece(Record, frozen=True, kw_only=True):
    """Some messages of a conversation, as they lie in the vault.

    Attributes:
        conversation: the platform's id of it.
        history: the platform handed it in as what had been written before.
        messages: each with its place in the platform's own count.
    """

    conversation: str
    history: bool = False
    messages: tuple[Message, ...] = ()


class Said(Record, frozen=True, kw_only=True):
    """A message that is kept, and the item that holds it."""

    item_id: str
    message: Message


class Talk(Record, frozen=True, kw_only=True):
    """What is kept of a conversation: its messages in the platform's order, each once."""

    id: str
    messages: tuple[Said, ...] = ()


class Kept(Record, frozen=True, kw_only=True):
    """What is kept for a case.

    Attributes:
        talks: its conversations, in the order in which they were first kept.
        missing: items whose bytes cannot be read now, are destroyed, or are too many.
    """

    talks: tuple[Talk, ...] = ()
    missing: int = 0


class Texts:
    """Keeps texts of conversations and gives them back. Thread-safe; blocks.

    Args:
        kept: says which case waits, and writes items down.
        items: gives their objects.
        vault: gives the vault; raises a `TutelaError` while it cannot be opened.
        terms: how long content is kept.
        law: says what may be looked at.
        log: where it tells of trouble.
    """

    def __init__(
        self,
        *,
        kept: KeptTexts,
        items: EvidenceItems,
        vault: Callable[[], Vault],
        terms: Terms,
        law: LawOf,
        log: FilteringBoundLogger,
    ) -> None:
        self._kept = kept
        self._items = items
        self._vault = vault
        self._terms = terms
        self._law = law
        self._log = log

    def keep(self, talks: Mapping[Key, Sequence[Message]]) -> int:
        """Keep messages of those conversations for which a case waits; of how many that was.

        Never fails: what cannot be kept now can be handed in as a history, and the log says so.
        """
        kept = 0
        try:
            waiting = self._kept.waiting([key for key, messages in talks.items() if messages])
        except TutelaError as error:
            self._log.warning("messages for cases could not be kept", reason=error.what)
            return 0
        for key, case in waiting.items():
            piece = Piece(conversation=key.id, messages=tuple(talks[key]))
            try:
                self._take(case, piece, drill=key.drill, by=PROGRAM)
                kept += 1
            except (TutelaError, OSError) as error:
                reason = error.what if isinstance(error, TutelaError) else "cannot be read"
                self._log.warning(
                    "messages for a case could not be kept", case=case.case_id, reason=reason
                )
        return kept

    def hand_in(self, key: Key, messages: Sequence[Message], by: str) -> Item:
        """Take in what was written before, while a case waits for the conversation.

        Args:
            key: the conversation.
            messages: in the platform's order; one without a number gets its place.
            by: who hands it in.

        Raises:
            NotFound: no case waits for it: nothing was kept.
            Conflict: the law of the place does not allow that it is looked at, or so much is kept
                already that nothing more is taken.
            TooLarge: it is over what one piece may hold.
            StoreUnavailable, KeyUnavailable: the vault cannot take it now.
        """
        case = self._kept.waiting([key]).get(key)
        if case is None:
            raise NotFound(
                "no case waits for this conversation",
                where="conversation",
                remedy="texts are kept for cases that are to be decided, and for nothing else",
            )
        ruling = self._law(case.region, case.surface, EventKind.MESSAGE)
        if ruling is not None and not ruling.may_scan:
            raise Conflict(f"pack {ruling.pack}: {ruling.reason}", where="conversation")
        numbered = tuple(
            one if one.number is not None else msgspec.structs.replace(one, number=place)
            for place, one in enumerate(messages)
        )
        piece = Piece(conversation=key.id, history=True, messages=numbered)
        return self._take(case, piece, drill=key.drill, by=by)

    def holds(self, case_id: str) -> Sequence[Item]:
        """The items of a case that hold messages; their bytes are not read."""
        return self._kept.items_of(case_id)

    def read(self, items: Collection[Item]) -> Kept:
        """What some items hold. Whoever asks has written the look down before."""
        talks: dict[str, dict[int, Said]] = {}
        missing, left = 0, MOST_READ
        for item in items:
            piece = self._opened(item) if item.facts.size <= left else None
            if piece is None:
                missing += 1
                continue
            left -= item.facts.size
            said = talks.setdefault(piece.conversation, {})
            for message in piece.messages:
                said.setdefault(message.number or 0, Said(item_id=item.id, message=message))
        found = [
            Talk(id=name, messages=tuple(said[number] for number in sorted(said)))
            for name, said in talks.items()
        ]
        return Kept(talks=tuple(found), missing=missing)

    def _opened(self, item: Item) -> Piece | None:
        stored = self._items.object_of(item.id)
        if item.state is not ItemState.KEPT or stored is None or stored.wrapped is None:
            return None
        try:
            return msgspec.json.decode(b"".join(self._vault().read(stored)), type=Piece)
        except (TutelaError, msgspec.MsgspecError) as error:
            reason = error.what if isinstance(error, TutelaError) else "not readable"
            self._log.warning("kept messages could not be read", item=item.id, reason=reason)
            return None

    def _take(self, case: Waiting, piece: Piece, *, drill: bool, by: str) -> Item:
        data = _written(piece)
        if len(data) > MOST_BYTES:
            raise TooLarge(
                f"a conversation of more than {MOST_BYTES // 2**20} MB is not kept in one piece",
                where="messages",
                remedy="hand in the part that matters",
            )
        vault = self._vault()
        sealed = vault.seal(data)
        try:
            item = self._kept.add(case.event_id, self._item(case, sealed, drill=drill), by)
        except TutelaError:
            vault.discard(sealed)
            raise
        if item.object_id != sealed.id:
            vault.discard(sealed)
        return item

    def _item(self, case: Waiting, sealed: Sealed, *, drill: bool) -> NewItem:
        at: datetime = now()
        term = self._terms.of(case.region, EvidenceKind.MESSAGES)
        clock = self._terms.clock(term, at)
        facts = ItemFacts(
            name=NAME,
            media_type=MEDIA_TYPE,
            size=sealed.size,
            digests=sealed.digests,
            salt=secrets.token_hex(16),
            chain=(Step(kind=StepKind.UPLOAD, name=NAME, at=at, digests=sealed.digests),),
        )
        return NewItem(
            id=_id(case.event_id, sealed.digests["sha256"]),
            kind=EvidenceKind.MESSAGES,
            state=ItemState.KEPT,
            drill=drill,
            detected_at=at,
            term=term,
            facts=facts,
            sealed=sealed,
            clock_at=clock.clock_at,
            expires_at=clock.expires_at,
        )


def _written(piece: Piece) -> bytes:
    """A piece as it is sealed. Halves of surrogate pairs, which are no text, become U+FFFD."""
    try:
        return msgspec.json.encode(piece)
    except UnicodeEncodeError:
        whole = tuple(
            msgspec.structs.replace(one, text=_whole(one.text), author=_whole(one.author))
            for one in piece.messages
        )
        return msgspec.json.encode(msgspec.structs.replace(piece, messages=whole))


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _id(event_id: str, sha256: str) -> str:
    """The id of a piece: the same messages of the same event are the same item for ever."""
    name = hashlib.sha256(f"{event_id} messages {sha256}".encode()).hexdigest()
    return f"item-{name[:24]}"
