"""From an invitation to a sign-in with a security key, in a browser with a virtual one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

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


class Site(Protocol):
    address: str
    env: dict[str, str]


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
    calm(device)
    device.get_by_role("button", name="Use the key").click()
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
