from __future__ import annotations

from collections import Counter
from math import gcd

from tutela.drill.photographs import listed, unrelated
from tutela.drill.plan import UploadKind, plan, recipes
from tutela.model.verdict import Verdict

FULL = 300


def test_a_full_drill_applies_each_edit_to_each_photograph_once() -> None:
    assert gcd(len(recipes()), len(listed())) == 1
    assert len(recipes()) * len(listed()) == FULL
    pairs = Counter(
        (upload.number % len(recipes()), upload.photograph.name)
        for upload in plan(FULL)
        if upload.recipe.kind.expected is Verdict.MATCH
    )
    assert set(pairs.values()) == {1}


def test_every_kind_is_sent() -> None:
    assert {upload.recipe.kind for upload in plan(len(recipes()))} == set(UploadKind)


def test_what_must_match_is_made_from_listed_photographs_only() -> None:
    names = {photograph.name for photograph in listed()}
    others = {photograph.name for photograph in unrelated()}
    assert not names & others
    for upload in plan(FULL):
        expected = names if upload.recipe.kind.expected is Verdict.MATCH else others
        assert upload.photograph.name in expected


def test_a_plan_is_the_same_each_time() -> None:
    first = [(u.number, u.recipe.kind, u.photograph.name) for u in plan(40)]
    assert first == [(u.number, u.recipe.kind, u.photograph.name) for u in plan(40)]
    assert plan(1).__next__().file() == plan(1).__next__().file()
