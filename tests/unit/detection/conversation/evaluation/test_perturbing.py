from __future__ import annotations

import pytest

from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.evaluation.perturbing import PERTURBATIONS, perturbed


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_part_of_the_words_changes_and_nothing_else(name: str) -> None:
    (one,) = synthesise(Plan(conversations=1, shortest=40))
    changed = perturbed(one, PERTURBATIONS[name], 1)
    assert changed == perturbed(one, PERTURBATIONS[name], 1)
    pairs = list(zip(one.conversation.messages, changed.conversation.messages, strict=True))
    same = sum(before.text == after.text for before, after in pairs)
    assert 0 < same < len(pairs)
    assert all((a.author, a.time) == (b.author, b.time) for a, b in pairs)
