"""The page of a case's conversation in a real browser: legible, narrow, and covered again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tutela.client import Tutela
from tutela.interfaces.console.sign_in import COOKIE
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims

pytestmark = pytest.mark.browser

LIFE = timedelta(minutes=10)
LINES = (
    ("kim", "the lamp on the desk is green"),
    ("lea", "it rains in the mountains"),
    ("kim", "how old are you?"),
    ("lea", "the chair is made of oak"),
    ("kim", "are you home alone?"),
    ("kim", "don't tell your parents"),
    ("kim", "let's talk on another app"),
    ("kim", "send me a picture"),
    ("lea", "the museum has a model railway"),
)
"""Furniture and mountains, and single lines as leaflets for schools name them: no dialogue."""
AGES = {"kim": 34, "lea": 12}


class Site(Protocol):
    address: str
    key: str
    env: dict[str, str]


@pytest.fixture(scope="module")
def case_id(site: Site) -> str:
    """A case about a conversation, opened as in life."""
    messages = [
        {
            "conversation": "talk 1",
            "number": number,
            "author": {"id": author, "age": AGES[author]},
            "receivers": [{"id": one, "age": AGES[one]} for one in AGES if one != author],
            "text": text,
            "language": "en",
            "region": "US",
            "surface": "chat",
            "drill": True,
        }
        for number, (author, text) in enumerate(LINES, 1)
    ]
    with Tutela(site.address, site.key) as client:
        (talk,) = client.post("/v1/messages", {"messages": messages})["conversations"]
    return str(talk["outcome"]["case_id"])


@pytest.fixture(scope="module")
def token(site: Site, case_id: str) -> Iterator[str]:
    """Of the session of somebody who holds the case."""
    database = Database.open(f"sqlite:///{site.env['TUTELA_DATA_FOLDER']}/tutela.db")
    with closing(database):
        account = Accounts(database).create("reader", "reviewer").id
        Claims(database).take(case_id, account)
        yield Sessions(database).open("reviewer", idle=LIFE, life=LIFE, account_id=account)[1]


@contextmanager
def reading(
    browser: Browser, site: Site, token: str, scheme: str = "light", locale: str = "en"
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=site.address,
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        viewport={"width": 1280, "height": 800},
    )
    context.add_cookies([{"name": COOKIE, "value": token, "url": site.address}])
    errors: list[str] = []
    context.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page = context.new_page()
    yield page
    context.close()
    assert errors == []


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation_is_read_with_the_keyboard_and_fits_a_narrow_screen(
    browser: Browser, site: Site, token: str, case_id: str, scheme: str
) -> None:
    with reading(browser, site, token, scheme) as page:
        page.goto(f"/console/cases/{case_id}")
        page.get_by_role("link", name="How this conversation was rated").press("Enter")
        expect(page.get_by_role("heading", name="Conversation", exact=True)).to_be_visible()
        expect(page.locator("svg.course")).to_be_visible()
        page.get_by_role("button", name="Show the messages").press("Enter")
        messages = page.locator("ol.talk > li")
        expect(messages).to_have_count(len(LINES))
        expect(messages.nth(5).locator("mark")).to_be_visible()
        expect(messages.nth(7)).not_to_contain_text("send me")
        assert "send me a" not in page.content()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        shoot(page, f"talk-{scheme}")
        page.get_by_role("button", name="Uncover message 8").press("Enter")
        expect(messages.nth(7)).to_contain_text("send me a picture")
        page.get_by_role("button", name="Cover it now").press("Enter")
        expect(messages.nth(7)).not_to_contain_text("send me")
        page.set_viewport_size({"width": 640, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        shoot(page, f"talk-narrow-{scheme}")


def test_it_is_read_in_french(browser: Browser, site: Site, token: str, case_id: str) -> None:
    with reading(browser, site, token, locale="fr") as page:
        page.goto(f"/console/cases/{case_id}/conversation")
        expect(page.get_by_role("button", name="Montrer les messages")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        shoot(page, "talk-french")
