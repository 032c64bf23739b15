"""Thresholds stand in one place, and mean in a condition what their numbers would mean there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.errors import BadConfiguration
from tutela.model import Verdict
from tutela.policy.facts import AccountFacts, Facts, RatingFacts
from tutela.policy.policy import Policy
from tutela.policy.thresholds.threshold import HIGHEST, MOST_THRESHOLDS

HEAD = "policy: example\nowner: safety\n"
RULE = "  - {{name: {}, when: '{}', actions: [allow, open_case], reason: Why.}}\n"


def policy(thresholds: dict[str, float], *conditions: str) -> Policy:
    listed = "".join(f"  {name}: {value!r}\n" for name, value in thresholds.items())
    rules = "".join(RULE.format(f"r{number}", one) for number, one in enumerate(conditions))
    section = f"thresholds:\n{listed}" if listed else ""
    return Policy.load(f"{HEAD}{section}rules:\n{rules}", "policy.yaml")


def rated(*values: float) -> Facts:
    ratings = tuple(RatingFacts(name="grooming", value=value) for value in values)
    return Facts(verdict=Verdict.CLEAR, ratings=ratings, account=AccountFacts(unanswered_share=0.5))


numbers = st.floats(0, 10).map(lambda value: round(value, 2))
CONDITIONS = (
    "ratings.exists(r, r.value >= {})",
    "ratings.exists(r, {} <= r.value)",
    "!ratings.all(r, r.value < {})",
    "ratings.exists_one(r, r.value > {})",
    "ratings.filter(r, r.value == {}).size() > 0",
    'ratings.exists(r, r.value >= (r.name == "grooming" ? {} : 1.0))',
    "account.unanswered_share * 10.0 != {}",
    "[1.0, {}].exists(x, ratings.exists(r, r.value > x))",
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(CONDITIONS), numbers, st.lists(numbers, max_size=3))
def test_a_threshold_means_what_its_number_means(
    condition: str, value: float, values: list[float]
) -> None:
    named = policy({"bar": value}, condition.format("thresholds.bar"))
    plain = policy({}, condition.format(repr(value)))
    for facts in (rated(*values), rated(*values, value)):
        assert named.decide(facts).actions == plain.decide(facts).actions
        assert named.decide(facts) == named.decide_by_all(facts)
    assert named.thresholds == {"bar": value}
    assert named.reads == plain.reads


def test_the_variable_of_a_loop_may_have_its_name() -> None:
    """There `thresholds.value` is a field of the item, and not of what the policy names."""
    shadowed = policy(
        {"value": 9.0},
        "ratings.exists(thresholds, thresholds.value > 3.0)",
        "ratings.exists(r, r.value > thresholds.value)",
    )
    fired = [reason.rule for reason in shadowed.decide(rated(5)).reasons]
    assert fired == ["r0"]


def test_rules_that_compare_with_the_same_number_repeat_each_other() -> None:
    with pytest.raises(BadConfiguration, match="asks what rule r0 asks"):
        policy(
            {"bar": 7.0},
            "ratings.exists(r, r.value > thresholds.bar)",
            "ratings.exists(x, x.value > 7.0)",
        )


@pytest.mark.parametrize("name", ["a" * 49, "1a", "A", "a-b", "in", ""])
def test_names_are_names_of_the_language(name: str) -> None:
    text = f'{HEAD}thresholds: {{"{name}": 7.0}}\nrules:\n' + RULE.format("r", "true")
    with pytest.raises(BadConfiguration, match=r"^policy.yaml:3:14: "):
        Policy.load(text, "policy.yaml")


@pytest.mark.parametrize("value", ["-0.1", "10.5", ".inf", "~", "[1]", "true", "1:30", "0x1"])
def test_values_are_values_of_ratings(value: str) -> None:
    text = f"{HEAD}thresholds: {{bar: {value}}}\nrules:\n" + RULE.format("r", "true")
    with pytest.raises(BadConfiguration, match="a number from 0 to 10"):
        Policy.load(text, "policy.yaml")


def test_there_may_be_many_and_not_more() -> None:
    many = {f"t{number}": float(HIGHEST) for number in range(MOST_THRESHOLDS)}
    conditions = [f"ratings.exists(r, r.value > thresholds.{name})" for name in many]
    read = " || ".join(conditions[:30])
    with pytest.raises(BadConfiguration, match="no rule reads the threshold t30"):
        policy(many, read)
    with pytest.raises(BadConfiguration, match=f"may have {MOST_THRESHOLDS} thresholds"):
        policy(many | {"more": 1.0}, read)
