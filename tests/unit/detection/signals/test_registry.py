from __future__ import annotations

import pytest

from tutela.detection.signals.md5 import Md5
from tutela.detection.signals.pdq import Pdq
from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.errors import BadConfiguration, InvalidInput

SECRET = "900150983cd24fb0d6963f7d28e17f72"  # noqa: S105 - a digest, standing in for an entry


def test_the_kinds_that_come_along() -> None:
    kinds = builtin_kinds()
    assert kinds.names == ("md5", "sha1", "sha256", "pdq")
    assert [kind.name for kind in kinds.byte_kinds] == ["md5", "sha1", "sha256"]
    assert [kind.name for kind in kinds.pixel_kinds] == ["pdq"]
    assert [(kind.name, kind.bits, kind.exact) for kind in kinds] == [
        ("md5", 128, True),
        ("sha1", 160, True),
        ("sha256", 256, True),
        ("pdq", 256, False),
    ]


def test_kinds_are_found_by_name() -> None:
    kinds = builtin_kinds()
    assert len(kinds) == 4
    assert kinds["pdq"].bits == 256
    assert "pdq" in kinds
    assert "PDQ" not in kinds
    assert kinds.exact("md5")
    assert not kinds.exact("pdq")


def test_an_unknown_name_is_refused_and_not_repeated() -> None:
    kinds = SignalKinds([Md5(), Pdq()])
    for refused in (kinds.__getitem__, kinds.exact):
        with pytest.raises(InvalidInput) as caught:
            refused(SECRET)
        assert str(caught.value) == "there is no signal kind of this name; use one of md5, pdq"
        assert SECRET not in repr(caught.value.__context__)


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(BadConfiguration, match="same name"):
        SignalKinds([Md5(), Pdq(), Md5()])


def test_no_kinds_at_all() -> None:
    kinds = SignalKinds([])
    assert [*kinds, *kinds.names, *kinds.byte_kinds, *kinds.pixel_kinds] == []
