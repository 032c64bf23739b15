"""Measures that are neither detectors nor actions: duties of the program as a whole.

What is planned and not built stands here too, so that the scoreboard shows every gap. Whoever
builds a measure declares it beside its code and removes it here.
"""

from __future__ import annotations

from tutela.model import Measure
from tutela.model.record import Record


class Duty(Record, frozen=True, kw_only=True):
    """One duty.

    Attributes:
        measure: the principles that it serves and its counter.
        built: whether it exists.
        switch: the setting, `section.key`, that turns it on and off; empty where it is always on.
    """

    measure: Measure
    built: bool = True
    switch: str = ""


def _duty(
    id_: str, title: str, *principles: int, counts: str = "", built: bool = True, switch: str = ""
) -> Duty:
    measure = Measure(id=id_, title=title, principles=principles, counts=counts)
    return Duty(measure=measure, built=built, switch=switch)


def _planned(id_: str, title: str, *principles: int) -> Duty:
    return _duty(id_, title, *principles, built=False)


DUTIES: tuple[Duty, ...] = (
    _duty("banks", "Banks of known entries, trusted and tuned one by one", 1, counts="banks"),
    _duty("entries", "Entries that content is compared with", 1, counts="entries"),
    _duty("events", "A verdict for every event, never dropped in silence", 1, counts="events"),
    _duty("not_checked", "What could not be compared is named", 1, counts="events_not_checked"),
    _duty("silenced", "Matches that do not count are kept, with why", 1, counts="silenced"),
    _duty("low_information", "Pictures with little in them", 1, switch="defence.low_information"),
    _duty("floods", "Park entries that suddenly match very much", 1, switch="flood.enabled"),
    _duty("archives", "Look inside archives", 1, switch="decoder.archives"),
    _duty("dihedral", "Find turned and mirrored copies", 1, switch="decoder.dihedral"),
    _duty("scan", "Scan files and folders offline, without a server", 1, 10),
    _duty("cases", "Cases that wait for a person", 1, counts="cases_open"),
    _duty("signals_kept", "Keep fingerprints, for lists that grow later", 1, counts="signals_kept"),
    _duty(
        "rescan",
        "Compare the past with a list that has grown",
        1,
        counts="findings",
        switch="rescan.automatic",
    ),
    _duty("decisions", "Reasons and policy version with every decision", 1, 11, counts="decisions"),
    _duty(
        "law",
        "Look at nothing where the law of a place says no, and prove it",
        9,
        11,
        counts="law_refused",
    ),
    _duty(
        "evidence",
        "Keep findings under lock and for as long as the law says",
        1,
        3,
        5,
        counts="evidence_kept",
    ),
    _duty(
        "review",
        "Let people decide, protected from what they need not see",
        1,
        2,
        3,
        counts="cases",
    ),
    _duty(
        "appeals",
        "Let whoever is hit contest it, before somebody else",
        1,
        3,
        11,
        counts="actions_answer",
    ),
    _duty(
        "conversations",
        "Rate conversations for grooming risk",
        3,
        4,
        counts="messages_rated",
        switch="conversations.enabled",
    ),
    _duty("terms", "Find texts that advertise, recruit or solicit", 4),
    _duty("scoreboard", "Show for each principle what serves it", 11),
    _duty("bank_files", "Read and write the field's bank files", 10),
    _planned("video", "Fingerprints of video", 1, 2),
    _planned("exchanges", "Take lists from exchanges, and give feedback", 1, 10),
    _planned("url_lists", "Lists of known addresses", 1, 6),
    _planned("reports", "Reports to authorities, with receipts", 1, 2, 3, 4, 5),
    _planned("classifiers", "Classifiers that order a queue", 2),
    _planned("livestreams", "Watch livestreams by sampling", 5),
    _planned("search", "Guard search queries and suggestions", 6),
    _planned("child_defaults", "Safe defaults and contact rules for children", 7),
    _planned("age_signals", "Signals of age", 7),
    _planned("survivors", "A door for survivors", 8),
    _planned("notices", "Notices to survivors", 8),
    _planned("risk_register", "Register of risks and measures", 9),
    _planned("publishing", "Publish lists of one's own for others", 10),
    _planned("transparency", "Figures for transparency reports", 11),
)
"""Every duty, built ones first."""
