"""Every route names a permission, and the guard holds every caller to it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from litestar import Request, Router, get
from structlog.testing import LogCapture
from tests.unit.interfaces.knocking import Guests, Route, judge, routes_of

from tutela.errors import BadConfiguration, NotSignedIn
from tutela.interfaces.access import Permission, Role, may
from tutela.interfaces.application import ROUTES, alarm_about_actions, application
from tutela.interfaces.services import Services
from tutela.interfaces.web.gate import ALWAYS, ON_PAGES
from tutela.interfaces.web.guard import Caller, Connection
from tutela.model import ActionKind, Decision, Event, Order, Outcome, Reason, Verdict
from tutela.response.routing import NOWHERE, Routes

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def routes(services: Services) -> list[Route]:
    return routes_of(services)


@pytest.fixture(scope="module")
def guests(api: Api) -> Guests:
    return Guests(api)


def test_there_is_a_route_for_each_handler(routes: list[Route]) -> None:
    assert len([r for r in routes if not r.of_console]) == len(ROUTES)


WITHIN = {Permission.REVIEW_SETTLE: "which cases are offered: those that are disputed, or not"}
"""Permissions that no route asks for as a whole, with what they decide instead."""


def test_every_permission_is_used(routes: list[Route]) -> None:
    asked = {route.permission for route in routes}
    assert asked | set(WITHIN) == set(Permission)
    assert asked.isdisjoint(WITHIN)


def test_only_these_are_public(routes: list[Route]) -> None:
    public = {r.path for r in routes if r.permission is Permission.PUBLIC}
    assert public == {
        "/health/live",
        "/health/ready",
        "/schema",
        "/schema/openapi.json",
        "/console/language",
        "/console/sign-in",
        "/console/sign-in/key",
        "/console/sign-in/provider",
        "/console/sign-in/provider/done",
        "/console/sign-in/provider/leave",
        "/console/static/{name:str}",
        "/console/{rest:path}",
    }


def test_each_route_refuses_each_role_that_may_not(routes: list[Route], guests: Guests) -> None:
    for route, role in itertools.product(routes, Role):
        judge(route, guests.ask(route, role), may(role, route.permission), role)


def test_each_route_refuses_who_is_not_known(routes: list[Route], guests: Guests) -> None:
    for route in routes:
        answer = guests.ask(route, "")
        if route.permission is Permission.PUBLIC:
            assert answer.status not in {303, 401}, route
        elif route.of_console:
            assert (answer.status, answer.headers["location"]) == (303, "/console/sign-in"), route
        else:
            assert (answer.status, answer.code) == (401, "not-signed-in"), route
            assert answer.headers["www-authenticate"] == "Bearer"


def test_refusals_come_before_the_body_is_looked_at(api: Api) -> None:
    answer = api.ask("POST", "/v1/check", b"{", role="reviewer", kind="application/json")
    assert answer.status == 403


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer tut_",
        "Bearer tut_0123456789ab_wrong",
        "Bearer wrong",
        "Basic dXNlcjpwYXNz",
        "tut_0123456789ab_wrong",
        "Bearer tut_\x00",
        "Bearer tut_é",
        "Bearer tut_" + "x" * 10_000,
    ],
)
def test_what_is_no_key(api: Api, shown: str) -> None:
    answer = api.ask("GET", "/v1/banks", role="", headers={"authorization": shown})
    assert answer.status == 401
    assert "wrong" not in answer.body.decode()


def test_a_key_in_another_place_is_none(api: Api) -> None:
    key = api.keys["admin"]
    assert api.ask("GET", "/v1/banks", role="", query={"key": key}).status == 401
    assert api.ask("GET", "/v1/banks", role="", headers={"cookie": f"key={key}"}).status == 401


def test_revoked_and_expired_keys(api: Api) -> None:
    keys = api.services.keys
    revoked, secret = keys.create("gone", Role.ADMIN)
    keys.revoke(revoked.id)
    headers = {"authorization": f"Bearer {secret}"}
    assert api.ask("GET", "/v1/banks", role="", headers=headers).status == 401
    soon = datetime.now(UTC) + timedelta(milliseconds=1)
    _, secret = keys.create("late", Role.ADMIN, soon)
    while datetime.now(UTC) <= soon:
        pass
    headers = {"authorization": f"Bearer {secret}"}
    assert api.ask("GET", "/v1/banks", role="", headers=headers).status == 401


def test_a_key_of_a_role_that_is_gone_may_nothing(api: Api) -> None:
    _, secret = api.services.keys.create("old", "archivist")
    headers = {"authorization": f"Bearer {secret}"}
    assert api.ask("GET", "/v1/principles", role="", headers=headers).status == 403


def test_every_answer_has_the_security_headers(routes: list[Route], guests: Guests) -> None:
    for route in routes:
        headers = guests.ask(route, "admin").headers
        is_page = headers.get("content-type", "").startswith("text/html")
        wanted = ON_PAGES if is_page else ALWAYS
        assert {name.decode() for name in wanted} <= headers.keys()
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers
        if not route.of_console:
            values = {name.decode(): value.decode() for name, value in wanted.items()}
            assert values.items() <= headers.items()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/entries/abc", 404, "not-found"),
        ("GET", "/v1/check", 405, "method-not-allowed"),
        ("PUT", "/v1/banks", 405, "method-not-allowed"),
        ("DELETE", "/health/live", 405, "method-not-allowed"),
        ("BREW", "/v1/banks", 405, "method-not-allowed"),
        ("GET", "/v1/banks/" + "x" * 5000, 404, "not-found"),
        ("GET", "/%00", 404, "not-found"),
    ],
)
def test_wrong_addresses_are_problems_too(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    answer = api.ask(method, path)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "PUT", "TRACE"])
def test_a_wrong_method_is_told_the_right_ones(api: Api, method: str) -> None:
    answer = api.ask(method, "/v1/banks", role="")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@get("/nameless")
async def nameless() -> str:
    return ""


@get("/broken", permission=Permission.PUBLIC)
async def broken() -> str:
    raise RuntimeError("a secret that nobody may see")


@get("/pages/page", permission=Permission.CASES_READ)
async def console_page(request: Request[Any, Any, Any]) -> str:
    caller: Caller = request.scope["tutela.caller"]  # type: ignore[typeddict-item]
    return caller.id


async def by_cookie(connection: Connection) -> Caller:
    if connection.cookies.get("session") != "good":
        raise NotSignedIn("sign in")
    return Caller(id="session-1", role="reviewer", by="session:1")


def test_a_route_without_a_permission_stops_the_program(services: Services) -> None:
    with pytest.raises(BadConfiguration, match="/nameless"):
        application(services, [nameless])


def test_a_router_may_know_its_callers_by_other_means(api: Api, services: Services) -> None:
    router = Router("/", route_handlers=[console_page], opt={"identify": by_cookie})
    other = type(api)(application(services, [router]), services, api.keys)
    with other.runner:
        assert other.get("/pages/page").status == 401
        answer = other.ask("GET", "/pages/page", role="", headers={"cookie": "session=good"})
        assert (answer.status, answer.body) == (200, b"session-1")
        # A session opens the console and nothing else: no other site can make a browser use it.
        answer = other.ask("GET", "/v1/cases", role="", headers={"cookie": "session=good"})
        assert answer.status == 401


def test_an_unexpected_error_tells_nothing(
    api: Api, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    other = type(api)(application(services, [broken]), services, api.keys)
    with other.runner:
        answer = other.get("/broken")
    assert (answer.status, answer.code) == (500, "error")
    assert "secret" not in answer.body.decode()
    assert "secret" not in capsys.readouterr().err


def test_a_server_whose_actions_nobody_sends_raises_the_alarm_once(services: Services) -> None:
    at = datetime.now(UTC)
    event = Event(id="e1", digest="0f" * 32, received_at=at)
    decision = Decision(
        policy_version="policy-1",
        actions=(ActionKind.ALLOW, ActionKind.NOTIFY),
        reasons=(Reason(rule="rule", text="Because of the rule"),),
        orders=(Order(kind=ActionKind.NOTIFY, to="nobody"),),
    )
    outcome = Outcome(
        event_id="e1",
        verdict=Verdict.CLEAR,
        received_at=at,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
    )
    sent = Routes().deliveries(event, decision, None, at)
    services.journal.record(event, outcome, None, sent).result(30)
    log = LogCapture()
    told = replace(services, log=structlog.wrap_logger(None, processors=[log]))
    for _ in range(2):
        alarm_about_actions(told)
    (alarm,) = log.entries
    assert alarm["event"] == "an action was given up"
    assert (alarm["log_level"], alarm["destination"]) == ("error", "nobody")
    assert (alarm["action"], alarm["problem"]) == ("notify", NOWHERE)
