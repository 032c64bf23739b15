"""The pages of the policy, in a real browser: try, compare, activate, roll back, mistakes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Site, database_of

from tutela.client import Tutela
from tutela.policy.policy import Policy
from tutela.storage.conversation.standing import Reached
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.values import now

pytestmark = pytest.mark.browser

DEFAULT = Policy.default()


Enter = Callable[[Page, str], Page]


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: the folder is named in the environment."""
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def check(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def text(name: str, condition: str = "verdict == Verdict.clear") -> str:
    return (
        f"policy: {name}\nowner: the safety team\nrules:\n  - name: look-at-all\n"
        f"    when: {condition}\n    actions: [hold, open_case]\n"
        "    reason: For a week, a person looks at everything that matched nothing.\n"
        "    notice: Your upload is being looked at.\n    severity: low\n    principles: [1, 4]\n"
    )


def test_a_mistake_is_shown_at_its_line(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/console/policy")
    expect(page.get_by_role("heading", name="In force", exact=True)).to_be_visible()
    check(page)
    shoot(page, "policy")
    page.get_by_label("Policy", exact=True).fill(text("careful", "verdikt == Verdict.clear"))
    page.get_by_role("button", name="Put in force").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 5, column 11")
    expect(page.locator("mark")).to_contain_text("verdikt")
    expect(page.get_by_label("Policy", exact=True)).to_have_value(
        text("careful", "verdikt == Verdict.clear")
    )
    check(page)
    shoot(page, "policy-mistake")


def test_a_policy_is_tried_in_shadow_put_in_force_and_rolled_back(page: Page, site: Site) -> None:
    careful = Policy.load(text("careful"), "careful").version
    page.goto("/console/policy")
    page.get_by_label("Policy", exact=True).fill(text("careful"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text(f"1 rule: version {careful}")
    page.get_by_label("Why, for the history").fill("a quiet week to try it")
    page.get_by_role("button", name="Try in shadow").click()
    expect(page.locator("section", has=page.locator("#shadow"))).to_contain_text(careful)

    with Tutela(site.address, site.key) as client:
        for number in range(3):
            signals = [{"kind": "md5", "value": f"{number + 1:032x}"}]
            client.post("/v1/check", {"event_id": f"shadowed-{number}", "signals": signals})
    page.get_by_role("link", name="Compare the two").click()
    page.wait_for_url("**/console/policy/comparison")
    expect(page.get_by_role("region", name="Decided otherwise")).to_contain_text("3")
    expect(page.get_by_role("link", name="shadowed-2")).to_be_visible()
    check(page)
    shoot(page, "policy-comparison")

    page.get_by_role("link", name=careful).click()
    page.wait_for_url(f"**/console/policy/versions/{careful}")
    expect(page.get_by_role("heading", name="look-at-all")).to_be_visible()
    check(page)
    shoot(page, "policy-version")
    page.get_by_label("Why, for the history").fill("it was right in shadow")
    page.get_by_role("button", name="Put in force").click()
    page.wait_for_url("**/console/policy")
    expect(page.locator("section", has=page.locator("#live"))).to_contain_text(careful)

    page.get_by_text("Roll back", exact=True).click()
    page.get_by_label("Why", exact=True).fill("too much to look at")
    shoot(page, "policy-roll-back")
    page.get_by_role("button", name="Put it in force again").click()
    expect(page.locator("section", has=page.locator("#live"))).to_contain_text(DEFAULT.version)
    expect(page.get_by_role("region", name="History")).to_contain_text("too much to look at")
    check(page)
    shoot(page, "policy-history")


def test_an_event_leads_to_the_policy_that_decided(page: Page) -> None:
    page.goto("/console/events/known")
    page.get_by_role("link", name=DEFAULT.version).click()
    page.wait_for_url(f"**/console/policy/versions/{DEFAULT.version}")
    expect(page.locator("main")).to_contain_text("in force")
    page.go_back()
    page.get_by_role("link", name="Why it was decided so").click()
    page.wait_for_url("**/console/events/known/explanation")
    expect(page.get_by_role("region", name="Rules", exact=True)).to_contain_text("held")
    expect(page.get_by_role("region", name="Facts that the rules read")).to_contain_text("verdict")
    check(page)
    shoot(page, "explanation")


def test_who_may_only_read_finds_nothing_to_change(
    context: BrowserContext, site: Site, enter: Enter
) -> None:
    page = enter(context.new_page(), site.code("reviewer"))
    page.goto("/console/policy")
    expect(page.get_by_role("button", name="Check")).to_be_visible()
    for name in ("Put in force", "Try in shadow", "Put it in force again"):
        assert page.get_by_role("button", name=name).count() == 0
    csrf = page.locator("input[name=csrf]").first.input_value()
    for act in ("activate", "shadow", "rollback"):
        refused = page.request.post(f"/console/policy/{act}", form={"csrf": csrf})
        assert refused.status == 403, act
    check(page)


def test_a_form_of_another_session_is_refused(page: Page) -> None:
    for act in ("check", "activate", "shadow", "rollback"):
        refused = page.request.post(f"/console/policy/{act}", form={"csrf": "forged"})
        assert refused.status == 403, act


@pytest.mark.parametrize("scheme", ["dark"])
def test_it_can_be_read_in_the_dark(page: Page) -> None:
    page.goto("/console/policy")
    check(page)
    shoot(page, "policy-dark")


def fit(page: Page) -> None:
    """No finding of axe-core, in light and in dark; nothing wider than a page at twice the size."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        check(page)
        shoot(page, f"bar-{scheme}")
    page.set_viewport_size({"width": 640, "height": 400})
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_bar_is_moved_by_the_keyboard_and_proposed(page: Page, site: Site) -> None:
    with closing(database_of(site.env)) as database:
        day = int((now() - timedelta(days=1)).timestamp() // 86_400)
        counts = {tenths: 900 >> (tenths // 10) for tenths in range(101)}
        with Conversations(database).changing([], []) as changing:
            reached = {Reached(day, drill=False, peak=p, turns=10): n for p, n in counts.items()}
            changing.save(Changes(reached=reached))
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url("**/console/conversations/bar")
    expect(page.locator("#at-bar")).to_contain_text("14.0")
    fit(page)
    mark = page.locator("#bar ~ figure .mark").first
    before = mark.get_attribute("x1")
    bar = page.get_by_role("slider", name="Threshold")
    for _ in range(10):
        bar.press("ArrowRight")
    expect(bar).to_have_value("7")
    expect(page.locator("#at-bar")).to_contain_text("7.0")
    expect(page.locator("#at-bar [data-cell='2']")).to_have_text("0.7")
    assert mark.get_attribute("x1") != before
    page.get_by_role("button", name="Propose this bar").press("Enter")
    page.wait_for_url("**/console/policy/versions/default-*")
    expect(page.locator("pre", has_text="grooming: 7.0")).to_be_visible()
    expect(page.locator("main")).to_contain_text("not in force")
