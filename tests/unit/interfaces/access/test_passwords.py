from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from tutela.errors import InvalidInput
from tutela.interfaces.access.passwords import LONGEST, SHORTEST, Passwords

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
