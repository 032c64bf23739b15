"""Metrics for Prometheus, with totals that are right over several server processes.

One process: `Metrics.create()` keeps its numbers in memory.

Several processes: the parent calls `share_metrics(folder, os.environ)` before it starts the
workers, and starts them as fresh interpreters (uvicorn's workers are). Each worker then keeps its
numbers in small files in that folder, whichever worker is scraped adds them up, and the numbers
of a worker that ended stay in the totals. The library decides about this when it is imported, so
that a parent which forks after having imported it would count wrongly: `create` refuses that.

Source: https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Container, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Literal, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from tutela.errors import BadConfiguration
from tutela.model import ActionKind, GapReason, Outcome, Silencing, Verdict
from tutela.model.conversation.batch import MessageStatus
from tutela.model.custody.evidence import ItemState

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable in which the library expects the folder."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Media type of what `Metrics.render` gives."""

Combine: TypeAlias = Literal["livemax", "livemin", "livesum"]
"""How the values of a gauge are combined over the processes that are alive."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EVENTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def share_metrics(folder: Path, env: MutableMapping[str, str]) -> None:
    """Make worker processes started from now on keep their numbers together.

    Args:
        folder: a folder for nothing else, on a local disk; numbers of an earlier run are removed.
        env: environment that the workers will be started with, usually `os.environ`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    env[SHARED_FOLDER] = str(folder)


class Metrics:
    """Every number that the program shows about its own work. Thread-safe.

    Made once per process by `create` and passed around. The methods are what the program reports;
    labels are always from a fixed list, never from a request.
    """

    def __init__(self, registry: CollectorRegistry, shared: Path | None) -> None:
        self._registry = registry
        self._shared = shared
        make = _Maker(registry)
        self._checks = make.counter("checks", "Events checked", "verdict")
        self._decisions = make.counter("decisions", "Actions that decisions named", "action")
        self._gaps = make.counter("gaps", "Events with a part not compared", "reason")
        self._silenced = make.counter("silenced", "Matches that do not count as findings", "reason")
        self._law = make.counter(
            "law", "Events by what the law of the place says", "pack", "surface_class", "content"
        )
        self._floods = make.counter("floods", "Entries that suddenly matched very much", "what")
        self._parked = make.gauge(
            "parked_entries", "Entries that are parked until a curator decides", "livemax"
        )
        self._decode_seconds = make.histogram("decode_seconds", "Time to decode one file", _SECONDS)
        self._lookups = make.counter("lookups", "Ready-made signals looked up", "found")
        self._journal_batch = make.histogram(
            "journal_batch_events", "Events made durable by one transaction", _EVENTS
        )
        self._queue = make.gauge("queue_depth", "Work that waits", "livesum", "queue")
        self._rescans = make.gauge("rescans", "Re-scans of the past", "livemax", "state")
        self._past = {
            name: make.gauge(name, text, "livemax")
            for name, text in (
                ("rescan_events_left", "Events that open re-scans have to pass yet"),
                ("rescan_signals_compared", "Kept signals compared so far, by the database"),
                ("rescan_findings", "Findings in the past so far, by the database"),
                ("signals_expired", "Kept signals deleted when their time was over"),
                ("kept_signals_age_seconds", "Age of the oldest signals that are kept"),
            )
        }
        self._requests = make.counter("http_requests", "HTTP requests", "method", "route", "status")
        self._request_seconds = make.histogram(
            "http_request_seconds", "Time to answer an HTTP request", _SECONDS, "route"
        )
        self._found, self._missed = self._lookups.labels("yes"), self._lookups.labels("no")
        # Looking a series up by its labels takes as long as counting in it; there are few series.
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        for measure in (
            *(self._measure_index, self._measure_policy, self._measure_actions),
            *(self._measure_evidence, self._measure_audit, self._measure_review),
            self._measure_conversations,
        ):
            measure(make)
        self._show_zeroes()

    def _measure_index(self, make: _Maker) -> None:
        self._index_age = make.gauge(
            "index_age_seconds", "Time since the index last agreed with the database", "livemax"
        )
        self._list_version = make.gauge("list_version", "Version of the lists in use", "livemin")
        self._index_entries = make.gauge(
            "index_entries", "Signals in the index of one process", "livemax", "kind"
        )
        self._index_mapped = make.gauge(
            "index_mapped", "Whether every process searches the files that all share", "livemin"
        )
        self._index_bytes = make.gauge(
            "index_bytes", "Size of the files of the index in use", "livemax"
        )
        self._index_rebuilds = make.gauge(
            "index_rebuilds", "Times the index was made from the database alone", "livemax"
        )
        self._index_refused = make.gauge(
            "index_refused", "Times a process refused the index on disk", "livesum"
        )

    def _measure_policy(self, make: _Maker) -> None:
        self._policy = make.gauge(
            "policy_in_force",
            "1 for the policy versions that decide now",
            "livemax",
            "version",
            "place",
        )
        self._policies = make.counter(
            "policy_load_failures", "Times a policy version could not be loaded"
        )
        self._shadowed = make.gauge(
            "policy_shadow_events",
            "Events of the policy in shadow so far, by the database",
            "livemax",
            "end",
        )

    def _measure_actions(self, make: _Maker) -> None:
        self._actions = make.gauge(
            "actions", "Actions that are sent to destinations and not done", "livemax", "state"
        )
        self._oldest_action = make.gauge(
            "actions_oldest_seconds", "Age of the oldest action that waits to be sent", "livemax"
        )
        # Named as the buckets of a histogram, so that `histogram_quantile` can read it: who sends
        # them is another process, and what it counts stands in the database.
        self._delays = make.gauge(
            "action_delay_seconds_bucket",
            "Actions by the time from decision to the first receipt, by the database",
            "livemax",
            "le",
        )

    def _measure_evidence(self, make: _Maker) -> None:
        self._preserved = make.counter(
            "evidence_preserved", "Items of evidence at the time of their decision", "state"
        )
        self._evidence = make.gauge(
            "evidence_items", "Items of evidence, by the database", "livemax", "state"
        )
        self._evidence_numbers = {
            name: make.gauge(name, text, "livemax")
            for name, text in (
                ("evidence_held", "Items of evidence that a hold stands on"),
                ("evidence_overdue", "Items whose term has ended and that are not destroyed yet"),
                ("evidence_next_expiry_seconds", "Time until the next term ends; 0 for none"),
                ("vault_objects", "Objects in the vault whose key exists"),
                ("vault_bytes", "Size of the plain bytes of these objects"),
            )
        }

    def _measure_audit(self, make: _Maker) -> None:
        self._audit = {
            name: make.gauge(name, text, "livemax")
            for name, text in (
                ("audit_leaves", "Leaves of the audit log"),
                ("audit_age_seconds", "Time since the last leaf was written; 0 for none"),
                ("audit_unsigned_leaves", "Leaves that no signed checkpoint speaks of yet"),
            )
        }

    def _measure_conversations(self, make: _Maker) -> None:
        self._messages = make.counter("messages", "Messages of conversations", "status")
        self._raised = make.counter(
            "conversations_raised", "Times that a conversation became an event"
        )
        self._owed = make.gauge(
            "conversations_owed",
            "Conversations that were raised a while ago and are not decided about, by the database",
            "livemax",
        )

    def _measure_review(self, make: _Maker) -> None:
        self._review = make.gauge(
            "review_cases", "Cases by queue and where they stand", "livemax", "queue", "state"
        )
        self._oldest_case = make.gauge(
            "review_oldest_seconds", "Age of the oldest case that waits", "livemax", "queue"
        )

    @classmethod
    def create(cls, env: Mapping[str, str] | None = None) -> Metrics:
        """Metrics of this process, shared with its siblings where the parent arranged for it.

        Args:
            env: environment to look in; None means that of the process.

        Raises:
            BadConfiguration: sharing was arranged after this process had imported the library.
        """
        folder = (os.environ if env is None else env).get(SHARED_FOLDER)
        if bool(folder) != bool(values.ValueClass._multiprocess):  # noqa: SLF001 - no public name
            raise BadConfiguration(
                "metrics would be counted wrongly over several processes",
                where=SHARED_FOLDER,
                remedy="start workers as fresh interpreters after share_metrics, not by fork",
            )
        # Times of creation double the output, and there are none over several processes.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        return cls(CollectorRegistry(), Path(folder) if folder else None)

    def checked(self, outcome: Outcome) -> None:
        """An event has its durable outcome."""
        self._checks.labels(outcome.verdict.value).inc()
        for action in outcome.decision.actions:
            self._decisions.labels(action.value).inc()
        reasons = {gap.reason for gap in outcome.gaps}
        for reason in reasons:
            self._gaps.labels(reason.value).inc()
        if GapReason.NO_CONTENT not in reasons:
            self._law.labels(*_law_labels(outcome, reasons)).inc()
        for one in outcome.silenced:
            self._silenced.labels(one.reason.value).inc()

    def law_in_force(self, packs: Iterable[str], surface_classes: Iterable[str]) -> None:
        """These packs may be named by what is counted from now on."""
        for pack, surface_class in itertools.product(packs, tuple(surface_classes)):
            for content in ("scanned", "refused"):
                self._law.labels(pack, surface_class, content)

    def flooded(self, parked: int, noted: int) -> None:
        """So many entries were parked, and of so many the exact copies were noted."""
        self._floods.labels("parked").inc(parked)
        self._floods.labels("noted").inc(noted)

    def entries_parked(self, count: int) -> None:
        """So many entries are parked now."""
        self._parked.set(count)

    def conversed(self, results: Mapping[MessageStatus, int], raised: int) -> None:
        """A batch of messages was taken in, and so many conversations became events."""
        for status, count in results.items():
            self._messages.labels(status.value).inc(count)
        self._raised.inc(raised)

    def conversations_owed(self, count: int) -> None:
        """So many conversations that were raised are not decided about yet."""
        self._owed.set(count)

    def decoded(self, seconds: float) -> None:
        """A file was decoded, or given up."""
        self._decode_seconds.observe(seconds)

    def looked_up(self, *, found: int, missed: int) -> None:
        """So many ready-made signals had a match, and so many had none."""
        # Most look-ups find nothing, and each step costs several microseconds.
        if found:
            self._found.inc(found)
        if missed:
            self._missed.inc(missed)

    def index_state(self, age_seconds: float, version: int, sizes: Mapping[str, int]) -> None:
        """The index of this process: its age, list version, and signals by kind."""
        self._index_age.set(age_seconds)
        self._list_version.set(version)
        for kind, size in sizes.items():
            self._index_entries.labels(kind).set(size)

    def index_files(self, *, mapped: bool, size: int, rebuilt: int, refused: int) -> None:
        """The index on disk, as this process sees it; size in bytes."""
        self._index_mapped.set(mapped)
        self._index_bytes.set(size)
        self._index_rebuilds.set(rebuilt)
        self._index_refused.set(refused)

    def journalled(self, events: int) -> None:
        """One transaction made so many events durable."""
        self._journal_batch.observe(events)

    def queue_depth(self, queue: str, depth: int) -> None:
        """So much work waits in `decoder` or `journal` now."""
        self._queue.labels(queue).set(depth)

    def policy_in_force(self, versions: Mapping[str, str]) -> None:
        """What decides now: the version of `live`, and of `shadow` where there is one."""
        for sample in next(iter(self._policy.collect())).samples:
            self._policy.labels(sample.labels["version"], sample.labels["place"]).set(0)
        for place, version in versions.items():
            self._policy.labels(version, place).set(1)

    def policy_not_loaded(self) -> None:
        """A policy version could not be loaded by this release of the program."""
        self._policies.inc()

    def shadowed(self, counts: Mapping[str, int]) -> None:
        """Events of the policy in shadow: `decided`, `differed`, `failed`, `skipped`."""
        for end, count in counts.items():
            self._shadowed.labels(end).set(count)

    def past_state(self, rescans: Mapping[str, int], numbers: Mapping[str, float]) -> None:
        """How the comparison of the past with the lists stands.

        Args:
            rescans: number of re-scans by state, `open` and `failed`.
            numbers: by metric, without `tutela_`: `rescan_events_left` and so on.
        """
        for state, count in rescans.items():
            self._rescans.labels(state).set(count)
        for name, number in numbers.items():
            self._past[name].set(number)

    def actions_state(
        self, states: Mapping[str, int], oldest: float, delays: Mapping[str, int]
    ) -> None:
        """How the actions stand that are sent to destinations.

        Args:
            states: how many are `waiting`, `sent`, `failed` and `overdue`.
            oldest: age in seconds of the oldest that waits.
            delays: how many were taken within so many seconds, by that number; `+Inf` is all.
        """
        for state, count in states.items():
            self._actions.labels(state).set(count)
        self._oldest_action.set(oldest)
        for most, count in delays.items():
            self._delays.labels(most).set(count)

    def preserved(self, state: ItemState) -> None:
        """An item of evidence was taken in, or is owed, or is with the platform."""
        self._preserved.labels(state.value).inc()

    def evidence_state(self, states: Mapping[ItemState, int], numbers: Mapping[str, float]) -> None:
        """How the evidence stands.

        Args:
            states: items by state.
            numbers: by metric, without `tutela_`: `evidence_held` and so on.
        """
        for state, count in states.items():
            self._evidence.labels(state.value).set(count)
        for name, number in numbers.items():
            self._evidence_numbers[name].set(number)

    def audit_state(self, numbers: Mapping[str, float]) -> None:
        """How the audit log stands: `audit_leaves` and so on, without `tutela_`."""
        for name, number in numbers.items():
            self._audit[name].set(number)

    def review_state(
        self, queues: Mapping[str, Mapping[str, int]], ages: Mapping[str, float]
    ) -> None:
        """How the queues of cases stand; one that is not named, because it is gone, has nothing.

        Args:
            queues: cases by state, `waiting` and so on, of each queue.
            ages: of each queue the age in seconds of its oldest case that waits; 0 for none.
        """
        for sample in next(iter(self._review.collect())).samples:
            name, state = sample.labels["queue"], sample.labels["state"]
            self._review.labels(name, state).set(0)
            self._oldest_case.labels(name).set(0)
        for name, states in queues.items():
            for state, count in states.items():
                self._review.labels(name, state).set(count)
        for name, age in ages.items():
            self._oldest_case.labels(name).set(age)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """An HTTP request was answered.

        Args:
            method: of a known method; anything else is counted as `other`.
            route: the route's template, `/v1/events/{id}`, never the path that was asked for:
                ids would make a new time series each. Empty where no route fits.
        """
        known = method if method in _METHODS else "other"
        kept = self._answers.get((known, route, status))
        if kept is None:
            name = route or "unknown"
            kept = (
                self._requests.labels(known, name, str(status)),
                self._request_seconds.labels(name),
            )
            self._answers[known, route, status] = kept
        requests, times = kept
        requests.inc()
        times.observe(seconds)

    def render(self) -> bytes:
        """All numbers in Prometheus' text form, over all processes that share them."""
        if self._shared is None:
            return generate_latest(self._registry)
        _forget_ended(self._shared)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _show_zeroes(self) -> None:
        """A series that appears only with its first event hides that event from rate()."""
        _touch(self._checks, Verdict)
        _touch(self._decisions, ActionKind)
        _touch(self._gaps, GapReason)
        _touch(self._silenced, Silencing)
        _touch(self._floods, ("parked", "noted"))
        _touch(self._lookups, ("yes", "no"))
        _touch(self._preserved, (ItemState.KEPT, ItemState.OWED, ItemState.ELSEWHERE))
        for state in ("open", "failed"):
            self._rescans.labels(state).set(0)
        self._law.labels("none", "none", "scanned")
        for status in MessageStatus:
            self._messages.labels(status.value)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _law_labels(outcome: Outcome, reasons: Container[GapReason]) -> tuple[str, str, str]:
    """Pack, class of surface, and whether the content was scanned: all from our own lists."""
    law = outcome.law
    if law is None:
        return "none", "none", "scanned"
    scanned = "refused" if GapReason.NOT_PERMITTED in reasons else "scanned"
    return law.pack, law.surface_class.value, scanned


class _Maker:
    """Makes instruments of one registry, all named `tutela_...`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="tutela", registry=self._registry)

    def gauge(self, name: str, text: str, mode: Combine, *labels: str) -> Gauge:
        return Gauge(
            name,
            text,
            labels,
            namespace="tutela",
            registry=self._registry,
            multiprocess_mode=mode,
        )

    def histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            name, text, labels, namespace="tutela", registry=self._registry, buckets=buckets
        )


def _touch(counter: Counter, labels: Iterable[str]) -> None:
    for label in labels:
        counter.labels(str(label))


def _forget_ended(folder: Path) -> None:
    """Drop the gauges of workers that ended without saying so; their counters stay."""
    for pid in {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*.db")}:
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
