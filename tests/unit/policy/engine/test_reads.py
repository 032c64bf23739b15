"""What a condition reads, and how long lists may be for its budget to be enough."""

from __future__ import annotations

import pytest

from tutela.model import Verdict
from tutela.policy.engine.reads import BUDGET, lists_gone_through, longest_lists
from tutela.policy.expression import ConditionFailed, Language
from tutela.policy.facts import Facts, MatchFacts

LANGUAGE = Language(Facts)


@pytest.mark.parametrize(
    ("when", "reads"),
    [
        ("true", ""),
        ("event.drill && verdict == Verdict.match", "event.drill verdict"),
        ("matches.exists(m, m.trusted)", "matches matches.trusted"),
        (
            "matches.exists(a, gaps.exists(a, a.reason == GapReason.flat))",
            "gaps gaps.reason matches",
        ),
        ("size(matches) > 1", "matches"),
        ("matches[match_count - 1].bank == 'a'", "match_count matches.bank"),
        ("matches.filter(m, m.exact).size() > 1", "matches matches.* matches.exact"),
        (
            "matches.map(m, m.bank).exists(b, b == event.surface)",
            "event.surface matches matches.bank",
        ),
        ("matches == []", "matches matches.*"),
        ("event == event", "event event.*"),
        ("has(event.surface)", "event.surface"),
        (
            "history.blocks_30d > 2 ? actor.minor : event.drill",
            "actor.minor event.drill history.blocks_30d",
        ),
    ],
)
def test_what_is_read(when: str, reads: str) -> None:
    assert " ".join(sorted(LANGUAGE.compile(when).reads)) == reads


def test_only_lists_are_gone_through() -> None:
    reads = LANGUAGE.compile("matches.exists(m, m.trusted) && event.drill").reads
    assert lists_gone_through(reads, LANGUAGE.shape) == {"matches"}


@pytest.mark.parametrize(
    "when",
    [
        "matches.all(a, true)",
        "matches.all(a, true) && matches.all(a, true)",
        "matches.all(a, matches.all(b, true))",
        "matches.all(a, matches.all(b, true)) && gaps.size() == 0 && matches.all(a, true)",
        "[1, 2, 3].all(n, matches.all(a, matches.all(b, true)))",
        "matches.filter(a, true).all(a, matches.all(b, true))",
    ],
)
def test_lists_of_that_length_stay_within_the_budget(when: str) -> None:
    condition = LANGUAGE.compile(when)
    length = min(longest_lists(condition.tree), 3000)
    assert length > 0
    match = MatchFacts(bank="a", trusted=True, exact=True, kind="md5")
    condition.holds(LANGUAGE.bind(Facts(verdict=Verdict.MATCH, matches=(match,) * length)))


def test_the_bound_is_no_lower_than_it_must_be() -> None:
    condition = LANGUAGE.compile("matches.all(a, matches.all(b, true))")
    length = longest_lists(condition.tree)
    match = MatchFacts(bank="a", trusted=True, exact=True, kind="md5")
    many = Facts(verdict=Verdict.MATCH, matches=(match,) * (length + 2))
    with pytest.raises(ConditionFailed, match="10,000 steps"):
        condition.holds(LANGUAGE.bind(many))


@pytest.mark.parametrize(
    ("when", "longest"),
    [
        ("event.drill", BUDGET),
        ("(matches + matches).all(a, true)", 0),
        ("matches.map(m, matches).all(l, l.all(m, true))", 0),
    ],
)
def test_where_it_cannot_be_told_it_is_none(when: str, longest: int) -> None:
    assert longest_lists(LANGUAGE.compile(when).tree) == longest
