"""Pictures of a case in a real browser: covered, uncovered while something is held, and gone."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import os
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, Route, expect

from tutela.client import Tutela
from tutela.detection.media.formats import samples
from tutela.drill.photographs import listed, unrelated
from tutela.drill.run import BANK
from tutela.interfaces.console.sign_in import COOKIE
from tutela.model.review.account import Account
from tutela.model.review.protection import Exposure, ExposureKind, Protection
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.exposures import Exposures

pytestmark = pytest.mark.browser

NUMBERS = itertools.count(1)
LIFE = timedelta(minutes=10)
WEAKEST = Protection(blur=1, grey=False, size=384, mute=False, region=False, sheet=False)
MEDIA = "**/console/cases/*/media/*"

STORED = """async () => JSON.stringify(
  [localStorage, sessionStorage, await caches.keys(), await indexedDB.databases()],
)"""
DRAWN = """(canvas) => {
  const brush = canvas.getContext("2d");
  const draw = brush.drawImage.bind(brush);
  canvas.drawn = 0;
  brush.drawImage = (...given) => {
    canvas.drawn += 1;
    draw(...given);
  };
}"""


class Site(Protocol):
    address: str
    key: str
    env: dict[str, str]


class Desk:
    """Somebody at a case, in a browser."""

    def __init__(self, page: Page, account: Account, case_id: str, database: Database) -> None:
        self.page, self.account, self.case_id = page, account, case_id
        self._exposures = Exposures(database)
        self.picture = page.locator("covered-picture").first
        self.canvas = self.picture.locator("canvas")
        self.hold = self.picture.get_by_role("button", name="Hold to uncover")

    def state(self, state: str, picture: Locator | None = None) -> None:
        expect(picture or self.picture).to_have_attribute("data-state", state)

    def pixels(self) -> NDArray[np.int16]:
        text = self.canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2]
        image = Image.open(io.BytesIO(base64.b64decode(text)))
        return np.asarray(image.convert("RGB")).astype(np.int16)

    def exposures(self) -> list[Exposure]:
        """What was uncovered so far, oldest first."""
        of_day = self._exposures.of_day(self.account.id, self._exposures.day(self.account.id).day)
        return [one for one in reversed(of_day) if one.kind is not ExposureKind.COVERED]

    def told(self, count: int = 1) -> list[Exposure]:
        """What was uncovered, once there are so many and all have ended."""
        until(lambda: [one.seconds is None for one in self.exposures()] == [False] * count)
        return self.exposures()


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def fine(pixels: NDArray[np.int16]) -> float:
    """How much changes from pixel to pixel."""
    return float(np.abs(np.diff(pixels.mean(axis=2), axis=1)).mean())


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture(scope="module")
def database(site: Site) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{site.env['TUTELA_DATA_FOLDER']}/tutela.db")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Tutela]:
    with Tutela(site.address, site.key) as opened:
        yield opened


Open = Callable[[bytes], str]
Sit = Callable[..., Desk]
Film = Callable[[Protection | None], Desk]


@pytest.fixture(scope="module")
def case(client: Tutela) -> Open:
    """Open a case about some bytes, found in a country that has them kept."""

    def opened(data: bytes) -> str:
        name = f"picture-{next(NUMBERS)}"
        facts = {"event_id": name, "region": "GB", "drill": "true", "surface": "forum"}
        return str(client.upload("/v1/check", facts, data, "a.bin")["case_id"])

    return opened


@pytest.fixture
def sit(database: Database, case: Open, context: BrowserContext, site: Site) -> Sit:
    """Claim a case about some bytes as somebody new, and open its page."""

    def seated(data: bytes, *, protection: Protection | None = None, case_id: str = "") -> Desk:
        case_id = case_id or case(data)
        account = person(database, protection)
        Claims(database).take(case_id, account.id)
        page = entered(context, site, database, account)
        page.goto(f"/console/cases/{case_id}")
        desk = Desk(page, account, case_id, database)
        desk.state("covered")
        return desk

    return seated


@pytest.fixture
def film(client: Tutela, sit: Sit) -> Film:
    """A second of the sun over hills that moves aside, which the drill bank lists."""

    def seated(protection: Protection | None) -> Desk:
        data = samples.film()
        signals = [{"kind": "sha256", "value": hashlib.sha256(data).hexdigest()}]
        version = client.post(f"/v1/banks/{BANK}/entries", {"entries": [{"signals": signals}]})
        until(lambda: client.ready().list_version >= version["version"])
        return sit(data, protection=protection)

    return seated


def person(database: Database, protection: Protection | None = None) -> Account:
    accounts = Accounts(database)
    account = accounts.create(f"person-{next(NUMBERS)}", "reviewer")
    if protection:
        accounts.set_protection(account.id, protection, by="person:x")
    return account


def entered(
    context: BrowserContext,
    site: Site,
    database: Database,
    account: Account,
    csrf: dict[str, str] | None = None,
) -> Page:
    """A page of somebody who is signed in, as after the form."""
    sessions = Sessions(database)
    session, token = sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=account.id)
    context.add_cookies([{"name": COOKIE, "value": token, "url": site.address}])
    if csrf is not None:
        csrf["csrf"] = session.csrf
    return context.new_page()


def packed(*files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.jpg", data)
    return stream.getvalue()


def again(data: bytes) -> bytes:
    """The same picture, encoded once more."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).save(stream, "JPEG", quality=60)
    return stream.getvalue()


@contextmanager
def pressed(page: Page, key: str = " ") -> Iterator[None]:
    page.keyboard.down(key)
    yield
    page.keyboard.up(key)


def test_a_part_is_uncovered_while_space_is_held(sit: Sit) -> None:
    """With the strongest protection: covered at first, then a part, then covered as before."""
    desk = sit(listed()[1].data)
    answers: list[Response] = []
    desk.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    before, begun = desk.pixels(), time.monotonic()
    assert max(before.shape[:2]) == 96
    assert np.ptp(before, axis=2).max() <= 4, "it is grey"
    with pressed(desk.page):
        desk.state("open")
        desk.page.wait_for_timeout(300)
        during = desk.pixels()
    desk.state("covered")
    whole = time.monotonic() - begun
    assert (desk.pixels() == before).all()
    rows, columns = np.nonzero((during != before).any(axis=2))
    height, width = before.shape[:2]
    assert height // 4 - 2 <= rows.min() <= rows.max() <= height * 3 // 4 + 2
    assert width // 4 - 2 <= columns.min() <= columns.max() <= width * 3 // 4 + 2
    part = np.s_[rows.min() : rows.max(), columns.min() : columns.max()]
    assert fine(before[part]) < fine(during[part]) / 2
    (seen,) = desk.told()
    assert seen.seconds is not None
    assert 0.3 <= seen.seconds < whole
    shown = [one for one in answers if "/media/" in one.url]
    assert [one.headers["cache-control"] for one in shown] == ["no-store"]
    assert desk.page.locator("main img, main video").count() == 0


def test_the_part_follows_the_pointer_and_the_arrows(sit: Sit) -> None:
    desk = sit(listed()[2].data)
    box = desk.canvas.bounding_box()
    assert box is not None
    mouse = desk.page.mouse
    mouse.move(box["x"] + 1, box["y"] + 1)
    mouse.down()
    desk.state("open")
    corner = desk.pixels()
    with desk.page.expect_response(MEDIA):
        mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    expect(desk.picture.locator(".lens")).to_be_visible()
    until(lambda: (corner != desk.pixels()).any())  # noqa: PLW0108
    mouse.move(box["x"] + box["width"] + 30, box["y"])
    desk.state("covered")
    mouse.up()
    with pressed(desk.page):
        desk.state("open")
        with desk.page.expect_response(MEDIA):
            desk.page.keyboard.press("ArrowLeft")
    desk.state("covered")
    assert len(desk.told(2)) == 2


def test_enlarged_parts_fill_the_picture(sit: Sit) -> None:
    desk = sit(listed()[3].data, protection=WEAKEST)
    covered = desk.pixels()
    assert max(covered.shape[:2]) == 384
    with pressed(desk.page):
        desk.state("open")
        whole = desk.pixels()
    assert fine(covered) < fine(whole) * 0.8, "lightly blurred"
    desk.page.keyboard.press("+")
    expect(desk.picture.locator(".lens")).to_be_visible()
    with pressed(desk.page):
        desk.state("open")
        half = desk.pixels()
    assert half.shape == whole.shape
    assert fine(half) < fine(whole), "the same hills, twice as large"
    desk.told(2)


def test_what_is_let_go_before_it_is_there_is_never_drawn(sit: Sit) -> None:
    desk = sit(listed()[4].data)
    before = desk.pixels()
    held: list[Route] = []
    desk.page.route(MEDIA, lambda route: held.append(route))  # noqa: PLW0108 - playwright marks it
    desk.canvas.evaluate(DRAWN)
    with desk.page.expect_request(MEDIA), pressed(desk.page):
        pass
    assert [one.seconds for one in desk.exposures()] == []
    held[0].continue_()
    (seen,) = desk.told()
    assert seen.seconds == 0
    desk.state("covered")
    assert (desk.pixels() == before).all()
    assert desk.canvas.evaluate("(canvas) => canvas.drawn") == 1, "the cover, once more"


def test_it_is_covered_whenever_nobody_may_be_looking(sit: Sit) -> None:
    desk = sit(listed()[5].data)
    before, begun = desk.pixels(), time.monotonic()
    for way in ("window blur", "window beforeprint", "document visibilitychange", "Escape"):
        desk.page.keyboard.down(" ")
        desk.state("open")
        target, _, event = way.partition(" ")
        if event:
            desk.page.evaluate(f"{target}.dispatchEvent(new Event('{event}'))")
        else:
            desk.page.keyboard.press(way)
        desk.state("covered")
        assert (desk.pixels() == before).all(), way
        desk.page.keyboard.up(" ")
    desk.page.keyboard.down(" ")
    desk.state("open")
    desk.page.goto("/console/review")
    seconds = [one.seconds or 0 for one in desk.told(5)]
    assert min(seconds) > 0
    assert sum(seconds) < time.monotonic() - begun


def test_members_of_a_stack_are_gone_through_by_keys(sit: Sit) -> None:
    one, other = listed()[6].data, unrelated()[1].data
    desk = sit(packed(one, again(one), other), protection=WEAKEST)
    pictures = desk.page.locator("covered-picture")
    expect(pictures).to_have_count(2)
    expect(desk.page.get_by_text("There is nothing to see in a file")).to_have_count(1)
    desk.page.keyboard.press(",")
    expect(desk.hold).to_be_focused()
    expect(desk.picture).to_contain_text("1 of 2 in this stack")
    with desk.page.expect_response(MEDIA):
        desk.page.keyboard.press(">")
    expect(desk.picture).to_contain_text("2 of 2 in this stack")
    desk.state("covered")
    with pressed(desk.page, "Enter"):
        desk.state("open")
    desk.page.keyboard.press(".")
    expect(pictures.nth(1).get_by_role("button", name="Hold to uncover")).to_be_focused()
    expect(pictures.nth(1)).to_have_attribute("data-here", "")
    desk.canvas.hover()
    with pressed(desk.page):
        desk.state("open", pictures.nth(1))
        desk.state("covered")
    items = [one.item.partition("/")[2] for one in desk.told(2)]
    assert items == ["2", "3"]


def test_a_video_is_a_sheet_of_which_parts_are_uncovered(film: Film) -> None:
    desk = film(None)
    expect(desk.picture.get_by_role("button", name="Hold to play")).to_be_hidden()
    height, width = desk.pixels().shape[:2]
    assert (width, height) == (2 * 96, 2 * 72), "four still pictures"
    with pressed(desk.page):
        desk.state("open")
        lens = desk.picture.locator(".lens").bounding_box()
    assert lens is not None
    assert lens["width"] == pytest.approx(96, abs=3), "one of them"
    desk.page.keyboard.press("f")
    desk.state("covered")
    assert [one.kind for one in desk.told()] == [ExposureKind.SHEET]


def test_a_clip_plays_while_its_key_is_held_and_leaves_nothing(film: Film) -> None:
    desk = film(WEAKEST)
    before = desk.pixels()
    with pressed(desk.page, "f"):
        desk.state("open")
        first = desk.pixels()
        until(lambda: (first != desk.pixels()).any())  # noqa: PLW0108
        assert desk.page.locator("video").count() == 0
        desk.state("covered")
    assert (desk.pixels() == before).all(), "it ends by itself"
    (seen,) = desk.told()
    assert seen.kind is ExposureKind.CLIP
    with pressed(desk.page, "f"):
        desk.state("open")
    desk.state("covered")
    desk.told(2)
    answer = desk.page.reload()
    assert answer is not None
    assert "media-src blob:" in answer.headers["content-security-policy"]
    other = desk.page.goto("/console/review")
    assert other is not None
    assert "blob:" not in other.headers["content-security-policy"]


def test_a_pause_is_said_and_keeps_nobody_from_deciding(sit: Sit, database: Database) -> None:
    desk = sit(listed()[7].data)
    before, exposures = desk.pixels(), Exposures(database)
    for number in range(exposures.limits.pause_after):
        seen = exposures.begin(desk.account.id, desk.case_id, f"item-{number}", ExposureKind.REVEAL)
        exposures.end(seen.id, desk.account.id, 0)
    with pressed(desk.page):
        expect(desk.picture.get_by_role("status")).to_contain_text("it is time for a pause")
        expect(desk.picture.get_by_role("status")).to_have_text(re.compile(r"again at \d\d:\d\d\."))
        assert (desk.pixels() == before).all()
    desk.state("covered")
    assert len(desk.exposures()) == exposures.limits.pause_after
    shoot(desk.page, "pause")
    desk.page.keyboard.press("3")
    desk.page.keyboard.press("d")
    desk.page.wait_for_url("**/console/review")


def test_nobody_else_gets_it_and_no_address_has_it(
    sit: Sit, database: Database, context: BrowserContext, site: Site
) -> None:
    desk = sit(listed()[8].data)
    with desk.page.expect_request(MEDIA) as asked:
        desk.page.reload()
    path = asked.value.url
    assert context.request.get(path).status == 405
    another = person(database)
    csrf: dict[str, str] = {}
    page = entered(context, site, database, another, csrf)
    form: dict[str, str | float | bool] = {**csrf, "show": "covered", "ordinal": "0"}
    refused = context.request.post(path, form=form)
    assert (refused.status, refused.json()["code"]) == (409, "claim-lost")
    assert context.request.post(path, form={"show": "covered"}).status == 403
    page.goto(f"/console/cases/{desk.case_id}")
    expect(page.locator("covered-picture")).to_have_count(0)
    context.clear_cookies()
    assert context.request.post(path, form=form, max_redirects=0).status == 303


def test_menus_drags_printers_and_stores_get_nothing(sit: Sit) -> None:
    desk = sit(listed()[9].data)
    for kind in ("contextmenu", "dragstart"):
        event = f"new Event('{kind}', {{ bubbles: true, cancelable: true }})"
        assert desk.canvas.evaluate(f"(canvas) => canvas.dispatchEvent({event})") is False
    before = desk.page.evaluate(STORED)
    with pressed(desk.page):
        desk.state("open")
    assert desk.page.evaluate(STORED) == before
    desk.page.emulate_media(media="print")
    expect(desk.canvas).to_be_hidden()


def test_pages_with_pictures_are_calm(sit: Sit) -> None:
    desk = sit(packed(listed()[10].data, again(listed()[10].data)), protection=WEAKEST)
    for scheme in ("dark", "light"):
        desk.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shoot(desk.page, f"picture-covered-{scheme}")
        with pressed(desk.page):
            desk.state("open")
            found = Axe().run(desk.page, context=".workplace")
            shoot(desk.page, f"picture-open-{scheme}")
        assert found.violations_count == 0, found.generate_report()
        desk.state("covered")
    desk.page.set_viewport_size({"width": 640, "height": 400})
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 640
    desk.picture.scroll_into_view_if_needed()
    shoot(desk.page, "picture-narrow")


def test_a_finger_chooses_on_the_picture_and_holds_the_button(sit: Sit) -> None:
    desk = sit(listed()[11].data)
    touches = desk.page.context.new_cdp_session(desk.page)

    def touch(kind: str, where: Locator | None = None) -> None:
        points = []
        if where is not None:
            where.scroll_into_view_if_needed()
            box = where.bounding_box()
            assert box is not None
            points = [{"x": box["x"] + 8, "y": box["y"] + 8}]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    lens = desk.picture.locator(".lens")
    middle = lens.bounding_box()
    touch("touchStart", desk.canvas)
    touch("touchEnd")
    until(lambda: lens.bounding_box() != middle)
    assert desk.exposures() == []
    touch("touchStart", desk.hold)
    desk.state("open")
    touch("touchEnd")
    desk.state("covered")
    desk.told()


def test_without_script_there_are_no_pictures_and_cases_are_decided(
    sit: Sit, database: Database, browser: Browser, site: Site, case: Open
) -> None:
    del sit
    account, case_id = person(database), case(listed()[1].data)
    Claims(database).take(case_id, account.id)
    with closing(browser.new_context(base_url=site.address, java_script_enabled=False)) as plain:
        page = entered(plain, site, database, account)
        page.goto(f"/console/cases/{case_id}")
        expect(page.get_by_text("Pictures need script. You can decide without.")).to_be_visible()
        page.get_by_role("radio", name="Harmless").check()
        page.locator("[data-key=d]").click()
        page.wait_for_url("**/console/review")
