"""Somebody who is signed in to the console, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tutela.interfaces.console.sign_in import COOKIE
from tutela.interfaces.services import Services

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api


class Visitor:
    """Somebody who is signed in to the console."""

    def __init__(self, api: Api, services: Services, role: str) -> None:
        life = timedelta(minutes=5)
        session, token = services.sessions.open(role, idle=life, life=life)
        self._api, self._csrf = api, session.csrf
        self._headers = {"cookie": f"{COOKIE}={token}"}

    def get(self, path: str, **query: str) -> str:
        answer = self._api.ask("GET", path, role="", headers=self._headers, query=query)
        assert answer.status == 200, answer
        return answer.body.decode()

    def post(self, path: str, *, csrf: str | None = None, **fields: str) -> Answer:
        body = urlencode({"csrf": self._csrf if csrf is None else csrf, **fields}).encode()
        kind = "application/x-www-form-urlencoded"
        return self._api.ask("POST", path, body, role="", kind=kind, headers=self._headers)


Visit = Callable[[str], Visitor]


@pytest.fixture
def visit(api: Api, services: Services) -> Visit:
    """Sign somebody in with a role."""
    return lambda role: Visitor(api, services, role)


@pytest.fixture
def admin(visit: Visit) -> Visitor:
    """An admin who is signed in."""
    return visit("admin")
