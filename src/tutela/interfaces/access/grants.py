"""Who may do what: every permission, and the one table that gives them to roles.

Every route, of the API as of the console, names exactly one permission; the program does not start
with a route that names none. Nothing else in the program knows of roles. How sensitive each
permission is, is said where the permission is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self


class Sensitivity(StrEnum):
    """How much is at stake where a permission gets into the wrong hands, the least first."""

    OPEN = "open"
    """Nothing about anybody: what is public, or could be."""
    WORKING = "working"
    """How the program is set up and how it fares: names, numbers and rules; no person."""
    PERSONAL = "personal"
    """People: who uploaded, who is reported, who works here; what was found and decided of them."""
    MATERIAL = "material"
    """Suspected material and decisions about it; what is listed, or whether something is."""
    KEYS = "keys"
    """The keys to the house: who comes in, what is in force, what is destroyed, where it goes."""


class Permission(StrEnum):
    """What a route asks of its caller, and how sensitive that is."""

    sensitivity: Sensitivity

    def __new__(cls, value: str, sensitivity: Sensitivity) -> Self:
        """A permission. None is without a level: the program does not even load."""
        permission = str.__new__(cls, value)
        permission._value_ = value
        permission.sensitivity = sensitivity
        return permission

    PUBLIC = "public", Sensitivity.OPEN
    """Nothing: the route answers strangers. Health, the schema, the sign-in page."""
    EVENTS_CHECK = "events.check", Sensitivity.MATERIAL
    """Hand in events and get the verdict."""
    EVENTS_READ = "events.read", Sensitivity.PERSONAL
    """Read stored events and their outcomes."""
    MESSAGES_RATE = "messages.rate", Sensitivity.PERSONAL
    """Hand in messages and whole conversations, and get their ratings."""
    SIGNALS_LOOKUP = "signals.lookup", Sensitivity.MATERIAL
    """Ask for the matches of ready-made signals; nothing is stored."""
    BANKS_READ = "banks.read", Sensitivity.WORKING
    """List banks with their settings and counts, but not what they hold."""
    BANKS_CHANGE = "banks.change", Sensitivity.MATERIAL
    """Create, rename, tune, switch and delete banks."""
    ENTRIES_READ = "entries.read", Sensitivity.MATERIAL
    """Read and export entries with their signals."""
    ENTRIES_CHANGE = "entries.change", Sensitivity.MATERIAL
    """Add, import, switch and delete entries."""
    CASES_READ = "cases.read", Sensitivity.PERSONAL
    """Search and read cases with the facts, readings and reasons behind them."""
    APPEALS_ADD = "appeals.add", Sensitivity.PERSONAL
    """Contest a decision for the person whom it hits, and learn what came of it."""
    CASES_EXPORT = "cases.export", Sensitivity.PERSONAL
    """Export cases and decisions, any number of them, with pseudonyms for names."""
    REVIEW_WORK = "review.work", Sensitivity.MATERIAL
    """Claim cases, decide them, hand them back; merge and split what one has claimed."""
    REVIEW_SETTLE = "review.settle", Sensitivity.MATERIAL
    """Settle cases whose readings disagree, or whose reader could not tell."""
    REVIEW_LEAD = "review.lead", Sensitivity.PERSONAL
    """See how a team does, take back claims, move cases between queues, lift a pause or budget."""
    QUEUES_CHANGE = "queues.change", Sensitivity.WORKING
    """Make, change and delete queues."""
    MEDIA_SEE = "media.see", Sensitivity.MATERIAL
    """See pictures of the case that one has claimed, covered at first; each is counted."""
    PROTECTION_CHANGE = "protection.change", Sensitivity.WORKING
    """Set the weakest protection that anybody may choose."""
    ACCOUNTS_READ = "accounts.read", Sensitivity.PERSONAL
    """Read who works here, in which role."""
    ACCOUNTS_CHANGE = "accounts.change", Sensitivity.KEYS
    """Invite people, change roles, lock and unlock accounts."""
    OWN_ACCOUNT = "own.account", Sensitivity.PERSONAL
    """Read and change one's own account: second factor, language, protection."""
    DEFENCE_READ = "defence.read", Sensitivity.PERSONAL
    """Read what was silenced, what is parked, and what a smaller distance would lose."""
    DEFENCE_DECIDE = "defence.decide", Sensitivity.MATERIAL
    """Release, tighten or disable parked entries."""
    RESCANS_READ = "rescans.read", Sensitivity.WORKING
    """List re-scans of the past: where each stands, and its counts."""
    RESCANS_CHANGE = "rescans.change", Sensitivity.WORKING
    """Start, pause, resume and cancel re-scans."""
    EVIDENCE_READ = "evidence.read", Sensitivity.PERSONAL
    """Read what is kept of findings, and its custody; not the bytes."""
    EVIDENCE_LOOK = "evidence.look", Sensitivity.MATERIAL
    """See the bytes of evidence. Each look is in the audit log before anything is shown."""
    EVIDENCE_ADD = "evidence.add", Sensitivity.MATERIAL
    """Hand in the bytes and user data of a finding that are owed, or are with the platform."""
    EVIDENCE_HOLD = "evidence.hold", Sensitivity.PERSONAL
    """Place and lift legal holds, and record reports."""
    EVIDENCE_ERASE = "evidence.erase", Sensitivity.KEYS
    """Erase evidence before its term because somebody asked for it, where law and holds permit."""
    EVIDENCE_EXPORT = "evidence.export", Sensitivity.PERSONAL
    """Export custody documents."""
    AUDIT_READ = "audit.read", Sensitivity.PERSONAL
    """Read the audit log, its checkpoints and proofs."""
    ACTIONS_READ = "actions.read", Sensitivity.PERSONAL
    """Read where actions stand that were sent to destinations, with their receipts."""
    ACTIONS_CONFIRM = "actions.confirm", Sensitivity.PERSONAL
    """Say of an action that the platform has carried it out."""
    ACTIONS_RETRY = "actions.retry", Sensitivity.PERSONAL
    """Send actions again."""
    DESTINATIONS_READ = "destinations.read", Sensitivity.KEYS
    """Read where actions are sent: addresses, which may hold tokens, but no secrets."""
    DESTINATIONS_CHANGE = "destinations.change", Sensitivity.KEYS
    """Create, change, test and delete destinations, and make their secrets."""
    POLICY_READ = "policy.read", Sensitivity.WORKING
    """Read the policy in force and in shadow, every version, and how they compare."""
    POLICY_CHANGE = "policy.change", Sensitivity.WORKING
    """Write policies: propose them, and put them in shadow."""
    POLICY_APPROVE = "policy.approve", Sensitivity.KEYS
    """Put in force what somebody else wrote, and roll back."""
    LAW_READ = "law.read", Sensitivity.OPEN
    """Read what the law of each place says, and how often it let content be scanned."""
    PRINCIPLES_READ = "principles.read", Sensitivity.OPEN
    """Read the scoreboard of the eleven principles."""
    METRICS_READ = "metrics.read", Sensitivity.WORKING
    """Read the program's own metrics."""


class Role(StrEnum):
    """What kind of caller a key or session belongs to."""

    UPLOADER = "uploader"
    """The platform's own upload path."""
    CURATOR = "curator"
    """Who keeps the lists."""
    REVIEWER = "reviewer"
    """Who decides cases."""
    SENIOR_REVIEWER = "senior_reviewer"
    """Who decides cases, and settles those that others disagree about."""
    SUPERVISOR = "supervisor"
    """Who leads a team of reviewers: queues, targets, samples, pauses. Sees no content."""
    REPORTER = "reporter"
    """Who reports to authorities: reads cases and custody, records reports and holds."""
    POLICY_EDITOR = "policy_editor"
    """Who writes the policy, and approves what others wrote."""
    AUDITOR = "auditor"
    """Who checks what the others did: reads the audit log and custody, changes nothing."""
    ADMIN = "admin"
    """Who runs the program: everything."""


P = Permission

_REVIEW = (
    *(P.CASES_READ, P.REVIEW_WORK, P.MEDIA_SEE, P.EVENTS_READ, P.EVIDENCE_READ, P.ACTIONS_READ),
    *(P.BANKS_READ, P.DEFENCE_READ, P.RESCANS_READ, P.POLICY_READ, P.LAW_READ),
    *(P.PRINCIPLES_READ, P.OWN_ACCOUNT),
)
"""What every reviewer may do."""

GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.UPLOADER: frozenset(
            {
                P.EVENTS_CHECK,
                P.EVENTS_READ,
                P.MESSAGES_RATE,
                P.SIGNALS_LOOKUP,
                P.APPEALS_ADD,
                P.ACTIONS_CONFIRM,
                P.EVIDENCE_ADD,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.CURATOR: frozenset(
            {
                P.SIGNALS_LOOKUP,
                P.BANKS_READ,
                P.BANKS_CHANGE,
                P.ENTRIES_READ,
                P.ENTRIES_CHANGE,
                P.DEFENCE_READ,
                P.DEFENCE_DECIDE,
                P.RESCANS_READ,
                P.RESCANS_CHANGE,
                P.POLICY_READ,
                P.LAW_READ,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.REVIEWER: frozenset(_REVIEW),
        Role.SENIOR_REVIEWER: frozenset({*_REVIEW, P.REVIEW_SETTLE}),
        Role.SUPERVISOR: frozenset(
            {
                P.EVENTS_READ,
                P.BANKS_READ,
                P.CASES_READ,
                P.CASES_EXPORT,
                P.REVIEW_LEAD,
                P.QUEUES_CHANGE,
                P.PROTECTION_CHANGE,
                P.ACCOUNTS_READ,
                P.EVIDENCE_READ,
                P.ACTIONS_READ,
                P.POLICY_READ,
                P.LAW_READ,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.REPORTER: frozenset(
            {
                P.EVENTS_READ,
                P.CASES_READ,
                P.EVIDENCE_READ,
                P.EVIDENCE_HOLD,
                P.EVIDENCE_EXPORT,
                P.ACTIONS_READ,
                P.LAW_READ,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.POLICY_EDITOR: frozenset(
            {
                P.POLICY_READ,
                P.POLICY_CHANGE,
                P.POLICY_APPROVE,
                P.LAW_READ,
                P.BANKS_READ,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.AUDITOR: frozenset(
            {
                P.AUDIT_READ,
                P.EVIDENCE_READ,
                P.EVIDENCE_EXPORT,
                P.CASES_READ,
                P.ACCOUNTS_READ,
                P.POLICY_READ,
                P.LAW_READ,
                P.PRINCIPLES_READ,
                P.OWN_ACCOUNT,
            }
        ),
        Role.ADMIN: frozenset(Permission),
    }
)
"""The role table. `PUBLIC` needs no role."""


def may(role: str, permission: Permission) -> bool:
    """Whether a role has a permission. A role that is not in the table has none but `PUBLIC`."""
    if permission is Permission.PUBLIC:
        return True
    return role in GRANTS and permission in GRANTS[Role(role)]
