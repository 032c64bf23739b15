"""Signing in with a real provider, which runs in a process of its own."""

from __future__ import annotations

import html
import re
import sys
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from litestar.exceptions import LitestarDeprecationWarning
from tests.servers.identity import provider_process, refuse_at, sign_in_at
from tests.unit.interfaces.acting import FORM, PASSWORD

from tutela.app import open_services
from tutela.interfaces import console
from tutela.interfaces.access import Role
from tutela.interfaces.application import application
from tutela.interfaces.services import Services
from tutela.model.custody.leaf import AuditKind
from tutela.model.review.account import AccountState
from tutela.settings import Settings
from tutela.telemetry import make_logger

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

REVIEWS, LEADS = "cn=review,ou=safety", "cn=leads,ou=safety"
PEOPLE = (
    {"sub": "s-mara", "preferred_username": "Mara@Example.org", "groups": [LEADS, REVIEWS]},
    {"sub": "s-oak", "preferred_username": "oak", "groups": [REVIEWS]},
    {"sub": "s-elm", "preferred_username": "elm", "groups": ["gardeners"]},
    {"sub": "s-two", "preferred_username": "ada", "groups": [REVIEWS]},
    {"sub": "s-odd", "preferred_username": "<b>odd</b>", "groups": [REVIEWS]},
    {"sub": "s-linked", "preferred_username": "nobody", "groups": [REVIEWS]},
)
START, DONE = "/console/sign-in/provider", "/console/sign-in/provider/done"
REFRESH = re.compile(r'http-equiv="refresh" content="0; url=([^"]*)"')
CSRF = re.compile(r'name="csrf" value="([^"]*)"')


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider_process(*PEOPLE) as found:
        yield found


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Services]:
    folder: Path = tmp_path_factory.mktemp("data")
    secret = folder / "oidc.secret"
    secret.touch(mode=0o600)
    secret.write_text("of a drill\n")
    env = {
        "TUTELA_DATA_FOLDER": str(folder),
        "TUTELA_DECODER_CHILDREN": "1",
        "TUTELA_OIDC_ISSUER": issuer,
        "TUTELA_OIDC_TITLE": "Example & Sons",
        "TUTELA_OIDC_CLIENT_ID": "tutela",
        "TUTELA_OIDC_CLIENT_SECRET_FILE": str(secret),
        "TUTELA_OIDC_PRIVATE": "true",
        "TUTELA_OIDC_PROVISION": "true",
        "TUTELA_OIDC_ROLES": f"{LEADS}=supervisor; {REVIEWS}=reviewer",
    }
    log = make_logger("warning", as_json=True, stream=sys.stderr)
    with open_services(Settings.load(None, env), log) as services:
        yield services


@pytest.fixture(scope="module")
def api(services: Services) -> Iterator[Api]:
    from tests.unit.interfaces.conftest import Api  # noqa: PLC0415 - as the fixture there does

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        api = Api(application(services, [console.routes()]), services, {})
    with api.runner:
        yield api


class Browser:
    """A browser with its cookies. As they are strict, it brings none but one from abroad."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.cookies: dict[str, str] = {}
        self.lax: set[str] = set()

    def get(self, path: str, *, from_abroad: bool = False, **query: str) -> Answer:
        sent = self.lax if from_abroad else set(self.cookies)
        return self._ask("GET", path, sent, query)

    def post(self, path: str, **fields: str) -> Answer:
        return self._ask("POST", path, set(self.cookies), {}, urlencode(fields).encode())

    def sent_out(self) -> str:
        """Press the button on the sign-in page; where that leads."""
        answer = self.get(START)
        assert answer.status == 303, answer
        return answer.headers["location"]

    def come(self, subject: str) -> Answer:
        """Sign in at the provider, and come back."""
        return self.get(DONE, from_abroad=True, **sign_in_at(self.sent_out(), subject))

    def csrf(self) -> str:
        found = CSRF.search(self.get("/console/account").body.decode())
        assert found
        return found[1]

    def is_in(self) -> bool:
        return self.get("/console/principles").status == 200

    def _ask(
        self, method: str, path: str, names: set[str], query: dict[str, str], body: bytes = b""
    ) -> Answer:
        line = "; ".join(f"{name}={self.cookies[name]}" for name in names if name in self.cookies)
        headers = {"cookie": line} if line else {}
        kind = FORM if body else ""
        answer = self.api.ask(method, path, body, role="", kind=kind, query=query, headers=headers)
        for said in answer.cookies:
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            assert "httponly" in said.lower()
            if "samesite=lax" in said.lower():
                self.lax.add(name)
            else:
                assert "samesite=strict" in said.lower()
        return answer


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api)


def onward(answer: Answer) -> str:
    """Where a page goes on to by itself."""
    assert answer.status == 200, answer
    found = REFRESH.search(answer.body.decode())
    assert found, answer
    return html.unescape(found[1])


def told(answer: Answer, status: int, words: str) -> None:
    assert answer.status == status, answer
    assert words in html.unescape(answer.body.decode())


def test_the_sign_in_page_offers_it_and_the_browser_is_sent_out_with_proofs(
    browser: Browser, issuer: str
) -> None:
    page = browser.get("/console/sign-in").body.decode()
    assert f'href="{START}">Sign in with Example &amp; Sons</a>' in page
    place = urlsplit(browser.sent_out())
    assert f"{place.scheme}://{place.netloc}" == issuer
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    fixed = ("response_type", "client_id", "redirect_uri", "scope", "code_challenge_method")
    assert [asked.pop(name) for name in fixed] == [
        *("code", "tutela", f"http://test{DONE}", "openid profile", "S256")
    ]
    assert set(asked) == {"state", "nonce", "code_challenge"}
    assert min(map(len, asked.values())) >= 43  # 256 random bits each


def test_somebody_with_a_role_gets_an_account_and_comes_in(
    browser: Browser, services: Services
) -> None:
    home = onward(browser.come("s-mara"))
    assert browser.get(home).status == 200
    account = services.accounts.find("mara@example.org")
    assert account is not None
    assert (account.role, account.state) == ("supervisor", AccountState.ACTIVE)
    assert account.last_sign_in_at is not None
    log = services.audit_log
    leaves = [stored.leaf for stored in log.leaves(0, log.head().size)]
    own = [leaf for leaf in leaves if leaf.by == f"person:{account.id}"]
    assert [leaf.data["with"] for leaf in own if leaf.kind is AuditKind.SIGN_IN] == [
        "single sign-on"
    ]
    assert "s-mara" not in str(leaves)
    # The second time it is the same account, in the role that the provider says by then.
    services.accounts.set_role(account.id, "auditor")
    onward(browser.come("s-mara"))
    assert services.accounts.get(account.id).role == "supervisor"


def test_who_has_no_role_there_has_no_place_here(browser: Browser, services: Services) -> None:
    told(browser.come("s-elm"), 403, "no role here")
    assert services.accounts.find("elm") is None
    assert not browser.is_in()


def test_a_name_that_is_taken_gives_nobody_an_account(browser: Browser, services: Services) -> None:
    ada = services.accounts.create("ada", "admin")
    told(browser.come("s-two"), 403, "somebody here has your name already".capitalize())
    assert services.identities.of(ada.id) == []
    assert not browser.is_in()


def test_a_name_that_is_none_is_not_taken_and_not_shown(browser: Browser) -> None:
    answer = browser.come("s-odd")
    told(answer, 403, "has no name that could be used")
    assert b"<b>odd" not in answer.body


def test_a_disabled_account_stays_out_and_its_sessions_end(
    browser: Browser, services: Services
) -> None:
    onward(browser.come("s-oak"))
    assert browser.is_in()
    account = services.accounts.find("oak")
    assert account is not None
    services.accounts.disable(account.id)
    assert not browser.is_in()
    told(browser.come("s-oak"), 403, "disabled")
    # Whoever was linked can come in again at once, without an invitation.
    assert services.accounts.enable(account.id).state is AccountState.ACTIVE
    onward(browser.come("s-oak"))
    # With a new start everything that the person came in with is gone.
    services.accounts.reset(account.id, by="cli:ada")
    told(browser.come("s-oak"), 403, "Somebody here has your name already")


def test_a_person_links_an_account_and_comes_in_with_it(
    browser: Browser, services: Services
) -> None:
    nils = services.accounts.create("nils", "reviewer")
    hashed = services.passwords.hash(PASSWORD)
    services.accounts.set_password(nils.id, hashed, by="cli:ada")
    code = services.sessions.create_code("reviewer", timedelta(minutes=5), account_id=nils.id)
    assert browser.post("/console/sign-in", secret=code).status == 303
    csrf = browser.csrf()
    assert browser.post("/console/account/provider", csrf="x", present=PASSWORD).status == 403
    wrong = browser.post("/console/account/provider", csrf=csrf, present="wrong")
    told(wrong, 400, "password is not right")
    out = onward(browser.post("/console/account/provider", csrf=csrf, present=PASSWORD))
    assert (
        onward(browser.get(DONE, from_abroad=True, **sign_in_at(out, "s-linked")))
        == "/console/account"
    )
    assert b"No longer sign in with Example &amp; Sons" in browser.get("/console/account").body
    other = Browser(browser.api)
    onward(other.come("s-linked"))
    assert "nils" in other.get("/console/account").body.decode()
    assert services.accounts.find("nobody") is None
    kept = browser.post("/console/account/provider/remove", csrf=csrf, present=PASSWORD)
    told(kept, 400, "set up a second factor first")  # else nobody could come in
    services.accounts.confirm_authenticator(nils.id, 1, 1, by="cli:ada")
    gone = browser.post("/console/account/provider/remove", csrf=csrf, present=PASSWORD)
    assert (gone.status, gone.headers["location"]) == (303, "/console/account")
    assert services.identities.of(nils.id) == []


def test_somebody_elses_identity_is_not_taken_over(browser: Browser, services: Services) -> None:
    onward(Browser(browser.api).come("s-mara"))
    eve = services.accounts.create("eve", "admin")
    code = services.sessions.create_code("admin", timedelta(minutes=5), account_id=eve.id)
    assert browser.post("/console/sign-in", secret=code).status == 303
    out = onward(browser.post("/console/account/provider", csrf=browser.csrf()))
    told(browser.get(DONE, from_abroad=True, **sign_in_at(out, "s-mara")), 403, "another account")
    assert services.identities.of(eve.id) == []


def test_an_account_without_a_password_keeps_its_only_way_in(
    browser: Browser, services: Services
) -> None:
    onward(browser.come("s-mara"))
    page = browser.get("/console/account").body
    assert b"You can sign in with Example &amp; Sons" in page
    assert b"No longer sign in" not in page
    answer = browser.post("/console/account/provider/remove", csrf=browser.csrf())
    told(answer, 400, "without it you could not sign in")
    account = services.accounts.find("mara@example.org")
    assert account is not None
    assert len(services.identities.of(account.id)) == 1


def test_a_code_that_was_used_is_of_no_use(browser: Browser) -> None:
    brought = sign_in_at(browser.sent_out(), "s-mara")
    kept = dict(browser.cookies)
    onward(browser.get(DONE, from_abroad=True, **brought))
    other = Browser(browser.api)
    other.cookies, other.lax = kept, {"tutela_abroad"}
    told(other.get(DONE, from_abroad=True, **brought), 400, "did not work")
    assert not other.is_in()


def test_the_way_back_of_one_browser_lets_no_other_in(browser: Browser) -> None:
    """Nobody can make somebody else's browser sign in as them (login CSRF)."""
    brought = sign_in_at(browser.sent_out(), "s-mara")
    for other in (Browser(browser.api), Browser(browser.api)):
        told(other.get(DONE, from_abroad=True, **brought), 400, "did not work")
        other.sent_out()
        told(other.get(DONE, from_abroad=True, **brought), 400, "did not work")
        assert not other.is_in()


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": ""},
        {"state": "x" * 43},
        {"code": ""},
        {"code": "never given"},
        {"code": "x" * 5000},
        {"iss": "https://evil.example"},
        {"error": "<script>"},
    ],
)
def test_whatever_else_a_browser_brings(browser: Browser, wrong: dict[str, str]) -> None:
    brought = sign_in_at(browser.sent_out(), "s-mara") | wrong
    answer = browser.get(DONE, from_abroad=True, **brought)
    told(answer, 400, "Signing in did not work; begin again from the sign-in page.")
    assert b"<script>" not in answer.body
    assert not browser.is_in()


def test_a_query_of_thousands_of_fields_is_not_read(browser: Browser) -> None:
    browser.sent_out()
    query = "&".join(f"f{number}" for number in range(100))
    headers = {"cookie": f"tutela_abroad={browser.cookies['tutela_abroad']}"}
    answer = browser.api.ask("GET", DONE, role="", raw_query=query.encode(), headers=headers)
    told(answer, 400, "did not work")


def test_a_person_may_refuse_at_the_provider(browser: Browser) -> None:
    answer = browser.get(DONE, from_abroad=True, **refuse_at(browser.sent_out()))
    told(answer, 400, "did not work")


def test_signing_out_offers_to_sign_out_there_as_well(browser: Browser, issuer: str) -> None:
    onward(browser.come("s-mara"))
    left = browser.post("/console/sign-out", csrf=browser.csrf())
    path, _, query = left.headers["location"].partition("?")
    assert query == "left"
    page = browser.get(path, left="").body.decode()
    assert f'href="{START}/leave">Sign out of Example &amp; Sons as well</a>' in page
    away = browser.get(f"{START}/leave")
    assert away.status == 303
    assert away.headers["location"].startswith(f"{issuer}/oauth2/end_session?client_id=tutela&")
    assert not browser.is_in()


def test_roles_that_are_granted_are_roles(services: Services) -> None:
    assert services.single_sign_on is not None
    assert {rule.role for rule in services.single_sign_on.arrivals.rules} <= set(Role)
