"""Points of evidence for solicitation: added up under caps, more where two come together.

Evidence is additive: there is no least number of kinds that must be there, and no mean of scores.
Contact details alone weigh nothing, since profiles are full of them; they weigh where something
else is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tutela.detection.conversation.cues.cue import CueFamily, Hit
from tutela.detection.solicitation.rating import SolicitationGround, Source
from tutela.detection.text.terms.term import TermHit

CONTACT = "contact"
"""What contact details are called where they come together with a cue."""

TOGETHER: dict[tuple[str, str], float] = {
    ("recruit", "age_audience"): 2.0,
    ("recruit", CONTACT): 1.0,
    ("recruit", "discretion"): 2.0,
    ("recruit", "gift"): 1.0,
    ("age_audience", CONTACT): 1.0,
    ("age_audience", "discretion"): 2.0,
    ("age_audience", "gift"): 1.0,
    ("age_audience", "more_in_private"): 1.5,
    ("age_audience", "picture_call"): 3.0,
    ("age_audience", "price"): 2.0,
    ("discretion", "gift"): 1.0,
    ("discretion", "picture_call"): 2.0,
    ("picture_call", "gift"): 1.5,
    ("picture_call", "price"): 1.5,
    ("price", "more_in_private"): 1.0,
    ("price", CONTACT): 0.5,
}
"""Points for two that stand in one text, besides their own. Priors, set by judgement."""

TERMS_CAP = 10.0
"""What the terms of one list come to at most."""

_REPEATED = ((100, 3.0), (30, 2.0), (10, 1.5), (3, 1.0))
"""From so many accounts on, so many points."""


def of_cues(hits: Iterable[Hit]) -> list[SolicitationGround]:
    """What cues come to: each find counts until the cap of its family is reached."""
    spent: defaultdict[str, float] = defaultdict(float)
    grounds = []
    for hit in hits:
        points = _within(hit.cue, spent[hit.cue.id])
        spent[hit.cue.id] += abs(points)
        if points:
            grounds.append(
                SolicitationGround(
                    source=Source.CUE,
                    name=hit.cue.id,
                    title=hit.cue.title,
                    points=points,
                    start=hit.start,
                    end=hit.end,
                )
            )
    return grounds


def of_terms(hits: Iterable[TermHit]) -> list[SolicitationGround]:
    """What terms come to: each once, under a cap for each list."""
    spent: defaultdict[str, float] = defaultdict(float)
    seen: set[tuple[str, str]] = set()
    grounds = []
    for hit in hits:
        points = min(hit.points, TERMS_CAP - spent[hit.term_list])
        if (hit.term_list, hit.term) in seen:
            continue
        seen.add((hit.term_list, hit.term))
        spent[hit.term_list] += points
        grounds.append(
            SolicitationGround(
                source=Source.TERM,
                name=f"{hit.term_list} {hit.version} {hit.term}",
                points=points,
                start=hit.start,
                end=hit.end,
            )
        )
    return grounds


def of_pairs(found: Sequence[SolicitationGround], *, contact: bool) -> list[SolicitationGround]:
    """What comes on top where two stand in one text."""
    present = {one.name for one in found} | ({CONTACT} if contact else set())
    return [
        SolicitationGround(source=Source.TOGETHER, name=f"{one}+{other}", points=points)
        for (one, other), points in TOGETHER.items()
        if one in present and other in present
    ]


def of_repeats(accounts: int) -> list[SolicitationGround]:
    """What it weighs that so many accounts show nearly the same text."""
    points = next((points for least, points in _REPEATED if accounts >= least), 0.0)
    if not points:
        return []
    return [SolicitationGround(source=Source.REPEATED, name=f"{accounts} accounts", points=points)]


def _within(cue: CueFamily, spent: float) -> float:
    left = max(0.0, cue.cap - spent)
    return max(-left, min(left, cue.points))
