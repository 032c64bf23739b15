"""Which language and zone a page is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.connection import ASGIConnection

from tutela.interfaces.language import (
    LANGUAGE_COOKIE,
    OPT,
    PREFERENCES,
    ZONE_COOKIE,
    Languages,
    language_of,
    translator_of,
    zone_called,
    zone_of,
    zones,
)
from tutela.interfaces.language.choosing import accepted
from tutela.model.review.account import Preferences

LANGUAGES = Languages()


class Route:
    """A route whose router carries the languages."""

    opt = {OPT: LANGUAGES}  # noqa: RUF012 - never changed


def asking(
    accept: str = "",
    *,
    cookies: dict[str, str] | None = None,
    language: str = "",
    zone: str = "",
) -> ASGIConnection:  # type: ignore[type-arg]
    """A request of a browser, by somebody with these preferences."""
    jar = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = [(b"accept-language", accept.encode()), (b"cookie", jar.encode())]
    scope = {
        "type": "http",
        "headers": headers,
        "route_handler": Route(),
        PREFERENCES: Preferences(language=language, zone=zone),
    }
    return ASGIConnection(scope)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA, en;q=0.5", "fr"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("de, fr;q=0.2", "fr"),
        ("fr;q=0, de", "en"),
        ("fr;q=much, en;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(header: str, language: str) -> None:
    assert language_of(asking(header)) == language


def test_a_choice_beats_the_browser_and_the_account_beats_both() -> None:
    chosen = {LANGUAGE_COOKIE: "fr"}
    assert language_of(asking("en", cookies=chosen)) == "fr"
    assert language_of(asking("en", cookies=chosen, language="en")) == "en"
    assert language_of(asking("fr", cookies={LANGUAGE_COOKIE: "../fr"})) == "fr"
    assert translator_of(asking("fr")).gettext("Cases") == "Dossiers"


@given(st.text(max_size=300))
def test_no_header_is_too_odd(header: str) -> None:
    assert all(isinstance(one, str) for one in accepted(header))


def test_the_zone_is_that_of_the_account_else_of_the_browser_else_utc() -> None:
    browser = {ZONE_COOKIE: "America%2FNew_York"}
    assert zone_of(asking()).key == "UTC"
    assert zone_of(asking(cookies=browser)).key == "America/New_York"
    assert zone_of(asking(cookies=browser, zone="Europe/Paris")).key == "Europe/Paris"
    assert zone_of(asking(cookies={ZONE_COOKIE: "Nowhere/At_all"})).key == "UTC"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "Europe", "Europe/Paris\n", "", "a" * 500, "."]
)
def test_no_name_leads_out_of_the_zones(name: str) -> None:
    assert zone_called(name) is None


def test_every_zone_to_choose_from_is_one() -> None:
    assert {"UTC", "Europe/Paris", "Asia/Kathmandu"} <= set(zones())
    assert all(zone_called(name) is not None for name in zones())
