"""The pages of evidence: what is kept, its custody, and a hold from its form to its end."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tutela.client import Tutela
from tutela.drill.photographs import listed, unrelated

WORKS = ("vault",)

pytestmark = pytest.mark.browser


class Site(Protocol):
    address: str
    key: str

    def code(self, role: str = "admin") -> str: ...


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
    shoot(page, f"{name}-narrow")
    page.set_viewport_size(size)


@pytest.fixture(scope="module")
def case(site: Site) -> Iterator[str]:
    """A known picture in an archive, found in the United Kingdom; the id of its case."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("holiday/lake.jpg", listed()[0].data)
        archive.writestr("holiday/\u202egpj.tree.jpg", unrelated()[0].data)
    with Tutela(site.address, site.key) as client:
        facts = {"event_id": "archive", "region": "GB", "drill": "true", "actor": "actor 7"}
        told = client.upload("/v1/check", facts | {"name": "photos.zip"}, file.getvalue(), "a.zip")
        yield told["case_id"]


def test_the_custody_of_a_finding_is_seen_from_its_case(page: Page, case: str) -> None:
    page.goto(f"/console/cases/{case}")
    panel = page.get_by_role("region", name="Custody")
    expect(panel).to_contain_text("photos.zip")
    expect(panel).to_contain_text("Member of an archive")
    check(page, "case-custody")
    panel.get_by_role("link", name="content", exact=True).click()
    page.wait_for_url("**/console/evidence/item-*")
    main = page.locator("main")
    expect(main).to_contain_text("kept in the vault, encrypted")
    expect(main).to_contain_text("regulation 8")
    expect(main).to_contain_text("holiday/lake.jpg")
    expect(main).to_contain_text("taken in, or owed")
    assert page.locator("main img").count() == 0
    check(page, "evidence-item")


@pytest.mark.usefixtures("case")
def test_a_hold_is_placed_and_lifted_by_the_keyboard(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/console/evidence")
    check(page, "evidence-list")
    page.get_by_role("link", name="content of archive").first.press("Enter")
    page.get_by_label("Why", exact=True).fill("asked by letter \u202e <b>")
    page.get_by_label("Who asks for it").fill("a court, 7/2026")
    page.get_by_role("button", name="Hold it").press("Enter")
    page.wait_for_url("**#holds")
    main = page.locator("main")
    expect(main).to_contain_text("a court, 7/2026")
    expect(main).to_contain_text("\\u202e <b>")
    expect(main).to_contain_text("hold placed")
    check(page, "evidence-held")
    page.goto("/console/evidence?held=yes")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a").first.click()
    page.get_by_label("Why it is lifted").fill("the court is done")
    page.get_by_role("button", name="Lift the hold").press("Enter")
    expect(page.locator("main")).to_contain_text("hold lifted")
    expect(page.locator("main")).to_contain_text("the court is done")
    check(page, "evidence-lifted")


def test_an_empty_list_is_no_blank_page(page: Page) -> None:
    page.goto("/console/evidence?state=destroyed")
    expect(page.locator("main")).to_contain_text("There is none.")
    check(page, "evidence-none")
