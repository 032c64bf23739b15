"""Cases, and people who read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.tables import cases

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made


@pytest.fixture
def opened(database: Database, make: Callable[..., Made]) -> Callable[..., str]:
    """Opens a case with some of its columns as they are to be: `opened("e1", score=3)`; its id."""

    def open_case(event_id: str, **columns: object) -> str:
        made = make(event_id, matched=True)
        with Journal(database) as journal:
            journal.record(made.event, made.outcome, made.case).result(30)
        case_id = f"case-{event_id}"
        if isinstance(score := columns.get("score"), int):
            columns["rank"] = -score
        if columns:
            with database.write() as connection:
                connection.execute(update(cases).where(cases.c.id == case_id).values(**columns))
        return case_id

    return open_case


@pytest.fixture
def people(database: Database) -> list[str]:
    """Ids of the accounts of three reviewers and a senior one."""
    accounts = Accounts(database)
    roles = ("reviewer", "reviewer", "reviewer", "senior_reviewer")
    names = ("ada", "bea", "cleo", "dora")
    return [accounts.create(name, role).id for name, role in zip(names, roles, strict=True)]
