"""A real server with harmless drill data, and a real chromium that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tutela.client import Tutela
from tutela.drill.photographs import listed, unrelated
from tutela.drill.run import fill_bank
from tutela.drill.server import Server, free_port
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

TUTELA = [str(Path(sys.executable).with_name("tutela"))]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LAW = """
surfaces: {chat: private_messages, forum: public}
overrides:
  - path: au.clocks.refer.within
    value: 2 days
    reason: Our own promise.
    decided_by: Counsel of the tests
    date: 2026-11-20
"""


BY = "cli:tests"
CODE_LIFE = timedelta(minutes=10)

Enter = Callable[[Page, str], Page]

WORKERS = ("ACTIONS", "RESCAN", "VAULT")


@dataclass(frozen=True)
class Site:
    """A running server and how to get into it."""

    address: str
    key: str
    env: dict[str, str]

    def code(self, role: str = "admin") -> str:
        """A one-time code, as `tutela keys code` makes it."""
        with closing(database_of(self.env)) as database:
            return Sessions(database).create_code(role, CODE_LIFE, by=BY)


def database_of(env: Mapping[str, str]) -> Database:
    """The database of a site, beside its server."""
    return Database.open(f"sqlite:///{env['TUTELA_DATA_FOLDER']}/tutela.db")


@contextmanager
def site_in(folder: Path, *works: str, filled: bool = True, **settings: str) -> Iterator[Site]:
    """A site with those processes beside its server (`actions`, `rescan`, `vault`) that it needs.

    Each costs seconds of processor time to start and to end.
    """
    port = free_port("127.0.0.1", 0)
    law = folder / "law.yaml"
    law.write_text(LAW)
    env = {
        **os.environ,
        "TUTELA_DATA_FOLDER": str(folder / "data"),
        "TUTELA_SERVER_WORKERS": "1",
        "TUTELA_DECODER_CHILDREN": "1",
        # Not the patience that a service needs: what fails is to be seen failing.
        "TUTELA_ACTIONS_ATTEMPTS": "2",
        "TUTELA_ACTIONS_RETRY_FIRST": "0.1",
        "TUTELA_LAW_FILE": str(law),
        **{f"TUTELA_{name}_WORKER": str(name.lower() in works).lower() for name in WORKERS},
        **settings,
    }
    (folder / "data").mkdir(mode=0o700)
    with closing(database_of(env)) as database:
        database.migrate()
        _, key = Keys(database).create("browser tests", "admin", by=BY)
    command = [*TUTELA, "serve", "--host", "127.0.0.1", "--port", str(port)]
    with Server(command, env, "127.0.0.1", port, folder / "server.log") as server:
        if filled:
            with server.client(key) as client:
                fill(client)
        yield Site(address=f"http://127.0.0.1:{port}", key=key, env=env)


def fill(client: Tutela) -> None:
    """One known picture, one unknown, one that is none, and a bank that may not block."""
    fill_bank(client)
    uploads = {
        "known": listed()[0].data,
        "unknown": unrelated()[0].data,
        "none": b"not a picture at all",
    }
    for name, data in uploads.items():
        fields = {"event_id": name, "surface": "forum", "drill": "true"}
        client.upload("/v1/check", fields, data, "photo.jpg")


# Both for one file of tests: what another does to the site is none of its business, and a browser
# that stays open keeps its event loop running, in which no other test could run one.
@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site with the processes that the file of tests names as its `WORKS`."""
    works: tuple[str, ...] = getattr(request.module, "WORKS", ())
    with site_in(tmp_path_factory.mktemp("site"), *works) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def scheme() -> str:
    """The reader's colours; a test that tries both parametrises it."""
    return "light"


@pytest.fixture
def context(browser: Browser, site: Site, scheme: str) -> Iterator[BrowserContext]:
    """A browser without memory, signed in nowhere."""
    with context_of(browser, site, scheme) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Page:
    """A signed-in administrator."""
    return sign_in(context.new_page(), site.key)


@pytest.fixture
def enter() -> Enter:
    """Sign a page in with a code or key."""
    return sign_in


@contextmanager
def context_of(
    browser: Browser,
    site: Site,
    scheme: str = "light",
    *,
    locale: str = "en",
    expected: str = "status of 4",
) -> Iterator[BrowserContext]:
    """A browser in which an error of a script fails the test, but for errors that are expected."""
    context = browser.new_context(
        base_url=site.address,
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        viewport={"width": 1280, "height": 800},
    )
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield context
    context.close()
    assert not [error for error in errors if not re.search(expected, error)]


def sign_in(page: Page, secret: str) -> Page:
    page.goto("/console/sign-in")
    page.get_by_label("One-time code or API key").fill(secret)
    page.get_by_role("button", name="Sign in with it").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return page
