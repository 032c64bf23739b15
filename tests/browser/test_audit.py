"""The pages of the audit log in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

WORKS = ("vault",)

if TYPE_CHECKING:
    from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

Enter = Callable[[Page, str], Page]


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=str(Path(folder) / f"audit-{name}.png"), full_page=True)


def check_access(page: Page) -> None:
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_in_words_and_a_leaf_with_its_proof(page: Page, site: Site, scheme: str) -> None:
    program = Path(sys.executable).with_name("tutela")
    subprocess.run([program, "audit", "checkpoint"], env=site.env, check=True, timeout=60)
    page.goto("/console/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    rows = page.get_by_role("region", name="Leaves").locator("tbody tr")
    expect(rows.filter(has_text="decided about the event").first).to_be_visible()
    state = page.get_by_role("region", name="The log")
    expect(state).to_contain_text(re.compile(r"Signed\s*\d+ leaves"))
    fingerprint = state.locator("dd").last.inner_text()
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint)
    check_access(page)
    shot(page, f"list-{scheme}")
    rows.filter(has_text="decided about the event").first.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Proof that it is in the log")).to_contain_text(
        "signed by a checkpoint"
    )
    for summary in page.locator("summary").all():
        summary.click()
    check_access(page)
    shot(page, f"leaf-{scheme}")


def test_leaves_are_narrowed_and_reached_by_keys(page: Page) -> None:
    page.goto("/console/cases")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/console/audit")
    page.get_by_label("Kind").select_option("api_key")
    page.get_by_role("button", name="Show").click()
    rows = page.get_by_role("region", name="Leaves").locator("tbody tr")
    expect(rows.first).to_contain_text("api key")
    expect(rows.filter(has_text="decision")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Leaf")
    page.get_by_role("link", name=re.compile("^cli:")).click()
    expect(page).to_have_url(re.compile(r"/console/audit\?by=cli"))


def test_a_curator_does_not_see_the_log(context: BrowserContext, site: Site, enter: Enter) -> None:
    page = enter(context.new_page(), site.code("curator"))
    expect(page.get_by_role("navigation", name="Console")).not_to_contain_text("Audit")
    answer = page.goto("/console/audit")
    assert answer is not None
    assert answer.status == 403
