"""What the manual shows is true: its examples load, and its table says what the policy does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tutela.policy.expression import LONGEST
from tutela.policy.policy import Policy
from tutela.policy.rules import LARGEST, MOST_RULES

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ("how-to/write-a-policy.md", "reference/policy.md")
EXAMPLES = [
    (page, text)
    for page in PAGES
    for text in re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL
    )
]


def test_there_are_examples() -> None:
    assert {page for page, _ in EXAMPLES} == set(PAGES)


@pytest.mark.parametrize(("page", "text"), EXAMPLES)
def test_an_example_loads(page: str, text: str) -> None:
    whole = (
        text if text.startswith("policy:") else f"policy: example\nowner: safety\nrules:\n{text}"
    )
    assert Policy.load(whole, page).rules


def test_conditions_in_the_reference_compile() -> None:
    page = (DOCS / "reference/policy.md").read_text()
    conditions = [
        'event.region in ["DE", "FR"]',
        "matches.exists(m, m.trusted)",
        "matches.all(m, m.exact)",
        "matches.exists_one(m, m.trusted)",
        "matches.filter(m, m.trusted).size() >= 2",
    ]
    for condition in conditions:
        assert f"`{condition}`" in page
        rule = f"{{name: one, when: '{condition}', actions: [hold], reason: Why., notice: Wait.}}"
        Policy.load(f"policy: example\nowner: safety\nrules: [{rule}]\n", "reference")


def test_the_limits_in_the_reference_are_those_of_the_code() -> None:

    page = (DOCS / "reference/policy.md").read_text()
    for number in (LONGEST, LARGEST, MOST_RULES):
        assert f"{number:,}" in page
