from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.access.tables import sessions as table
from tutela.storage.access.tables import sign_in_codes
from tutela.storage.database import Database

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database)


def test_a_code_gives_its_role_once(sessions: Sessions) -> None:
    code = sessions.create_code("reviewer", MINUTE)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    redeemed = sessions.redeem(code)
    assert redeemed is not None
    assert redeemed.role == "reviewer"
    assert sessions.redeem(code) is None


def test_a_code_may_be_typed_carelessly(sessions: Sessions) -> None:
    for _ in range(40):
        code = sessions.create_code("reviewer", MINUTE)
        typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert sessions.redeem(f" {typed} ") is not None


def test_other_codes_are_refused(sessions: Sessions, database: Database) -> None:
    code = sessions.create_code("reviewer", MINUTE)
    assert sessions.redeem("") is None
    assert sessions.redeem(code[:-1]) is None
    assert sessions.redeem("\ud800") is None
    with database.write() as connection:
        assert code not in str(connection.execute(select(sign_in_codes)).all())
        connection.execute(update(sign_in_codes).values(expires_at=datetime.now(UTC)))
    assert sessions.redeem(code) is None


def test_of_many_at_once_one_gets_in(sessions: Sessions) -> None:
    code = sessions.create_code("reviewer", MINUTE)
    with ThreadPoolExecutor(8) as pool:
        redeemed = list(pool.map(sessions.redeem, [code] * 8))
    assert [one.role for one in redeemed if one is not None] == ["reviewer"]


def test_a_session_is_found_by_its_token(sessions: Sessions, database: Database) -> None:
    session, token = sessions.open("reviewer", idle=MINUTE, life=HOUR)
    assert sessions.find(token) == session
    assert session.role == "reviewer"
    assert session.expires_at - session.created_at == HOUR
    assert min(len(token), len(session.csrf)) >= 43
    assert token != session.csrf
    assert sessions.find("") is None
    assert sessions.find(token + "x") is None
    assert sessions.find("\udce9") is None
    with database.read() as connection:
        assert token not in str(connection.execute(select(table)).all())


def test_a_closed_session_is_gone(sessions: Sessions) -> None:
    _, token = sessions.open("reviewer", idle=MINUTE, life=HOUR)
    other = sessions.open("reviewer", idle=MINUTE, life=HOUR)[1]
    sessions.close(token)
    sessions.close(token)
    assert sessions.find(token) is None
    assert sessions.find(other) is not None


def test_a_session_ends_when_idle(sessions: Sessions, database: Database) -> None:
    _, token = sessions.open("reviewer", idle=MINUTE, life=HOUR)
    _seen(database, datetime.now(UTC) - MINUTE / 2)
    assert sessions.find(token) is not None  # which counts as being seen
    with database.read() as connection:
        assert connection.scalars(select(table.c.seen_at)).one() > datetime.now(UTC) - MINUTE / 4
    _seen(database, datetime.now(UTC) - MINUTE)
    assert sessions.find(token) is None


def test_what_a_page_asks_by_itself_keeps_no_session_alive(
    sessions: Sessions, database: Database
) -> None:
    _, token = sessions.open("reviewer", idle=MINUTE, life=HOUR)
    before = datetime.now(UTC) - MINUTE / 2
    _seen(database, before)
    assert sessions.find(token, seen=False) is not None
    with database.read() as connection:
        assert connection.scalars(select(table.c.seen_at)).one() == before
    _seen(database, datetime.now(UTC) - MINUTE)
    assert sessions.find(token, seen=False) is None


def test_a_session_ends_however_busy(sessions: Sessions, database: Database) -> None:
    _, token = sessions.open("reviewer", idle=MINUTE, life=HOUR)
    with database.write() as connection:
        connection.execute(update(table).values(expires_at=datetime.now(UTC)))
    assert sessions.find(token) is None
    sessions.open("reviewer", idle=MINUTE, life=HOUR)
    with database.read() as connection:
        assert len(connection.execute(select(table)).all()) == 1  # the old one was cleared away


def test_a_session_of_a_time_to_come_is_none(sessions: Sessions, database: Database) -> None:
    _, token = sessions.open("reviewer", idle=9 * HOUR, life=9 * HOUR)
    for ahead, found in ((4 * MINUTE, True), (6 * MINUTE, False)):
        with database.write() as connection:
            connection.execute(update(table).values(created_at=datetime.now(UTC) + ahead))
        assert (sessions.find(token) is not None) is found


def test_a_session_ends_with_its_key(sessions: Sessions, database: Database) -> None:
    keys = Keys(database)
    key, _ = keys.create("console", "admin")
    session, token = sessions.open("admin", idle=MINUTE, life=HOUR, key_id=key.id)
    assert sessions.find(token) == session
    assert session.key_id == key.id
    keys.revoke(key.id)
    assert sessions.find(token) is None


def _seen(database: Database, moment: datetime) -> None:
    with database.write() as connection:
        connection.execute(update(table).values(seen_at=moment))


def test_how_somebody_came_in_and_went_is_told(
    sessions: Sessions, leaves: Callable[[], list[Leaf]]
) -> None:
    text = sessions.create_code("reviewer", MINUTE, by="cli:ada")
    code = sessions.redeem(text)
    assert code is not None
    session, token = sessions.open(code.role, idle=MINUTE, life=HOUR, code=code)
    sessions.close(token)
    sessions.close(token)  # nobody is signed in any more
    made, came, went = leaves()
    assert {one.kind for one in leaves()} == {AuditKind.SIGN_IN}
    assert (made.by, made.subject, made.data["did"]) == ("cli:ada", code.name, "code made")
    assert (came.by, came.subject) == (session.name, session.name)
    assert came.data == {
        "did": "signed in",
        "role": "reviewer",
        "with": code.name,
        "expires": session.expires_at.isoformat(),
    }
    assert (went.by, went.subject, went.data) == (
        session.name,
        session.name,
        {"did": "signed out"},
    )
    secrets = {text, text.replace("-", ""), token, session.csrf}
    assert not [secret for secret in secrets if secret in str(leaves())]


def test_a_session_that_a_key_opened_names_it(
    sessions: Sessions, database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    key, _ = Keys(database).create("laptop", "admin")
    sessions.open("admin", idle=MINUTE, life=HOUR, key_id=key.id)
    assert leaves()[-1].data["with"] == f"key:{key.id}"


def test_a_code_that_nobody_made_is_not_told(
    sessions: Sessions, leaves: Callable[[], list[Leaf]]
) -> None:
    assert sessions.redeem("ABCD-EFGH-JKMN") is None
    assert leaves() == []


def test_all_end_at_once(sessions: Sessions, leaves: Callable[[], list[Leaf]]) -> None:
    code = sessions.create_code("reviewer", MINUTE)
    _, token = sessions.open("reviewer", idle=HOUR, life=HOUR)
    before = len(leaves())
    assert sessions.end_all(by="cli:anna") == 2
    assert sessions.find(token) is None
    assert sessions.redeem(code) is None
    assert sessions.end_all() == 0
    (leaf,) = leaves()[before:]
    assert (leaf.kind, leaf.by, leaf.data) == (
        AuditKind.SIGN_IN,
        "cli:anna",
        {"did": "all ended", "count": 2},
    )
