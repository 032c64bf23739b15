"""Leaves of the audit log in words, in the language of whoever reads."""

from __future__ import annotations

from tutela.evidence.custody.wording import TOUCHES
from tutela.interfaces.language import Translator
from tutela.model.custody.leaf import Fact, Leaf

TOUCH = "touch"
"""Context in the catalogs of what a kind of leaf says was done."""
DID = "did"
"""Context of what a leaf says was done to something, in a word or two."""
FACT = "fact"
"""Context of the names of what else a leaf says."""
BEFORE = "_before"
NAMES = frozenset(
    {"action", "did", "fault", "kind", "moment", "outcome", "purpose", "role", "shown", "source"}
    | {"state", "verdict", "was", "what", "why"}
)
"""Facts of leaves whose values are names that the code gives, not ids and the like."""


def sentence(leaf: Leaf, texts: Translator) -> str:
    """What happened, in a few words: `bank changed: disabled`."""
    touch, did = texts.word(TOUCHES[leaf.kind], TOUCH), leaf.data.get("did")
    if not did:
        return touch
    words = {"touch": touch, "did": texts.word(did, DID)}
    return texts.gettext("%(touch)s: %(did)s") % words


def details(leaf: Leaf, texts: Translator) -> list[tuple[str, str]]:
    """What else a leaf says, by name and in words."""
    return [(_name(name, texts), in_words(name, fact, texts)) for name, fact in leaf.data.items()]


def in_words(name: str, fact: Fact, texts: Translator) -> str:
    """One detail: numbers with their thousands apart, `yes` and `no`, `none` for nothing."""
    match fact:
        case None | "":
            return texts.pgettext("fact", "none")
        case bool():
            return texts.pgettext("fact", "yes") if fact else texts.pgettext("fact", "no")
        case int():
            return texts.amount(fact)
        case _ if name in NAMES:
            return texts.word(fact, DID)
        case _:
            return fact


def _name(name: str, texts: Translator) -> str:
    """The name of a detail; where it was changed, `NAME_before` is what it was."""
    now = name.removesuffix(BEFORE)
    said = texts.word(now, FACT)
    return said if now == name else texts.gettext("%(fact)s before") % {"fact": said}
