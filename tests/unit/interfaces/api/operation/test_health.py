from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tutela.errors import Unavailable

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


def test_alive_whatever_else_is_wrong(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.services.counts, "counts", down)
    answer = api.get("/health/live", role="")
    assert (answer.status, answer.json) == (200, {"status": "alive"})


def test_ready(api: Api) -> None:
    answer = api.get("/health/ready", role="")
    assert answer.status == 200
    assert answer.json["ready"] is True
    assert answer.json["index_age_seconds"] < 10


def test_what_protects_the_system_is_told(api: Api) -> None:
    state = api.get("/health/ready", role="").json
    assert state["protections"] == list(api.services.decoder.protections)
    assert state["missing_protections"] == list(api.services.decoder.missing_protections)


def test_not_ready_without_a_decoder(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(api.services.decoder), "protections", ())
    answer = api.get("/health/ready", role="")
    assert (answer.status, answer.json["ready"], answer.json["decoder"]) == (503, False, False)


def test_not_ready_without_the_database(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.services.counts, "counts", down)
    answer = api.get("/health/ready", role="")
    assert (answer.status, answer.json["ready"], answer.json["database"]) == (503, False, False)


@pytest.mark.parametrize(("name", "value"), [("ready", False), ("age_seconds", 11.0)])
def test_not_ready_with_an_index_that_cannot_be_trusted(
    api: Api, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(type(api.services.sync), name, property(lambda _: value))
    answer = api.get("/health/ready", role="")
    assert (answer.status, answer.json["ready"]) == (503, False)


@pytest.fixture(autouse=True, scope="module")
def decoder(api: Api) -> None:
    """A decoder that is ready: its children take a moment to start."""
    api.services.decoder.wait_ready(60)


def down() -> dict[str, int]:
    raise Unavailable("down")
