"""The pages of the defence, with a flood that a curator decides about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tutela.model import (
    ActionKind,
    Content,
    Decision,
    Event,
    Gap,
    GapReason,
    Match,
    NewEntry,
    Outcome,
    Reason,
    Signal,
    Silenced,
    Silencing,
    Verdict,
)
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.defence.floods import Floods
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal

pytestmark = pytest.mark.browser

FOUND = 6
"""Events that matched, at 26 to 31 bits."""
VERSION = "browser-test"


class Site(Protocol):
    address: str
    key: str
    env: dict[str, str]

    def code(self, role: str = "admin") -> str: ...


Enter = Callable[[Page, str], Page]


class Lists:
    """A bank whose entry floods, and an allow bank that silenced something."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.banks = Banks(database)
        self.entries = Entries(database)
        self.listed = self._bank("flooding", "a plain logo")
        self.harmless = self._bank("harmless", "the same logo", allow=True)
        with Journal(database) as journal:
            for number in range(FOUND):
                self._store(journal, number)
        flood = Floods(
            database, perceptual=["pdq"], contents_per_hour=FOUND - 1, every=timedelta(0)
        )
        found = flood.look()
        while found is None or not found.parked:
            found = flood.look()
        self.parking = found.parked[0].id

    def _bank(self, name: str, label: str, *, allow: bool = False) -> int:
        self.banks.create(name, allow=allow, drill=True)
        signals = (Signal(kind="pdq", value="ab" * 32),)
        return self.entries.add(name, [NewEntry(signals=signals, label=label)]).first_id

    def _store(self, journal: Journal, number: int) -> None:
        event = Event(
            id=f"flood-{self.listed}-{number}",
            digest=f"{number:064x}",
            received_at=datetime.now(UTC),
            contents=(Content(signals=(Signal(kind="sha256", value=f"{number:064x}"),)),),
        )
        match = self._match("flooding", self.listed, 26 + number)
        by = self._match("harmless", self.harmless, 3)
        detail = "an entry of the allow bank harmless is known to be harmless and at least as close"
        silenced = Silenced(match=match, reason=Silencing.ALLOWED, detail=detail, by=by)
        reason = Reason(rule="untrusted-match", text="It matches a bank that is not trusted.")
        outcome = Outcome(
            event_id=event.id,
            verdict=Verdict.MATCH,
            received_at=event.received_at,
            drill=False,
            list_version=1,
            matches=(match,),
            gaps=(Gap(reason=GapReason.DAMAGED, detail="for the page"),),
            decision=Decision(
                policy_version=VERSION, actions=(ActionKind.HOLD,), reasons=(reason,)
            ),
            silenced=(silenced,) if number % 2 else (),
        )
        journal.record(event, outcome).result(30)

    def _match(self, bank: str, entry: int, distance: int) -> Match:
        return Match(
            bank=bank,
            bank_id=self.banks.get(bank).id,
            entry_id=entry,
            kind="pdq",
            distance=distance,
            exact=False,
            list_version=1,
            drill=True,
            label="a plain logo",
        )


@pytest.fixture
def lists(site: Site) -> Iterator[Lists]:
    folder = Path(site.env["TUTELA_DATA_FOLDER"])
    database = Database.open(f"sqlite:///{folder / 'tutela.db'}")
    for bank in Banks(database).list():
        if bank.name in {"flooding", "harmless"}:
            Banks(database).delete(bank.name)
    yield Lists(database)
    database.close()


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"defence-{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(page: Page, lists: Lists, scheme: str) -> None:
    for name, address in {
        "overview": "/console/defence",
        "preview": "/console/banks/flooding/preview?distance=28",
        "widened": "/console/banks/flooding/preview?distance=31&days=7",
        "bad": "/console/banks/flooding/preview?distance=40",
        "entry": f"/console/entries/{lists.listed}",
        "allow-bank": "/console/banks/harmless",
        "bank": "/console/banks/flooding",
        "event": f"/console/events/flood-{lists.listed}-1",
        "banks": "/console/banks",
    }.items():
        page.goto(address)
        shoot(page, f"{name}-{scheme}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}\n{found.generate_report()}"


def test_every_page_fits_at_twice_the_size(page: Page, lists: Lists) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    for address in (
        "/console/defence",
        "/console/banks/flooding/preview?distance=28",
        f"/console/entries/{lists.listed}",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640


@pytest.mark.usefixtures("lists")
def test_a_parked_entry_is_tightened_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/console/principles")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/console/defence")
    expect(page.locator("main")).to_contain_text("a plain logo")
    card = page.locator("section.card").first
    card.get_by_role("radio", name="Release it").focus()
    page.keyboard.press("ArrowDown")
    expect(card.get_by_role("radio", name="Tighten it")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("Tab")
    page.keyboard.type("It reaches too far.")
    page.keyboard.press("Enter")
    row = page.get_by_role("region", name="Decided lately").locator("tbody tr").first
    expect(row).to_contain_text("tightened to 12 bits")
    expect(row).to_contain_text("It reaches too far.")
    expect(row).to_contain_text("session:")
    expect(page.locator("main")).to_contain_text("No entry is parked.")


def test_a_decision_that_cannot_be_taken_says_why(page: Page, lists: Lists) -> None:
    page.goto("/console/defence")
    card = page.locator("section.card").first
    card.get_by_role("radio", name="Tighten it").check()
    card.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("the distance is a whole number up to 31")
    card = page.locator("section.card").first
    card.get_by_role("radio", name="Release it").check()
    lists.entries.delete(lists.listed)
    card.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("the entry was deleted meanwhile")
    expect(page.locator("main")).to_contain_text("No entry is parked.")


@pytest.mark.usefixtures("lists")
def test_a_preview_leads_to_the_smaller_distance(page: Page) -> None:
    page.goto("/console/banks/flooding")
    page.get_by_label("Preview a smaller distance").fill("28")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main")).to_contain_text(
        "At 28 instead of 31 bits you would lose 3 of the 6 findings of the last 30 days."
    )
    assert "csrf" not in page.url
    page.get_by_role("button", name="Set the distance to 28").click()
    page.wait_for_url("**/console/banks/flooding")
    expect(page.locator("main")).to_contain_text("28 bits")


def test_an_entry_gets_a_distance_of_its_own(page: Page, lists: Lists) -> None:
    page.goto(f"/console/entries/{lists.listed}")
    expect(page.locator("main")).to_contain_text("It follows its bank: 31 bits.")
    page.get_by_label("Distance of its own").fill("7")
    page.get_by_role("button", name="Set the distance").click()
    expect(page.locator("main")).to_contain_text("7 bits of its own; its bank has 31.")
    page.get_by_label("Distance of its own").fill("")
    page.get_by_role("button", name="Set the distance").click()
    expect(page.locator("main")).to_contain_text("It follows its bank: 31 bits.")


def test_an_event_shows_what_was_silenced(page: Page, lists: Lists) -> None:
    page.goto(f"/console/events/flood-{lists.listed}-1")
    region = page.get_by_role("region", name="Silenced")
    expect(region).to_contain_text("known to be harmless and at least as close")
    expect(region).to_contain_text("allowed")
    expect(page.get_by_role("heading", name="Matches")).to_be_visible()


def test_an_allow_bank_is_made_and_says_what_it_is(page: Page, lists: Lists) -> None:
    lists.banks.delete("harmless")
    page.goto("/console/banks")
    page.get_by_label("Name").fill("harmless")
    page.get_by_label("Allow bank").check()
    page.get_by_label("Trusted").check()
    page.get_by_role("button", name="Create the bank").click()
    expect(page.get_by_role("alert")).to_contain_text("an allow bank is never trusted")
    page.get_by_label("Name").fill("harmless")
    page.get_by_label("Allow bank").check()
    page.get_by_role("button", name="Create the bank").click()
    expect(page.locator("main")).to_contain_text("It lists what is known to be harmless.")
    expect(page.locator("main")).to_contain_text("10 bits")


def test_a_reviewer_sees_and_does_not_decide(
    context: BrowserContext, site: Site, lists: Lists, enter: Enter
) -> None:
    page = enter(context.new_page(), site.code("reviewer"))
    page.goto("/console/defence")
    expect(page.locator("main")).to_contain_text("a plain logo")
    expect(page.get_by_role("button", name="Decide")).to_have_count(0)
    answer = page.request.post(
        f"/console/parkings/{lists.parking}/decision", form={"choice": "disable"}
    )
    assert answer.status == 403
    assert lists.entries.get(lists.listed).state == "enabled"
