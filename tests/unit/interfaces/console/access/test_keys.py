"""Signing in with password, authenticator and security key; and the ways around it."""

from __future__ import annotations

import html
import json
import re
import time
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
import pytest
from litestar.exceptions import LitestarDeprecationWarning
from tests.unit.interfaces.acting import FORM, PASSWORD, code_of
from tests.unit.interfaces.keyholder import SoftKey, b64

from tutela.interfaces import console
from tutela.interfaces.application import application
from tutela.interfaces.console.sign_in import KEY_STEP
from tutela.interfaces.services import Services
from tutela.model.review.account import Account, AccountState

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

OPTIONS = re.compile(r'data-options="([^"]*)"')
CSRF = re.compile(r'name="csrf" value="([^"]*)"')


class Browser:
    """A browser with its cookies, on the console."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, b"")

    def post(self, path: str, **fields: str) -> Answer:
        body = urlencode({"csrf": self.csrf, **fields}).encode()
        return self._ask("POST", path, body)

    def password(self, account: Account, code: str = "", password: str = PASSWORD) -> Answer:
        return self.post("/console/sign-in", name=account.name, password=password, code=code)

    def challenge(self, answer: Answer) -> str:
        """What the page asks a security key."""
        found = OPTIONS.search(answer.body.decode())
        assert found, answer
        told: str = json.loads(html.unescape(found[1]))["challenge"]
        return told

    def enter(self, role: str, services: Services, account: Account) -> Browser:
        """Come in with a one-time code."""
        code = services.sessions.create_code(role, timedelta(minutes=5), account_id=account.id)
        assert self.post("/console/sign-in", secret=code).status == 303
        found = CSRF.search(self.get("/console/account").body.decode())
        assert found
        self.csrf = found[1]
        return self

    @property
    def is_in(self) -> bool:
        return self.get("/console/principles").status == 200

    def _ask(self, method: str, path: str, body: bytes) -> Answer:
        line = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": line} if line else {}
        kind = FORM if body else ""
        answer = self.api.ask(method, path, body, role="", kind=kind, headers=headers)
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer


@pytest.fixture
def account(services: Services) -> Account:
    """Somebody who has a password, and no second factor."""
    made = services.accounts.create(f"mara-{time.monotonic_ns()}", "reviewer")
    hashed = services.passwords.hash(PASSWORD)
    return services.accounts.set_password(made.id, hashed, by="cli:ada")


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api)


@pytest.fixture
def key(browser: Browser, services: Services, account: Account) -> SoftKey:
    """The security key of the account, set up on the console."""
    inside, key = Browser(browser.api).enter("reviewer", services, account), SoftKey()
    asked = inside.post("/console/account/keys/ask", key_name="<i>mine</i>", present=PASSWORD)
    answer = key.set_up(inside.challenge(asked))
    assert inside.post("/console/account/keys", answer=answer).status == 303
    shown = inside.get("/console/account").body.decode()
    assert "&lt;i&gt;mine" in shown
    assert "<i>mine" not in shown
    return key


def test_the_whole_way_with_a_security_key(
    browser: Browser, account: Account, key: SoftKey
) -> None:
    asked = browser.password(account)
    assert (asked.status, browser.is_in) == (200, False)
    came = browser.post("/console/sign-in/key", answer=key.show(browser.challenge(asked)))
    assert (came.status, browser.is_in) == (303, True)


@pytest.mark.usefixtures("key")
def test_a_password_that_is_wrong_is_not_told_of_keys(browser: Browser, account: Account) -> None:
    refused = browser.password(account, password="not this one")  # noqa: S106 - a wrong one
    assert refused.status == 403
    assert OPTIONS.search(refused.body.decode()) is None
    # A code in place of the key is none, where no authenticator was set up.
    assert browser.password(account, code="123456").status == 403
    assert not browser.is_in


def test_an_answer_is_taken_once(browser: Browser, account: Account, key: SoftKey) -> None:
    asked = browser.password(account)
    step, answer = dict(browser.cookies), key.show(browser.challenge(asked))
    assert browser.post("/console/sign-in/key", answer=answer).status == 303
    other = Browser(browser.api)
    other.cookies = step
    assert other.post("/console/sign-in/key", answer=answer).status == 403
    # Nor does a new question take the old answer.
    other.password(account)
    assert other.post("/console/sign-in/key", answer=answer).status == 403
    assert not other.is_in


def test_a_question_is_of_one_person_and_one_browser(
    browser: Browser, services: Services, account: Account, key: SoftKey
) -> None:
    asked = browser.password(account)
    answer = key.show(browser.challenge(asked))
    for stolen in ({}, {"tutela_step": "x" * 43}):
        other = Browser(browser.api)
        other.cookies = dict(stolen)
        assert other.post("/console/sign-in/key", answer=answer).status == 403
    late = services.steps.begin(KEY_STEP, {"challenge": "AAAA"}, timedelta(0), account.id)
    other.cookies = {"tutela_step": late}
    assert other.post("/console/sign-in/key", answer=answer).status == 403
    # What was begun to set a key up signs nobody in.
    other.cookies = {
        "tutela_step": services.steps.begin(
            "new security key", {"challenge": "AAAA"}, timedelta(minutes=1), account.id
        )
    }
    assert other.post("/console/sign-in/key", answer=answer).status == 403


def test_whoever_is_kept_out_meanwhile_stays_out(
    browser: Browser, services: Services, account: Account, key: SoftKey
) -> None:
    asked = browser.password(account)
    services.accounts.disable(account.id)
    answer = key.show(browser.challenge(asked))
    assert browser.post("/console/sign-in/key", answer=answer).status == 403


def test_keys_are_not_set_up_without_the_password(
    browser: Browser, services: Services, account: Account
) -> None:
    inside = browser.enter("reviewer", services, account)
    path = "/console/account/keys/ask"
    assert inside.post(path, key_name="mine", present="not this one").status == 400
    assert inside.post(path, key_name="", present=PASSWORD).status == 400
    assert inside.post(path, key_name="x" * 65, present=PASSWORD).status == 400
    asked = inside.post(path, key_name="mine", present=PASSWORD)
    answer = SoftKey("http://evil.example").set_up(inside.challenge(asked))
    assert inside.post("/console/account/keys", answer=answer).status == 400
    # The question is used up by that.
    answer = SoftKey().set_up(inside.challenge(asked))
    assert inside.post("/console/account/keys", answer=answer).status == 400
    assert services.security_keys.of(account.id) == []


def test_a_question_for_a_key_of_somebody_else(
    browser: Browser, services: Services, account: Account
) -> None:
    other = services.accounts.create(f"abel-{time.monotonic_ns()}", "reviewer")
    ask = "/console/account/keys/ask"
    theirs = Browser(browser.api).enter("reviewer", services, other)
    challenge = theirs.challenge(theirs.post(ask, key_name="theirs"))
    inside = browser.enter("reviewer", services, account)
    inside.cookies["tutela_step"] = theirs.cookies["tutela_step"]
    assert inside.post("/console/account/keys", answer=SoftKey().set_up(challenge)).status == 400
    assert services.security_keys.of(account.id) == []


def test_the_last_second_factor_stays(
    browser: Browser, services: Services, account: Account, key: SoftKey
) -> None:
    inside = browser.enter("reviewer", services, account)
    path = f"/console/account/keys/{b64(key.id)}/remove"
    assert inside.post(path, present="not this one").status == 400
    assert inside.post(path, present=PASSWORD).status == 400
    code = code_of(services, account.id, 1)
    fields = {"code": code, "present": PASSWORD}
    assert inside.post("/console/account/authenticator", **fields).status == 303
    assert inside.post(path, present=PASSWORD).status == 303
    assert inside.post(path, present=PASSWORD).status == 400
    assert services.security_keys.of(account.id) == []


def test_a_form_that_was_not_made_for_the_session_does_nothing(
    browser: Browser, services: Services, account: Account
) -> None:
    inside = browser.enter("reviewer", services, account)
    inside.csrf = "x" * 43
    for path in ("/keys/ask", "/keys", "/keys/AAAA/remove", "/password", "/authenticator"):
        assert inside.post(f"/console/account{path}", key_name="m", new="x").status == 403, path


def test_a_password_alone_is_not_enough(browser: Browser, account: Account) -> None:
    refused = browser.password(account)
    assert refused.status == 403
    assert "second factor" in refused.body.decode()
    assert not browser.is_in


def test_a_code_of_the_authenticator_is_used_once(
    browser: Browser, services: Services, account: Account
) -> None:
    step = int(time.time()) // 30 - 1
    services.accounts.confirm_authenticator(account.id, 1, step - 1, by="cli:ada")
    code = code_of(services, account.id, 1)
    assert browser.password(account, code).status == 303
    assert browser.is_in
    again = Browser(browser.api)
    assert again.password(account, code).status == 403
    # Nor one of before that one, though a clock may be behind.
    assert again.password(account, code_of(services, account.id, 1, later=-1)).status == 403
    assert not again.is_in


def test_wrong_passwords_lock_for_a_while_even_the_right_one(
    browser: Browser, services: Services, account: Account
) -> None:
    services.accounts.confirm_authenticator(account.id, 1, 0, by="cli:ada")
    answers = {browser.password(account, password=f"wrong password {n}").body for n in range(5)} | {
        Browser(browser.api).post("/console/sign-in", name="nobody", password=PASSWORD).body
    }
    code = code_of(services, account.id, 1)
    locked = browser.password(account, code)
    assert locked.status == 403
    answers.add(locked.body)
    # Whether the name is one, and whether it is locked, nobody is told: all pages are alike.
    plain = {re.sub(rb'value="[^"]*"', b"", answer) for answer in answers}
    assert len(plain) == 1
    services.accounts.unlock(account.id)
    assert browser.password(account, code).status == 303


def test_signing_in_begins_another_session_and_ends_the_one_before(
    browser: Browser, services: Services, account: Account
) -> None:
    services.accounts.confirm_authenticator(account.id, 1, 0, by="cli:ada")
    browser.cookies["tutela_session"] = "fixed-by-somebody-else"
    browser.password(account, code_of(services, account.id, 1))
    first = browser.cookies["tutela_session"]
    assert first != "fixed-by-somebody-else"
    browser.password(account, code_of(services, account.id, 1, later=1))
    assert browser.cookies["tutela_session"] != first
    assert browser.is_in
    browser.cookies["tutela_session"] = first
    assert not browser.is_in


def test_an_invitation_of_somebody_who_was_kept_out_is_none(
    browser: Browser, services: Services
) -> None:
    made = services.accounts.create(f"abel-{time.monotonic_ns()}", "reviewer")
    life = timedelta(minutes=5)
    code = services.sessions.create_code("reviewer", life, account_id=made.id)
    services.accounts.disable(made.id)
    assert browser.post("/console/sign-in", secret=code).status == 403
    # Nor does a session live that began at the same moment.
    opened = services.sessions.open("reviewer", idle=life, life=life, account_id=made.id)
    browser.cookies["tutela_session"] = opened[1]
    assert not browser.is_in
    assert services.accounts.get(made.id).state is AccountState.DISABLED


def test_sessions_are_listed_and_ended(
    browser: Browser, services: Services, account: Account
) -> None:
    elsewhere = Browser(browser.api).enter("reviewer", services, account)
    inside = browser.enter("reviewer", services, account)
    shown = inside.get("/console/account").body.decode()
    assert (shown.count("last used <time"), shown.count(">this one<")) == (2, 1)
    assert inside.post("/console/account/sessions/end").status == 303
    assert (inside.is_in, elsewhere.is_in) == (True, False)


def test_over_https_cookies_are_of_this_host_alone(
    api: Api, services: Services, account: Account
) -> None:
    access = msgspec.structs.replace(services.settings.access, origin="https://review.example.org")
    settings = msgspec.structs.replace(services.settings, access=access)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        app = application(replace(services, settings=settings), [console.routes()])
    services.accounts.confirm_authenticator(account.id, 1, 0, by="cli:ada")
    other = type(api)(app, services, api.keys)
    with other.runner:
        browser = Browser(other)
        came = browser.password(account, code_of(services, account.id, 1))
        assert came.status == 303
        told = came.headers["set-cookie"].lower()
        for part in ("secure", "httponly", "samesite=strict", "path=/;"):
            assert part in f"{told};", told
        assert browser.is_in
        # A cookie without the prefix may come from a neighbouring site, and is not looked at.
        token = browser.cookies.pop("__Host-tutela_session")
        browser.cookies["tutela_session"] = token
        assert not browser.is_in
