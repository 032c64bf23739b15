"""The facts that a rule may speak of, as typed records.

The expression language is derived from these types, so that a wrong field or a wrong type is
refused when a policy is loaded. A field that is added here can be used in rules at once, and it
appears in the manual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from tutela.model import (
    AccountSignals,
    Actor,
    AgeBand,
    AgeSource,
    Content,
    Event,
    EventKind,
    Gap,
    GapReason,
    History,
    Match,
    Rating,
    Ruling,
    Silenced,
    Silencing,
    Verdict,
)
from tutela.model.record import Record

LISTED = 1000
"""So many matches, gaps and contents are handed to the rules, the weightiest first. An archive may
have far more; the budget of an expression is 10,000 steps."""

NOT_TOLD = -1
"""What a number is that the platform did not tell; no counted or measured one is below zero."""
MACHINE = frozenset({"ratings", "account"})
"""The facts that are what a machine thinks, or counts of an account that prove nothing: a rule that
speaks of them asks for nothing that punishes."""


def fact(meaning: str) -> msgspec.Meta:
    """Declare what a fact means, for the manual, to stand in `Annotated` beside its type."""
    return msgspec.Meta(description=meaning)


class EventFacts(Record, frozen=True, kw_only=True):
    """Facts of the event."""

    kind: Annotated[EventKind, fact("what happened on the platform")] = EventKind.UPLOAD
    surface: Annotated[str, fact("where on the platform, in the platform's words")] = ""
    region: Annotated[str, fact("ISO 3166 code of the place whose law applies; may be empty")] = ""
    drill: Annotated[bool, fact("harmless test material")] = False
    has_actor: Annotated[bool, fact("the platform named who did it")] = False
    retrospective: Annotated[
        bool, fact("a finding in the past: the content came in long before it was found")
    ] = False
    age_seconds: Annotated[
        int, fact("time between the upload and its being found; 0 where it was checked at once")
    ] = 0
    conversation: Annotated[bool, fact("the platform named the conversation")] = False


class ActorFacts(Record, frozen=True, kw_only=True):
    """Facts of one actor: who did it, or one of those who are to receive it."""

    age: Annotated[AgeBand, fact("how old, as far as the platform knows")] = AgeBand.UNKNOWN
    age_source: Annotated[AgeSource, fact("how the age is known")] = AgeSource.NOT_TOLD
    minor: Annotated[bool, fact("known to be under 18")] = False


class ContactFacts(Record, frozen=True, kw_only=True):
    """Facts of who reaches whom, counted over all receivers."""

    receivers: Annotated[int, fact("receivers that the platform named")] = 0
    minor_receivers: Annotated[int, fact("receivers known to be under 18")] = 0
    unknown_receivers: Annotated[int, fact("receivers of unknown age")] = 0
    may_reach_minor: Annotated[bool, fact("a receiver is under 18 or of unknown age")] = False
    adult_to_minor: Annotated[
        bool, fact("the actor is known to be an adult, and a receiver to be under 18")
    ] = False
    ages_known: Annotated[
        bool, fact("the ages of the actor and of every receiver are known; there is a receiver")
    ] = False


class RatingFacts(Record, frozen=True, kw_only=True):
    """Facts of one rating by a classifier of the platform."""

    name: Annotated[str, fact("what was rated, in the platform's words")]
    value: Annotated[float, fact("from 0 to 10")]
    probability: Annotated[float, fact("calibrated, 0 to 1; -1 where it was not told")] = NOT_TOLD
    model: Annotated[str, fact("name and version of what rated; or empty")] = ""


class AccountFacts(Record, frozen=True, kw_only=True):
    """What is counted about the actor's account. A number that was not told is -1."""

    told: Annotated[bool, fact("anything of the account was told or counted")] = False
    age_days: Annotated[int, fact("days since the account was made, or -1")] = NOT_TOLD
    minors_contacted_1d: Annotated[
        int, fact("distinct minors that the actor wrote to first within a day, or -1")
    ] = NOT_TOLD
    minors_contacted_7d: Annotated[int, fact("the same within 7 days, or -1")] = NOT_TOLD
    minors_contacted_30d: Annotated[int, fact("the same within 30 days, or -1")] = NOT_TOLD
    unanswered_share: Annotated[
        float, fact("share of first messages that nobody answered, 0 to 1, or -1")
    ] = NOT_TOLD
    reports_30d: Annotated[int, fact("users' reports about the actor in 30 days, or -1")] = NOT_TOLD
    blocks_30d: Annotated[int, fact("users who blocked the actor in 30 days, or -1")] = NOT_TOLD
    started_share: Annotated[
        float, fact("share of new contacts of 30 days that the actor wrote to first, 0 to 1, or -1")
    ] = NOT_TOLD
    openers_alike_30d: Annotated[
        int, fact("first messages in 30 days that are nearly the same, or -1")
    ] = NOT_TOLD
    age_band_gap: Annotated[
        int,
        fact("by how many age bands half of those the actor wrote to first are younger, or -1"),
    ] = NOT_TOLD


class HistoryFacts(Record, frozen=True, kw_only=True):
    """What is stored here of the actor's earlier events. All zero where `known` is false."""

    known: Annotated[bool, fact("the platform named the actor, so that there is a history")] = False
    events_1d: Annotated[int, fact("events within a day")] = 0
    events_30d: Annotated[int, fact("events within 30 days")] = 0
    matches_30d: Annotated[int, fact("those of them with the verdict `match`")] = 0
    blocks_30d: Annotated[int, fact("those of them that were blocked")] = 0
    cases_30d: Annotated[int, fact("those of them that opened a case")] = 0


class LawFacts(Record, frozen=True, kw_only=True):
    """Facts of the law of the place. A rule cannot change what it says."""

    pack: Annotated[str, fact("the jurisdiction pack that applies; empty where none does")] = ""
    may_scan: Annotated[bool, fact("content of this surface may be scanned there")] = True
    surface_class: Annotated[
        str, fact("what the surface counts as: `private_messages`; empty without a pack")
    ] = ""
    overridden: Annotated[bool, fact("the operator decided this, and not the pack")] = False


class MatchFacts(Record, frozen=True, kw_only=True):
    """Facts of one match."""

    bank: Annotated[str, fact("name of the bank")]
    trusted: Annotated[bool, fact("the bank is trusted")]
    exact: Annotated[bool, fact("the signal kind compares by equality (MD5, SHA-1, SHA-256)")]
    kind: Annotated[str, fact("signal kind that matched: `md5`, `sha1`, `sha256`, `pdq`")]
    distance: Annotated[int, fact("Hamming distance in bits; 0 for exact kinds")] = 0
    drill: Annotated[bool, fact("the bank holds harmless test material only")] = False
    exchange: Annotated[str, fact("exchange that feeds the bank; empty where people do")] = ""
    label: Annotated[str, fact("label of the entry")] = ""
    category: Annotated[str, fact("category of the entry, as its list writes it")] = ""
    scheme: Annotated[str, fact("scheme that the category belongs to")] = ""
    source: Annotated[str, fact("who contributed the entry")] = ""
    part: Annotated[
        str, fact("part of the content that matched: `turned`, `frame 3`; or empty")
    ] = ""
    in_archive: Annotated[bool, fact("the content lay inside an archive")] = False
    low_information: Annotated[
        bool, fact("the picture has little in it; such a match never blocks by itself")
    ] = False


class SilencedFacts(Record, frozen=True, kw_only=True):
    """Facts of one match that does not count as a finding."""

    reason: Annotated[Silencing, fact("why it does not count")]
    bank: Annotated[str, fact("name of the bank")]
    trusted: Annotated[bool, fact("the bank is trusted")] = False
    exact: Annotated[bool, fact("the signal kind compares by equality")] = False
    kind: Annotated[str, fact("signal kind that matched")] = ""
    distance: Annotated[int, fact("Hamming distance in bits; 0 for exact kinds")] = 0
    by: Annotated[str, fact("name of the allow bank that silenced it; or empty")] = ""


class GapFacts(Record, frozen=True, kw_only=True):
    """Facts of the parts that could not be compared, one for each reason and media type."""

    reason: Annotated[GapReason, fact("why it could not be compared")]
    media_type: Annotated[str, fact("what the bytes are; empty where that is not known")] = ""


class ContentFacts(Record, frozen=True, kw_only=True):
    """Facts of one file of the event: the file itself, or a member of an archive."""

    media_type: Annotated[str, fact("what the bytes are, sniffed from the bytes")] = ""
    size: Annotated[int, fact("bytes")] = 0
    width: Annotated[int, fact("pixels; 0 where it is not a decoded picture")] = 0
    height: Annotated[int, fact("pixels; 0 where it is not a decoded picture")] = 0
    frames: Annotated[int, fact("pictures that were fingerprinted in it")] = 0
    depth: Annotated[int, fact("archives that it lay inside of")] = 0


NOBODY = ActorFacts()
NO_CONTACT = ContactFacts()
NO_ACCOUNT = AccountFacts()
NO_HISTORY = HistoryFacts()
NO_LAW = LawFacts()
MINORS = frozenset({AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17})
"""The age bands under 18."""


class Facts(Record, frozen=True, kw_only=True):
    """Everything that a rule may speak of."""

    verdict: Annotated[Verdict, fact("what the check found")]
    event: Annotated[EventFacts, fact("the event")] = EventFacts()
    actor: Annotated[ActorFacts, fact("who did it; look at `event.has_actor`")] = NOBODY
    receivers: Annotated[tuple[ActorFacts, ...], fact("who is to receive it")] = ()
    contact: Annotated[ContactFacts, fact("who reaches whom, in numbers")] = NO_CONTACT
    ratings: Annotated[
        tuple[RatingFacts, ...], fact("what the platform's own classifiers made of it")
    ] = ()
    account: Annotated[AccountFacts, fact("what the platform counts of the account")] = NO_ACCOUNT
    history: Annotated[HistoryFacts, fact("what is stored of the actor's past")] = NO_HISTORY
    matches: Annotated[
        tuple[MatchFacts, ...], fact(f"matches, trusted and exact ones first; at most {LISTED:,}")
    ] = ()
    gaps: Annotated[tuple[GapFacts, ...], fact("parts that could not be compared")] = ()
    contents: Annotated[
        tuple[ContentFacts, ...], fact(f"files that the event carries; at most {LISTED:,}")
    ] = ()
    match_count: Annotated[int, fact("matches, those beyond the listed ones included")] = 0
    content_count: Annotated[int, fact("files, those beyond the listed ones included")] = 0
    silenced: Annotated[
        tuple[SilencedFacts, ...],
        fact(f"matches that do not count as findings; at most {LISTED:,}"),
    ] = ()
    silenced_count: Annotated[int, fact("all matches that do not count as findings")] = 0
    law: Annotated[LawFacts, fact("what the law of the place says of scanning")] = NO_LAW

    @classmethod
    def of(
        cls,
        event: Event,
        verdict: Verdict,
        matches: Sequence[Match],
        gaps: Iterable[Gap],
        silenced: Sequence[Silenced] = (),
        law: Ruling | None = None,
    ) -> Facts:
        """The facts of an event that was compared.

        Args:
            event: the event with its contents.
            verdict: what the check found.
            matches: every match.
            gaps: gaps of the check as a whole; those of the contents are taken from the event.
            silenced: every match that does not count as a finding.
            law: what the law of the place says of scanning; None where no pack applies.
        """
        contents = event.contents
        return cls(
            verdict=verdict,
            event=EventFacts(
                kind=event.kind,
                surface=event.surface,
                region=event.region,
                drill=event.drill,
                has_actor=event.actor is not None,
                retrospective=event.origin is not None,
                age_seconds=_age(event),
                conversation=bool(event.conversation),
            ),
            actor=_of_actor(event.actor),
            receivers=tuple(map(_of_actor, event.receivers)),
            contact=_of_contact(event.actor, event.receivers),
            ratings=tuple(map(_of_rating, event.ratings)),
            account=_of_account(event.account),
            history=_of_history(event.history),
            matches=tuple(_of_match(match) for match in _weightiest(matches)),
            gaps=_of_gaps(contents, gaps),
            contents=tuple(_of_content(content) for content in contents[:LISTED]),
            match_count=len(matches),
            content_count=len(contents),
            silenced=tuple(_of_silenced(one) for one in silenced[:LISTED]),
            silenced_count=len(silenced),
            law=_of_law(law),
        )


def _age(event: Event) -> int:
    if event.origin is None:
        return 0
    return max(0, int((event.received_at - event.origin.received_at).total_seconds()))


def _of_actor(actor: Actor | None) -> ActorFacts:
    if actor is None:
        return NOBODY
    return ActorFacts(age=actor.age, age_source=actor.age_source, minor=actor.age in MINORS)


def _of_contact(actor: Actor | None, receivers: Sequence[Actor]) -> ContactFacts:
    if not receivers:
        return NO_CONTACT
    ages = [one.age for one in receivers]
    age = actor.age if actor else AgeBand.UNKNOWN
    minors, unknown = sum(one in MINORS for one in ages), ages.count(AgeBand.UNKNOWN)
    return ContactFacts(
        receivers=len(ages),
        minor_receivers=minors,
        unknown_receivers=unknown,
        may_reach_minor=minors + unknown > 0,
        adult_to_minor=age is AgeBand.ADULT and minors > 0,
        ages_known=age is not AgeBand.UNKNOWN and unknown == 0,
    )


def _of_rating(rating: Rating) -> RatingFacts:
    return RatingFacts(
        name=rating.name,
        value=rating.value,
        probability=NOT_TOLD if rating.probability is None else rating.probability,
        model=rating.model,
    )


def _of_account(account: AccountSignals | None) -> AccountFacts:
    given = msgspec.structs.asdict(account) if account else {}
    told = {name: value for name, value in given.items() if value is not None}
    return AccountFacts(told=bool(told), **told) if told else NO_ACCOUNT


def _of_history(history: History | None) -> HistoryFacts:
    if history is None:
        return NO_HISTORY
    return HistoryFacts(known=True, **msgspec.structs.asdict(history))


def _weightiest(matches: Sequence[Match]) -> Sequence[Match]:
    if not matches:
        return ()
    return sorted(matches, key=_weight)[:LISTED]


def _weight(match: Match) -> tuple[bool, bool, bool, int]:
    little = match.low_information is not None
    return not match.trusted, not match.exact, little, match.distance


def _of_match(match: Match) -> MatchFacts:
    return MatchFacts(
        bank=match.bank,
        trusted=match.trusted,
        exact=match.exact,
        kind=match.kind,
        distance=match.distance,
        drill=match.drill,
        exchange=match.exchange or "",
        label=match.label,
        category=match.category,
        scheme=match.scheme,
        source=match.source,
        part=match.part,
        in_archive=bool(match.path),
        low_information=match.low_information is not None and not match.exact,
    )


def _of_silenced(one: Silenced) -> SilencedFacts:
    return SilencedFacts(
        reason=one.reason,
        bank=one.match.bank,
        trusted=one.match.trusted,
        exact=one.match.exact,
        kind=one.match.kind,
        distance=one.match.distance,
        by=one.by.bank if one.by else "",
    )


def _of_law(law: Ruling | None) -> LawFacts:
    if law is None:
        return NO_LAW
    return LawFacts(
        pack=law.pack,
        may_scan=law.may_scan,
        surface_class=law.surface_class.value,
        overridden=law.overridden,
    )


def _of_gaps(contents: Sequence[Content], gaps: Iterable[Gap]) -> tuple[GapFacts, ...]:
    # What is listed for people may be cut short: a rule must know of every reason there is.
    distinct = dict.fromkeys(
        (gap.reason, content.media_type) for content in contents for gap in content.gaps
    )
    reasons = {reason for reason, _ in distinct}
    distinct |= dict.fromkeys((gap.reason, "") for gap in gaps if gap.reason not in reasons)
    return tuple(GapFacts(reason=reason, media_type=kind) for reason, kind in distinct)


def _of_content(content: Content) -> ContentFacts:
    return ContentFacts(
        media_type=content.media_type,
        size=content.size,
        width=content.width,
        height=content.height,
        frames=content.frames,
        depth=len(content.path),
    )
