"""A policy replaced in mid-flight: each event is decided wholly by one version, none is lost."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tutela.model import Decision, Verdict
from tutela.policy.facts import Facts
from tutela.policy.policy import Policy
from tutela.storage.database import Database
from tutela.storage.events import Events
from tutela.storage.rules.shadows import Shadows

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

SENDERS = 3
SWITCHES = 8
VERSIONS = 4


def text(number: int) -> str:
    """A policy whose every decision shows which one it was made by, in each of its parts."""
    asked = "hold" if number % 2 else "allow, open_case"
    parts = {"verdict == Verdict.clear": "allow", "true": asked, "size(gaps) == 0": "allow"}
    rules = "".join(
        f"  - name: rule-{number}-{part}\n    when: '{when}'\n    actions: [{actions}]\n"
        f"    reason: Reason {number} {part}.\n    notice: It waits.\n"
        for part, (when, actions) in enumerate(parts.items())
    )
    return f"policy: number-{number}\nowner: safety\nrules:\n{rules}"


def check(server: Running, event_id: str) -> Any:  # noqa: ANN401 - JSON
    signals = [{"kind": "md5", "value": "6b" * 16}]
    answer = server.post("/v1/check", {"event_id": event_id, "signals": signals})
    assert answer.status == 200, answer
    return answer.json


def eventually(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen"


def _wait_for_more(outcomes: Mapping[str, object], more: int) -> None:
    enough = len(outcomes) + more
    eventually(lambda: len(outcomes) >= enough)


def test_under_load(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "2")
    policies = [Policy.load(text(number), f"{number}") for number in range(VERSIONS)]
    outcomes: dict[str, Any] = {}
    switching = threading.Event()
    switching.set()

    def send(sender: int) -> None:
        number = 0
        while switching.is_set():
            name = f"event-{sender}-{number}"
            outcomes[name] = check(server, name)
            number += 1

    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(send, sender) for sender in range(SENDERS)]
        try:
            for number in range(SWITCHES):
                policy = policies[number % VERSIONS]
                answer = server.post("/v1/policy/activate", {"text": policy.text})
                assert (answer.status, answer.json["live"]) == (200, policy.version)
                # Long enough for both processes to have followed now and then, and not always.
                _wait_for_more(outcomes, 10)
                time.sleep(0.2 if number % 3 else 0.7)
        finally:
            switching.clear()
        for future in sent:
            future.result()  # not one request was refused

    default = Policy.default()
    expected = {policy.version: policy for policy in (default, *policies)}
    seen = Counter(outcome["decision"]["policy_version"] for outcome in outcomes.values())
    assert seen.keys() <= expected.keys()
    assert len(seen) >= VERSIONS, seen
    whole = {name: one.decide(Facts(verdict=Verdict.CLEAR)) for name, one in expected.items()}
    for outcome in outcomes.values():
        decision = msgspec.convert(outcome["decision"], Decision)
        assert decision == whole[decision.policy_version]
    # Within a second or so every process follows: each of twenty answers by whichever process.
    last = policies[(SWITCHES - 1) % VERSIONS].version
    eventually(
        lambda: all(
            check(server, f"late-{time.monotonic_ns()}")["decision"]["policy_version"] == last
            for _ in range(20)
        )
    )
    assert server.stop(signal.SIGTERM) == 0
    database = Database.open(f"sqlite:///{tmp_path}/data/tutela.db")
    events = Events(database)
    for name, outcome in outcomes.items():
        stored = msgspec.to_builtins(events.get(name).outcome)
        assert stored["decision"] == msgspec.to_builtins(
            msgspec.convert(outcome["decision"], Decision)
        )
    database.close()


def test_a_restart_keeps_what_a_person_chose_and_brings_in_an_edited_file(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text(0))
    server = start("--workers", "1", TUTELA_POLICY_FILE=str(file))

    def decided() -> str:
        found: str = check(server, f"e-{time.monotonic_ns()}")["decision"]["policy_version"]
        return found

    first, chosen, edited = (Policy.load(text(number), "") for number in range(3))
    assert decided() == first.version
    server.post("/v1/policy/activate", {"text": chosen.text})
    server.stop()
    server.start()
    assert decided() == chosen.version
    server.stop()
    file.write_text(edited.text)
    server.start()
    assert decided() == edited.version
    history = server.ask("GET", "/v1/policy").json["history"]
    assert [one["source"] for one in history] == ["file", "person", "file"], "one for each start"


def test_a_shadow_decides_beside_every_process_and_every_answer_is_the_live_one(
    start: Start, tmp_path: Path
) -> None:
    server = start("--workers", "2")
    live, shadow = (Policy.load(text(number), "") for number in (0, 1))
    server.post("/v1/policy/activate", {"text": live.text})
    switch = server.post("/v1/policy/shadow", {"text": shadow.text}).json
    assert (switch["live"], switch["shadow"]) == (live.version, shadow.version)
    time.sleep(1.5)  # until both processes have it in shadow
    for number in range(40):
        outcome = check(server, f"event-{number}")
        assert outcome["decision"]["policy_version"] == live.version
    metrics = server.ask("GET", "/metrics").body.decode()
    for place, version in (("live", live.version), ("shadow", shadow.version)):
        assert f'tutela_policy_in_force{{place="{place}",version="{version}"}} 1.0' in metrics
    server.stop()
    database = Database.open(f"sqlite:///{tmp_path}/data/tutela.db")
    found = Shadows(database).compared(shadow.version)
    database.close()
    assert (found.decided, found.differed, found.agreed) == (40, 40, 0)
    assert found.live_versions == (live.version,)
