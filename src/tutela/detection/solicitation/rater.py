"""Rates text that one shows to many: cues, operators' terms, contact details, repetition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from importlib import resources

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.cues.cue import Hit
from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.solicitation.rating import SolicitationGround, SolicitationRating
from tutela.detection.solicitation.weighing import of_cues, of_pairs, of_repeats, of_terms
from tutela.detection.text.contacts import Contacts
from tutela.detection.text.language import Languages, plain_tag
from tutela.detection.text.near import Repeats, Signer
from tutela.detection.text.normalised import Normalised
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.lists import TermLists
from tutela.model.conversation.rating import MissingEvidence, NotEnoughEvidence
from tutela.model.record import Record

SHIPPED = ("en", "fr")
"""Languages whose cues are shipped."""

MOST_REASONS = 50
"""So many reasons of a rating are told, the weightiest."""

_PRIOR = Calibration(version="solicitation prior 1", scale=5.0, knots=PRIOR.knots)
_DIGEST = 12


class Shown(Record, frozen=True, kw_only=True):
    """A text that one shows to many.

    Attributes:
        account: whose it is; texts of one account are never counted as repeated.
        language: a tag such as `fr-CA`, where the platform knows it.
    """

    text: str
    account: str = ""
    language: str = ""


class SolicitationRater:
    """Rates texts. Many threads may use one; it keeps nothing of what it rates.

    Args:
        cues: by language; those that are shipped where there are none.
        languages: tells languages apart.
        signer: makes the signatures by which repeated texts are found.
    """

    def __init__(
        self,
        terms: TermLists | None = None,
        *,
        normaliser: Normaliser | None = None,
        languages: Languages | None = None,
        cues: Mapping[str, CueSet] | None = None,
        signer: Signer | None = None,
    ) -> None:
        self._normaliser = normaliser or Normaliser()
        self._languages = languages or Languages()
        self._terms = terms or TermLists()
        self._given = cues
        self._signer = signer or Signer()
        self._contacts = Contacts(self._normaliser)
        self._calibration = _PRIOR

    @cached_property
    def model(self) -> str:
        """Name and version, with a digest of cues and term lists."""
        made_of = [self._cues[language].name for language in sorted(self._cues)]
        made_of += [f"{one.name} {one.version} {one.digest}" for one in self._terms.lists.values()]
        made_of += [self._normaliser.name] if self._normaliser.name else []
        digest = sha256("\n".join(made_of).encode()).hexdigest()[:_DIGEST]
        return f"solicitation 1 ({digest})"

    @cached_property
    def _cues(self) -> Mapping[str, CueSet]:
        """The cues; those that are shipped are read when first used, not while a server starts."""
        return shipped_cues() if self._given is None else self._given

    def rate(self, shown: Sequence[Shown]) -> tuple[SolicitationRating, ...]:
        """The rating of each text; they are compared with one another, and nothing is kept."""
        texts = [self._normaliser.normalise(one.text) for one in shown]
        repeats = Repeats(self._signer, most=len(texts) + 1)
        told = [
            repeats.add(one.account, text.text) if one.account else 0
            for one, text in zip(shown, texts, strict=True)
        ]
        # Once more, so that the first of many that are alike knows of the last.
        told = [
            repeats.add(one.account, text.text) if accounts else 0
            for one, text, accounts in zip(shown, texts, told, strict=True)
        ]
        return tuple(map(self._of, shown, texts, told))

    def _of(self, shown: Shown, text: Normalised, accounts: int) -> SolicitationRating:
        language = plain_tag(shown.language) or self._languages.of(shown.text)
        contacts = self._contacts.find(text)
        grounds = of_cues(self._hits(text, language))
        grounds += of_terms(self._terms.find(text, language))
        missing = self._missing(shown.text, language, grounds)
        if missing is None:
            grounds += of_pairs(grounds, contact=bool(contacts))
            grounds += of_repeats(accounts)
        value = self._calibration.value(sum(one.points for one in grounds))
        return SolicitationRating(
            value=0.0 if missing else value,
            band=self._calibration.band(0.0 if missing else value),
            reasons=() if missing else _weightiest(grounds),
            contacts=contacts,
            accounts=accounts,
            language=language,
            model=self.model,
            calibration=self._calibration.version,
            not_enough_evidence=missing,
        )

    def _hits(self, text: Normalised, language: str) -> Iterator[Hit]:
        """Cues of the language; of all where it is not known, each place once."""
        if language:
            yield from self._cues[language].find(text) if language in self._cues else ()
            return
        seen: set[tuple[str, int]] = set()
        for cues in self._cues.values():
            for hit in cues.find(text):
                if (hit.cue.id, hit.start) not in seen:
                    seen.add((hit.cue.id, hit.start))
                    yield hit

    def _missing(
        self, text: str, language: str, found: Sequence[object]
    ) -> NotEnoughEvidence | None:
        if not any(map(str.isalnum, text)):
            return NotEnoughEvidence(reason=MissingEvidence.NO_TEXT, detail="it has no words")
        if language and language not in self._cues and not found:
            return NotEnoughEvidence(
                reason=MissingEvidence.UNSUPPORTED_LANGUAGE,
                detail=f"unsupported language ({language})",
            )
        return None


def shipped_cues() -> dict[str, CueSet]:
    """The cues that are shipped, by language."""
    folder = resources.files("tutela.detection.solicitation")
    return {
        language: CueSet.load((folder / f"{language}.yaml").read_bytes(), f"{language}.yaml")
        for language in SHIPPED
    }


def _weightiest(grounds: Sequence[SolicitationGround]) -> tuple[SolicitationGround, ...]:
    ranked = sorted(grounds, key=lambda one: (-abs(one.points), one.start, one.name))
    return tuple(ranked[:MOST_REASONS])
