"""Asks every route as anybody, and judges what comes back."""

from __future__ import annotations

import re
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from litestar.exceptions import LitestarDeprecationWarning

from tutela.interfaces import console
from tutela.interfaces.access import Permission
from tutela.interfaces.application import routed
from tutela.interfaces.console.sign_in import COOKIE
from tutela.interfaces.services import Services
from tutela.interfaces.web.guard import declared

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

BANK = "no-such-bank"


class Route(NamedTuple):
    method: str
    path: str
    permission: Permission

    @property
    def filled(self) -> str:
        """The path with something in the place of each parameter."""
        return re.sub(r"\{\w+:(str|path)\}", BANK, re.sub(r"\{\w+:int\}", "999999", self.path))

    @property
    def of_console(self) -> bool:
        return self.path.startswith("/console")


def routes_of(services: Services) -> list[Route]:
    """Every route of the API and the console."""
    with warnings.catch_warnings():
        # The console's path parameters are declared in a style that the framework will drop.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return [Route(*row) for row in declared(routed(services, [console.routes()]))]


SIGN_OUT = "/console/sign-out"


class Guests:
    """Somebody with a session for each role. Who has signed out gets another one."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._cookies: dict[str, dict[str, str]] = {}

    def ask(self, route: Route, role: str) -> Answer:
        """Ask as a role; as a stranger where it is empty."""
        if not route.of_console:
            return self._api.ask(route.method, route.filled, role=role)
        headers = self._cookie(role) if role else {}
        if route.path == SIGN_OUT:
            self._cookies.pop(role, None)
        return self._api.ask(route.method, route.filled, role="", headers=headers)

    def _cookie(self, role: str) -> dict[str, str]:
        if role not in self._cookies:
            life = timedelta(minutes=5)
            _, token = self._api.services.sessions.open(role, idle=life, life=life)
            self._cookies[role] = {"cookie": f"{COOKIE}={token}"}
        return self._cookies[role]


def judge(route: Route, answer: Answer, allowed: bool, who: object) -> None:  # noqa: FBT001
    """Fail unless a caller whom a route knows was let in, or refused, as it ought to be."""
    if allowed:
        # A form without its token is refused as well, but by the page, not by the guard.
        form = route.of_console and route.method == "POST"
        assert answer.status != 401, (route, who)
        assert answer.status != 403 or form, (route, who)
    else:
        assert answer.status == 403, (route, who)
        assert route.permission in answer.body.decode(), (route, who)


def ask_with(api: Api, route: Route, secret: str) -> Answer:
    """Ask a route of the API with a key."""
    headers = {"authorization": f"Bearer {secret}"}
    return api.ask(route.method, route.filled, role="", headers=headers)
