"""Whole shifts at the console, as people work them: by the keyboard, several at once."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import context_of, site_in
from tests.browser.shift import Person, ask, calm, pass_time, stations, until

from tutela.client import Tutela
from tutela.drill.photographs import listed
from tutela.storage.tables import cases

if TYPE_CHECKING:
    from tests.browser.conftest import Site
    from tests.conftest import ManualReceiver

pytestmark = pytest.mark.browser

MOST_PRESSES = 3
PEOPLE = {
    "ada": "reviewer",
    "ben": "reviewer",
    "cleo": "senior_reviewer",
    "dora": "supervisor",
    "eve": "reviewer",
}
ICELANDIC = {"filter": {"languages": ["is"]}, "readings": 2, "sample_share": 0}
NOTE = "Seen from the western shore"
FORMULA = "=HYPERLINK(lake)"
LAKE = base64.b64encode(listed()[0].data).decode()
EXPECTED = "status of 4|ERR_INTERNET_DISCONNECTED"
"""What browsers say by themselves where something is refused, or where nobody is reached."""
NUMBERS = itertools.count(1)

Enter = Callable[[str], Person]
Found = Callable[..., str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without cases, on which nothing is drawn for a sample by chance."""
    with site_in(tmp_path_factory.mktemp("shift"), "actions", "vault", filled=False) as found:
        ask(found, "PUT", "/v1/queues/four-eyes", ICELANDIC)
        ask(found, "PUT", "/v1/queues/everything", {"sample_share": 0})
        yield found


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Tutela]:
    """What the platform uses."""
    with Tutela(site.address, site.key) as client:
        client.post("/v1/banks", {"name": "lakes", "trusted": True, "drill": True})
        graded = {"scheme": "meadow", "category": "lake"}
        client.upload("/v1/banks/lakes/media", graded, listed()[0].data, "lake.jpg")
        yield client


@pytest.fixture
def found(client: Tutela) -> Found:
    """Open a case about something that a bank lists; the id of the case."""

    def check(**facts: object) -> str:
        number = next(NUMBERS)
        if "media_base64" not in facts:
            signals = [{"kind": "md5", "value": f"{number:032x}"}]
            client.post("/v1/banks/lakes/entries", {"entries": [{"signals": signals}]})
            facts["signals"] = signals
        event = {"event_id": f"shift-{number}", "drill": True, **facts}
        opened: list[str] = []

        def is_known() -> bool:
            answer = client.post("/v1/check", {**event, "event_id": f"shift-{next(NUMBERS)}"})
            opened.append(answer.get("case_id") or "")
            return bool(opened[-1])

        until(is_known)
        return opened[-1]

    return check


@pytest.fixture(scope="module")
def codes(client: Tutela) -> dict[str, str]:
    """An invitation for each of the people, which works once."""
    return {
        name: client.post("/v1/accounts", {"name": name, "role": role})["code"]
        for name, role in PEOPLE.items()
    }


@pytest.fixture(scope="module")
def pseudonyms(client: Tutela, codes: dict[str, str]) -> dict[str, str]:
    """What the people are called where their names are not to be known."""
    accounts = client.get("/v1/accounts")["accounts"]
    return {one["name"]: one["pseudonym"] for one in accounts if one["name"] in codes}


@pytest.fixture(scope="module")
def enter(browser: Browser, site: Site, codes: dict[str, str]) -> Iterator[Enter]:
    """Somebody who has come in, each in a browser of their own that stays open."""
    inside: dict[str, Person] = {}
    with ExitStack() as stack:

        def come_in(name: str) -> Person:
            if name not in inside:
                context = stack.enter_context(context_of(browser, site, expected=EXPECTED))
                inside[name] = Person(context.new_page())
                inside[name].enter(codes[name])
            inside[name].page.goto("/console/review")
            return inside[name]

        yield come_in


def test_a_case_goes_from_one_reader_to_the_next_until_it_is_settled(
    site: Site,
    browser: Browser,
    client: Tutela,
    found: Found,
    enter: Enter,
    codes: dict[str, str],
    pseudonyms: dict[str, str],
    receiver: ManualReceiver,
) -> None:
    new = {
        "name": "platform",
        "url": receiver.url,
        "private": True,
        "actions": ["quarantine", "restore"],
    }
    receiver.start(client.post("/v1/destinations", new)["secret"])
    case = found(media_base64=LAKE, language="is", surface="forum", actor={"id": FORMULA})
    with context_of(browser, site) as context:
        ada = Person(context.new_page())
        ada.sign_in("ada", ada.set_up(codes["ada"]))
        expect(ada.row("four-eyes")).to_contain_text("1")
        assert ada.next_case() == case
        _looks_while_a_key_is_held(ada)
        _decide_in_few_presses(ada)
        _undo_and_decide_again(ada, case)
    ben = enter("ben")
    assert ben.next_case() == case
    _knows_nothing_of_others(ben, pseudonyms["ada"])
    ben.decide("3")
    assert client.get(f"/v1/cases/{case}")["case"]["state"] == "disputed"
    readings = client.get(f"/v1/cases/{case}/readings")["readings"]
    assert [one.get("revealed", 0) for one in readings if not one.get("undone_at")] == [1, 0]
    cleo = enter("cleo")
    assert cleo.next_case() == case
    expect(cleo.page.get_by_role("heading", name="Readings")).to_be_visible()
    expect(cleo.page.locator("main")).to_contain_text(NOTE)
    expect(cleo.page.locator("main")).to_contain_text(pseudonyms["ben"])
    cleo.decide("1", "c", "1")
    pass_time(site, cases, "settles_at", id=case)
    until(lambda: bool(client.get(f"/v1/cases/{case}")["standing"]["decided"]["closed_at"]))
    until(lambda: "quarantine" in receiver.log)
    _contested_and_granted(site, client, enter, case)
    until(lambda: "restore" in receiver.log)
    _exported(enter("dora"), case, pseudonyms)


def _looks_while_a_key_is_held(ada: Person) -> None:
    picture = ada.page.locator("covered-picture").first
    expect(picture).to_have_attribute("data-state", "covered")
    ada.page.keyboard.down(" ")
    expect(picture).to_have_attribute("data-state", "open")
    ada.page.keyboard.up(" ")
    expect(picture).to_have_attribute("data-state", "covered")


def _decide_in_few_presses(ada: Person) -> None:
    """Each part of a decision, to the note's first letter and back, costs three keys at most."""
    shown = ada.page.get_by_role("radio", name="meadow lake").get_attribute("data-press")
    assert shown is not None
    parts = {"outcome": ("1",), "category": (*shown,), "reason": ("r", "1"), "note": ("w",)}
    assert all(ada.press(*keys) <= MOST_PRESSES for keys in parts.values())
    ada.write(NOTE)
    ada.press("Escape")
    page = ada.page
    expect(page.get_by_role("radio", name="Confirmed")).to_be_checked()
    expect(page.get_by_role("radio", name="meadow lake")).to_be_checked()
    expect(page.locator('input[name^="reason-"]:checked')).to_have_count(1)
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    ada.decide()


def _undo_and_decide_again(ada: Person, case: str) -> None:
    page = ada.page
    expect(page.locator("main")).to_contain_text("You decided: Confirmed")
    ada.press("z")
    expect(page.get_by_role("status").first).to_contain_text("The case is yours again")
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    expect(page.get_by_role("radio", name="meadow lake")).to_be_checked()
    ada.decide()
    # Back to the form that has been sent: the case as it stands now, and nothing to send twice.
    page.go_back()
    page.goto(f"/console/cases/{case}")
    expect(page.locator("#decide")).to_have_count(0)


def _knows_nothing_of_others(ben: Person, pseudonym: str) -> None:
    text = ben.page.content()
    assert (NOTE in text, pseudonym in text, ">Readings<" in text) == (False, False, False)
    expect(ben.page.locator("aside.decide")).to_contain_text("You see nothing of that")
    expect(ben.page.locator("#decide input:checked:not([value=''])")).to_have_count(0)


def _contested_and_granted(site: Site, client: Tutela, enter: Enter, case: str) -> None:
    """The person appeals; somebody who had no part in it reads that, and grants it."""
    words = "This is the lake behind our house."
    told = {"case_id": case, "actor": {"id": FORMULA}, "text": words, "language": "en"}
    appeal = client.post("/v1/appeals", told)
    for name in ("ben", "cleo"):
        reader = enter(name)
        reader.press("n")
        expect(reader.page.get_by_role("status").first).to_contain_text("Nothing waits for you")
    eve = enter("eve")
    contesting = eve.next_case()
    expect(eve.page.locator("blockquote")).to_contain_text(words)
    expect(eve.page.get_by_role("radio", name="Granted")).to_be_visible()
    calm(eve.page, "case-appeal")
    eve.decide("3")
    pass_time(site, cases, "settles_at", id=contesting)
    address = f"/v1/appeals/{appeal['id']}"
    until(lambda: client.get(address).get("outcome") == "granted")


def _exported(dora: Person, case: str, pseudonyms: dict[str, str]) -> None:
    """Files with every case, for spreadsheets and for programs."""
    page = dora.page
    dora.press("g", "c")
    page.get_by_label("Words").fill("lakes")
    dora.press("Enter")
    expect(page.get_by_role("link", name=case)).to_be_visible()
    page.get_by_text("More to search by").press("Enter")
    page.get_by_label("Outcome").select_option("Confirmed")
    page.get_by_label("Words").press("Enter")
    page.wait_for_url("**outcome=confirmed**")
    rows = list(csv.DictReader(io.StringIO(_file(dora, "CSV"))))
    (row,) = [one for one in rows if one["case"] == case]
    assert row["actor"] == f"'{FORMULA}"
    assert row["readers"].split() == [pseudonyms[name] for name in ("ada", "ben", "cleo")]
    lines = _file(dora, "JSON lines")
    (line,) = [one for one in map(json.loads, lines.splitlines()) if one["case"]["id"] == case]
    assert line["event"]["actor"]["id"] == FORMULA
    assert [one["pseudonym"] for one in line["readings"] if not one.get("undone_at")] == [
        pseudonyms[name] for name in ("ada", "ben", "cleo")
    ]
    assert not [name for name in PEOPLE if f'"{name}"' in lines or f'"{name}"' in str(rows)]


def _file(dora: Person, form: str) -> str:
    button = dora.page.get_by_role("button", name=f"Export them all as {form}")
    with dora.page.expect_download() as download:
        button.press("Enter")
    return download.value.path().read_text()


def test_two_who_want_the_same_case_at_once_get_one_each(found: Found, enter: Enter) -> None:
    ben, cleo = enter("ben"), enter("cleo")
    opened = {found(), found()}
    ben.press("n")
    cleo.press("n")
    assert {ben.at_case(), cleo.at_case()} == opened
    # Who opens the case that somebody else has is told so, and has nothing to press.
    own, theirs = ben.page.url, cleo.page.url
    ben.page.goto(theirs)
    expect(ben.page.locator("main")).to_contain_text("Being read by")
    expect(ben.page.get_by_role("button", name="Take this case")).to_have_count(0)
    ben.page.goto(own)
    for person in (ben, cleo):
        person.press("b")
        person.page.wait_for_url("**/console/review")


def test_what_somebody_typed_outlives_the_claim(
    site: Site, found: Found, enter: Enter, client: Tutela
) -> None:
    ben, cleo = enter("ben"), enter("cleo")
    case = ben.take(found())
    ben.press("1", "w")
    ben.write(NOTE)
    pass_time(site, cases, "claimed_until", id=case)
    cleo.page.goto(f"/console/cases/{case}")
    cleo.press("t")
    expect(cleo.page.locator("#decide")).to_be_visible()
    ben.press("Control+Enter")
    expect(ben.page.get_by_role("alert").first).to_contain_text("you do not hold this case")
    expect(ben.page.get_by_label("Note")).to_have_value(NOTE)
    calm(ben.page, "case-lost")
    cleo.press("b")
    cleo.page.wait_for_url("**/console/review")
    # Once nobody has it, it is taken again with what was typed, and loading that asks nothing.
    ben.page.reload()
    assert ben.at_case() == case
    ben.press("t")
    expect(ben.page.locator("#decide")).to_be_visible()
    ben.decide("3")
    assert client.get(f"/v1/cases/{case}")["case"]["state"] == "decided"


def test_what_somebody_typed_outlives_the_session(
    found: Found, enter: Enter, client: Tutela, pseudonyms: dict[str, str]
) -> None:
    ben = enter("ben")
    case, page = ben.take(found()), ben.page
    ben.press("2", "w")
    ben.write(NOTE)
    page.context.set_offline(offline=True)
    ben.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.context.set_offline(offline=False)
    page.context.clear_cookies(name="tutela_session")
    ben.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    with page.expect_popup() as opened:
        ben.press("Enter")
    beside = Person(opened.value)
    (account,) = [
        one["id"] for one in client.get("/v1/accounts")["accounts"] if one["name"] == "ben"
    ]
    beside.enter(client.post(f"/v1/accounts/{account}/invite", {})["code"])
    opened.value.close()
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    page.get_by_label("Note").press("Control+Enter")
    page.wait_for_url("**/console/review")
    (reading,) = client.get(f"/v1/cases/{case}/readings")["readings"]
    assert (reading["note"], reading["pseudonym"]) == (NOTE, pseudonyms["ben"])


PLACES = {
    "senior_reviewer": (
        "/console/cases?actor=nobody",
        "/console/cases?severity=critical",
        "/console/protection",
        "/console/protection/ledger",
        "/console/account",
    ),
    "supervisor": (
        "/console/review",
        "/console/review/figures",
        "/console/review/samples",
        "/console/queues",
        "/console/queues/four-eyes",
        "/console/team",
        "/console/team/ledger",
    ),
    "admin": ("/console/accounts", "/console/account", "/console/audit"),
}
"""Pages that are as they are, by who opens them."""


@pytest.mark.parametrize(("locale", "scheme"), [("en", "light"), ("fr", "dark")])
def test_every_page_of_a_shift_is_calm(
    browser: Browser, site: Site, client: Tutela, found: Found, locale: str, scheme: str
) -> None:
    """Half of what could be paired: a language changes words, a scheme changes colours."""

    def shown(page: Page, address: str, name: str) -> None:
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == locale
        calm(page, f"{name}-{locale}")

    with context_of(browser, site, scheme, locale=locale) as context:
        page = context.new_page()
        shown(page, "/console/sign-in", "sign-in")
        for role, addresses in PLACES.items():
            name = f"{role}-{locale}".replace("_", "-")
            new = client.post("/v1/accounts", {"name": name, "role": role})
            person = Person(page)
            person.enter(new["code"])
            for address in addresses:
                shown(
                    page, address, f"{role}-{address.removeprefix('/console/').replace('/', '-')}"
                )
            if role == "senior_reviewer":
                stations(person, found(media_base64=LAKE), locale)
