from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tutela.model.custody.evidence import EvidenceKind
from tutela.model.custody.terms import Bound, Moment
from tutela.policy.law.law import Law
from tutela.response.custody.terms import Terms

DETECTED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def terms() -> Terms:
    law = Law.load("")
    return Terms(law.pack_of, default=timedelta(days=2000), unreported=timedelta(days=50))


def test_the_pack_of_the_region_says_how_long(terms: Terms) -> None:
    term = terms.of("GB-SCT", EvidenceKind.USER_DATA)
    assert (term.keep, term.bound, term.after) == ("1 year", Bound.MINIMUM, Moment.REPORT)
    assert term.window == "2 weeks"
    assert term.pack.startswith("uk-")
    assert "regulation 8" in term.source
    assert terms.of("GB", EvidenceKind.REPORT_REFERENCE).keep == "5 years"


@pytest.mark.parametrize("region", ["", "ZZ", "QM"])
def test_elsewhere_the_operator_says_it(terms: Terms, region: str) -> None:
    term = terms.of(region, EvidenceKind.CONTENT)
    assert (term.pack, term.keep, term.after) == ("", "2000 days", Moment.DETECTION)
    assert term.source == "setting vault.default_days"
    clock = terms.clock(term, DETECTED_AT)
    assert clock == (DETECTED_AT, DETECTED_AT + timedelta(days=2000))


def test_what_waits_for_a_report_does_not_wait_for_ever(terms: Terms) -> None:
    clock = terms.clock(terms.of("GB", EvidenceKind.CONTENT), DETECTED_AT)
    assert clock == (None, DETECTED_AT + timedelta(days=50))


def test_every_pack_gives_every_kind_a_term(terms: Terms) -> None:
    for pack in Law.load("").packs.values():
        for kind in EvidenceKind:
            term = terms.of(pack.regions.codes[0], kind)
            assert term.pack == pack.version
            assert terms.clock(term, DETECTED_AT).expires_at > DETECTED_AT
