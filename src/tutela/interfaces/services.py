"""Everything that a request may need, in one record. `app.py` builds it; handlers only read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from litestar.connection import ASGIConnection
from structlog.typing import FilteringBoundLogger

from tutela.conversations.opening import Conversing
from tutela.detection.index.matcher import Matcher
from tutela.detection.media.pool import DecoderPool
from tutela.detection.signals.registry import SignalKinds
from tutela.interfaces.access.passwords import Passwords
from tutela.interfaces.access.single_sign_on.opening import SingleSignOn
from tutela.interfaces.access.tries import Tries
from tutela.interfaces.web.bodies import Room
from tutela.interfaces.web.keyring import KeyRing
from tutela.interfaces.web.limits import Rates
from tutela.lists.matching import Matching
from tutela.lists.quarantine import Quarantine
from tutela.lists.sync import IndexSync
from tutela.outgoing import Outgoing
from tutela.pipeline import Pipeline
from tutela.policy.current import CurrentPolicy
from tutela.policy.law.law import Law
from tutela.policy.versions import PolicyVersions
from tutela.response.custody.opening import Custody
from tutela.response.review.figures import FigureReader
from tutela.response.review.gathering import Gatherer
from tutela.response.review.settling import Settler
from tutela.response.review.taking import Taking
from tutela.response.routing import Routing
from tutela.response.secrets import Secrets
from tutela.settings import Settings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities
from tutela.storage.access.keys import Keys
from tutela.storage.access.security_keys import SecurityKeys
from tutela.storage.access.sessions import Sessions
from tutela.storage.access.steps import SignInSteps
from tutela.storage.audit.reading import AuditLog
from tutela.storage.banks import Banks
from tutela.storage.cases import Cases
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.events import Events
from tutela.storage.journal import Journal
from tutela.storage.law import LawProof, LawVersions
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.past.rescans import Rescans
from tutela.storage.past.signals import KeptSignals
from tutela.storage.review.claims import Claims
from tutela.storage.review.contesting.appeals import Appeals
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.protecting.ledger import Ledger
from tutela.storage.review.protecting.lifts import Lifts
from tutela.storage.review.protecting.recusals import Recusals
from tutela.storage.review.protection import ProtectionFloor
from tutela.storage.review.queues import Queues
from tutela.storage.review.readings import Readings
from tutela.storage.review.together.arranging import Arranging
from tutela.storage.rules.shadows import Shadows
from tutela.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one server process, ready for work. A context manager that closes them.

    Attributes:
        key_ring, rates, tries, room: what the web layer remembers of callers and uploads.
        closers: what to call, in this order, when the process stops.
    """

    settings: Settings
    log: FilteringBoundLogger
    kinds: SignalKinds
    database: Database
    banks: Banks
    entries: Entries
    events: Events
    cases: Cases
    appeals: Appeals
    claims: Claims
    readings: Readings
    exposures: Exposures
    floor: ProtectionFloor
    lifts: Lifts
    recusals: Recusals
    ledger: Ledger
    taking: Taking
    queues: Queues
    figures: FigureReader
    samples: Samples
    arranging: Arranging
    gathering: Gatherer
    settler: Settler
    keys: Keys
    sessions: Sessions
    security_keys: SecurityKeys
    steps: SignInSteps
    accounts: Accounts
    identities: Identities
    counts: Counts
    parkings: Parkings
    quarantine: Quarantine
    rescans: Rescans
    kept: KeptSignals
    matcher: Matcher
    sync: IndexSync
    matching: Matching
    decoder: DecoderPool
    policy: CurrentPolicy
    versions: PolicyVersions
    shadows: Shadows
    law: Law
    law_versions: LawVersions
    law_proof: LawProof
    journal: Journal
    pipeline: Pipeline
    conversations: Conversing
    custody: Custody
    audit_log: AuditLog
    destinations: Destinations
    deliveries: Deliveries
    secrets: Secrets
    passwords: Passwords
    single_sign_on: SingleSignOn | None
    routing: Routing
    outgoing: Outgoing
    metrics: Metrics
    key_ring: KeyRing
    rates: Rates
    tries: Tries
    room: Room
    closers: tuple[Callable[[], object], ...]

    def close(self) -> None:
        """Stop every part: what was accepted is written first. Closing again does no harm."""
        for closer in self.closers:
            closer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """The services of the application that a request came to."""
    services: Services = connection.app.state["services"]
    return services
