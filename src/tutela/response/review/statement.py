"""The statement of reasons for the user concerned, drafted from the policy's own words.

It says what was decided, on which ground, whether a machine had a part in it, and how it can be
contested. It names no list, no entry and no reviewer. Reviewers may change it before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tutela.model.review.appeal import AppealOutcome
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.reviewing.review import OfferedReason, ReviewPolicy

LONGEST = 4000
"""Characters that a statement may have."""


class _Frame(NamedTuple):
    decided: Mapping[ReviewOutcome, str]
    ground: str
    machine: str
    people: str
    contest: str
    answers: Mapping[AppealOutcome, str]


FRAMES: Mapping[str, _Frame] = MappingProxyType(
    {
        "en": _Frame(
            decided=MappingProxyType(
                {
                    ReviewOutcome.CONFIRMED: "Something that you shared was looked at by a person."
                    " It breaks our rules on the safety of children.",
                    ReviewOutcome.VIOLATION: "Something that you shared was looked at by a person."
                    " It breaks our rules.",
                    ReviewOutcome.HARMLESS: "Something that you shared was looked at by a person."
                    " It breaks none of our rules, and what was done about it is undone.",
                }
            ),
            ground="The ground is:",
            machine="It was found by automated means; a person decided.",
            people="No automated means decided about it.",
            contest="If you think that this is a mistake, you can contest it:"
            " then somebody else looks at it.",
            answers=MappingProxyType(
                {
                    AppealOutcome.GRANTED: "You contested a decision. Somebody who had no part in"
                    " it has looked at it anew. You were right: what was done is undone.",
                    AppealOutcome.UPHELD: "You contested a decision. Somebody who had no part in it"
                    " has looked at it anew. The decision stands.",
                }
            ),
        ),
        "fr": _Frame(
            decided=MappingProxyType(
                {
                    ReviewOutcome.CONFIRMED: "Un contenu que vous avez partagé a été examiné par"
                    " une personne. Il enfreint nos règles sur la sécurité des enfants.",
                    ReviewOutcome.VIOLATION: "Un contenu que vous avez partagé a été examiné par"
                    " une personne. Il enfreint nos règles.",
                    ReviewOutcome.HARMLESS: "Un contenu que vous avez partagé a été examiné par"
                    " une personne. Il n'enfreint aucune de nos règles, et les mesures prises à"
                    " son sujet sont levées.",
                }
            ),
            ground="Le motif est le suivant :",
            machine="Il a été repéré par des moyens automatisés ; une personne a pris la décision.",
            people="Aucun moyen automatisé n'a pris de décision à son sujet.",
            contest="Si vous pensez qu'il s'agit d'une erreur, vous pouvez contester cette"
            " décision : une autre personne l'examinera.",
            answers=MappingProxyType(
                {
                    AppealOutcome.GRANTED: "Vous avez contesté une décision. Une personne qui n'y"
                    " avait pas pris part l'a réexaminée. Vous aviez raison : les mesures prises"
                    " sont levées.",
                    AppealOutcome.UPHELD: "Vous avez contesté une décision. Une personne qui n'y"
                    " avait pas pris part l'a réexaminée. La décision est maintenue.",
                }
            ),
        ),
    }
)
"""The words around those of the policy, by language."""


def draft(
    policy: ReviewPolicy,
    outcome: ReviewOutcome,
    reasons: Sequence[str] = (),
    *,
    language: str = "en",
    automated: bool = True,
) -> str:
    """A statement of reasons; empty where nothing is to be told.

    The words of the policy stand in it as they are written, whatever the language.

    Args:
        policy: what the policy says of review.
        outcome: what was decided.
        reasons: names of the reasons that the reviewer chose; unknown ones are left out.
        language: `en` or `fr`, or a tag that begins so; English for any other.
        automated: whether automated means found what was decided about.
    """
    frame = FRAMES.get(language.partition("-")[0].lower(), FRAMES["en"])
    decided = frame.decided.get(outcome)
    if decided is None:
        return ""
    grounds = [*_notices(policy, reasons)] or [*filter(None, [policy.follows(outcome).notice])]
    lines = [decided]
    if grounds and outcome is not ReviewOutcome.HARMLESS:
        lines.append(" ".join((frame.ground, *grounds)))
    lines.append(frame.machine if automated else frame.people)
    if outcome is not ReviewOutcome.HARMLESS:
        lines.append(frame.contest)
    return "\n\n".join(lines)[:LONGEST]


def answered(
    outcome: AppealOutcome,
    policy: ReviewPolicy | None = None,
    reasons: Sequence[str] = (),
    *,
    language: str = "en",
) -> str:
    """What whoever contested a decision is told.

    Args:
        outcome: what came of the appeal.
        policy: what the policy says of review, where reasons are given.
        reasons: names of the reasons that the reviewer chose; unknown ones are left out.
        language: as for `draft`.
    """
    frame = FRAMES.get(language.partition("-")[0].lower(), FRAMES["en"])
    lines = [frame.answers[outcome]]
    grounds = list(_notices(policy, reasons)) if policy else []
    if grounds and outcome is AppealOutcome.UPHELD:
        lines.append(" ".join((frame.ground, *grounds)))
    return "\n\n".join(lines)[:LONGEST]


def _notices(policy: ReviewPolicy, reasons: Sequence[str]) -> list[str]:
    chosen: list[OfferedReason] = [one for one in policy.reasons if one.name in reasons]
    return [one.notice for one in chosen if one.notice]
