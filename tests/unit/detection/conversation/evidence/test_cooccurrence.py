from __future__ import annotations

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.conversation.evidence import cooccurrence
from tutela.detection.conversation.evidence.lanes import APPROACH, PREPARING
from tutela.detection.conversation.evidence.ledger import OLDER_TOLD, YOUNG_TOLD


def test_every_pair_is_found_from_both_of_its_cues() -> None:
    for cue, partners in cooccurrence.PARTNERS.items():
        for partner, name, points in partners:
            assert name == "+".join(sorted((cue, partner)))
            assert (cue, name, points) in cooccurrence.PARTNERS[partner]


def test_every_cue_that_is_named_is_shipped_in_every_language() -> None:
    named = {
        *cooccurrence.PARTNERS,
        *cooccurrence.WITH_GAP,
        *cooccurrence.WITH_HIDDEN,
        *cooccurrence.WITH_MEDIA,
        *APPROACH,
        *PREPARING,
        OLDER_TOLD,
        YOUNG_TOLD,
    }
    for language in SHIPPED:
        assert named - set(CueSet.shipped(language).families) == set()
