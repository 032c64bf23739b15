from __future__ import annotations

from datetime import UTC, datetime

from tutela.interfaces import leaves
from tutela.interfaces.console.custody.telling import details, sentence
from tutela.interfaces.language import Languages
from tutela.model.custody.leaf import AuditKind, Leaf

LEAF = Leaf(
    index=7,
    at=datetime(2026, 11, 30, tzinfo=UTC),
    kind=AuditKind.BANK,
    by="key:one",
    subject="bank:1",
    data={
        "did": "changed",
        "distance": 12_345,
        "distance_before": None,
        "enabled": True,
        "bank": "changed_by_hand",
    },
)


def test_a_leaf_is_told_in_english_as_on_every_face() -> None:
    english = Languages()["en"]
    assert sentence(LEAF, english) == leaves.sentence(LEAF) == "bank changed: changed"
    assert details(LEAF, english) == leaves.details(LEAF)


def test_a_leaf_is_told_in_french() -> None:
    french = Languages()["fr"]
    assert sentence(LEAF, french) == "banque modifiée\N{NO-BREAK SPACE}: modification"
    assert details(LEAF, french) == [
        ("fait", "modification"),
        ("distance", "12\N{NARROW NO-BREAK SPACE}345"),
        ("distance auparavant", "aucun"),
        ("activée", "oui"),
        ("banque", "changed_by_hand"),
    ]
