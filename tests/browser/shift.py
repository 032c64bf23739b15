"""Somebody at work in the console with nothing but a keyboard, and a clock that can be moved on."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Table, update

from tutela.storage.database import Database
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.browser.conftest import Site

PASSWORD = "four words of nobody"  # noqa: S105 - a test's own
STEP = 30
"""Seconds that a code of an authenticator stands for."""
AT_CASE = re.compile(r"/console/cases/(case-[^/#?]+)$")


class Person:
    """Somebody in a browser of their own, who counts the keys that were pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    def press(self, *keys: str) -> int:
        """Press keys one after the other; how many there were."""
        for key in keys:
            self.page.keyboard.press(key)
        self.presses += len(keys)
        return len(keys)

    def write(self, text: str) -> None:
        """Type words into the field that has the focus."""
        self.page.keyboard.type(text)

    def set_up(self, code: str) -> str:
        """Come in by an invitation, set up an authenticator and a password; its secret."""
        page = self.enter(code)
        secret = page.locator("code.id").inner_text()
        page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Use this authenticator").press("Enter")
        # The page has another form once there is a second factor, and still asks for a password.
        expect(page.locator("dl.facts").first).not_to_contain_text("not set up yet")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").press("Enter")
        page.wait_for_url("**/console/sign-in*")
        return secret

    def enter(self, code: str) -> Page:
        """Sign in with a one-time code."""
        self.page.goto("/console/sign-in")
        self.page.locator("#secret").fill(code)  # whatever language the page is in
        self.press("Enter")
        self.page.wait_for_url(lambda url: "sign-in" not in url)
        return self.page

    def sign_in(self, name: str, secret: str) -> None:
        """Sign in with a password and an authenticator, field by field."""
        if "/console/sign-in" not in self.page.url:
            self.page.goto("/console/sign-in")
        expect(self.page.get_by_label("Name", exact=True)).to_be_focused()
        self.write(name)
        self.press("Tab")
        self.write(PASSWORD)
        self.press("Tab")
        # The code that was used to set it up is used up: the next one is due within seconds.
        self.write(pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=STEP)))
        self.press("Enter")
        self.page.wait_for_url("**/console/review")

    def row(self, queue: str) -> Locator:
        """The row of a queue on the board."""
        return self.page.locator("table.queues tr").filter(has_text=queue)

    def next_case(self) -> str:
        """Claim the next case with one key; its id."""
        self.press("n")
        return self.at_case()

    def take(self, case: str) -> str:
        """Claim a certain case from its page; its id."""
        self.page.goto(f"/console/cases/{case}")
        self.press("t")
        expect(self.page.locator("#decide")).to_be_visible()
        return case

    def at_case(self) -> str:
        """The id of the case whose page is open."""
        self.page.wait_for_url(AT_CASE)
        found = AT_CASE.search(self.page.url)
        assert found is not None
        return found[1]

    def decide(self, *keys: str) -> None:
        """Press keys of the form, then the one that decides; the board comes after that."""
        self.press(*keys, "d")
        self.page.wait_for_url("**/console/review")


def ask(site: Site, method: str, path: str, document: object) -> None:
    """Change something over the API, in a way that the client has no word for."""
    place = urlsplit(site.address)
    with closing(HTTPConnection(place.hostname or "", place.port)) as connection:
        bearer = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
        connection.request(method, path, body=json.dumps(document), headers=bearer)
        answer = connection.getresponse()
        assert answer.status < 300, answer.read()


def pass_time(site: Site, table: Table, column: str, **row: str | int) -> None:
    """Let the moment that a row names be over: nobody waits for it."""
    database = Database.open(f"sqlite:///{site.env['TUTELA_DATA_FOLDER']}/tutela.db")
    moved = update(table).where(*(table.c[name] == value for name, value in row.items()))
    try:
        with database.write() as connection:
            over = {column: now() - timedelta(seconds=1)}
            assert connection.execute(moved.values(over)).rowcount > 0, row
    finally:
        database.close()


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, holds
        time.sleep(0.05)


def calm(page: Page, name: str) -> None:
    """Nothing that axe-core objects to, and nothing wider than half a small laptop (200 %)."""
    shoot(page, name)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 640, "height": 400})
    wide = page.evaluate("document.documentElement.scrollWidth")
    shoot(page, f"{name}-narrow")
    page.set_viewport_size(size)
    assert wide <= 640, (name, wide)


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def stations(reader: Person, case: str, locale: str) -> None:
    """The page of a case, and what leads to it, as they are on the way through a reading."""
    page = reader.page
    page.goto(f"/console/cases/{case}")
    calm(page, f"case-free-{locale}")
    reader.press("t")
    expect(page.locator("covered-picture").first).to_have_attribute("data-state", "covered")
    calm(page, f"case-held-{locale}")
    reader.press("?")
    calm(page, f"keys-{locale}")
    reader.press("Escape")
    page.goto("/console/review")
    calm(page, f"board-{locale}")
    page.goto(f"/console/cases/{case}")
    reader.decide("4")
    calm(page, f"board-undo-{locale}")
    page.goto(f"/console/cases/{case}")
    calm(page, f"case-disputed-{locale}")
    reader.press("z")
    expect(page.locator("#decide")).to_be_visible()
    reader.decide("2")
    page.goto(f"/console/cases/{case}")
    calm(page, f"case-decided-{locale}")
