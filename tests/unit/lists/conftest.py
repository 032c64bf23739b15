"""The signal kinds, for everything that reads or holds entries."""

from __future__ import annotations

import pytest

from tutela.detection.signals.registry import SignalKinds, builtin_kinds


@pytest.fixture(scope="session")
def kinds() -> SignalKinds:
    return builtin_kinds()
