"""Numbers are right, over all server processes, and name nothing that a request could choose."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tutela.errors import BadConfiguration
from tutela.model import (
    ActionKind,
    Decision,
    Gap,
    GapReason,
    Outcome,
    Reason,
    Verdict,
)
from tutela.telemetry import Metrics, share_metrics
from tutela.telemetry.metrics import SHARED_FOLDER

# Counts as told by the lines it gets, one sentence each; answers `ready` and, at last, a scrape.
WORKER = """
import sys
from tutela.telemetry import Metrics

metrics = Metrics.create()
for line in sys.stdin:
    word, _, number = line.strip().partition(" ")
    if word == "lookups":
        metrics.looked_up(found=int(number), missed=1)
    elif word == "answers":
        for _ in range(int(number)):
            metrics.answered("GET", "/v1/events/{id}", 200, 0.02)
    elif word == "queue":
        metrics.queue_depth("decoder", int(number))
    elif word == "age":
        metrics.index_state(float(number), int(float(number)), {"pdq": 5})
    elif word == "scrape":
        sys.stdout.buffer.write(metrics.render() + b"# EOF\\n")
        sys.stdout.flush()
        continue
    print("ready", flush=True)
"""


def outcome(verdict: Verdict, *actions: ActionKind, gaps: tuple[Gap, ...] = ()) -> Outcome:
    decision = Decision(
        policy_version="p-1", actions=actions, reasons=(Reason(rule="r", text="t"),)
    )
    return Outcome(
        event_id="e",
        verdict=verdict,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        drill=False,
        list_version=1,
        matches=(),
        gaps=gaps,
        decision=decision,
    )


def series(rendered: bytes) -> dict[str, float]:
    """Values by name and labels, written as Prometheus shows them."""
    found = {}
    for family in text_string_to_metric_families(rendered.decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            name = sample.name + (f"{{{labels}}}" if labels else "")
            assert name not in found
            found[name] = sample.value
    return found


def test_what_happened_is_counted() -> None:
    metrics = Metrics.create({})
    gaps = (Gap(reason=GapReason.FLAT), Gap(reason=GapReason.FLAT, part="x"))
    metrics.checked(outcome(Verdict.MATCH, ActionKind.BLOCK, ActionKind.OPEN_CASE))
    metrics.checked(outcome(Verdict.NOT_CHECKED, ActionKind.HOLD, gaps=gaps))
    metrics.looked_up(found=2, missed=3)
    metrics.decoded(0.3)
    metrics.journalled(40)
    metrics.index_state(0.2, 17, {"md5": 4, "pdq": 9})
    metrics.index_files(mapped=True, size=123, rebuilt=2, refused=3)
    metrics.queue_depth("journal", 6)
    found = series(metrics.render())
    for name, value in {
        "tutela_checks_total{verdict=match}": 1,
        "tutela_checks_total{verdict=clear}": 0,
        "tutela_checks_total{verdict=not_checked}": 1,
        "tutela_decisions_total{action=block}": 1,
        "tutela_decisions_total{action=open_case}": 1,
        "tutela_decisions_total{action=hold}": 1,
        "tutela_decisions_total{action=allow}": 0,
        "tutela_gaps_total{reason=flat}": 1,
        "tutela_gaps_total{reason=damaged}": 0,
        "tutela_lookups_total{found=yes}": 2,
        "tutela_lookups_total{found=no}": 3,
        "tutela_decode_seconds_bucket{le=0.25}": 0,
        "tutela_decode_seconds_bucket{le=0.5}": 1,
        "tutela_journal_batch_events_sum": 40,
        "tutela_index_age_seconds": 0.2,
        "tutela_list_version": 17,
        "tutela_index_mapped": 1,
        "tutela_index_bytes": 123,
        "tutela_index_rebuilds": 2,
        "tutela_index_refused": 3,
        "tutela_index_entries{kind=md5}": 4,
        "tutela_index_entries{kind=pdq}": 9,
        "tutela_queue_depth{queue=journal}": 6,
    }.items():
        assert found[name] == value, name


def test_how_the_past_stands_is_shown() -> None:
    metrics = Metrics.create({})
    assert 'tutela_rescans{state="failed"} 0.0' in metrics.render().decode()
    metrics.past_state({"open": 2, "failed": 1}, {"rescan_findings": 7})
    shown = metrics.render().decode()
    assert 'tutela_rescans{state="open"} 2.0' in shown
    assert 'tutela_rescans{state="failed"} 1.0' in shown
    assert "tutela_rescan_findings 7.0" in shown


def test_how_the_queues_of_cases_stand_is_shown_and_one_that_is_gone_has_nothing() -> None:
    metrics = Metrics.create({})
    metrics.review_state({"fast": {"waiting": 3}, "gone": {"waiting": 4}}, {"fast": 9, "gone": 8})
    metrics.review_state({"fast": {"waiting": 2}}, {"fast": 7})
    found = series(metrics.render())
    for name, value in {
        "tutela_review_cases{queue=fast,state=waiting}": 2,
        "tutela_review_cases{queue=gone,state=waiting}": 0,
        "tutela_review_oldest_seconds{queue=fast}": 7,
        "tutela_review_oldest_seconds{queue=gone}": 0,
    }.items():
        assert found[name] == value, name


def test_how_the_actions_stand_is_shown() -> None:
    metrics = Metrics.create({})
    metrics.actions_state({"waiting": 3, "overdue": 1}, 4.5, {"0.5": 6, "+Inf": 8})
    found = series(metrics.render())
    for name, value in {
        "tutela_actions{state=waiting}": 3,
        "tutela_actions{state=overdue}": 1,
        "tutela_actions_oldest_seconds": 4.5,
        "tutela_action_delay_seconds_bucket{le=0.5}": 6,
        "tutela_action_delay_seconds_bucket{le=+Inf}": 8,
    }.items():
        assert found[name] == value, name


def test_a_request_cannot_choose_a_label() -> None:
    metrics = Metrics.create({})
    metrics.answered("GET", "/v1/events/{id}", 200, 0.02)
    metrics.answered("BREW", "", 405, 0.02)
    found = series(metrics.render())
    assert found["tutela_http_requests_total{method=GET,route=/v1/events/{id},status=200}"] == 1
    assert found["tutela_http_requests_total{method=other,route=unknown,status=405}"] == 1
    assert found["tutela_http_request_seconds_count{route=unknown}"] == 1


def test_two_sets_of_metrics_share_nothing() -> None:
    first, second = Metrics.create({}), Metrics.create({})
    first.looked_up(found=1, missed=0)
    assert series(second.render())["tutela_lookups_total{found=yes}"] == 0


def test_sharing_must_be_arranged_before_the_process_starts(tmp_path: Path) -> None:
    env: dict[str, str] = {}
    share_metrics(tmp_path / "metrics", env)
    with pytest.raises(BadConfiguration, match="fresh interpreters"):
        Metrics.create(env)


class Worker:
    """A server process that counts what it is told."""

    def __init__(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=os.environ | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self.process.stdin
        assert self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "ready\n"

    def scrape(self) -> dict[str, float]:
        assert self.process.stdin
        assert self.process.stdout
        print("scrape", file=self.process.stdin, flush=True)
        lines = iter(self.process.stdout.readline, "# EOF\n")
        return series("".join(lines).encode())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_each_process_shows_the_totals_of_all(tmp_path: Path) -> None:
    env: dict[str, str] = {}
    share_metrics(tmp_path / "metrics", env)
    assert env == {SHARED_FOLDER: str(tmp_path / "metrics")}
    workers = [Worker(env), Worker(env)]
    try:
        first, second = workers
        for line in ("lookups 3", "answers 2", "queue 5", "age 0.5"):
            first.tell(line)
        for line in ("lookups 4", "answers 1", "queue 6", "age 7"):
            second.tell(line)
        total = {
            "tutela_lookups_total{found=yes}": 7,
            "tutela_lookups_total{found=no}": 2,
            "tutela_http_requests_total{method=GET,route=/v1/events/{id},status=200}": 3,
            "tutela_http_request_seconds_count{route=/v1/events/{id}}": 3,
            "tutela_http_request_seconds_bucket{le=0.025,route=/v1/events/{id}}": 3,
        }
        gauges = {
            "tutela_queue_depth{queue=decoder}": 11,  # all that waits
            "tutela_index_age_seconds": 7,  # the oldest
            "tutela_list_version": 0,  # the oldest
            "tutela_index_entries{kind=pdq}": 5,  # of one process
        }
        for worker in workers:
            assert (total | gauges).items() <= worker.scrape().items()
        second.end()
        after = first.scrape()
        assert total.items() <= after.items()
        assert after["tutela_queue_depth{queue=decoder}"] == 5
        assert after["tutela_index_age_seconds"] == 0.5
    finally:
        for worker in workers:
            worker.end()


def test_numbers_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    for _ in range(2):
        env: dict[str, str] = {}
        share_metrics(tmp_path, env)
        worker = Worker(env)
        try:
            worker.tell("lookups 3")
            assert worker.scrape()["tutela_lookups_total{found=yes}"] == 3
        finally:
            worker.end()
