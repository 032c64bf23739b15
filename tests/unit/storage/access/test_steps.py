from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tutela.storage.access.accounts import Accounts
from tutela.storage.access.steps import SignInSteps
from tutela.storage.access.tables import sign_in_steps
from tutela.storage.database import Database

LIFE = timedelta(minutes=5)


@pytest.fixture
def steps(database: Database) -> SignInSteps:
    return SignInSteps(database)


def test_a_step_is_taken_once(steps: SignInSteps, database: Database) -> None:
    mara = Accounts(database).create("mara", "reviewer").id
    token = steps.begin("key", {"challenge": "c"}, LIFE, mara)
    for other in ("", "x", "é\0", token[:-1], token + "x"):
        assert steps.take("key", other) is None
    assert steps.take("another way", token) is None
    taken = steps.take("key", token)
    assert taken is not None
    assert (taken.account_id, taken.facts) == (mara, {"challenge": "c"})
    assert steps.take("key", token) is None


def test_of_many_who_take_a_step_at_once_one_gets_it(steps: SignInSteps) -> None:
    token = steps.begin("key", {}, LIFE)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: steps.take("key", token), range(8)))
    assert sum(one is not None for one in taken) == 1


def test_a_step_that_took_too_long_is_none_and_is_forgotten(
    steps: SignInSteps, database: Database
) -> None:
    late = steps.begin("key", {}, timedelta(0))
    assert steps.take("key", late) is None
    steps.begin("key", {}, timedelta(0))
    steps.begin("key", {}, LIFE)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(sign_in_steps)) == 1


def test_somebody_who_is_kept_out_has_no_step_left(steps: SignInSteps, database: Database) -> None:
    accounts = Accounts(database)
    mara = accounts.create("mara", "reviewer").id
    token = steps.begin("key", {}, LIFE, mara)
    accounts.disable(mara)
    assert steps.take("key", token) is None
