"""Somebody who is signed in to the console, without a browser."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tutela.interfaces.console.sign_in import COOKIE
from tutela.interfaces.services import Services
from tutela.model.review.account import Account

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api


class Visitor:
    """Somebody who is signed in to the console."""

    def __init__(
        self, api: Api, services: Services, role: str, account: Account | None = None
    ) -> None:
        life = timedelta(minutes=5)
        account_id = account.id if account else None
        session, token = services.sessions.open(role, idle=life, life=life, account_id=account_id)
        self._account = account
        self._api, self._csrf = api, session.csrf
        self._headers = {"cookie": f"{COOKIE}={token}"}

    @property
    def account(self) -> Account:
        """The account of the person."""
        assert self._account is not None
        return self._account

    def speaking(self, language: str) -> Visitor:
        """The same with a browser that prefers a language."""
        self._headers["accept-language"] = language
        return self

    def ask(self, path: str, **query: str) -> Answer:
        return self._api.ask("GET", path, role="", headers=self._headers, query=query)

    def poll(self, path: str) -> Answer:
        """Ask as an open page does by itself."""
        headers = self._headers | {"tutela-unattended": "yes"}
        return self._api.ask("GET", path, role="", headers=headers)

    def get(self, path: str, **query: str) -> str:
        answer = self.ask(path, **query)
        assert answer.status == 200, answer
        return answer.body.decode()

    def in_french(self, path: str) -> str:
        """A page, for who asks for French."""
        headers = {**self._headers, "accept-language": "fr"}
        answer = self._api.ask("GET", path, role="", headers=headers)
        assert answer.status == 200, answer
        return answer.body.decode()

    def post(self, path: str, *, csrf: str | None = None, **fields: str) -> Answer:
        body = urlencode({"csrf": self._csrf if csrf is None else csrf, **fields}).encode()
        kind = "application/x-www-form-urlencoded"
        return self._api.ask("POST", path, body, role="", kind=kind, headers=self._headers)


Visit = Callable[[str], Visitor]
NUMBERS = itertools.count(1)


@pytest.fixture
def visit(api: Api, services: Services) -> Visit:
    """Sign somebody in with a role."""
    return lambda role: Visitor(api, services, role)


@pytest.fixture
def person(api: Api, services: Services) -> Visit:
    """Sign in a person with an account of a role, a new one each time."""

    def enter(role: str) -> Visitor:
        account = services.accounts.create(f"person-{next(NUMBERS)}", role)
        return Visitor(api, services, role, account)

    return enter


@pytest.fixture
def admin(visit: Visit) -> Visitor:
    """An admin who is signed in."""
    return visit("admin")
