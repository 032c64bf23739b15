"""Samples: cases drawn at random after they were decided, to be read again by somebody else."""

from __future__ import annotations

from datetime import datetime

from tutela.model.record import Record
from tutela.model.response.decision import Severity
from tutela.model.review.queue import QueueName


class WaitingSample(Record, frozen=True, kw_only=True):
    """A case that waits to be read again. What was decided is not told: its reader must not know.

    Attributes:
        case_id, queue, severity, summary, drill: of the case.
        drawn_at: when it was drawn.
        held: whether somebody reads it now.
        offered: whether whoever asks may read it: they have not read it yet, nor passed it on.
    """

    case_id: str
    queue: QueueName
    severity: Severity
    summary: str
    drill: bool
    drawn_at: datetime
    held: bool
    offered: bool
