from __future__ import annotations

from datetime import timedelta

from tests.unit.interfaces.console.leading.conftest import Desk

from tutela.interfaces.review.gauges import queue_numbers
from tutela.interfaces.services import Services
from tutela.model.review.queue import Queue
from tutela.storage.values import now


def test_what_waits_in_each_queue_is_counted(services: Services) -> None:
    services.queues.put(Queue(name="quiet", position=1))
    desk = Desk(services)
    late = now() - timedelta(minutes=1)
    desk.open(queue="everything", waits_until=late, gathered_at=late)
    desk.drawn(queue="everything")
    states, ages = queue_numbers(services)
    assert states == {
        "quiet": dict.fromkeys(states["quiet"], 0),
        "everything": {
            "waiting": 1,
            "held": 0,
            "imminent": 0,
            "disputed": 0,
            "overdue": 1,
            "samples": 1,
        },
    }
    # A case of a queue that promises a day, overdue for a minute.
    assert 86_400 < ages["everything"] < 86_400 + 120
    assert ages["quiet"] == 0
