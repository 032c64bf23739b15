"""Builds everything once, from the settings, and hands it over. There are no globals.

`create` is what an ASGI server calls (`uvicorn --factory tutela.app:create`); `open_services` gives
the same parts without HTTP, for commands and tests.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from tutela.conversations.opening import Conversing, ForPeople, OpenedRater
from tutela.conversations.raters import cues_of, normaliser_of, open_rater
from tutela.conversations.reviewing.keeping import Texts
from tutela.conversations.reviewing.marking import Marking
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.matcher import Matcher
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.signals.registry import SignalKinds
from tutela.evidence.audit.opening import glance
from tutela.extensions import rater_makers, signal_kinds, vault_makers
from tutela.interfaces import console
from tutela.interfaces.access.passwords import Passwords
from tutela.interfaces.access.single_sign_on.opening import open_single_sign_on
from tutela.interfaces.access.tries import Tries
from tutela.interfaces.application import application
from tutela.interfaces.repositories import repositories
from tutela.interfaces.services import Services
from tutela.interfaces.web.bodies import SHARE, Room
from tutela.interfaces.web.gate import Gate
from tutela.interfaces.web.keyring import KeyRing
from tutela.interfaces.web.limits import Rates
from tutela.lists.matching import KnownFacts, Matching
from tutela.lists.quarantine import Quarantine
from tutela.lists.sync import IndexSync
from tutela.model import SurfaceClass
from tutela.outgoing import Outgoing, Reach
from tutela.pipeline import Pipeline
from tutela.policy.current import CurrentPolicy
from tutela.policy.law.law import Law
from tutela.policy.law.telling import Telling
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.response.custody.opening import Custody, open_custody
from tutela.response.recording import Recording
from tutela.response.review.answering import following
from tutela.response.review.clearing import Clearing
from tutela.response.review.gathering import Gatherer
from tutela.response.review.settling import Settler
from tutela.response.routing import Routing
from tutela.response.secrets import Secrets
from tutela.settings import Settings
from tutela.settings.sections import DecoderSettings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities
from tutela.storage.access.keys import Keys
from tutela.storage.audit.reading import AuditLog
from tutela.storage.cases import Cases
from tutela.storage.conversation.texts import KeptTexts
from tutela.storage.database import Database
from tutela.storage.defence.floods import Floods
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.law import LawVersions
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.past.growth import Growth
from tutela.storage.past.history import Histories
from tutela.storage.past.origins import Past
from tutela.storage.past.rescans import Rescans
from tutela.storage.past.signals import KeptSignals
from tutela.storage.review.contesting.appeals import Appeals
from tutela.storage.review.readings import Readings
from tutela.storage.review.settling import Harmless, Settling
from tutela.storage.review.together.gathering import Gathering
from tutela.telemetry import Metrics, make_logger
from tutela.workflows.custody.expiring import erase_harmless
from tutela.workflows.pace import Pace
from tutela.workflows.tools import Tools
from tutela.workflows.worker import Worker


def create() -> Gate:
    """The ASGI application, from the settings that the environment names.

    Opens the database, starts the decoder's children and loads the lists, and gives all of it back
    when the server ends the application's life.

    Raises:
        BadConfiguration: a setting or the policy cannot be used.
        Unavailable: the database cannot be reached.
    """
    settings = Settings.load()
    log = make_logger(settings.log.level, as_json=settings.log.json, stream=sys.stderr)
    return application(open_services(settings, log), [console.routes()])


def open_services(settings: Settings, log: FilteringBoundLogger) -> Services:
    """Every part of one process, started and ready. The caller closes it.

    Args:
        settings: all settings.
        log: where the program writes of its own work.

    Raises:
        BadConfiguration: a setting or the policy cannot be used.
        Unavailable: the database cannot be reached.
    """
    with ExitStack() as started:
        services = _build(settings, log, started)
        started.pop_all()
    return services


def _build(settings: Settings, log: FilteringBoundLogger, started: ExitStack) -> Services:
    kinds, metrics, makers = signal_kinds(), Metrics.create(), vault_makers()
    database = _opened(settings, started)
    versions, policy = _policy(settings, database, metrics, log, started)
    routing, law = _routing(database, log, started), _law(settings, database, metrics)
    journal = _journal(settings, database, metrics, log, started)
    matcher, sync = _index(settings, database, kinds, log, started)
    decoder, gathering = _decoder(settings.decoder, started), _gathering(database, log, started)
    sync.start()
    quarantine = _quarantine(settings, database, kinds, metrics, log, started)
    matching = _matching(settings, matcher, kinds, Entries(database), sync, quarantine)
    custody = open_custody(settings, database, law, log, makers, kept=metrics.preserved)
    recording, rulings = Recording(journal, custody.preservation), Telling(law, log)
    settler = _settler(settings, database, policy, routing, custody, log, started)
    single = open_single_sign_on(settings.oidc, Accounts(database), Identities(database))
    pipeline = _pipeline(decoder, matching, policy, recording, metrics, routing, rulings, database)
    return Services(
        **repositories(settings, database),
        settings=settings,
        log=log,
        kinds=kinds,
        database=database,
        gathering=gathering,
        settler=settler,
        quarantine=quarantine,
        matcher=matcher,
        sync=sync,
        matching=matching,
        decoder=decoder,
        policy=policy,
        versions=versions,
        law=law,
        journal=journal,
        pipeline=pipeline,
        conversations=_conversing(settings, database, pipeline, rulings, custody, metrics, log),
        custody=custody,
        audit_log=_audit_log(settings, database, log),
        secrets=Secrets.open(settings.actions_key_file),
        passwords=Passwords(),
        single_sign_on=single,
        routing=routing,
        outgoing=Outgoing(_reach(settings)),
        metrics=metrics,
        key_ring=KeyRing(Keys(database).verify),
        rates=_rates(settings),
        tries=Tries(settings.access, workers_of(settings)),
        room=Room(SHARE * settings.server.body_bytes),
        # The decoder first, so that nothing new comes; the database last.
        closers=(
            *(decoder.close, journal.close, policy.stop, routing.stop),
            *(quarantine.stop, gathering.stop, settler.stop, sync.stop, custody.vault.close),
            *([single.close] if single else []),
            database.close,
        ),
    )


def _conversing(
    settings: Settings,
    database: Database,
    pipeline: Pipeline,
    law: Telling,
    custody: Custody,
    metrics: Metrics,
    log: FilteringBoundLogger,
) -> Conversing:
    """What rates conversations; what the operator brings for it is opened now, mistakes and all."""
    wanted = settings.conversations
    rater = OpenedRater(partial(open_rater, settings, rater_makers()))
    if wanted.enabled and (wanted.rater != "cues" or wanted.cues_folder or wanted.encoder_folder):
        rater()
    return Conversing(
        wanted,
        database,
        rater,
        law=law.ruling,
        decide=pipeline.check,
        people=_for_people(settings, database, law, custody, log),
        log=log,
        counted=metrics.conversed,
    )


def _for_people(
    settings: Settings,
    database: Database,
    law: Telling,
    custody: Custody,
    log: FilteringBoundLogger,
) -> ForPeople:
    """What keeps and shows the texts of conversations for which a case waits."""
    texts = Texts(
        kept=KeptTexts(database),
        items=custody.items,
        vault=custody.vault.vault,
        terms=custody.terms,
        law=law.ruling,
        log=log,
    )
    return ForPeople(
        texts, Marking(lambda: (cues_of(settings), normaliser_of(settings.conversations).normalise))
    )


def _audit_log(settings: Settings, database: Database, log: FilteringBoundLogger) -> AuditLog:
    """The audit log, after a look whether it is the one that is known here."""
    audit_log = AuditLog(database)
    glance(settings, audit_log, log)
    return audit_log


def _opened(settings: Settings, started: ExitStack) -> Database:
    """The database with its tables, in a data folder that is there."""
    Path(settings.data.folder).mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.database_url)
    started.callback(database.close)
    database.migrate()
    return database


def _journal(
    settings: Settings,
    database: Database,
    metrics: Metrics,
    log: FilteringBoundLogger,
    started: ExitStack,
) -> Journal:
    """What stores events, started."""
    keeps = _keeps(settings)
    journal = Journal(database, keep_signals=keeps, written=metrics.journalled, log=log)
    started.callback(journal.close)
    return journal


def _policy(
    settings: Settings,
    database: Database,
    metrics: Metrics,
    log: FilteringBoundLogger,
    started: ExitStack,
) -> tuple[PolicyVersions, CurrentPolicy]:
    """What keeps the policy's versions, and what knows which is in force, started."""
    versions = _versions(settings, database, log)
    named = Policy.in_force(settings.policy.file)
    versions.bring_in(named, settings.policy.file)
    policy = CurrentPolicy(
        versions,
        log,
        switched=lambda now: metrics.policy_in_force(now.versions),
        failed=metrics.policy_not_loaded,
    )
    started.callback(policy.stop)
    policy.start(named)
    return versions, policy


def _index(
    settings: Settings,
    database: Database,
    kinds: SignalKinds,
    log: FilteringBoundLogger,
    started: ExitStack,
) -> tuple[Matcher, IndexSync]:
    """The index, and what will keep it as the lists are once it is started."""
    matcher = Matcher(kinds)
    matcher.warm()
    folder = IndexFolder(settings.index_folder, matcher.part_classes)
    sync = IndexSync(database, matcher, settings.index.refresh_seconds, folder=folder, log=log)
    started.callback(sync.stop)
    return matcher, sync


def _matching(
    settings: Settings,
    matcher: Matcher,
    kinds: SignalKinds,
    entries: Entries,
    sync: IndexSync,
    quarantine: Quarantine,
) -> Matching:
    return Matching(
        matcher=matcher,
        kinds=kinds,
        facts=KnownFacts(entries.facts),
        ready=lambda: sync.ready,
        parked=quarantine.parked,
        near=_near(settings),
    )


def _routing(database: Database, log: FilteringBoundLogger, started: ExitStack) -> Routing:
    """What knows the destinations, started."""
    routing = Routing(Destinations(database), log)
    started.callback(routing.stop)
    routing.start()
    return routing


def _law(settings: Settings, database: Database, metrics: Metrics | None = None) -> Law:
    """The law in force; its packs are kept, so that outcomes can be understood years later."""
    wanted = settings.law
    law = Law.load(wanted.file, scan_without_pack=wanted.without_pack == "scan")
    packs = law.packs.values()
    LawVersions(database).keep((pack.version, pack.id, pack.text) for pack in packs)
    if metrics is not None:
        metrics.law_in_force(law.packs, SurfaceClass)
    return law


def _versions(settings: Settings, database: Database, log: FilteringBoundLogger) -> PolicyVersions:
    """The policy versions, with those that earlier releases kept in a folder."""
    versions = PolicyVersions(database)
    versions.take_over(settings.policy_versions_folder, log)
    return versions


def _pipeline(
    decoder: DecoderPool,
    matching: Matching,
    policy: CurrentPolicy,
    recording: Recording,
    metrics: Metrics,
    routing: Routing,
    law: Telling,
    database: Database,
) -> Pipeline:
    return Pipeline(
        decoder=decoder,
        matching=matching,
        policy=policy.now,
        histories=Histories(database),
        routes=routing.routes,
        law=law.ruling,
        recording=recording,
        decoded=metrics.decoded,
    )


def _quarantine(
    settings: Settings,
    database: Database,
    kinds: SignalKinds,
    metrics: Metrics,
    log: FilteringBoundLogger,
    started: ExitStack,
) -> Quarantine:
    flood = settings.flood
    floods = Floods(
        database,
        perceptual=[kind.name for kind in kinds if not kind.exact],
        contents_per_hour=flood.contents_per_hour,
        every=timedelta(seconds=flood.look_seconds),
    )
    quarantine = Quarantine(
        Parkings(database),
        floods if flood.enabled else None,
        log,
        flooded=lambda found: metrics.flooded(len(found.parked), len(found.noted)),
        counted=metrics.entries_parked,
    )
    started.callback(quarantine.stop)
    quarantine.start()
    return quarantine


def _settler(
    settings: Settings,
    database: Database,
    policy: CurrentPolicy,
    routing: Routing,
    custody: Custody,
    log: FilteringBoundLogger,
    started: ExitStack,
) -> Settler:
    """What carries out what people decided, started."""
    items, vault, keep = custody.items, custody.vault.vault, settings.keep.signals_days
    settler = Settler(
        Readings(database, timedelta(seconds=settings.review.undo_seconds)),
        Settling(database),
        Cases(database),
        following(lambda: policy.now().live, routing.routes, Appeals(database).contested_by),
        log,
        clearing=Clearing(
            Harmless(database),
            lambda event_id, again: erase_harmless(items, vault, log, event_id, again=again),
            timedelta(days=keep),
        ),
    )
    started.callback(settler.stop)
    settler.start()
    return settler


def _gathering(database: Database, log: FilteringBoundLogger, started: ExitStack) -> Gatherer:
    """What puts new cases where they belong, started."""
    gathering = Gatherer(Gathering(database), log)
    started.callback(gathering.stop)
    gathering.start()
    return gathering


def _near(settings: Settings) -> int | None:
    """How near an entry must be to match a picture with little in it."""
    defence = settings.defence
    return defence.low_information_distance if defence.low_information else None


class _Whole:
    """Every list, from the index on disk where the server keeps one; see `workflows.tools`."""

    def __init__(
        self, settings: Settings, database: Database, matcher: Matcher, log: FilteringBoundLogger
    ) -> None:
        self.matcher = matcher
        folder = IndexFolder(settings.index_folder, matcher.part_classes)
        # It is never started: it reads the files that the server keeps, and writes none.
        self._sync = IndexSync(database, matcher, folder=folder, log=log)
        self.refresh, self.close = self._sync.refresh, self._sync.stop


@contextmanager
def worker(
    settings: Settings,
    log: FilteringBoundLogger,
    stop: threading.Event,
    *,
    full_speed: bool = False,
) -> Iterator[Worker]:
    """What works on re-scans, started and ready; closed when the block is left.

    Args:
        settings: all settings.
        log: where it tells of its work.
        stop: set when it is to stop.
        full_speed: use every core and never rest.

    Raises:
        BadConfiguration: a setting or the policy cannot be used.
        Unavailable: the database cannot be reached.
    """
    kinds = signal_kinds()
    with ExitStack() as opened:
        database = _opened(settings, opened)
        versions = _versions(settings, database, log)
        versions.begun(settings.policy.file)
        policy = CurrentPolicy(versions, log)
        opened.callback(policy.stop)
        policy.start()
        routing = _routing(database, log, opened)
        journal = opened.enter_context(Journal(database, keep_signals=_keeps(settings), log=log))
        law = _law(settings, database)
        custody = open_custody(settings, database, law, log, vault_makers())
        tools = Tools(
            kinds=kinds,
            facts=KnownFacts(Entries(database).facts),
            growth=Growth(database),
            rescans=Rescans(database),
            past=Past(database),
            kept=KeptSignals(database),
            policy=policy.now,
            histories=Histories(database),
            routes=routing.routes,
            law=law.ruling,
            recording=Recording(journal, custody.preservation),
            parked=Parkings(database).ids,
            near=_near(settings),
            threads=(os.cpu_count() or 1) if full_speed else 1,
            whole=lambda: _Whole(settings, database, Matcher(kinds), log),
        )
        yield Worker(
            tools,
            Pace(1.0, 1.0) if full_speed else Pace(settings.rescan.share),
            log,
            automatic=settings.rescan.automatic,
            keep=timedelta(days=settings.keep.signals_days),
            stop=stop,
        )


def _keeps(settings: Settings) -> bool:
    """Whether the signals of what is checked stay for a while."""
    return settings.keep.signals_days > 0


def _decoder(settings: DecoderSettings, started: ExitStack) -> DecoderPool:
    """What looks into files, started."""
    limits = Limits(
        memory_bytes=settings.memory_bytes,
        cpu_seconds=settings.cpu_seconds,
        wall_seconds=settings.wall_seconds,
        pixels=settings.pixels,
        frames=settings.frames,
        archive_depth=settings.archive_depth,
        archive_bytes=settings.archive_bytes,
        archive_ratio=settings.archive_ratio,
        archive_members=settings.archive_members,
        archive_seconds=settings.archive_seconds,
        jobs_per_child=settings.jobs_per_child,
    )
    decoder = DecoderPool(
        children=settings.children or os.cpu_count() or 1,
        limits=limits,
        archives=settings.archives,
        dihedral=settings.dihedral,
        exact_pixels=settings.exact_pixels,
    )
    started.callback(decoder.close)
    return decoder


def _rates(settings: Settings) -> Rates:
    """Each worker has its share of what a key may ask for."""
    workers = workers_of(settings)
    server = settings.server
    return Rates(server.rate_per_second / workers, server.rate_burst / workers)


def workers_of(settings: Settings) -> int:
    """How many server processes there are."""
    return settings.server.workers or os.cpu_count() or 1


def _reach(settings: Settings) -> Reach:
    fetch = settings.fetch
    return Reach(seconds=fetch.timeout, bytes=fetch.bytes, allow_private=fetch.allow_private)
