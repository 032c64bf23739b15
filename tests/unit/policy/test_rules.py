"""What is wrong with a policy is said with its place, in words its author understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.policy.policy import Policy
from tutela.policy.rules import LARGEST, MOST_RULES

GOLDEN = Path(__file__).parent / "golden"
WRONG = sorted(path.name for path in GOLDEN.glob("*.yaml"))
RULE = "  - {{name: rule-{0}, when: match_count >= -{0}, actions: [allow], reason: Always.}}\n"


def refusal(text: str | bytes, name: str = "policy.yaml") -> BadConfiguration:
    with pytest.raises(BadConfiguration) as caught:
        Policy.load(text, name)
    return caught.value


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    expected = dict(line.split(" ", 1) for line in (GOLDEN / "errors.txt").read_text().splitlines())
    assert str(refusal((GOLDEN / name).read_bytes(), name)) == expected[name]


def test_each_golden_text_has_its_policy() -> None:
    lines = (GOLDEN / "errors.txt").read_text().splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == WRONG


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("unknown-field-in-a-block.yaml", ".trustd"),
        ("unknown-field-in-quotes.yaml", ".distanc"),
        ("unknown-field-folded.yaml", ".regio"),
        ("type-error.yaml", "< '3'"),
        ("word-for-and.yaml", "and event"),
        ("unknown-fact.yaml", "matchs"),
        ("tag-for-not.yaml", "!event"),
        ("unknown-action.yaml", "open_cases"),
        ("bad-principle.yaml", "12"),
        ("two-rules-of-one-name.yaml", "one, when: true, actions: [hold]"),
    ],
)
def test_the_place_is_where_the_mistake_stands(name: str, at: str) -> None:
    text = (GOLDEN / name).read_text()
    file, line, column = refusal(text, name).where.split(":")
    assert file == name
    assert text.splitlines()[int(line) - 1][int(column) - 1 :].startswith(at)


def test_a_file_that_is_not_utf8_is_refused_with_its_place() -> None:
    error = refusal(b"policy: example\n# caf\xe9\nrules: []\n")
    assert str(error) == "policy.yaml:2:6: the file is not UTF-8"


def test_a_huge_file_is_refused() -> None:
    assert "8,388,608 bytes" in str(refusal("#" * (LARGEST + 1)))


def test_a_file_of_the_largest_size_is_taken() -> None:
    text = "policy: example\nowner: safety\nrules:\n" + RULE.format(1)
    Policy.load(text + "\n" * (LARGEST - len(text)), "policy.yaml")


def test_too_many_rules_are_refused_at_the_first_that_is_too_many() -> None:
    text = "policy: example\nowner: safety\nrules:\n" + "  - x\n" * (MOST_RULES + 1)
    assert refusal(text).where == f"policy.yaml:{MOST_RULES + 4}:5"


def test_deep_nesting_is_refused() -> None:
    assert "nested too deeply" in str(refusal("[" * 400))


def test_an_alias_cannot_grow() -> None:
    lines = [f"  - &x{n + 1} [*x{n}, *x{n}, *x{n}, *x{n}]\n" for n in range(60)]
    bomb = "policy: example\nowner: safety\nrules:\n  - &x0 [x, x]\n" + "".join(lines)
    assert str(refusal(bomb)) == (
        "policy.yaml:5:10: an alias (*) cannot stand here; write out what it stands for"
    )


def test_a_tag_makes_no_object() -> None:
    error = refusal("policy: !!python/object/apply:os.getcwd []\nrules: []\n")
    assert str(error) == "policy.yaml:1:9: a policy's name must be text; put it in quotes"


def test_a_mark_at_the_start_and_other_line_ends_change_nothing() -> None:
    text = "policy: example\nowner: safety\nrules:\n" + RULE.format(1)
    marked = "\ufeff" + text.replace("\n", "\r\n")
    assert Policy.load(marked, "a").version == Policy.load(text, "b").version


def test_a_lone_surrogate_is_refused() -> None:
    assert "not UTF-8" in str(refusal("policy: '\ud800'\n"))
