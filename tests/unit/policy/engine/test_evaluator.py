"""With the index a policy does exactly what it does without: the same rules, the same failures.

The oracle evaluates every condition on facts that are handed over whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import ActionKind, AgeBand, EventKind, GapReason, Reason, Silencing, Verdict
from tutela.policy.engine.compiled import CompiledRule
from tutela.policy.engine.evaluator import Evaluator
from tutela.policy.engine.invariants import possible
from tutela.policy.engine.needs import Needs
from tutela.policy.expression import Condition, ConditionFailed, Language
from tutela.policy.facts import (
    ActorFacts,
    ContentFacts,
    EventFacts,
    Facts,
    GapFacts,
    HistoryFacts,
    MatchFacts,
    RatingFacts,
    SilencedFacts,
)
from tutela.policy.policy import Policy
from tutela.policy.rules import PolicyText

LANGUAGE = Language(Facts)
WORDS = ("", "a", "b", "a?", "a\ud800")
NUMBERS = (-2, -1, 0, 1, 2, 3, 100)

words, numbers = st.sampled_from(WORDS), st.sampled_from(NUMBERS)
counts = st.integers(0, 3)
matches = st.builds(
    MatchFacts,
    bank=words,
    trusted=st.booleans(),
    exact=st.booleans(),
    kind=st.sampled_from(["md5", "pdq"]),
    distance=counts,
)
ratings = st.builds(RatingFacts, name=words, value=st.sampled_from([0.0, 0.5, 1.0, float("nan")]))


def few(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3).map(tuple)


any_facts = st.builds(
    Facts,
    verdict=st.sampled_from(Verdict),
    event=st.builds(
        EventFacts,
        kind=st.sampled_from(EventKind),
        surface=words,
        region=words,
        drill=st.booleans(),
        age_seconds=numbers,
    ),
    actor=st.builds(ActorFacts, age=st.sampled_from(AgeBand), minor=st.booleans()),
    ratings=few(ratings),
    history=st.builds(HistoryFacts, blocks_30d=numbers),
    matches=few(matches),
    gaps=few(st.builds(GapFacts, reason=st.sampled_from(GapReason), media_type=words)),
    contents=few(st.builds(ContentFacts, media_type=words, size=numbers)),
    match_count=numbers,
    silenced=few(st.builds(SilencedFacts, reason=st.sampled_from(Silencing), bank=words)),
    silenced_count=numbers,
)


@st.composite
def true_facts(draw: st.DrawFn) -> Facts:
    """Facts as they are made of an event: the verdict follows from matches and gaps."""
    of = draw(any_facts)
    exact = [m.exact for m in of.matches]
    verdict = Verdict.MATCH if of.matches else Verdict.NOT_CHECKED if of.gaps else Verdict.CLEAR
    past = draw(st.booleans())
    known = draw(st.booleans())
    fields = of.__struct_fields__
    rest = {name: getattr(of, name) for name in fields}
    rest |= {
        "verdict": verdict,
        "event": EventFacts(
            kind=of.event.kind,
            surface=of.event.surface,
            region=of.event.region,
            drill=of.event.drill,
            retrospective=past,
            age_seconds=abs(of.event.age_seconds) if past else 0,
        ),
        "history": HistoryFacts(known=known, blocks_30d=draw(counts) if known else 0),
        "matches": tuple(
            MatchFacts(
                bank=m.bank,
                trusted=m.trusted,
                exact=e,
                kind=m.kind,
                distance=0 if e else m.distance,
            )
            for m, e in zip(of.matches, exact, strict=True)
        ),
        "match_count": len(of.matches),
        "silenced_count": len(of.silenced),
        "content_count": len(of.contents),
    }
    return Facts(**rest)


def quoted(text: str) -> str:
    return "'" + text.encode("utf-8", "replace").decode() + "'"


texts = words.map(quoted)
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equals = st.sampled_from(["==", "!="])
verdicts = st.sampled_from(Verdict).map(lambda one: f"Verdict.{one}")
reasons = st.sampled_from([f"GapReason.{one}" for one in ("flat", "empty", "damaged")])

ATOMS = st.one_of(
    st.sampled_from(["true", "false", "event.drill", "actor.minor", "event.drill == true"]),
    st.builds("verdict {} {}".format, equals, verdicts),
    st.builds("verdict in [{}, {}]".format, verdicts, verdicts),
    st.builds("{} == event.kind".format, st.sampled_from(["EventKind.message", "1", "9"])),
    st.builds("event.surface {} {}".format, equals, texts),
    st.builds("event.surface in [{}, {}]".format, texts, texts),
    st.builds("event.region.startsWith({})".format, texts),
    st.builds("event.surface == event.region".format),
    st.builds("match_count {} {}".format, orders, numbers),
    st.builds("{} {} event.age_seconds".format, numbers, orders),
    st.builds("history.blocks_30d in [{}, {}]".format, numbers, numbers),
    st.builds("size({}) {} {}".format, st.sampled_from(["matches", "gaps"]), orders, numbers),
    st.builds("ratings.exists(r, r.value {} {})".format, orders, st.sampled_from(["0.5", "1.0"])),
    st.builds(
        "ratings.exists(r, !(r.value {} {}))".format, orders, st.sampled_from(["0.5", "1.0"])
    ),
    st.builds("actor.age != AgeBand.{}".format, st.sampled_from(AgeBand)),
    # Without an answer for some facts, or for all.
    st.builds("1 / match_count {} {}".format, orders, numbers),
    st.sampled_from(
        [
            "matches[0].trusted",
            "matches[1].bank == event.surface",
            "int(event.surface) == 1",
            "event.region.matches('(' + event.surface)",
            "(event.drill ? 1 / match_count == 1 : gaps[0].media_type == 'a')",
            "dyn(event.surface).x == 1",
            "has(event.surface)",
            "'a' in ['a', event.surface]",
            "matches == []",
            # Records as a whole, which are handed over as a whole.
            "event == event",
            "matches[0] == matches[1]",
            "contents.exists(c, c == contents[0])",
            "dyn(event).surface == 'a'",
            "[event].exists(e, e.drill)",
            "{'x': event}.x.region == 'b'",
            "(event.drill ? matches : matches).exists(m, m.trusted)",
            "matches.map(m, m)[0].bank == 'a'",
            "gaps.filter(g, g.media_type == 'a')[0].reason == GapReason.flat",
            "matches.map(m, m.bank).exists(b, b == event.surface)",
        ]
    ),
)


def quantified(name: str, over: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    whole = st.sampled_from(["exists", "all", "exists_one"])
    called = st.builds((over + ".{}(" + name + ", {})").format, whole, inner)
    least = st.sampled_from([">= 1", "> 1", "== 0", "<= 1", "!= 0"])
    counted = st.builds(("size(" + over + ".filter(" + name + ", {})) {}").format, inner, least)
    return called | counted


def of_matches(more: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    own = st.one_of(
        st.sampled_from(["m.trusted", "m.exact", "!m.trusted", "m.bank == event.surface"]),
        st.builds("m.bank {} {}".format, equals, texts),
        st.builds("m.distance {} {}".format, orders, numbers),
        st.builds("1 / m.distance {} {}".format, orders, numbers),
        st.sampled_from(["gaps.exists(m, m.reason == GapReason.flat)", "matches.all(m, m.exact)"]),
        more,
    )
    return quantified("m", "matches", joined(own, 3))


def of_gaps(more: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    own = st.one_of(
        st.builds("g.reason {} {}".format, equals, reasons),
        st.builds("g.reason in [{}, {}]".format, reasons, reasons),
        st.builds("g.media_type == {}".format, texts),
        more,
    )
    return quantified("g", "gaps", joined(own, 3))


def joined(atoms: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds("({} && {})".format, inner, inner),
            st.builds("({} || {})".format, inner, inner),
            st.builds("!({})".format, inner),
        ),
        max_leaves=most,
    )


conditions = joined(st.one_of(ATOMS, of_matches(ATOMS), of_gaps(ATOMS)), 6)


def compiled(number: int, text: str) -> CompiledRule:
    """A rule without the checks that a policy gets when it is loaded."""
    whole = PolicyText(
        "policy: example\nowner: safety\nrules:\n"
        f"  - {{name: r{number}, when: x, actions: [allow], reason: Because.}}\n",
        "example.yaml",
    )
    condition = LANGUAGE.compile(text)
    return CompiledRule(
        rule=whole.rules[0],
        reason=Reason(rule=f"r{number}", text="Because."),
        actions=frozenset({ActionKind.HOLD}),
        condition=condition,
        needs=Needs(LANGUAGE.shape).of(condition.tree),
    )


def answer(condition: Condition, of: Facts) -> bool | str:
    try:
        return condition.holds(LANGUAGE.bind(of))
    except ConditionFailed as problem:
        return str(problem)


def by_hand(rules: Sequence[CompiledRule], of: Facts) -> list[tuple[str, str]]:
    found = [(rule.reason.rule, answer(rule.condition, of)) for rule in rules]
    return [(name, "" if said is True else str(said)) for name, said in found if said is not False]


def fired(evaluator: Evaluator, of: Facts) -> list[tuple[str, str]]:
    return [(one.rule.reason.rule, str(one.problem or "")) for one in evaluator.fired(of)]


@settings(deadline=None, max_examples=200)
@given(st.lists(conditions, min_size=1, max_size=6), st.lists(any_facts, min_size=1, max_size=4))
def test_the_index_changes_nothing(whens: list[str], many: list[Facts]) -> None:
    rules = [compiled(number, text) for number, text in enumerate(whens)]
    evaluator = Evaluator(rules, LANGUAGE)
    for of in (*many, *many):
        expected = by_hand(rules, of)
        assert fired(evaluator, of) == expected
        seen = evaluator.look(of)
        assert [
            (one.rule.reason.rule, str(one.problem or ""))
            for one in seen
            if one.held or one.problem
        ] == expected


@settings(deadline=None, max_examples=200)
@given(conditions, st.lists(true_facts(), min_size=1, max_size=6))
def test_what_may_hold_is_never_called_impossible(when: str, many: list[Facts]) -> None:
    rule = compiled(0, when)
    for of in many:
        if answer(rule.condition, of) is True:
            assert possible(rule.needs)


MANY = Facts(
    verdict=Verdict.MATCH,
    matches=(MatchFacts(bank="a", trusted=True, exact=True, kind="md5"),) * 120,
    match_count=120,
)


@pytest.mark.parametrize(
    "heavy",
    [
        "matches.all(a, matches.all(b, true))",
        "matches.filter(a, true).all(a, matches.exists_one(b, true) || true)",
        "(matches + matches).all(a, (matches + matches).all(b, true))",
        "matches.map(m, matches).all(l, l.all(m, l.exists(m, true)))",
        "[1, 2].all(n, matches.all(a, matches.all(b, true)))",
    ],
)
@pytest.mark.parametrize("where", ["{} && event.drill", "event.drill && {}", "event.drill || {}"])
def test_the_end_of_the_budget_is_met_as_without_the_index(heavy: str, where: str) -> None:
    """It is the one failure that a `false` further on does not outweigh."""
    rules = [compiled(0, where.format(heavy)), compiled(1, "event.drill"), compiled(2, "true")]
    evaluator = Evaluator(rules, LANGUAGE)
    assert fired(evaluator, MANY) == by_hand(rules, MANY)
    fails = not where.startswith("event.drill &&")
    assert ("r0" in dict(fired(evaluator, MANY))) == fails


@pytest.mark.parametrize(
    ("when", "by"),
    [
        ("event.surface == 'a' && matches.exists(m, m.trusted)", ("event.surface",)),
        ("matches.exists(m, m.bank == 'b')", ("matches",)),
        ("gaps.size() > 0", ("gaps",)),
        ("match_count < 3 || history.blocks_30d >= 2", ("match_count", "history.blocks_30d")),
        ("!(verdict == Verdict.match)", ("verdict",)),
        ("ratings.filter(r, r.value > 1.0).size() >= 2", ("ratings",)),
        ("!matches.all(m, m.exact)", ("matches",)),
        ("event.region in ['x', 'y'] && 1 / silenced_count == 1", ("event.region",)),
    ],
)
def test_a_rule_is_ruled_out_by_the_facts_that_it_tests(when: str, by: tuple[str, ...]) -> None:
    evaluator = Evaluator([compiled(0, when)], LANGUAGE)
    (seen,) = evaluator.look(MANY)
    assert not seen.held
    assert tuple(".".join(p for p in path if p != "size()") for path in seen.ruled_out_by) == by


def test_many_rules_leave_few_to_be_evaluated() -> None:
    rules = [compiled(n, f"event.surface == 's{n}' && match_count > 1") for n in range(1000)]
    evaluator = Evaluator(rules, LANGUAGE)
    found = Facts(verdict=Verdict.MATCH, event=EventFacts(surface="s7"), match_count=2)
    assert [seen.rule.reason.rule for seen in evaluator.look(found) if not seen.ruled_out_by] == [
        "r7"
    ]
    assert fired(evaluator, found) == [("r7", "")]


@pytest.mark.parametrize(
    "when",
    [
        "event.drill && !event.drill",
        "verdict == Verdict.match && verdict == Verdict.clear",
        "verdict == Verdict.clear && match_count > 0",
        "verdict == Verdict.clear && matches.exists(m, m.trusted)",
        "verdict == Verdict.clear && gaps.size() > 0",
        "verdict == Verdict.not_checked && gaps.size() == 0",
        "match_count > 5 && match_count < 5",
        "match_count < 0",
        "event.surface == 'a' && event.surface in ['b', 'c']",
        "matches.exists(m, m.exact && m.distance > 3)",
        "matches.exists(m, m.trusted) && matches.all(m, !m.trusted)",
        "!matches.exists(m, m.trusted) && matches.exists_one(m, m.trusted)",
        "silenced_count == 0 && silenced.exists(s, s.bank == 'a')",
        "event.age_seconds > 60 && !event.retrospective",
        "history.blocks_30d > 0 && !history.known",
        "size(matches) < 0",
        "false",
    ],
)
def test_what_cannot_be_is_seen(when: str) -> None:
    assert not possible(compiled(0, when).needs)


@pytest.mark.parametrize(
    "when",
    [
        "matches.exists(a, a.bank == 'a') && matches.exists(b, b.bank == 'b')",
        "gaps.exists(g, g.reason == GapReason.flat) && !gaps.all(g, g.reason == GapReason.flat)",
        "verdict == Verdict.match && gaps.size() > 0",
        "event.surface != 'a' && event.surface != 'b'",
        "match_count > 5 || match_count < 5",
        "matches.all(m, m.trusted && !m.trusted)",
        "event.drill ? match_count > 3 : match_count < 3",
    ],
)
def test_what_may_be_is_let_be(when: str) -> None:
    assert possible(compiled(0, when).needs)


DEFAULT = Policy.default()


@settings(deadline=None)
@given(any_facts | true_facts())
def test_the_policy_that_ships_decides_alike_with_every_rule_evaluated(of: Facts) -> None:
    assert DEFAULT.decide(of) == DEFAULT.decide_by_all(of)
