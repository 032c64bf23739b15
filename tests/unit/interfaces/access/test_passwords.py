from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from tutela.errors import InvalidInput
from tutela.interfaces.access.passwords import AT_ONCE, LONGEST, SHORTEST, Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "four words of nobody"


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(CHEAP)


def test_only_the_right_password_is_right(passwords: Passwords) -> None:
    hashed = passwords.hash(GOOD)
    assert hashed.startswith("$argon2id$")
    assert GOOD not in hashed
    assert passwords.verify(hashed, GOOD)
    assert not passwords.verify(hashed, GOOD + " ")
    assert not passwords.verify(hashed, "")
    assert passwords.hash(GOOD) != hashed


def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not passwords.verify(None, "nobody has this password")
    assert not passwords.verify("no hash at all", GOOD)


@pytest.mark.parametrize("length", [0, SHORTEST - 1, LONGEST + 1, 1_000_000])
def test_too_short_or_too_long_is_refused_without_repeating_it(
    passwords: Passwords, length: int
) -> None:
    with pytest.raises(InvalidInput) as caught:
        passwords.hash("q" * length)
    assert "qqq" not in str(caught.value)


def test_the_longest_is_not_cut(passwords: Passwords) -> None:
    longest = "q" * LONGEST
    hashed = passwords.hash(longest)
    assert passwords.verify(hashed, longest)
    assert not passwords.verify(hashed, longest + "q")


def test_a_hash_of_lower_costs_is_outdated(passwords: Passwords) -> None:
    hashed = passwords.hash(GOOD)
    assert not passwords.outdated(hashed)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).outdated(hashed)


def test_a_name_that_nobody_has_costs_as_much() -> None:
    """A ratio in one run: leaving the hashing out would make it a thousandth."""
    dear = Passwords(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
    hashed = dear.hash(GOOD)
    spent = []
    for known in (hashed, None):
        begun = time.process_time()
        for _ in range(5):
            dear.verify(known, "not the right one")
        spent.append(time.process_time() - begun)
    assert spent[1] > spent[0] / 5


def test_only_so_many_are_hashed_at_once() -> None:
    slow = Slow()
    passwords = Passwords(slow)
    with ThreadPoolExecutor(8) as pool:
        hashed = list(pool.map(lambda _: passwords.hash(GOOD), range(8)))
    assert len(hashed) == 8
    assert slow.most == AT_ONCE


class Slow(PasswordHasher):
    """Counts how many passwords are hashed at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.now, self.most, self._lock = 0, 0, threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self._lock:
            self.now -= 1
        return super().hash(password, salt=salt)
