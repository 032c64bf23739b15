"""From an invitation to a sign-in with both factors, over the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.unit.interfaces.acting import FORM, PASSWORD, World, code_of

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

FIVE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def sign_in(world: World, **fields: str) -> Answer:
    body = urlencode(fields).encode()
    return world.api.ask("POST", "/console/sign-in", body, role="", kind=FORM)


def cookie_of(answer: Answer) -> dict[str, str]:
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_from_an_invitation_to_a_session(world: World) -> None:
    people = world.submit("/accounts", name="Noor.B@x", role="reviewer").body.decode()
    code = re.search(r'id="invitation">([^<]+)<', people)
    assert code
    entered = sign_in(world, secret=code[1])
    assert (entered.status, entered.headers["location"]) == (303, "/console/account")
    assert "samesite=strict" in entered.headers["set-cookie"].lower()
    assert sign_in(world, secret=code[1]).status == 403
    own = cookie_of(entered)
    page = world.api.ask("GET", "/console/account", role="", headers=own).body.decode()
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    account = world.services.accounts.find("noor.b@x")
    assert account is not None

    def send(path: str, **fields: str) -> Answer:
        body = urlencode({"csrf": csrf[1], **fields}).encode()
        return world.api.ask("POST", f"/console{path}", body, role="", kind=FORM, headers=own)

    wrong = send("/account/authenticator", code="000000x")
    assert (wrong.status, "not right" in wrong.body.decode()) == (400, True)
    assert send("/account/authenticator", code=code_of(world.services, account.id, 1)).status == 303
    assert send("/account/password", new=PASSWORD, again=PASSWORD + "r").status == 400
    assert send("/account/password", new="short", again="short").status == 400
    changed = send("/account/password", new=PASSWORD, again=PASSWORD)
    assert changed.headers["location"] == "/console/sign-in"
    # Every session has ended, this one too.
    gone = world.api.ask("GET", "/console/account", role="", headers=own)
    assert gone.headers["location"] == "/console/sign-in"
    right = {"name": "noor.b@x", "password": PASSWORD}
    assert sign_in(world, **right, code="").status == 403
    entered = sign_in(world, **right, code=code_of(world.services, account.id, 1, later=1))
    assert entered.status == 303
    shown = world.api.ask("GET", "/console/account", role="", headers=cookie_of(entered)).body
    assert b"<dd>set up</dd>" in shown


def test_an_open_console_is_not_enough_to_take_an_account_over(world: World) -> None:
    seat = world.person("reviewer")
    world.submit_as(seat, "/account/password", new=PASSWORD, again=PASSWORD)
    sessions = world.services.sessions
    opened = sessions.open("reviewer", idle=FIVE, life=FIVE, account_id=seat.account)
    again = seat._replace(csrf=opened[0].csrf, cookie={"cookie": f"tutela_session={opened[1]}"})
    other = "another four words"
    for present in ("", "wrong"):
        refused = world.submit_as(
            again, "/account/password", new=other, again=other, present=present
        )
        assert refused.status == 400
    accepted = world.submit_as(again, "/account/password", new=other, again=other, present=PASSWORD)
    assert accepted.status == 303


def test_forms_of_another_session_are_refused(world: World) -> None:
    seat, other = world.person(), world.person()
    forged = seat._replace(csrf=other.csrf)
    assert world.submit_as(forged, "/account/sessions/end").status == 403


def test_nobody_in_particular_has_no_account(world: World) -> None:
    answer = world.api.ask("GET", "/console/account", role="", headers=world.cookie)
    assert answer.status == 200
    assert "nobody's in particular" in answer.body.decode().replace("&#39;", "'")


def test_no_administrator_locks_themselves_out(world: World) -> None:
    seat = world.person("admin")
    for change in ({"do": "disable"}, {"do": "role", "role": "reviewer"}):
        refused = world.submit_as(seat, f"/accounts/{seat.account}", **change)
        assert refused.status == 400
    assert world.services.accounts.get(seat.account).role == "admin"


def test_names_are_shown_as_text(world: World) -> None:
    shown = world.submit("/accounts", name="<b>x</b>", role="reviewer")
    assert shown.status == 400
    assert "<b>x" not in shown.body.decode()


def test_a_key_with_more_than_its_person_opens_no_session(world: World) -> None:
    account = world.person("reviewer").account
    keys = world.services.keys
    assert sign_in(world, secret=keys.create("own", "admin", account_id=account)[1]).status == 403
    assert sign_in(world, secret=keys.create("own", "auditor", account_id=account)[1]).status == 403
    assert sign_in(world, secret=keys.create("a", "admin", scopes=["law.read"])[1]).status == 403
    own = sign_in(world, secret=keys.create("own", "reviewer", account_id=account)[1])
    assert own.status == 303
