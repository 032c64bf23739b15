"""The scene of the demo by hand: the platform's pages, and the receipts in our console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tutela.client import Tutela
from tutela.drill.scene import connect_platform, platform_process
from tutela.drill.server import free_port

WORKS = ("actions",)

if TYPE_CHECKING:
    from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LAKE = ROOT / "src/tutela/drill/pictures/mountain-lake.jpg"
COFFEE = ROOT / "src/tutela/drill/unrelated/coffee.jpg"


@dataclass(frozen=True)
class Platform:
    """Where the platform answers."""

    address: str


@pytest.fixture(scope="module")
def platform(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    port = free_port(HOST, 0)
    with Tutela(site.address, site.key) as client:
        secret = connect_platform(client, f"http://{HOST}:{port}")
    env = {
        **os.environ,
        "TUTELA_URL": site.address,
        "TUTELA_KEY": site.key,
        "TUTELA_WEBHOOK_SECRET": secret,
    }
    script = ROOT / "examples/platform/serve.py"
    with platform_process(script, env, HOST, port, tmp_path_factory.mktemp("meadow")) as process:
        yield Platform(process.address)


@pytest.fixture
def be(browser: Browser, platform: Platform) -> Iterator[Callable[[str], Page]]:
    """Sign somebody in on the platform, each in a browser of their own."""
    opened: list[BrowserContext] = []

    def sign_in(name: str) -> Page:
        context = browser.new_context(
            base_url=platform.address, viewport={"width": 1280, "height": 800}
        )
        opened.append(context)
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_role("button", name=f"Be {name}").click()
        page.get_by_text(f"You are {name}").wait_for()
        return page

    yield sign_in
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def played(browser: Browser, platform: Platform) -> bool:
    """The scene, through forms as people fill them in."""
    with signed_in(browser, platform, "Ada") as ada:
        publish(ada, COFFEE, "A cup of coffee on a wooden table")
    with signed_in(browser, platform, "Robin") as robin:
        publish(robin, LAKE, "A lake in the mountains")
        robin.goto("/chat/mika")
        robin.get_by_label("Message").fill("Hello! I saw your model trains.")
        robin.get_by_role("button", name="Send").click()
        robin.goto("/people")
        robin.get_by_role("button", name="Ask Mika to be connected").click()
    return True


@contextmanager
def signed_in(browser: Browser, platform: Platform, name: str) -> Iterator[Page]:
    context = browser.new_context(base_url=platform.address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_role("button", name=f"Be {name}").click()
    yield page
    context.close()


def publish(page: Page, picture: Path, text: str) -> None:
    page.goto("/")
    page.get_by_label("A picture for everybody").set_input_files(picture)
    page.get_by_label("What it shows").fill(text)
    page.get_by_role("button", name="Publish").click()
    page.get_by_text(text).wait_for()


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"platform-{name}.png", full_page=True)


def test_what_people_see_on_the_platform(be: Callable[[str], Page], *, played: bool) -> None:
    assert played
    robin, mika = be("Robin"), be("Mika")
    expect(robin.get_by_text("Not published. This cannot be shared here")).to_be_visible()
    expect(mika.get_by_alt_text("A cup of coffee on a wooden table")).to_be_visible()
    expect(mika.get_by_text("A lake in the mountains")).to_have_count(0)
    robin.goto("/chat/mika")
    expect(robin.get_by_text("after a pause")).to_be_visible()
    expect(robin.get_by_text("This is not possible for now.")).to_be_visible()
    expect(robin.get_by_role("button", name="Send")).to_have_count(0)
    mika.goto("/chat/robin")
    expect(mika.get_by_text("A message from Robin arrives at")).to_be_visible()
    expect(mika.get_by_text("Hello! I saw your model trains.")).to_have_count(0)
    expect(mika.get_by_text("A word of caution.")).to_be_visible()
    mika.goto("/people")
    expect(mika.get_by_role("button", name="who asks you to")).to_have_count(0)


def test_a_limit_can_be_contested(be: Callable[[str], Page], *, played: bool) -> None:
    assert played
    robin = be("Robin")
    robin.goto("/account")
    robin.get_by_role("button", name="Contest: you can write").click()
    expect(robin.get_by_text("You have contested this.")).to_be_visible()


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("Robin", "/"),
        ("Mika", "/"),
        ("Robin", "/people"),
        ("Robin", "/chat/mika"),
        ("Mika", "/chat/robin"),
        ("Robin", "/account"),
        ("Ada", "/actions"),
        ("Ada", "/sign-in"),
    ],
)
def test_every_page_is_accessible(
    be: Callable[[str], Page], who: str, address: str, *, played: bool
) -> None:
    assert played
    page = be(who)
    page.goto(address)
    name = f"{who.lower()}-{address.strip('/').replace('/', '-') or 'feed'}"
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        shoot(page, f"{name}-{scheme}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 640, "height": 400})
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_receipts_stand_in_the_console(
    page: Page, be: Callable[[str], Page], *, played: bool
) -> None:
    assert played
    ada = be("Ada")
    ada.goto("/actions")
    row = ada.get_by_role("row").filter(has_text="restrict contact")
    expect(row).to_contain_text("robin reaches connected people only")
    receipt = row.get_by_role("rowheader").inner_text()
    page.goto("/console/actions")
    shoot(page, "console-actions")
    page.locator("tr", has_text="restrict contact").get_by_role("link").first.click()
    expect(page.get_by_text(receipt)).to_be_visible()
    shoot(page, "console-receipt")
