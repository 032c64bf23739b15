"""A changed threshold changes nothing else of a policy's text."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.errors import NotFound
from tutela.policy.policy import Policy
from tutela.policy.thresholds.changing import with_thresholds

SHIPPED = (resources.files("tutela.policy") / "default.yaml").read_text()


@settings(deadline=None, max_examples=5)
@given(
    st.dictionaries(
        st.sampled_from(["grooming", "solicitation", "emergency"]), st.integers(0, 100), min_size=1
    )
)
def test_the_values_change_and_nothing_else(tenths: dict[str, int]) -> None:
    values = {name: number / 10 for name, number in tenths.items()}
    changed = with_thresholds(SHIPPED, "policy", values)
    before, after = SHIPPED.splitlines(), changed.splitlines()
    different = [
        (old, new) for old, new in zip(before, after, strict=True) if old.strip() != new.strip()
    ]
    written = {new.strip() for _, new in different}
    assert written <= {f"{name}: {value}" for name, value in values.items()}
    loaded = Policy.load(changed, "policy", tested=False)
    assert loaded.thresholds == Policy.default().thresholds | values


def test_comments_and_quotes_around_a_value_stay() -> None:
    text = SHIPPED.replace("  grooming: 6.0", "  grooming:   6.0   # agreed in March")
    changed = with_thresholds(text, "policy", {"grooming": 7.25})
    assert "  grooming:   7.25   # agreed in March\n" in changed


def test_the_same_value_again_is_the_same_version() -> None:
    again = with_thresholds(SHIPPED, "policy", {"grooming": 6})
    assert Policy.load(again, "policy").version == Policy.default().version


def test_a_threshold_that_the_policy_lacks_is_refused() -> None:
    with pytest.raises(NotFound, match="no threshold bar"):
        with_thresholds(SHIPPED, "policy", {"bar": 1.0})
