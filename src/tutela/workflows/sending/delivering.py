"""The process that sends actions: many at once, until each is confirmed or given up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from tutela.client.webhooks import headers
from tutela.errors import Unavailable
from tutela.model import DeliveryState, Destination
from tutela.outgoing import FetchFailed, Outgoing
from tutela.response.secrets import Secrets
from tutela.storage.outbox.work import Late, Outbox, Result, Task
from tutela.storage.values import now
from tutela.workflows.sending.alarm import raise_alarm
from tutela.workflows.sending.circuit import Circuit, Patience
from tutela.workflows.sending.receipts import NotConfirmed, receipt_in

POLL_SECONDS = 0.1
"""Time between two looks for something that is due, where there is nothing else to do."""
GATHER_SECONDS = 0.02
"""Time in which results gather, so that one transaction stores them all."""
ALARM_SECONDS = 1.0
"""Time between two looks for what is late."""
RETRY_SECONDS = 1.0
"""Pause after the database could not be used."""
LEASE = timedelta(seconds=10)
"""How long a process that died keeps others from sending what it had claimed."""
ANSWER_BYTES = 65_536
"""Largest answer that is read: a receipt is a few hundred bytes."""
STOP_SECONDS = 3.0
"""Time for what is on its way when the process stops; the rest is for others to send."""
NAMES = 64
"""Threads that resolve names: one that hangs must not keep the others waiting."""
TAKEN = "it has taken the action, and has not confirmed it yet"

T = TypeVar("T")


@dataclass(slots=True)
class _Side:
    """A destination as the process knows it."""

    destination: Destination
    circuit: Circuit = field(default_factory=Circuit)


class Delivering:
    """Sends what is due, and raises the alarm about what is late.

    Args:
        outbox: the deliveries.
        outgoing: what posts; its reach says how long that may take.
        secrets: gives the secrets to sign with.
        log: where it tells of its work, and of alarms.
        stop: set from elsewhere when it is to stop.
        at_once: messages on their way to one destination at once.
        patience: how long it is tried.
    """

    def __init__(
        self,
        outbox: Outbox,
        outgoing: Outgoing,
        secrets: Secrets,
        log: FilteringBoundLogger,
        *,
        stop: threading.Event,
        at_once: int = 32,
        patience: Patience | None = None,
    ) -> None:
        self._outbox = outbox
        self._outgoing = outgoing
        self._secrets = secrets
        self._log = log
        self._stop = stop
        self._at_once = at_once
        self._patience = patience or Patience()
        self._sides: dict[str, _Side] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._on_their_way: Counter[str] = Counter()
        self._results: list[Result] = []
        self._ready = asyncio.Event()
        self._renewed_at = self._alarmed_at = float("-inf")
        self._database = ThreadPoolExecutor(1, thread_name_prefix="outbox")

    def run(self) -> None:
        """Work until told to stop. A database that is down is waited for."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(NAMES))
        with self._database:
            try:
                while not self._stop.is_set():
                    await self._guarded_turn()
                await self._finish()
            finally:
                await self._outgoing.close()

    async def _guarded_turn(self) -> None:
        try:
            busy = await self._turn()
        except Unavailable as problem:
            self._log.warning("actions wait for the database", reason=problem.what)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            await self._rest(busy=busy)

    async def _rest(self, *, busy: bool) -> None:
        """Wait for results to gather, or for something to become due."""
        if not busy:
            try:
                await asyncio.wait_for(self._ready.wait(), POLL_SECONDS)
            except TimeoutError:
                return
        await asyncio.sleep(GATHER_SECONDS)

    async def _turn(self) -> bool:
        """Store what came of messages, and send what is due; whether there may be more of it."""
        standing = await self._blocking(self._outbox.look)
        self._know([one.destination for one in standing])
        at = time.monotonic()
        rooms = {one.destination.name: self._room(one.destination.name, at) for one in standing}
        due = {one.destination.name for one in standing if one.due}
        rooms = {name: room for name, room in rooms.items() if room and name in due}
        claimed = await self._exchange(rooms, at)
        for task in claimed:
            self._begin(task)
        await self._look_for_late(at)
        full = Counter(task.destination for task in claimed)
        return any(full[name] >= room for name, room in rooms.items() if not self._is_open(name))

    async def _exchange(self, rooms: Mapping[str, int], at: float) -> Sequence[Task]:
        """One transaction for all that there is to store and to claim; none for nothing."""
        renew: list[str] = []
        if at - self._renewed_at > LEASE.total_seconds() / 3:
            renew = list(self._under_way)
        if not (self._results or rooms or renew):
            return []
        results, self._results = self._results, []
        self._ready.clear()
        try:
            claimed = await self._blocking(lambda: self._outbox.turn(results, rooms, renew))
        except Unavailable:
            self._results = results + self._results  # to be stored later
            raise
        if renew:
            self._renewed_at = at
        return claimed

    async def _look_for_late(self, at: float) -> None:
        if at - self._alarmed_at < ALARM_SECONDS:
            return
        self._alarmed_at = at
        for late in await self._blocking(self._outbox.alarm):
            raise_alarm(self._log, late)

    def _know(self, destinations: Sequence[Destination]) -> None:
        for one in destinations:
            side = self._sides.setdefault(one.name, _Side(one))
            if side.destination.url != one.url:
                side.circuit = Circuit()
            side.destination = one

    def _room(self, name: str, at: float) -> int:
        circuit = self._sides[name].circuit
        return circuit.room(self._at_once, self._on_their_way[name], at)

    def _is_open(self, name: str) -> bool:
        return self._sides[name].circuit.open

    def _begin(self, task: Task) -> None:
        self._on_their_way[task.destination] += 1
        running = asyncio.create_task(self._send(task))
        self._under_way[task.id] = running
        running.add_done_callback(lambda _: self._end(task))

    def _end(self, task: Task) -> None:
        del self._under_way[task.id]
        self._on_their_way[task.destination] -= 1

    async def _send(self, task: Task) -> None:
        side = self._sides[task.destination]
        try:
            result = await self._post(task, side.destination)
        except (FetchFailed, NotConfirmed) as problem:
            self._failed(task, side, str(problem))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the action must not be lost
            self._log.exception("an action could not be sent", id=task.id)
            self._failed(task, side, f"it could not be sent ({type(problem).__name__})")
        else:
            if side.circuit.succeeded():
                self._log.info("a destination answers again", destination=task.destination)
            self._settle(result)

    async def _post(self, task: Task, destination: Destination) -> Result:
        """Post a message, signed now; what its receipt makes of it."""
        sent_at = now()
        signed = headers(
            self._secrets_of(destination, sent_at), task.id, int(sent_at.timestamp()), task.body
        )
        signed["content-type"] = "application/json"
        answer = await self._outgoing.post(
            destination.url, task.body, signed, private=destination.private
        )
        receipt = receipt_in(answer, task.id, now())
        delay = None if task.taken else (now() - task.created_at).total_seconds()
        if receipt.done:
            return Result(id=task.id, state=DeliveryState.DONE, receipt=receipt, delay=delay)
        pause = self._patience.pause(task.attempts)
        if pause is None:
            return self._given_up(task, "it took the action, and never confirmed it")
        return Result(
            id=task.id,
            state=DeliveryState.SENT,
            receipt=receipt,
            delay=delay,
            problem=TAKEN,
            next_at=now() + timedelta(seconds=max(pause, destination.confirm_seconds)),
        )

    def _secrets_of(self, destination: Destination, at: datetime) -> list[str]:
        """The present secret, and while a rotation overlaps the one before it."""
        number, until = destination.generation, destination.overlap_until
        numbers = [number, number - 1] if until is not None and at < until else [number]
        return [self._secrets.secret(destination.name, one) for one in numbers if one > 0]

    def _failed(self, task: Task, side: _Side, problem: str) -> None:
        if side.circuit.failed(time.monotonic()):
            self._log.warning(
                "a destination does not answer: one action at a time is tried",
                destination=task.destination,
                problem=problem,
            )
        pause = self._patience.pause(task.attempts)
        if pause is None:
            self._settle(self._given_up(task, problem))
            return
        state = DeliveryState.SENT if task.taken else DeliveryState.WAITING
        next_at = now() + timedelta(seconds=pause)
        self._settle(Result(id=task.id, state=state, next_at=next_at, problem=problem))

    def _given_up(self, task: Task, problem: str) -> Result:
        about = task.about
        raise_alarm(
            self._log,
            Late(
                id=task.id,
                destination=task.destination,
                action=about.action,
                event_id=about.event_id,
                state=DeliveryState.FAILED,
                attempts=task.attempts,
                problem=problem,
            ),
        )
        return Result(id=task.id, state=DeliveryState.FAILED, problem=problem)

    def _settle(self, result: Result) -> None:
        self._results.append(result)
        self._ready.set()

    async def _finish(self) -> None:
        """Give what is on its way a moment, store what came of it, and let go of the rest."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=STOP_SECONDS)
        rest = list(self._under_way)
        for running in list(self._under_way.values()):
            running.cancel()
        try:
            await self._blocking(lambda: self._outbox.turn(self._results))
            await self._blocking(lambda: self._outbox.release(rest))
        except Unavailable as problem:
            self._log.warning("results were not stored: they are sent again", reason=problem.what)

    async def _blocking(self, work: Callable[[], T]) -> T:
        """Work with the database, which blocks, in the one thread for it."""
        return await asyncio.get_running_loop().run_in_executor(self._database, work)
