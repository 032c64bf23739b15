"""Conditions mean what they say, and stop where they must."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import EventKind, GapReason, Verdict
from tutela.policy.expression import LONGEST, ConditionFailed, Language, WrongExpression
from tutela.policy.facts import ContentFacts, EventFacts, Facts, GapFacts, MatchFacts

LANGUAGE = Language(Facts)
MATCH = MatchFacts(
    bank="mountains", trusted=True, exact=False, kind="pdq", distance=7, label="peak"
)
FACTS = Facts(
    verdict=Verdict.MATCH,
    event=EventFacts(surface="forum", region="DE", drill=True),
    matches=(MATCH,),
    gaps=(GapFacts(reason=GapReason.FLAT, media_type="image/png"),),
    contents=(ContentFacts(media_type="image/png", size=10, width=3, height=4, frames=1),),
    match_count=2000,
    content_count=1,
)

# Facts are drawn without surrogates: those that come from outside are tested by themselves.
names = st.text(max_size=20)
facts = st.builds(
    Facts,
    verdict=st.sampled_from(Verdict),
    event=st.builds(EventFacts, surface=names, region=names, drill=st.booleans()),
    matches=st.lists(
        st.builds(
            MatchFacts,
            bank=names,
            trusted=st.booleans(),
            exact=st.booleans(),
            kind=st.sampled_from(["md5", "pdq"]),
            distance=st.integers(0, 31),
        ),
        max_size=5,
    ).map(tuple),
    gaps=st.lists(st.builds(GapFacts, reason=st.sampled_from(GapReason)), max_size=4).map(tuple),
)


def holds(text: str, of: Facts = FACTS) -> bool:
    return LANGUAGE.compile(text).holds(LANGUAGE.bind(of))


@pytest.mark.parametrize(
    "text",
    [
        "verdict == Verdict.match",
        "verdict != Verdict.clear && verdict != Verdict.not_checked",
        "event.kind == EventKind.upload",
        "event.surface == 'forum' && event.region in ['DE', 'FR']",
        "event.drill",
        "matches.exists(m, m.trusted && !m.exact && m.distance < 8 && m.bank == 'mountains')",
        "matches.all(m, m.kind == 'pdq')",
        "matches.exists_one(m, m.label.startsWith('pe'))",
        "gaps.exists(g, g.reason == GapReason.flat && g.media_type == 'image/png')",
        "gaps.exists(g, g.reason in [GapReason.flat, GapReason.empty])",
        "contents.exists(c, c.width * c.height == 12)",
        "size(matches) == 1 && match_count == 2000",
        "event.surface.matches('^f.*m$')",
    ],
)
def test_a_true_condition_holds(text: str) -> None:
    assert holds(text)
    assert not holds(f"!({text})")


@settings(deadline=None)
@given(facts)
def test_conditions_agree_with_python(of: Facts) -> None:
    trusted = any(m.trusted and m.distance <= 16 for m in of.matches)
    assert holds("matches.exists(m, m.trusted && m.distance <= 16)", of) == trusted
    assert holds("verdict == Verdict.clear", of) == (of.verdict is Verdict.CLEAR)
    flat = any(g.reason is GapReason.FLAT for g in of.gaps)
    assert holds("gaps.exists(g, g.reason == GapReason.flat)", of) == flat
    same = any(m.bank == of.event.surface for m in of.matches)
    assert holds("matches.exists(m, m.bank == event.surface)", of) == same


@pytest.mark.parametrize("enumeration", [Verdict, GapReason, EventKind])
def test_every_value_of_a_fixed_list_is_a_constant(
    enumeration: type[Verdict | GapReason | EventKind],
) -> None:
    for value in enumeration:
        LANGUAGE.compile(f"{enumeration.__name__}.{value} == 0")


def test_a_lone_surrogate_in_a_name_does_not_stop_a_decision() -> None:
    odd = Facts(verdict=Verdict.CLEAR, event=EventFacts(surface="a\ud800"))
    assert holds("event.surface == 'a?'", odd)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("matches.all(a, matches.all(b, matches.all(c, true)))", "it took more than 10,000 steps"),
        ("1 / (match_count - 2000) == 1", "it divided by zero"),
        ("9223372036854775807 + match_count == 1", "a number became too large"),
        ("matches[5].trusted", "it asked for an item that the list does not have"),
        ("{'a': 1}[event.surface] == 1", "it asked for a key that the map does not have"),
        ("int(event.surface) == 1", "a text could not be converted"),
        ("timestamp(event.surface) == timestamp('x')", "a text could not be converted"),
        ("event.surface.matches('(' + event.region)", "its regular expression is not valid"),
        ("dyn(event.surface).x == 1", "it could not be evaluated"),
    ],
)
def test_a_condition_without_an_answer_says_why_and_quotes_nothing(text: str, why: str) -> None:
    many = Facts(
        verdict=Verdict.MATCH,
        event=EventFacts(surface="s-e-c-r-e-t", region="["),
        matches=(MATCH,) if "[5]" in text else (MATCH,) * 30,
        match_count=2000,
    )
    with pytest.raises(ConditionFailed) as caught:
        holds(text, many)
    assert str(caught.value) == why


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_time() -> None:
    long = Facts(verdict=Verdict.CLEAR, event=EventFacts(surface="a" * 256 + "b"))
    assert not holds("event.surface.matches('^(a+)+$')", long)


def test_a_condition_has_a_greatest_length() -> None:
    LANGUAGE.compile("true" + " " * (LONGEST - 4))
    with pytest.raises(WrongExpression, match="4,000 characters"):
        LANGUAGE.compile("true" + " " * (LONGEST - 3))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_compiled_or_refused_with_a_place_within_it(text: str) -> None:
    try:
        LANGUAGE.compile(text)
    except WrongExpression as problem:
        wrong = problem.complaint
        assert wrong.what
        assert 1 <= wrong.line <= text.count("\n") + 1
        assert wrong.column >= 1
