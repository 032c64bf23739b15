"""The words of the field as frozen records. Imports nothing of ours; everything else imports it."""

from tutela.model.action import ActionKind
from tutela.model.bank import Bank, Entry, EntryFacts, EntryState, NewEntry
from tutela.model.case import Case, CaseState
from tutela.model.content import Content, Gap, GapReason
from tutela.model.decision import Decision, Reason
from tutela.model.event import Actor, Event, EventKind, Origin, Outcome
from tutela.model.match import Match, Silenced, Silencing
from tutela.model.parking import Parking, ParkingDecision
from tutela.model.principle import PRINCIPLES, Measure, MeasureState, Principle
from tutela.model.rescan import (
    ActionChange,
    PolicyReport,
    Rescan,
    RescanKind,
    RescanState,
    RescanTally,
    RuleChange,
    Sample,
)
from tutela.model.signal import LowInformation, Signal
from tutela.model.verdict import Verdict

__all__ = [
    "PRINCIPLES",
    "ActionChange",
    "ActionKind",
    "Actor",
    "Bank",
    "Case",
    "CaseState",
    "Content",
    "Decision",
    "Entry",
    "EntryFacts",
    "EntryState",
    "Event",
    "EventKind",
    "Gap",
    "GapReason",
    "LowInformation",
    "Match",
    "Measure",
    "MeasureState",
    "NewEntry",
    "Origin",
    "Outcome",
    "Parking",
    "ParkingDecision",
    "PolicyReport",
    "Principle",
    "Reason",
    "Rescan",
    "RescanKind",
    "RescanState",
    "RescanTally",
    "RuleChange",
    "Sample",
    "Signal",
    "Silenced",
    "Silencing",
    "Verdict",
]
