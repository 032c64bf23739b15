from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tutela.detection.media.sandbox.watch import Watch


@pytest.fixture(autouse=True)
def _no_timer_is_left() -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.parametrize("deadly", [False, True])
def test_work_aside_does_not_count(deadly: bool) -> None:  # noqa: FBT001 - a parameter of the test
    watch = Watch(0.2, deadly=deadly)
    watch.restart()
    with watch.aside():
        work(0.3)
        assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    assert not watch.short
    assert (signal.getitimer(signal.ITIMER_PROF)[0] > 0.1) is deadly
    work(0.2)
    assert watch.short
