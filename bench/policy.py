"""Decisions per second of policies of any size, against the same policy with every rule evaluated.

    python bench/policy.py [--rules N [N ...]] [--seconds S] [--json]

Each policy has the rules that ship and as many more as are asked for, of the kinds that services
write: for one surface or region, one bank or category, one kind of rating, an account's counts, an
actor's past, a reason of a gap; one in a hundred is for everything. The events are those of an
ordinary day: nearly all are clear uploads and messages. Both ways decide about the same events in
turns, on one core, and their decisions are compared. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from machine import Machine, describe
from tutela.model import AgeBand, Decision, EventKind, GapReason, Verdict
from tutela.model.record import Record
from tutela.policy.explaining.explanation import Became
from tutela.policy.facts import (
    AccountFacts,
    ActorFacts,
    ContactFacts,
    ContentFacts,
    EventFacts,
    Facts,
    GapFacts,
    HistoryFacts,
    MatchFacts,
    RatingFacts,
)
from tutela.policy.policy import Policy

SIZES = (10, 100, 1_000, 10_000)
EVENTS = 2_000
LOOKED_AT = 50
SURFACES = tuple(f"surface-{n}" for n in range(60))
REGIONS = tuple(f"{a}{b}" for a in "ABCDEF" for b in "GHIJKL")
BANKS = tuple(f"bank-{n}" for n in range(200))
RATINGS = ("spam", "grooming", "scam", "nudity", "violence")

HEAD = "policy: measured\nowner: safety\n"
RULE = """  - name: rule-{number}
    when: {when}
    actions: [{actions}]
    reason: Made for a measurement, number {number}.
    notice: Made for a measurement.
"""
KINDS: tuple[tuple[str, str], ...] = (
    ('event.surface == "{surface}" && matches.exists(m, m.trusted && m.distance <= {n})', "hold"),
    ('matches.exists(m, m.bank == "{bank}" && !m.exact && m.distance > {n})', "hold, open_case"),
    ('event.region == "{region}" && matches.exists(m, m.category in ["{n}", "b"])', "hold"),
    (
        (
            'event.kind == EventKind.message && event.surface == "{surface}" && '
            "contact.adult_to_minor && account.minors_contacted_7d >= {n}"
        ),
        "allow, warn_sender, second_look",
    ),
    (
        (
            'event.region in ["{region}", "ZZ"] && '
            'ratings.exists(r, r.name == "{rating}" && r.value >= {n}.0)'
        ),
        "hold, open_case, {{slow: {{seconds: 30}}}}",
    ),
    ('event.surface == "{surface}" && history.blocks_30d >= {n}', "hold, open_case"),
    (
        (
            'event.surface == "{surface}" && verdict == Verdict.not_checked && '
            "gaps.exists(g, g.reason == GapReason.{reason})"
        ),
        "hold",
    ),
    (
        (
            'event.surface == "{surface}" && event.region == "{region}" && '
            "contents.exists(c, c.size > {n}000000)"
        ),
        "hold",
    ),
)
BROAD = "matches.size() >= {n} || history.cases_30d > {n}"


class Row(Record, frozen=True, kw_only=True):
    """One policy.

    Attributes:
        rules: how many it has.
        load_seconds: to read, check and compile it.
        evaluated: rules that were evaluated for an event, on average.
        indexed, all_rules: decisions per second of processor time, with the index and without.
        times: how many times as many.
    """

    rules: int
    load_seconds: float
    evaluated: float
    indexed: float
    all_rules: float
    times: float


class Result(Record, frozen=True, kw_only=True):
    """The whole measurement."""

    machine: Machine
    rows: tuple[Row, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rules", type=int, nargs="+", default=SIZES, help="sizes of policies")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each way and size")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    machine = describe()
    events = tuple(map(event, range(EVENTS)))
    rows = tuple(measure(number, events, options.seconds) for number in options.rules)
    result = Result(machine=machine, rows=rows)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    else:
        show(result)


def measure(number: int, events: Sequence[Facts], seconds: float) -> Row:
    """Load a policy of so many rules and let it decide, both ways."""
    text = policy_text(number)
    begun = time.process_time()
    policy = Policy.load(text, "measured.yaml")
    loaded = time.process_time() - begun
    for facts in events[:LOOKED_AT]:
        if policy.decide(facts) != policy.decide_by_all(facts):
            raise SystemExit("the index changes a decision")
    indexed = [rate(policy.decide, events, seconds / 3) for _ in range(3)]
    every = [rate(policy.decide_by_all, events, seconds / 3) for _ in range(3)]
    middle, slow = sorted(indexed)[1], sorted(every)[1]
    return Row(
        rules=len(policy.rules),
        load_seconds=round(loaded, 2),
        evaluated=round(evaluated(policy, events[:LOOKED_AT]), 1),
        indexed=round(middle),
        all_rules=round(slow, 1),
        times=round(middle / slow, 1),
    )


def rate(decide: Callable[[Facts], Decision], events: Sequence[Facts], seconds: float) -> float:
    """Decisions per second of processor time, after each event was seen once where time allows."""
    _decided(decide, events, seconds / 4)
    count, spent = _decided(decide, events, seconds)
    return count / spent


def _decided(
    decide: Callable[[Facts], Decision], events: Sequence[Facts], seconds: float
) -> tuple[int, float]:
    count, begun = 0, time.process_time()
    while True:
        for facts in events:
            decide(facts)
            count += 1
            if count % 10 == 0 and time.process_time() - begun >= seconds:
                return count, time.process_time() - begun


def evaluated(policy: Policy, events: Sequence[Facts]) -> float:
    """Rules that are evaluated for an event, on average."""
    rules = [rule for facts in events for rule in policy.explain(facts).rules]
    return sum(rule.became is not Became.RULED_OUT for rule in rules) / len(events)


def policy_text(number: int) -> str:
    """A policy of so many rules; the first are those that ship."""
    shipped = Policy.default().text.partition("\nrules:\n")[2].partition("\ntests:\n")[0] + "\n"
    kept = Policy.default().rules
    if number <= len(kept):
        parts = shipped.split("  - name: ")
        return _whole("".join(f"  - name: {part}" for part in parts[1 : number + 1]))
    chance = random.Random(4)  # noqa: S311 - the same policy in every run
    conditions: dict[str, str] = {}
    while len(conditions) < number - len(kept):
        when, actions = rule(len(conditions), chance)
        conditions.setdefault(when, actions)
    more = (
        RULE.format(number=number, when=f"'{when}'", actions=actions)
        for number, (when, actions) in enumerate(conditions.items())
    )
    return _whole(shipped + "".join(more))


def _whole(rules: str) -> str:
    """A policy of some rules, with the shipped thresholds that they read."""
    known = Policy.default().thresholds
    read = {name: value for name, value in known.items() if f"thresholds.{name}" in rules}
    thresholds = "".join(f"  {name}: {value}\n" for name, value in read.items())
    return HEAD + (f"thresholds:\n{thresholds}" if read else "") + f"rules:\n{rules}"


def rule(number: int, chance: random.Random) -> tuple[str, str]:
    """Condition and actions of a rule; one in a hundred is for everything."""
    when, actions = chance.choice(KINDS)
    if number % 100 == 99:  # noqa: PLR2004 - one in a hundred
        when, actions = BROAD, "hold"
    words = {
        "surface": chance.choice(SURFACES),
        "region": chance.choice(REGIONS),
        "bank": chance.choice(BANKS),
        "rating": chance.choice(RATINGS),
        "reason": chance.choice([reason.value for reason in GapReason]),
        "n": 2 + chance.randrange(30) if when != BROAD else 5 + number // 100,
    }
    return when.format(**words), actions.format(**words)


def event(number: int) -> Facts:
    """The facts of an event of an ordinary day."""
    chance = random.Random(number)  # noqa: S311 - the same events in every run
    share = chance.random()
    kind = EventKind.MESSAGE if share < 0.4 else EventKind.UPLOAD  # noqa: PLR2004 - shares
    facts = Facts(
        verdict=Verdict.CLEAR,
        event=EventFacts(
            kind=kind,
            surface=chance.choice(SURFACES),
            region=chance.choice(REGIONS),
            has_actor=True,
        ),
        actor=ActorFacts(age=chance.choice(list(AgeBand))),
        history=HistoryFacts(known=True, events_1d=3, events_30d=chance.randrange(90)),
        contents=(ContentFacts(media_type="image/jpeg", size=200_000, width=800, height=600),),
        content_count=1,
    )
    if kind is EventKind.MESSAGE:
        return _message(facts, chance)
    if share > 0.97:  # noqa: PLR2004 - shares
        return _match(facts, chance)
    return _gap(facts, chance) if share > 0.93 else facts  # noqa: PLR2004 - shares


def _message(facts: Facts, chance: random.Random) -> Facts:
    rating = RatingFacts(name=chance.choice(RATINGS), value=float(chance.randrange(10)))
    return msgspec.structs.replace(
        facts,
        contact=ContactFacts(receivers=1, unknown_receivers=1),
        account=AccountFacts(told=True, age_days=300, minors_contacted_7d=chance.randrange(3)),
        ratings=(rating,) if chance.random() < 0.2 else (),  # noqa: PLR2004 - shares
        contents=(),
        content_count=0,
    )


def _match(facts: Facts, chance: random.Random) -> Facts:
    found = MatchFacts(
        bank=chance.choice(BANKS),
        trusted=chance.random() < 0.5,  # noqa: PLR2004 - shares
        exact=False,
        kind="pdq",
        distance=chance.randrange(31),
        category=str(chance.randrange(9)),
    )
    return msgspec.structs.replace(facts, verdict=Verdict.MATCH, matches=(found,), match_count=1)


def _gap(facts: Facts, chance: random.Random) -> Facts:
    gap = GapFacts(reason=chance.choice(list(GapReason)), media_type="application/pdf")
    return msgspec.structs.replace(facts, verdict=Verdict.NOT_CHECKED, gaps=(gap,))


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    print()
    print("   rules   load s   evaluated   decisions/s   all evaluated/s    times")
    for row in result.rows:
        print(
            f"{row.rules:8,} {row.load_seconds:8.2f} {row.evaluated:11.1f} {row.indexed:13,.0f}"
            f" {row.all_rules:17,.0f} {row.times:8,.0f}"
        )


if __name__ == "__main__":
    main()
