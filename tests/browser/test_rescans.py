from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tutela.client import Tutela
from tutela.drill.photographs import unrelated

WORKS = ("rescan",)

pytestmark = pytest.mark.browser

SLOW = 60_000
"""Milliseconds: the background process may just be starting, and compiling."""


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


def check(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture(scope="module")
def grown(site: Site) -> str:
    """A bank that got the picture of the clear event `unknown` after it had come in."""
    with Tutela(site.address, site.key) as client:
        client.post("/v1/banks", {"name": "late", "drill": True, "trusted": True})
        client.upload("/v1/banks/late/media", {"label": "a hill"}, unrelated()[0].data, "a.jpg")
    return "late"


def test_a_finding_appears_without_a_hand_and_leads_back(page: Page, grown: str) -> None:
    page.goto("/console/cases")
    late = page.locator("tr", has_text=f"bank {grown}")
    for _ in range(60):
        if late.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    late.first.get_by_role("link").click()
    note = page.locator(".note", has_text="Found in the past")
    expect(note).to_be_visible()
    shoot(page, "finding-case")
    check(page)
    note.get_by_role("link", name="unknown").click()
    page.wait_for_url("**/console/events/unknown")
    expect(page.locator("main")).to_contain_text("nothing matched")
    expect(page.locator("main")).to_contain_text(grown)
    shoot(page, "event-found-later")
    check(page)
    page.locator("main").get_by_role("link", name="re-scan").click()
    page.wait_for_url("**/console/rescans/*")
    expect(page.locator("[data-live=findings] a", has_text="unknown")).to_be_visible()
    shoot(page, "rescan-growth")
    check(page)


def test_a_policy_is_tried_on_the_past(page: Page, grown: str) -> None:
    del grown
    page.goto("/console/rescans")
    page.get_by_role("button", name="Try the policy on the past").click()
    page.wait_for_url("**/console/rescans/*")
    # Nobody reloads: the page renews what has changed.
    expect(page.locator("[data-live=state] .tag")).to_have_text("done", timeout=SLOW)
    expect(page.locator("[data-live=counts]")).to_contain_text("Decided as before")
    shoot(page, "rescan-policy")
    check(page)


def test_a_bank_is_compared_by_hand_and_what_cannot_be_says_why(page: Page, grown: str) -> None:
    page.goto("/console/rescans")
    page.get_by_label("Bank", exact=True).select_option(grown)
    page.get_by_role("button", name="Compare the bank").click()
    page.wait_for_url("**/console/rescans/*")
    expect(page.locator("[data-live=state] .tag")).to_have_text("done", timeout=SLOW)
    expect(page.get_by_text("Had matched before")).to_be_visible()
    assert page.get_by_role("button", name="Pause").count() == 0
    page.goto("/console/rescans")
    page.get_by_label("From").fill("2999-01-01T00:00")
    page.get_by_role("button", name="Compare the time range").click()
    expect(page.get_by_role("alert")).to_contain_text("the range lies in the future")
    check(page)


def test_the_keyboard_goes_there(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/console/rescans")


def test_a_curator_sees_counts_and_no_findings(
    context: BrowserContext, site: Site, enter: Enter, grown: str
) -> None:
    del grown
    page = enter(context.new_page(), site.code("curator"))
    page.goto("/console/rescans")
    page.locator("tbody tr a").last.click()
    page.wait_for_url("**/console/rescans/*")
    expect(page.get_by_role("heading", name="Counts")).to_be_visible()
    assert page.get_by_role("heading", name="Findings").count() == 0
