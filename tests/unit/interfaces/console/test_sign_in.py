"""Sessions and forms of the console: forged, replayed, expired, and sent by other sites."""

from __future__ import annotations

import hashlib
import itertools
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from litestar.exceptions import LitestarDeprecationWarning
from sqlalchemy import update
from tests.unit.interfaces.acting import FORM, Seat, World
from tests.unit.interfaces.knocking import BANK, Route, routes_of

from tutela.interfaces import console
from tutela.interfaces.access import Permission
from tutela.interfaces.access.tries import Tries
from tutela.interfaces.application import application
from tutela.interfaces.console.sign_in import COOKIE
from tutela.interfaces.services import Services
from tutela.settings.access import AccessSettings
from tutela.storage.access.tables import accounts, sessions
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

FIVE = timedelta(minutes=5)
MARKUP = '"><img src=x onerror=a>{{7*7}}'
SIGN_IN = "/console/sign-in"


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


@pytest.fixture(scope="module")
def own(services: Services) -> list[Route]:
    """The routes of the console that are not for strangers."""
    public = Permission.PUBLIC
    return [r for r in routes_of(services) if r.of_console and r.permission is not public]


def opened(api: Api, *, idle: timedelta = FIVE, life: timedelta = FIVE) -> str:
    return api.services.sessions.open("admin", idle=idle, life=life)[1]


def enters(api: Api, token: str) -> bool:
    """Whether a browser with this cookie is let in; what is not goes to the sign-in page."""
    headers = {"cookie": f"{COOKIE}={token}"}
    answer = api.ask("GET", "/console/principles", role="", headers=headers)
    if answer.status == 200:
        return True
    assert (answer.status, answer.headers["location"]) == (303, SIGN_IN)
    return False


def changed(token: str) -> list[str]:
    """Tokens that are nearly this one, and others that are none."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    last = "A" if token[-2] != "A" else "B"
    return [
        *(token[:-1], token + "A", token[:-2] + last + token[-1], token.swapcase(), token[::-1]),
        *(digest, digest[:12], "' OR 1=1 --", "%00", "x" * 5000, "é", token + "; Path=/"[2:]),
    ]


def test_a_forged_session_is_none(api: Api) -> None:
    token = opened(api)
    assert enters(api, token)
    assert not any(enters(api, forged) for forged in changed(token))


def test_a_session_that_was_left_cannot_be_replayed(world: World) -> None:
    seat = world.person()
    token = seat.cookie["cookie"].partition("=")[2]
    assert enters(world.api, token)
    left = world.submit_as(seat, "/sign-out")
    (name, _, rest) = left.headers["set-cookie"].partition("=")
    assert (name, rest[0]) == (COOKIE, ";") or rest.startswith('""')
    assert "max-age=0" in rest.lower()
    assert not enters(world.api, token)


def test_a_session_ends_idle_or_not_and_with_a_clock_that_was_wrong(api: Api) -> None:
    assert not enters(api, opened(api, idle=timedelta()))
    assert not enters(api, opened(api, life=timedelta()))
    token = opened(api, idle=timedelta(days=9), life=timedelta(days=9))
    assert enters(api, token)
    ahead = {"created_at": now() + timedelta(minutes=1)}  # another server's clock may be
    with api.services.database.write() as connection:
        connection.execute(update(sessions).values(ahead))
    assert enters(api, token)
    with api.services.database.write() as connection:
        connection.execute(update(sessions).values(created_at=now() + timedelta(days=3)))
    assert not enters(api, token)


def test_a_cookie_is_out_of_reach_for_scripts_and_for_other_sites(api: Api) -> None:
    code = api.services.sessions.create_code("reviewer", FIVE)
    came = send(api, SIGN_IN, {"secret": code})
    parts = {part.strip().lower() for part in came.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/console"} < parts
    assert [part for part in parts if part.startswith("max-age=")]
    assert not [part for part in parts if part.startswith("domain")]


def test_no_form_counts_without_the_token_of_its_session(world: World, own: list[Route]) -> None:
    seat, other = world.person(), world.person()
    bank, log = world.bank(), world.services.audit_log  # a file's form is read for a bank only
    before = log.head().size
    for route, csrf in itertools.product(own, ("", other.csrf, seat.csrf[:-1], seat.csrf + "x")):
        if route.method == "GET":
            continue
        fields = {"csrf": csrf} if csrf else {}
        path = route.filled.replace(BANK, bank)
        answer = send(world.api, path, fields, seat.cookie)
        assert answer.status == 403, (route, csrf, answer)
    assert log.head().size == before


@pytest.mark.parametrize(
    "told",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://test:81"},
        {"origin": "http://test.evil.example", "sec-fetch-site": "same-origin"},
    ],
)
def test_what_another_site_sends_is_refused_with_the_right_token_too(
    world: World, told: dict[str, str]
) -> None:
    seat = world.person()
    refused = submit(world.api, seat, told)
    assert refused.status == 403
    assert "another site" in refused.body.decode()
    code = world.services.sessions.create_code("reviewer", FIVE)
    assert send(world.api, SIGN_IN, {"secret": code}, told).status == 403
    # The code was not used up by that.
    assert send(world.api, SIGN_IN, {"secret": code}, {"origin": "http://test"}).status == 303


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"origin": "http://test"},
        {"origin": "http://test", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_what_the_console_itself_sends_is_taken(world: World, told: dict[str, str]) -> None:
    assert submit(world.api, world.person(), told).status == 303


def test_reading_a_page_by_a_link_from_elsewhere_is_no_form(world: World) -> None:
    headers = {**world.person().cookie, "sec-fetch-site": "cross-site"}
    answer = world.api.ask("GET", "/console/principles", role="", headers=headers)
    assert answer.status == 200


def test_names_are_text_on_every_page(world: World, own: list[Route]) -> None:
    seat, other = world.person(), world.person("reviewer")
    case = world.case()
    world.services.claims.take(case, other.account)
    with world.services.database.write() as connection:
        for number, one in enumerate((seat, other)):
            means = {"name": f"{MARKUP}{number}", "pseudonym": f"{MARKUP}p{number}"}
            connection.execute(update(accounts).where(accounts.c.id == one.account).values(means))
    shown = 0
    places = [route.filled for route in own if route.method == "GET"]
    for path in [*places, f"/console/cases/{case}", f"/console/review/cases/{case}"]:
        page = world.api.ask("GET", path, role="", headers=seat.cookie)
        assert b"<img src=x" not in page.body, path
        assert b"onerror=a>49" not in page.body, path
        shown += b"&lt;img src=x" in page.body or b"<img src=x" in page.body
    assert shown >= 2  # the list of people, and one's own account


def test_whoever_tries_too_often_waits_and_says_their_name_once(
    api: Api, services: Services
) -> None:
    few = replace(services, tries=Tries(AccessSettings(tries_per_minute=2), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        other = type(api)(application(few, [console.routes()]), few, api.keys)
    with other.runner:
        fields = {"name": "mara", "password": "wrong", "code": ""}
        statuses = [send(other, SIGN_IN, fields).status for _ in range(3)]
        assert statuses == [403, 403, 429]
        told = send(other, SIGN_IN, fields, {"accept-language": "fr"})
        assert 0 < int(told.headers["retry-after"]) <= 30
        assert 'value="mara"' in told.body.decode()
        assert "réessayez" in told.body.decode()
        # Not even a code that is right, which is not used up.
        code = services.sessions.create_code("reviewer", FIVE)
        assert send(other, SIGN_IN, {"secret": code}).status == 429
        elsewhere = {"x-forwarded-for": "198.51.100.9"}
        assert send(other, SIGN_IN, {"secret": code}, elsewhere).status == 303
        # Who comes in leaves as many tries as there were.
        codes = [services.sessions.create_code("reviewer", FIVE) for _ in range(9)]
        came = [send(other, SIGN_IN, {"secret": one}, elsewhere).status for one in codes]
        assert set(came) == {303}


def submit(api: Api, seat: Seat, told: dict[str, str]) -> Answer:
    """End the other sessions of somebody, by a form with the right token."""
    fields = {"csrf": seat.csrf}
    return send(api, "/console/account/sessions/end", fields, seat.cookie | told)


def send(
    api: Api, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
) -> Answer:
    body, kind = urlencode(fields).encode(), FORM
    if path.endswith("/import"):  # a form with a file
        part = '--x\r\nContent-Disposition: form-data; name="{}{}"\r\n\r\n{}\r\n'.format
        lines = "".join(part(name, "", value) for name, value in fields.items())
        lines += part("file", '"; filename="list.csv', "type,value")
        body, kind = f"{lines}--x--\r\n".encode(), "multipart/form-data; boundary=x"
    return api.ask("POST", path, body, role="", kind=kind, headers=headers)
