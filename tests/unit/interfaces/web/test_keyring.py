from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tutela.errors import Unavailable
from tutela.interfaces.web import keyring
from tutela.interfaces.web.keyring import KeyRing
from tutela.storage.access.keys import ApiKey

SECRET = "tut_abc_a-secret-of-this-test"  # noqa: S105 - no secret at all
KEY = ApiKey(id="abc", name="test", role="uploader", created_at=datetime(2026, 1, 1, tzinfo=UTC))


class Store:
    """What a database would answer, and how often it was asked."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {SECRET: KEY}
        self.asked = 0
        self.down = False

    def verify(self, text: str) -> ApiKey | None:
        self.asked += 1
        if self.down:
            raise Unavailable("down")
        return self.keys.get(text)


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_revoked_key_stops_within_the_time() -> None:
    async def run() -> None:
        store, clock = Store(), Clock()
        ring = KeyRing(store.verify, seconds=1.0, clock=clock)
        assert await ring.find(SECRET) == KEY
        store.keys.clear()
        clock.now += 0.99
        assert await ring.find(SECRET) == KEY
        assert store.asked == 1
        clock.now += 0.02
        assert await ring.find(SECRET) is None
        assert store.asked == 2

    asyncio.run(run())


def test_unknown_keys_are_remembered_too() -> None:
    async def run() -> None:
        store = Store()
        ring = KeyRing(store.verify, clock=Clock())
        for _ in range(5):
            assert await ring.find("tut_unknown") is None
        assert store.asked == 1

    asyncio.run(run())


def test_many_at_once_ask_once() -> None:
    async def run() -> None:
        store = Store()
        ring = KeyRing(store.verify, clock=Clock())
        found = await asyncio.gather(*(ring.find(SECRET) for _ in range(100)))
        assert found == [KEY] * 100
        assert store.asked == 1

    asyncio.run(run())


def test_an_error_is_told_and_not_remembered() -> None:
    async def run() -> None:
        store = Store()
        store.down = True
        ring = KeyRing(store.verify, clock=Clock())
        with pytest.raises(Unavailable):
            await ring.find(SECRET)
        store.down = False
        assert await ring.find(SECRET) == KEY

    asyncio.run(run())


def test_one_who_gives_up_does_not_take_the_answer_from_others() -> None:
    async def run() -> None:
        store = Store()
        ring = KeyRing(store.verify, clock=Clock())
        first = asyncio.create_task(ring.find(SECRET))
        second = asyncio.create_task(ring.find(SECRET))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == KEY

    asyncio.run(run())


def test_no_secret_is_remembered() -> None:
    async def run() -> None:
        ring = KeyRing(Store().verify, clock=Clock())
        await ring.find(SECRET)
        assert SECRET not in repr(vars(ring))

    asyncio.run(run())


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "REMEMBERED", 10)

    async def run() -> None:
        ring = KeyRing(Store().verify, clock=Clock())
        for number in range(50):
            await ring.find(f"tut_{number}")
        assert len(ring._answers) == 10

    asyncio.run(run())
