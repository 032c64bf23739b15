"""People, on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import InvalidInput
from tutela.interfaces.cli.access.accounts import app
from tutela.model.review.account import AccountState
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.administrators import LastAdministrator
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

RUNNER = CliRunner()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    yield database
    database.close()


def run(*arguments: str) -> str:
    done = RUNNER.invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def administrator(accounts: Accounts, name: str) -> str:
    account = accounts.create(name, "admin")
    accounts.set_password(account.id, "stands-for-a-hash", by="cli:ada")
    return accounts.confirm_authenticator(account.id, 1, 1, by="cli:ada").id


def test_the_code_alone_goes_to_standard_output(database: Database) -> None:
    code = run("invite", "mara", "--role", "reviewer").strip()
    redeemed = Sessions(database).redeem(code)
    mara = Accounts(database).find("mara")
    assert redeemed is not None
    assert mara is not None
    assert redeemed.account_id == mara.id
    (listed,) = msgspec.json.decode(run("list", "--json"))
    assert (listed["name"], listed["state"]) == ("mara", "invited")
    run("role", "mara", "auditor")
    run("disable", "mara")
    assert Accounts(database).get(mara.id).role == "auditor"
    assert Accounts(database).get(mara.id).state is AccountState.DISABLED
    run("enable", "mara")
    with pytest.raises(InvalidInput, match="nobody has this name"):
        run("disable", "somebody")


def test_the_last_who_can_administer_stays_and_has_a_way_back_in(database: Database) -> None:
    accounts = Accounts(database)
    first = administrator(accounts, "first")
    for refused in (("disable", "first"), ("role", "first", "auditor")):
        with pytest.raises(LastAdministrator):
            run(*refused)
    # Whoever is on the server has lost a phone, and can make as many codes as it takes.
    assert Sessions(database).redeem(run("invite", "first", "--again").strip()) is not None
    assert accounts.get(first).state is AccountState.INVITED
