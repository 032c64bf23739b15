"""The pages of actions and destinations: from the form to the receipt, and through a failure."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tutela.client import Tutela

WORKS = ("actions",)

if TYPE_CHECKING:
    from tests.conftest import ManualReceiver

pytestmark = pytest.mark.browser

SLOW = 30_000
"""Milliseconds: another process sends what is asked for."""
HILL = [{"kind": "md5", "value": "6f" * 16}]
LAKE = [{"kind": "md5", "value": "7f" * 16}]


class Site(Protocol):
    address: str
    key: str

    def code(self, role: str = "admin") -> str: ...


Enter = Callable[[Page, str], Page]


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def check(page: Page, name: str) -> None:
    """No finding of axe-core, in light and in dark; nothing wider than a page at twice the size."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        shoot(page, f"{name}-{scheme}")
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 640, "height": 400})
    assert page.evaluate("document.documentElement.scrollWidth") <= 640, name
    page.set_viewport_size(size)


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Tutela]:
    """What a platform uses; the bank `blocked` lists one signal."""
    with Tutela(site.address, site.key) as client:
        client.post("/v1/banks", {"name": "blocked", "drill": True, "trusted": True})
        client.post("/v1/banks/blocked/entries", {"entries": [{"signals": HILL}]})
        yield client


@pytest.fixture
def platform(site: Site, client: Tutela, receiver: ManualReceiver) -> Iterator[str]:
    """The secret of a destination that takes what is blocked; its receiver is not running yet."""
    new = {"name": "platform", "url": receiver.url, "private": True, "actions": ["block"]}
    yield client.post("/v1/destinations", new)["secret"]
    place = urlsplit(site.address)
    with closing(HTTPConnection(place.hostname or "", place.port)) as connection:
        bearer = {"Authorization": f"Bearer {site.key}"}
        connection.request("DELETE", "/v1/destinations/platform", headers=bearer)
        assert connection.getresponse().status == 204


def upload(client: Tutela, name: str) -> None:
    """An event that is blocked."""
    facts = {"actor": {"id": "actor 7", "age": "adult", "age_source": "declared"}, "drill": True}
    rating = {"name": "grooming", "value": 5.5, "probability": 0.7, "model": "meadow 1"}
    people = {"receivers": [{"id": "actor 9", "age": "under_13"}], "ratings": [rating]}
    account = {"age_days": 12, "minors_contacted_7d": 4, "unanswered_share": 0.5}
    more = {**facts, **people, "account": account}
    event = {"event_id": name, "signals": HILL, "surface": "forum", **more}
    assert "block" in client.post("/v1/check", event)["decision"]["actions"]


def numbers(page: Page) -> dict[str, int]:
    """What the page of actions counts."""
    texts = page.locator("ul.numbers a").all_inner_texts()
    return {word: int(count) for count, word in (text.split() for text in texts)}


def test_a_destination_is_made_by_the_keyboard_and_its_secret_is_shown_once(
    page: Page, client: Tutela, receiver: ManualReceiver
) -> None:
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/console/destinations")
    check(page, "destinations-none")
    page.get_by_label("Name", exact=True).fill("night-desk")
    page.get_by_label("Address", exact=True).fill(receiver.url)
    page.get_by_label("suspend").press("Space")
    page.get_by_role("button", name="Create the destination").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("private")
    assert receiver.url not in page.get_by_role("alert").inner_text()
    expect(page.get_by_label("Address", exact=True)).to_have_value(receiver.url)
    page.get_by_label("The address is private").press("Space")
    page.get_by_role("button", name="Create the destination").press("Enter")
    secret = page.locator("code.secret").inner_text()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]+", secret)
    assert secret not in page.url
    check(page, "destination-made")
    page.goto("/console/destinations/night-desk")
    assert secret not in page.content()
    receiver.start(secret)
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_role("status")).to_contain_text("it took and confirmed the message")
    page.get_by_role("button", name="Make a new secret").click()
    assert page.locator("code.secret").inner_text() != secret
    expect(page.locator("main")).to_contain_text("Number 1 signs along until")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_role("status")).to_contain_text("it took and confirmed the message")
    page.get_by_label("Hours for which").fill("0")
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_role("alert")).to_contain_text("status 400")
    check(page, "destination-tested")
    page.get_by_label("slow", exact=True).check()
    page.get_by_label("Seconds to confirm").fill("60")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("button", name="Disable it").click()
    expect(page.locator(".lead")).to_contain_text("disabled Takes slow, suspend.")
    (stored,) = client.get("/v1/destinations")["destinations"]
    assert (stored["enabled"], stored["confirm_seconds"]) == (False, 60)
    page.get_by_role("button", name="Delete it").click()
    page.get_by_label("Type its name").fill("night")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the name")
    page.get_by_label("Type its name").fill("night-desk")
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_url("**/console/destinations")
    assert client.get("/v1/destinations")["destinations"] == []


def test_a_receipt_appears_on_every_page_that_tells_of_the_action(
    page: Page, client: Tutela, receiver: ManualReceiver, platform: str
) -> None:
    receiver.start(platform)
    upload(client, "waits")
    page.goto("/console/events/waits")
    expect(page.locator("tr", has_text="open case")).to_contain_text("done here")
    # Nobody reloads: the page renews what has changed.
    expect(page.locator("[data-live=standing]")).to_contain_text("done, action", timeout=SLOW)
    expect(page.locator("main")).to_contain_text("actor 7, adult (declared)")
    expect(page.locator("main")).to_contain_text("actor 9, under 13")
    expect(page.locator("main")).to_contain_text("5.5 of 10, probability 70 %, by meadow 1")
    expect(page.locator("main")).to_contain_text(
        "age days: 12; minors contacted in 7 days: 4; unanswered share: 0.5"
    )
    check(page, "event-done")
    page.locator("[data-live=standing] a").click()
    page.wait_for_url("**/console/actions/act-*")
    expect(page.locator("[data-live=way]")).to_contain_text("confirmed as done")
    expect(page.get_by_text('"event_id": "waits"')).to_be_visible()
    assert "whsec_" not in page.content()
    assert page.get_by_role("button", name="Send it again now").count() == 0
    check(page, "action-done")
    page.get_by_role("link", name=re.compile("^case-")).click()
    expect(page.locator("tr", has_text="platform")).to_contain_text("done, action")
    check(page, "case-done")


def test_what_no_destination_takes_is_in_the_answer_only(page: Page, client: Tutela) -> None:
    client.post("/v1/check", {"event_id": "nobody-takes", "signals": LAKE, "drill": True})
    page.goto("/console/events/nobody-takes")
    expect(page.locator("tr", has_text="allow")).to_contain_text("in the answer only")


def test_a_failure_is_an_alarm_on_every_page_until_it_was_sent_again(
    page: Page, client: Tutela, receiver: ManualReceiver, platform: str
) -> None:
    for name in ("fails-1", "fails-2", "fails-3"):
        upload(client, name)
    page.goto("/console/actions")
    expect(page.locator(".tag.failed")).to_have_count(3, timeout=SLOW)
    page.goto("/console/principles")
    alarm = page.get_by_role("complementary", name="Alarm")
    check(page, "alarm")
    alarm.get_by_role("link", name="3 actions given up").click()
    page.wait_for_url("**/console/actions?state=failed")
    assert numbers(page)["failed"] == 3
    expect(page.locator("tbody tr")).to_have_count(3)
    check(page, "actions-failed")
    page.locator("tbody tr", has_text="fails-1").get_by_role("link").first.click()
    page.wait_for_url("**/console/actions/act-*")
    expect(page.locator("main")).to_contain_text("Why: the address could not be connected to.")
    check(page, "action-failed")
    receiver.start(platform)
    page.get_by_role("button", name="Send it again now").click()
    expect(page.locator("[data-live=stands] .tag")).to_have_text("done", timeout=SLOW)
    page.goto("/console/actions")
    expect(alarm).to_contain_text("2 actions given up")
    page.get_by_role("button", name="Send again: block, fails-3").click()
    expect(page.locator("[data-live=stands] .tag")).to_have_text("done", timeout=SLOW)
    page.goto("/console/actions")
    page.get_by_role("button", name="Send all failed actions again").click()
    expect(page.get_by_role("status")).to_contain_text("Sent again: 1.")
    expect(page.locator("tbody tr", has_text="fails-2")).to_contain_text("done", timeout=SLOW)
    page.goto("/console/principles")
    assert alarm.count() == 0
    assert receiver.log.count("block: event fails-") == 3


def test_rows_are_found_by_the_form(page: Page, client: Tutela, platform: str) -> None:
    del platform
    upload(client, "found-1")
    upload(client, "found-2")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/console/actions")
    page.get_by_label("Event", exact=True).fill("found-2")
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url("**event=found-2**")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/actions/act-*")
    page.goto("/console/actions?state=nonsense&destination=nowhere")
    expect(page.get_by_text("There are none.")).to_be_visible()


def test_a_reviewer_sees_actions_and_changes_nothing(
    context: BrowserContext, site: Site, enter: Enter, client: Tutela, platform: str
) -> None:
    del platform
    upload(client, "reviewed")
    page = enter(context.new_page(), site.code("reviewer"))
    page.goto("/console/actions")
    expect(page.locator("tbody tr", has_text="reviewed").locator(".tag.failed")).to_be_visible(
        timeout=SLOW
    )
    assert page.get_by_role("button", name=re.compile("again")).count() == 0
    assert page.get_by_role("link", name="Destinations").count() == 0
    page.goto("/console/cases")
    expect(page.get_by_role("complementary", name="Alarm")).to_be_visible()
    page.goto("/console/destinations")
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    page.locator(".who button", has_text="Sign out").click()
    page = enter(page, site.code("curator"))
    page.goto("/console/banks")
    assert page.get_by_role("complementary", name="Alarm").count() == 0
