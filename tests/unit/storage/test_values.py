from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput
from tutela.model import Signal
from tutela.storage.values import instant, microseconds, signal_bytes

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - likewise
    timezones=st.timezones(),
)


@given(MOMENTS)
def test_a_point_in_time_survives_to_the_microsecond(moment: datetime) -> None:
    assert instant(microseconds(moment)) == moment.astimezone(UTC)


@given(MOMENTS, MOMENTS)
def test_order_is_kept(one: datetime, other: datetime) -> None:
    earlier = one.astimezone(UTC) < other.astimezone(UTC)
    assert (microseconds(one) < microseconds(other)) == earlier


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        microseconds(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@given(st.binary(min_size=1, max_size=64))
def test_canonical_text_becomes_its_bytes(value: bytes) -> None:
    assert signal_bytes(Signal(kind="pdq", value=value.hex())) == value


@pytest.mark.parametrize("text", ["", "AB" * 16, "ab " * 16, "abc", "zz" * 16, "\ud800"])
def test_other_text_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        signal_bytes(Signal(kind="pdq", value=text))
    assert not text or text not in str(caught.value)
