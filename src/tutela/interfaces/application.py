"""The web application: every route, behind the guard, behind the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from tutela.conversations.batches.telling import OWED
from tutela.errors import Unavailable
from tutela.interfaces.api import (
    banks,
    check,
    defence,
    entries,
    events,
    lookup,
    media,
    principles,
    rescans,
    schema,
    transfer,
)
from tutela.interfaces.api.access import accounts
from tutela.interfaces.api.conversations import actors, history, messages, ratings, texts
from tutela.interfaces.api.custody import audit, content, documents, evidence
from tutela.interfaces.api.operation import health, metrics
from tutela.interfaces.api.response import actions, destinations
from tutela.interfaces.api.review import (
    appeals,
    arranging,
    cases,
    deciding,
    figures,
    protection,
    queues,
    team,
)
from tutela.interfaces.api.rules import explanation, law, policy
from tutela.interfaces.review.gauges import queue_numbers
from tutela.interfaces.services import Services
from tutela.interfaces.web.express import Express
from tutela.interfaces.web.gate import Gate
from tutela.interfaces.web.guard import declared, guard
from tutela.interfaces.web.problems import respond
from tutela.model.custody.evidence import ItemState
from tutela.storage.counts import reconcile
from tutela.storage.outbox.work import Outbox
from tutela.workflows.sending.alarm import raise_alarm
from tutela.workflows.sending.delivering import LEASE

WATCH_SECONDS = 1.0
"""Time between two looks at the queues and the index, for the metrics."""
PAST_SECONDS = 10.0
"""Time between two looks at the re-scans, for the metrics."""
EVIDENCE_SECONDS = 30.0
"""Time between two looks at the evidence, for the metrics: they count all of it."""
OWED_SECONDS = 10.0
"""Time between two looks for conversations that were raised and are not decided about."""
EXPIRE_SECONDS = 3600.0
"""Time between two looks for what is kept of conversations and is over."""
RECONCILE_SECONDS = 3600.0
"""Time between two looks for events that did not come to an end."""
RECONCILED = 100_000
"""So many of the latest events are looked at."""
THREADS = 48
"""Threads for what blocks, so that a few imports do not hold up everything else."""

ROUTES: tuple[ControllerRouterHandler, ...] = (
    check.check,
    lookup.lookup,
    events.check_many,
    events.read_event,
    messages.take_messages,
    texts.rate_texts,
    ratings.rate_conversation,
    ratings.read_rating,
    history.hand_in_history,
    actors.read_signals,
    banks.list_banks,
    banks.create_bank,
    banks.read_bank,
    banks.change_bank,
    banks.delete_bank,
    entries.list_entries,
    entries.add_entries,
    media.add_media,
    transfer.import_file,
    transfer.export_file,
    entries.read_entry,
    entries.change_entry,
    entries.delete_entry,
    defence.preview_distance,
    defence.list_parkings,
    defence.read_parking,
    defence.decide_parking,
    defence.read_suppressions,
    cases.list_cases,
    cases.count_cases,
    cases.export_cases,
    cases.read_case,
    appeals.add_appeal,
    appeals.read_appeal,
    deciding.claim_next,
    deciding.claim_case,
    deciding.hand_back,
    deciding.pass_on,
    deciding.list_readings,
    deciding.read_choices,
    deciding.renew_claim,
    deciding.give_reading,
    deciding.undo_reading,
    cases.list_events,
    cases.list_stacks,
    cases.read_history,
    arranging.merge_case,
    arranging.split_case,
    arranging.move_case,
    arranging.undo_change,
    figures.read_figures,
    queues.list_queues,
    queues.order_queues,
    queues.read_queue,
    queues.put_queue,
    queues.delete_queue,
    accounts.list_accounts,
    accounts.invite,
    accounts.read_account,
    accounts.change_account,
    accounts.invite_again,
    protection.read_protection,
    protection.choose_protection,
    protection.set_recusals,
    protection.read_floor,
    protection.set_floor,
    team.read_team,
    team.lift,
    team.read_ledger,
    team.list_ledger,
    evidence.list_evidence,
    evidence.read_evidence,
    evidence.place_hold,
    evidence.release_hold,
    evidence.erase_item,
    evidence.record,
    content.look,
    content.hand_in,
    audit.read_head,
    audit.list_leaves,
    audit.read_leaf,
    audit.prove_leaf,
    audit.prove_consistency,
    audit.list_checkpoints,
    audit.read_checkpoint,
    audit.read_key,
    documents.read_custody,
    documents.export_pdf,
    documents.export_json,
    rescans.list_rescans,
    rescans.start_rescan,
    rescans.read_rescan,
    rescans.list_findings,
    rescans.pause_rescan,
    rescans.resume_rescan,
    rescans.cancel_rescan,
    actions.list_actions,
    actions.read_state,
    actions.read_action,
    actions.confirm_action,
    actions.retry_action,
    actions.retry_failed,
    actions.read_event_actions,
    destinations.list_destinations,
    destinations.create_destination,
    destinations.read_destination,
    destinations.change_destination,
    destinations.delete_destination,
    destinations.rotate_destination,
    destinations.try_destination,
    policy.read_policy,
    policy.list_versions,
    policy.read_version,
    policy.check_policy,
    policy.propose_policy,
    policy.activate_policy,
    policy.shadow_policy,
    policy.roll_back_policy,
    policy.read_comparison,
    explanation.read_explanation,
    law.read_law,
    law.read_ruling,
    law.read_proof,
    law.read_pack,
    principles.read_principles,
    health.live,
    health.ready,
    metrics.read_metrics,
    schema.read_schema,
    schema.show_schema,
)
"""Every route of the JSON API."""


def routed(services: Services, more: Sequence[ControllerRouterHandler] = ()) -> Litestar:
    """The framework's application, without the gate.

    Args:
        services: what requests are answered with; closed when the application stops.
        more: further routes or routers, such as the console's. Each names a permission as the
            API's do: `permission=...` on the route, or in the `opt` of its router.

    Raises:
        BadConfiguration: a route names no permission.
    """
    app = Litestar(
        route_handlers=[*ROUTES, *more],
        guards=[guard],
        exception_handlers={Exception: respond},
        state=State({"services": services}),
        lifespan=[_living(services)],
        # The gate and the readers of bodies have their own limits.
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
    )
    for _ in declared(app):
        pass
    return app


def application(services: Services, more: Sequence[ControllerRouterHandler] = ()) -> Gate:
    """The whole ASGI application; arguments and errors as for `routed`."""
    server = services.settings.server
    return Gate(
        Express(routed(services, more)),
        seconds=server.request_seconds,
        body_bytes=server.body_bytes,
        observe=services.metrics.answered,
        log=services.log,
    )


def _living(
    services: Services,
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        executor = ThreadPoolExecutor(THREADS, thread_name_prefix="blocking")
        asyncio.get_running_loop().set_default_executor(executor)
        duties = [asyncio.create_task(duty(services)) for duty in _DUTIES]
        try:
            yield
        finally:
            for duty in duties:
                duty.cancel()
            await services.outgoing.close()
            await asyncio.to_thread(services.close)

    return life


async def _watch(services: Services) -> None:
    """Keep the gauges of this process fresh: whichever worker is scraped shows all of them."""
    warned = False
    while True:
        age, sizes = services.sync.age_seconds, services.matcher.sizes()
        services.metrics.index_state(age, services.matcher.version, sizes)
        files = services.sync.files
        services.metrics.index_files(
            mapped=files.mapped, size=files.bytes, rebuilt=files.rebuilt, refused=files.refused
        )
        services.metrics.queue_depth("decoder", services.decoder.depth)
        services.metrics.queue_depth("journal", services.journal.depth)
        missing = services.decoder.missing_protections
        if missing and not warned:
            services.log.warning("the decoder's sandbox is not complete here", missing=missing)
            warned = True
        await asyncio.sleep(WATCH_SECONDS)


async def _watch_past(services: Services) -> None:
    """Keep the gauges of what another process does with the past fresh."""
    while True:
        with suppress(Unavailable):
            rescans, numbers = await asyncio.to_thread(past_numbers, services)
            services.metrics.past_state(rescans, numbers)
            shadow = services.policy.now().shadow
            version = shadow.version if shadow else ""
            services.metrics.shadowed(await asyncio.to_thread(services.shadows.counts, version))
        await asyncio.sleep(PAST_SECONDS)


async def _watch_actions(services: Services) -> None:
    """Keep the gauges of what another process sends fresh."""
    while True:
        with suppress(Unavailable):
            counts = await asyncio.to_thread(services.deliveries.counts)
            delays = await asyncio.to_thread(services.deliveries.delays)
            states = {
                "waiting": counts.waiting,
                "sent": counts.sent,
                "failed": counts.failed,
                "overdue": counts.overdue,
            }
            services.metrics.actions_state(states, counts.oldest_waiting_seconds, delays)
            await asyncio.to_thread(alarm_about_actions, services)
        await asyncio.sleep(PAST_SECONDS)


async def _watch_evidence(services: Services) -> None:
    """Keep the gauges of evidence and of the audit log fresh: other processes write them, too."""
    while True:
        with suppress(Unavailable):
            states, numbers = await asyncio.to_thread(evidence_numbers, services)
            services.metrics.evidence_state(states, numbers)
            services.metrics.audit_state(await asyncio.to_thread(audit_numbers, services))
        await asyncio.sleep(EVIDENCE_SECONDS)


async def _watch_review(services: Services) -> None:
    """Keep the gauges of the queues of cases fresh: other processes decide, too."""
    while True:
        with suppress(Unavailable):
            services.metrics.review_state(*await asyncio.to_thread(queue_numbers, services))
        await asyncio.sleep(PAST_SECONDS)


def evidence_numbers(services: Services) -> tuple[Mapping[ItemState, int], dict[str, float]]:
    """Items of evidence by state, and the numbers that metrics show of them. Blocks."""
    present = datetime.now(UTC)
    standing = services.custody.items.standing(present)
    upcoming = standing.next_expiry
    left = 0.0 if upcoming is None else max((upcoming - present).total_seconds(), 0.0)
    return standing.items, {
        "evidence_held": standing.held,
        "evidence_overdue": standing.overdue,
        "evidence_next_expiry_seconds": left,
        "vault_objects": standing.objects,
        "vault_bytes": standing.bytes,
    }


def audit_numbers(services: Services) -> dict[str, float]:
    """The numbers that metrics show of the audit log. Blocks."""
    head, signed = services.audit_log.head(), services.audit_log.latest_checkpoint()
    age = (datetime.now(UTC) - head.at).total_seconds() if head.size else 0.0
    return {
        "audit_leaves": head.size,
        "audit_age_seconds": max(age, 0.0),
        # Whoever signs may be ahead of what was read first.
        "audit_unsigned_leaves": max(head.size - (signed.size if signed else 0), 0),
    }


def alarm_about_actions(services: Services) -> None:
    """Raise the alarm about actions that are late. Blocks.

    Who sends them does so as well, and each alarm is raised once by whoever is first: a server
    whose actions nobody sends must not be silent about it.
    """
    for late in Outbox(services.database, "server", LEASE).alarm():
        raise_alarm(services.log, late)


def past_numbers(services: Services) -> tuple[dict[str, int], dict[str, float]]:
    """Re-scans by state, and the numbers that metrics show of the past. Blocks."""
    backlog, oldest = services.rescans.backlog(), services.kept.oldest()
    counts = services.counts.counts()
    age = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
    return {"open": backlog.open, "failed": backlog.failed}, {
        "rescan_events_left": backlog.events,
        "rescan_signals_compared": counts["signals_compared"],
        "rescan_findings": counts["findings"],
        "signals_expired": counts["signals_expired"],
        "kept_signals_age_seconds": max(age, 0.0),
    }


async def _tell_owed(services: Services) -> None:
    """Have decided about what was raised of conversations where a crash came in between."""
    while True:
        with suppress(Unavailable):
            await services.conversations.service.telling.tell_owed()
            owing = await asyncio.to_thread(services.conversations.store.owing, OWED)
            services.metrics.conversations_owed(owing)
        await asyncio.sleep(OWED_SECONDS)


async def _forget_conversations(services: Services) -> None:
    """Let go what is kept of conversations when its time is over."""
    while True:
        with suppress(Unavailable):
            while (await asyncio.to_thread(services.conversations.expire, datetime.now(UTC))).total:
                pass
        await asyncio.sleep(EXPIRE_SECONDS)


async def _reconcile(services: Services) -> None:
    """Look for events that did not come to an end, and raise an alarm: there must be none."""
    while True:
        try:
            found = await asyncio.to_thread(reconcile, services.database, latest=RECONCILED)
        except Unavailable:
            pass  # readiness tells of a database that is down
        else:
            if not found.sound:
                facts = msgspec.structs.asdict(found)
                services.log.error("stored events contradict each other", **facts)
        await asyncio.sleep(RECONCILE_SECONDS)


_DUTIES = (
    *(_watch, _watch_past, _watch_actions, _watch_evidence, _watch_review),
    *(_tell_owed, _forget_conversations, _reconcile),
)
