"""From an invitation to a sign-in with a security key, in a browser with a virtual one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Site, site_in
from tests.servers.identity import provider_process

pytestmark = pytest.mark.browser

PASSWORD = "four words of nobody"  # noqa: S105 - a test's own
VIRTUAL = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "automaticPresenceSimulation": True,
}

UNTOUCHED = """() => {
  const real = navigator.credentials.get.bind(navigator.credentials);
  let touched = false;
  navigator.credentials.get = (asked) => {
    if (touched) return real(asked);
    touched = true;
    return Promise.reject(new DOMException("not touched", "NotAllowedError"));
  };
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a provider of an organisation beside it, which knows one person."""
    nora = {"sub": "s-nora", "preferred_username": "nora", "groups": ["csam-review"]}
    folder = tmp_path_factory.mktemp("site")
    secret = folder / "oidc.secret"
    secret.touch(mode=0o600)
    secret.write_text("of a drill")
    with provider_process(nora) as issuer:
        settings = {
            "TUTELA_OIDC_ISSUER": issuer,
            "TUTELA_OIDC_TITLE": "Example Ltd",
            "TUTELA_OIDC_CLIENT_ID": "tutela",
            "TUTELA_OIDC_CLIENT_SECRET_FILE": str(secret),
            "TUTELA_OIDC_PRIVATE": "true",
            "TUTELA_OIDC_PROVISION": "true",
            "TUTELA_OIDC_ROLES": "csam-review=reviewer",
        }
        with site_in(folder, filled=False, **settings) as found:
            yield found


def invitation(site: Site, name: str) -> str:
    """What `tutela accounts invite` prints."""
    tutela = str(Path(sys.executable).with_name("tutela"))
    words = [tutela, "accounts", "invite", name, "--role", "reviewer"]
    done = subprocess.run(
        words, env={**os.environ, **site.env}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def device(context: BrowserContext) -> Page:
    # The page of this provider asks for a style from elsewhere; nothing leaves the machine.
    context.route(re.compile(r"^https://"), lambda route: route.fulfill(body=""))
    return context.new_page()


@pytest.fixture
def virtual_key(context: BrowserContext, device: Page) -> None:
    session = context.new_cdp_session(device)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})


def calm(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.usefixtures("virtual_key")
def test_from_an_invitation_to_a_sign_in_with_a_security_key(site: Site, device: Page) -> None:
    # Keys are bound to names: a bare address has none.
    named = site.address.replace("127.0.0.1", "localhost")
    device.goto(f"{named}/console/sign-in")
    device.get_by_label("One-time code or API key").fill(invitation(site, "mara"))
    device.get_by_role("button", name="Sign in with it").click()
    device.get_by_label("Name of the new key").fill("on my ring")
    device.get_by_role("button", name="Set up a security key").click()
    expect(device.get_by_role("button", name="Use the key")).to_be_visible()
    calm(device)
    device.get_by_role("button", name="Use the key").click()
    # The page that asks for the key names it as well: only this one has the next step.
    expect(device.get_by_label("New password")).to_be_visible()
    expect(device.get_by_text("on my ring").first).to_be_visible()
    calm(device)
    device.get_by_label("New password").fill(PASSWORD)
    device.get_by_label("The same again").fill(PASSWORD)
    device.get_by_role("button", name="Set the password").click()
    device.wait_for_url("**/console/sign-in*")
    device.get_by_label("Name", exact=True).fill("mara")
    device.get_by_label("Password").fill(PASSWORD)
    device.get_by_role("button", name="Sign in", exact=True).click()
    expect(device.get_by_role("heading", name="Show your security key")).to_be_visible()
    calm(device)
    # Nobody touches it at first: the page says so, and can be tried again.
    device.evaluate(UNTOUCHED)
    device.get_by_role("button", name="Use the key").click()
    expect(device.get_by_role("alert")).to_contain_text("did not answer")
    device.get_by_role("button", name="Use the key").click()
    expect(device.get_by_role("button", name="Sign out")).to_be_visible()


def test_single_sign_on_from_the_sign_in_page_and_out_again(device: Page) -> None:
    device.goto("/console/sign-in")
    calm(device)
    device.get_by_role("link", name="Sign in with Example Ltd").click()
    device.get_by_role("button", name="s-nora").click()
    # Back from another site, strict cookies come only with the page that goes on by itself.
    expect(device.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    device.goto("/console/account")
    expect(device.get_by_text("Example Ltd").first).to_be_visible()
    calm(device)
    assert "s-nora" not in device.content()
    device.get_by_role("button", name="Sign out", exact=True).click()
    expect(device.get_by_role("link", name="Sign out of Example Ltd as well")).to_be_visible()
    calm(device)
    device.goto("/console/account")
    expect(device.get_by_role("link", name="Sign in with Example Ltd")).to_be_visible()


def test_whoever_refuses_at_the_provider_is_told_calmly(device: Page) -> None:
    device.goto("/console/sign-in")
    device.get_by_role("link", name="Sign in with Example Ltd").click()
    device.get_by_role("button", name="Deny").click()
    expect(device.get_by_role("alert")).to_contain_text("Signing in did not work")
    calm(device)


@pytest.mark.parametrize("scheme", ["dark"])
def test_the_pages_of_access_are_calm_and_fit_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 800})
    page.goto("/console/accounts")
    page.locator("summary", has_text="senior reviewer").click()
    expect(page.locator("details[open]").get_by_text("review.settle")).to_be_visible()
    for path in ("", "/console/account", "/console/sign-in"):
        if path:
            page.goto(path)
        calm(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 640, (path, width)
