from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.conftest import Site, context_of
from tests.browser.shift import Person, calm

from tutela.client import Tutela
from tutela.drill.photographs import listed

pytestmark = pytest.mark.browser

PAGES = [
    "/console/sign-in",
    "/console/cases",
    "/console/cases/{case}",
    "/console/actions",
    "/console/destinations",
    "/console/banks",
    "/console/banks/drill",
    "/console/rescans",
    "/console/principles",
    "/console/nowhere",
]


Enter = Callable[[Page, str], Page]


def open_page(page: Page, address: str) -> None:
    if "{case}" in address:
        page.goto("/console/cases")
        page.locator("tr[data-href] a").first.click()
        page.wait_for_url("**/console/cases/case-*")
    else:
        page.goto(address)


@pytest.mark.parametrize(("locale", "scheme"), [("en", "light"), ("fr", "dark")])
def test_every_page_is_accessible_and_fits_at_twice_the_size(
    browser: Browser, site: Site, locale: str, scheme: str
) -> None:
    """Half of what could be paired: a language changes words, a scheme changes colours."""
    with context_of(browser, site, scheme, locale=locale) as context:
        page = Person(context.new_page()).enter(site.key)
        for address in PAGES:
            open_page(page, address)
            assert page.locator("html").get_attribute("lang") == locale
            name = address.removeprefix("/console/").replace("/", "-").replace("{case}", "one")
            calm(page, f"{name}-{locale}-{scheme}")


def test_a_code_signs_in_once(context: BrowserContext, site: Site, enter: Enter) -> None:
    code = site.code()
    page = enter(context.new_page(), code)
    expect(page.get_by_text("signed in as admin")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in*")
    page.get_by_label("One-time code or API key").fill(code)
    page.get_by_role("button", name="Sign in with it").click()
    expect(page.get_by_role("alert")).to_contain_text("used already")


def test_the_session_ends_with_the_sign_out(page: Page) -> None:
    old = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in*")
    page.context.add_cookies([{"name": c["name"], "value": c["value"], "domain": c["domain"],
                               "path": c["path"]} for c in old])  # fmt: skip
    page.goto("/console/cases")
    assert page.url.endswith("/console/sign-in")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(page: Page) -> None:
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert not cookies.pop("tutela_zone", {"httpOnly": False})["httpOnly"]  # a script writes it
    (cookie,) = cookies.values()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/console"


def test_no_key_or_code_is_in_an_address(context: BrowserContext, site: Site, enter: Enter) -> None:
    seen: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    page = enter(context.new_page(), site.key)
    page.goto("/console/cases")
    assert seen
    assert not [url for url in seen if "tut_" in url]


def test_nothing_comes_from_elsewhere(page: Page, site: Site) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    for address in PAGES:
        open_page(page, address)
    own = (site.address, "data:,")
    assert not [url for url in seen if not url.startswith(own)]


def test_the_case_of_a_known_picture_says_why(page: Page) -> None:
    page.goto("/console/cases")
    page.locator("tr", has_text="Match").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Decision")).to_be_visible()
    expect(page.locator("main")).to_contain_text("sha256, exact")
    expect(page.locator("main")).to_contain_text("Policy version default-")
    expect(page.locator("main")).to_contain_text("forum")
    assert page.locator("img").count() == 0


def test_the_keyboard_alone_opens_a_case(page: Page) -> None:
    page.goto("/console/banks")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/console/cases")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/cases/case-*")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_bank_is_made_filled_and_switched(page: Page, tmp_path: Path) -> None:
    page.goto("/console/banks")
    page.get_by_label("Name").fill("furniture")
    page.get_by_label("Where the list comes from").fill("<b>a test</b>")
    page.get_by_role("button", name="Create the bank").click()
    page.wait_for_url("**/console/banks/furniture")
    expect(page.locator("main")).to_contain_text("<b>a test</b>")
    file = tmp_path / "bank.csv"
    file.write_text("type,value,label\nmd5," + "ab" * 16 + ",a chair\nsha1," + "cd" * 20 + ",\n")
    page.get_by_label("Bank file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_contain_text("2 entries were added")
    page.get_by_label("New distance").fill("12")
    page.get_by_role("button", name="Set the distance").click()
    expect(page.locator("main")).to_contain_text("12 bits")
    page.get_by_role("button", name="Disable the bank").click()
    expect(page.locator(".tag", has_text="disabled")).to_be_visible()


def test_a_bad_bank_file_names_its_lines_and_adds_nothing(page: Page, tmp_path: Path) -> None:
    page.goto("/console/banks/drill")
    before = page.locator(".lead").inner_text()
    file = tmp_path / "bank.csv"
    file.write_text("type,value\nmd5," + "ab" * 16 + "\nmd5,short\nfoo,1\n")
    page.get_by_label("Bank file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("line 3")
    expect(alert).to_contain_text("line 4")
    assert page.locator(".lead").inner_text() == before


def test_a_reviewer_sees_no_forms_and_a_curator_no_cases(
    context: BrowserContext, site: Site, enter: Enter
) -> None:
    page = enter(context.new_page(), site.code("reviewer"))
    page.goto("/console/banks")
    assert page.get_by_role("button", name="Create the bank").count() == 0
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in*")
    page = enter(page, site.code("curator"))
    assert page.get_by_role("link", name="Cases").count() == 0
    answer = page.goto("/console/cases")
    assert answer is not None
    assert answer.status == 403


def test_a_form_of_another_session_is_refused(page: Page) -> None:
    page.goto("/console/banks")
    page.evaluate("document.querySelector('form.card [name=csrf]').value = 'another'")
    page.get_by_label("Name").fill("forged")
    page.get_by_role("button", name="Create the bank").click()
    expect(page.get_by_role("alert")).to_contain_text("not of your session")
    page.goto("/console/banks")
    assert page.get_by_role("link", name="forged").count() == 0


def test_every_place_is_in_french_too_and_fits_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    page.goto("/console/cases")
    page.get_by_role("button", name="Français").click()
    page.wait_for_url("**/console/cases")
    places = page.locator("#places a")
    addresses = [places.nth(at).get_attribute("href") or "" for at in range(places.count())]
    assert len(addresses) > 10
    for address in addresses:
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 640, f"{address} is {wide} pixels wide"
    page.goto("/console/review")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_text("Partout")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Les onze principes")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="The eleven principles")).to_be_visible()


def test_times_are_those_of_the_readers_zone(browser: Browser, site: Site, enter: Enter) -> None:
    context = browser.new_context(base_url=site.address, timezone_id="America/New_York")
    page = enter(context.new_page(), site.key)
    page.goto("/console/cases")  # by now a script has told the zone
    expect(page.get_by_text("Times are those of America/New_York.")).to_be_visible()
    shown = page.locator("tr[data-href] time").first
    there = page.evaluate(
        "at => new Date(at).toLocaleString('sv-SE', { timeZone: 'America/New_York' })",
        shown.get_attribute("datetime"),
    )
    expect(shown).to_have_text(there)
    context.close()


def test_counts_are_renewed_where_somebody_looks(
    page: Page, context: BrowserContext, site: Site
) -> None:
    page.goto("/console/review")
    waiting = page.locator("#waiting-1")
    before = int(waiting.inner_text())
    waiting.focus()
    with Tutela(site.address, site.key) as client:
        client.upload("/v1/check", {"event_id": "more", "drill": "true"}, listed()[1].data, "a.jpg")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    hidden = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(hidden % "true")
    page.evaluate("htmx.trigger('#counts', 'seen')")
    page.wait_for_timeout(100)
    assert asked == []
    page.evaluate(hidden % "false")
    page.evaluate(look)
    expect(waiting).to_have_text(str(before + 1))
    expect(waiting).to_be_focused()
    # What has just been put in place listens a moment later.
    page.locator("#counts:not(.htmx-added, .htmx-settling)").wait_for()
    context.clear_cookies()
    page.evaluate(look)
    expect(page.get_by_text("You have been signed out")).to_be_visible()
    assert page.url.endswith("/console/review")
