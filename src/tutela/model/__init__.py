"""The words of the field as frozen records. Imports nothing of ours; everything else imports it."""

from tutela.model.actor import AccountSignals, Actor, AgeBand, AgeSource, History
from tutela.model.bank import Bank, Entry, EntryFacts, EntryState, NewEntry
from tutela.model.content import Content, Gap, GapReason
from tutela.model.event import Event, EventKind, Origin, Outcome
from tutela.model.law import Ruling, SurfaceClass
from tutela.model.match import Match, Silenced, Silencing
from tutela.model.parking import Parking, ParkingDecision
from tutela.model.principle import PRINCIPLES, Measure, MeasureState, Principle
from tutela.model.rating import Rating
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
from tutela.model.response.action import ActionKind, Order
from tutela.model.response.case import Case, CaseState
from tutela.model.response.decision import Decision, Reason, Severity
from tutela.model.response.delivery import (
    ActionMessage,
    Delivery,
    DeliveryState,
    Destination,
    Receipt,
)
from tutela.model.signal import LowInformation, Signal
from tutela.model.verdict import Verdict

__all__ = [
    "PRINCIPLES",
    "AccountSignals",
    "ActionChange",
    "ActionKind",
    "ActionMessage",
    "Actor",
    "AgeBand",
    "AgeSource",
    "Bank",
    "Case",
    "CaseState",
    "Content",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Destination",
    "Entry",
    "EntryFacts",
    "EntryState",
    "Event",
    "EventKind",
    "Gap",
    "GapReason",
    "History",
    "LowInformation",
    "Match",
    "Measure",
    "MeasureState",
    "NewEntry",
    "Order",
    "Origin",
    "Outcome",
    "Parking",
    "ParkingDecision",
    "PolicyReport",
    "Principle",
    "Rating",
    "Reason",
    "Receipt",
    "Rescan",
    "RescanKind",
    "RescanState",
    "RescanTally",
    "RuleChange",
    "Ruling",
    "Sample",
    "Severity",
    "Signal",
    "Silenced",
    "Silencing",
    "SurfaceClass",
    "Verdict",
]
