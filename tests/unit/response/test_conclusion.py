from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.model import Gap, GapReason, Match, Verdict
from tutela.response.conclusion import verdict_of

MATCH = Match(bank="b", bank_id=1, entry_id=1, kind="md5", distance=0, exact=True, list_version=1)
GAPS = st.lists(st.sampled_from(GapReason).map(lambda reason: Gap(reason=reason)), max_size=3)


@given(matches=st.lists(st.just(MATCH), max_size=2), gaps=GAPS)
def test_clear_means_neither_match_nor_gap(matches: list[Match], gaps: list[Gap]) -> None:
    verdict = verdict_of(matches, gaps)
    assert (verdict is Verdict.CLEAR) == (not matches and not gaps)
    assert (verdict is Verdict.MATCH) == bool(matches)
