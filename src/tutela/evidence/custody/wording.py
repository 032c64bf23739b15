"""What the words of the record mean, as a custody document says it to people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tutela.model.custody.evidence import EvidenceKind, ItemState, StepKind
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.terms import Bound, Moment

KINDS: Mapping[EvidenceKind, str] = MappingProxyType(
    {
        EvidenceKind.CONTENT: "the bytes that were handed in",
        EvidenceKind.USER_DATA: "what is known of the user concerned",
        EvidenceKind.MESSAGES: "messages of a conversation",
        EvidenceKind.REPORT_REFERENCE: "what an authority called a report",
    }
)
STATES: Mapping[ItemState, str] = MappingProxyType(
    {
        ItemState.KEPT: "kept in the vault, encrypted",
        ItemState.OWED: "owed: it was handed in, and the vault could not take it",
        ItemState.ELSEWHERE: "with the platform, which was asked to preserve it",
        ItemState.DESTROYED: "destroyed: the key of the bytes no longer exists",
    }
)
STEPS: Mapping[StepKind, str] = MappingProxyType(
    {
        StepKind.UPLOAD: "Handed in",
        StepKind.FETCH: "Fetched from an address",
        StepKind.RECORD: "Written down by the program",
        StepKind.MEMBER: "Member of an archive",
        StepKind.FRAME: "Picture of a video",
        StepKind.DISK: "Image of a disk",
        StepKind.PARTITION: "Partition",
        StepKind.PATH: "File on a file system",
    }
)
BOUNDS: Mapping[Bound, str] = MappingProxyType(
    {Bound.MINIMUM: "at least", Bound.MAXIMUM: "at most", Bound.EXACT: "exactly"}
)
MOMENTS: Mapping[Moment, str] = MappingProxyType(
    {
        Moment.AWARENESS: "from when the service knew",
        Moment.NOTICE: "from when a notice came in",
        Moment.QUESTION: "from when an authority asked for more",
        Moment.REPORT: "from when the report was complete",
        Moment.DETECTION: "from when the content was found",
        Moment.PERIOD: "from the end of the period that is told of",
    }
)
TOUCHES: Mapping[AuditKind, str] = MappingProxyType(
    {
        AuditKind.DECISION: "decided about the event",
        AuditKind.PRESERVE: "taken in, or owed",
        AuditKind.LOOK: "about to be seen",
        AuditKind.EXPORT: "about to leave as a document",
        AuditKind.HOLD: "hold placed",
        AuditKind.RELEASE: "hold lifted",
        AuditKind.REPORT: "report recorded",
        AuditKind.DESTROY: "destroyed",
        AuditKind.VERIFY: "read through and verified",
        AuditKind.CLOCK: "time written down",
        AuditKind.VAULT_KEY: "key of the vault changed",
        AuditKind.POLICY: "policy changed",
        AuditKind.LAW: "law changed",
        AuditKind.BANK: "bank changed",
        AuditKind.ENTRY: "entries changed",
        AuditKind.PARKING: "entry parked or decided",
        AuditKind.RESCAN: "re-scan changed",
        AuditKind.API_KEY: "API key changed",
        AuditKind.SIGN_IN: "sign-in",
        AuditKind.ACCOUNT: "account of a person changed",
        AuditKind.READING: "read in review, or the decision taken back",
        AuditKind.CASE: "case of the review changed",
        AuditKind.QUEUE: "queue of the review changed",
        AuditKind.PROTECTION: "protection of reviewers changed",
        AuditKind.CONVERSATION: "what is kept of conversations changed",
        AuditKind.DESTINATION: "destination changed",
        AuditKind.ACTION: "actions sent again or confirmed",
        AuditKind.BACKUP: "backed up",
        AuditKind.RESTORE: "restored from a backup",
        AuditKind.START: "server started",
    }
)
