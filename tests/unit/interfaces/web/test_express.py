"""The shorter way answers as the longer one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tutela.interfaces.web.express import Express
from tutela.interfaces.web.gate import Gate

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

SIGNALS = b'{"signals":[{"kind":"md5","value":"00000000000000000000000000000000"}]}'


@pytest.fixture
def longer(api: Api) -> Api:
    """The same application, reached through the framework."""
    gate = api.app
    assert isinstance(gate, Gate)
    assert isinstance(gate.app, Express)
    whole = Gate(
        gate.app.app, seconds=5, body_bytes=10**6, observe=lambda *_: None, log=api.services.log
    )
    return type(api)(whole, api.services, api.keys, api.runner)


def test_only_these_routes_take_it(api: Api) -> None:
    assert isinstance(api.app, Gate)
    assert isinstance(api.app.app, Express)
    assert set(api.app.app._handlers) == {("POST", "/v1/check"), ("POST", "/v1/lookup")}


@pytest.mark.parametrize("path", ["/v1/check", "/v1/lookup"])
@pytest.mark.parametrize(
    ("role", "body", "kind"),
    [
        ("uploader", SIGNALS, "application/json"),
        ("", SIGNALS, "application/json"),
        ("reviewer", SIGNALS, "application/json"),
        ("uploader", b"{", "application/json"),
        ("uploader", b'{"signals":[]}', "application/json"),
        ("uploader", b"hello", "text/plain"),
        ("uploader", b"hello", "multipart/form-data"),
    ],
)
def test_both_ways_answer_alike(
    api: Api, longer: Api, path: str, role: str, body: bytes, kind: str
) -> None:
    short = api.ask("POST", path, body, role=role, kind=kind)
    long = longer.ask("POST", path, body, role=role, kind=kind)
    assert short.status == long.status
    assert short.headers["content-type"] == long.headers["content-type"]
    assert short.headers.keys() == long.headers.keys()
    if short.status != 200 or path == "/v1/lookup":
        assert short.body == long.body


@pytest.mark.parametrize("path", ["/v1/check/", "/v1/lookup/", "//v1/lookup"])
def test_other_spellings_take_the_longer_way(api: Api, path: str) -> None:
    answer = api.ask("POST", path, SIGNALS, kind="application/json")
    assert answer.status == 200


def test_an_unexpected_error_is_a_problem(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(api.services.matching, "of_signals", broken)
    answer = api.ask("POST", "/v1/lookup", SIGNALS, kind="application/json")
    assert (answer.status, answer.code) == (500, "error")
    assert "secret" not in answer.body.decode()
