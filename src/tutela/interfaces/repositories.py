"""What reads and writes one noun each in the database: made once, for all requests."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from tutela.response.review.budget import limits_of
from tutela.response.review.figures import FigureReader
from tutela.response.review.taking import Taking
from tutela.settings import Settings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities
from tutela.storage.access.keys import Keys
from tutela.storage.access.security_keys import SecurityKeys
from tutela.storage.access.sessions import Sessions
from tutela.storage.access.steps import SignInSteps
from tutela.storage.banks import Banks
from tutela.storage.cases import Cases
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.events import Events
from tutela.storage.law import LawProof, LawVersions
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.past.rescans import Rescans
from tutela.storage.past.signals import KeptSignals
from tutela.storage.review.claims import Claims
from tutela.storage.review.contesting.appeals import Appeals
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.figures.counting import FigureCounts
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.protecting.ledger import Ledger
from tutela.storage.review.protecting.lifts import Lifts
from tutela.storage.review.protecting.recusals import Recusals
from tutela.storage.review.protection import ProtectionFloor
from tutela.storage.review.queues import Queues
from tutela.storage.review.readings import Readings
from tutela.storage.review.together.arranging import Arranging
from tutela.storage.rules.shadows import Shadows


class Repositories(TypedDict):
    """What reads and writes one noun each; they keep nothing themselves."""

    banks: Banks
    entries: Entries
    events: Events
    cases: Cases
    appeals: Appeals
    queues: Queues
    figures: FigureReader
    samples: Samples
    arranging: Arranging
    keys: Keys
    sessions: Sessions
    security_keys: SecurityKeys
    steps: SignInSteps
    accounts: Accounts
    identities: Identities
    counts: Counts
    parkings: Parkings
    rescans: Rescans
    kept: KeptSignals
    shadows: Shadows
    law_versions: LawVersions
    law_proof: LawProof
    destinations: Destinations
    deliveries: Deliveries
    claims: Claims
    readings: Readings
    exposures: Exposures
    floor: ProtectionFloor
    lifts: Lifts
    recusals: Recusals
    ledger: Ledger
    taking: Taking


def repositories(settings: Settings, database: Database) -> Repositories:
    """All of them for one database."""
    review, recusals = settings.review, Recusals(database)
    claims = Claims(database, timedelta(seconds=review.lease_seconds))
    exposures = Exposures(database, limits_of(settings.protection))
    return Repositories(
        banks=Banks(database),
        entries=Entries(database),
        events=Events(database),
        cases=Cases(database),
        appeals=Appeals(database),
        queues=Queues(database),
        figures=FigureReader(FigureCounts(database), Queues(database), Samples(database)),
        samples=Samples(database),
        arranging=Arranging(database),
        keys=Keys(database),
        sessions=Sessions(database),
        security_keys=SecurityKeys(database),
        steps=SignInSteps(database),
        accounts=Accounts(database),
        identities=Identities(database),
        counts=Counts(database),
        parkings=Parkings(database),
        rescans=Rescans(database),
        kept=KeptSignals(database),
        shadows=Shadows(database),
        law_versions=LawVersions(database),
        law_proof=LawProof(database),
        destinations=Destinations(database),
        deliveries=Deliveries(database),
        claims=claims,
        readings=Readings(database, timedelta(seconds=review.undo_seconds)),
        exposures=exposures,
        floor=ProtectionFloor(database),
        lifts=Lifts(database, exposures),
        recusals=recusals,
        ledger=Ledger(database),
        taking=Taking(claims, exposures, recusals),
    )
