from __future__ import annotations

import io

import pytest

from tutela.errors import BadConfiguration
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import KeyUnavailable, WrongKey
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.standby import Standby
from tutela.evidence.vault.vault import Vault
from tutela.telemetry import make_logger


class Door:
    """Opens a vault once `open` is set."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.tried = 0

    def __call__(self) -> Vault:
        self.tried += 1
        if self.error:
            raise self.error
        return Vault(MemoryStore(), MemoryKeys())


def test_a_server_starts_without_the_vault_and_says_so() -> None:
    said, door = io.StringIO(), Door(KeyUnavailable("the key service does not answer"))
    standby = Standby(door, make_logger("info", as_json=False, stream=said), pause=0)
    standby.start()
    assert "evidence is owed" in said.getvalue()
    with pytest.raises(KeyUnavailable):
        standby.vault()
    assert said.getvalue().count("evidence is owed") == 1
    door.error = None
    assert standby.vault() is standby.vault()
    assert "the vault is open" in said.getvalue()


def test_nobody_waits_for_a_key_service_that_was_down_a_moment_ago() -> None:
    door = Door(KeyUnavailable("the key service does not answer"))
    standby = Standby(door, make_logger("critical", as_json=False, stream=io.StringIO()), pause=999)
    standby.start()
    for _ in range(3):
        with pytest.raises(KeyUnavailable):
            standby.vault()
    assert door.tried == 1


@pytest.mark.parametrize("error", [BadConfiguration("no such store"), WrongKey("another")])
def test_what_can_never_work_stops_the_start(error: Exception) -> None:
    log = make_logger("critical", as_json=False, stream=io.StringIO())
    with pytest.raises(type(error)):
        Standby(Door(error), log).start()
