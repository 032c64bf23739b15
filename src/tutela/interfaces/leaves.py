"""Leaves of the audit log in words, the same on every face."""

from __future__ import annotations

from tutela.evidence.custody.wording import TOUCHES
from tutela.model.custody.leaf import Fact, Leaf


def sentence(leaf: Leaf) -> str:
    """What happened, in a few words: `bank changed: disabled`."""
    did = leaf.data.get("did")
    return f"{TOUCHES[leaf.kind]}: {did}" if did else TOUCHES[leaf.kind]


def details(leaf: Leaf) -> list[tuple[str, str]]:
    """What else a leaf says, by name and in words."""
    return [(name.replace("_", " "), shown(fact)) for name, fact in leaf.data.items()]


def shown(fact: Fact) -> str:
    """One detail: numbers with commas, `yes` and `no`, `none` for nothing."""
    match fact:
        case None | "":
            return "none"
        case bool():
            return "yes" if fact else "no"
        case int():
            return f"{fact:,}"
        case _:
            return fact
