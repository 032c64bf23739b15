"""Which language and which zone a page is in: the reader's choice, else what the browser says.

A person's choice stands in the account. Without one, a cookie counts that the switch on each page
sets; without that, `Accept-Language`. Browsers tell no zone by themselves: a script notes it in a
cookie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from litestar.connection import ASGIConnection

from tutela.interfaces.language.catalogs import LANGUAGES, Languages
from tutela.interfaces.language.translator import SOURCE, Translator
from tutela.model.review.account import Preferences

OPT = "languages"
"""Name under which a router carries its `Languages`."""
PREFERENCES = "tutela.preferences"
"""Where the preferences of whoever is signed in stand in the scope."""
LANGUAGE_COOKIE = "tutela_language"
ZONE_COOKIE = "tutela_zone"
ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}\Z")
UTC = ZoneInfo("UTC")
MOST_ASKED = 32
"""Languages of a header that are looked at."""

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Reader(NamedTuple):
    """Who reads a page: in which words, and by which clock."""

    texts: Translator
    zone: ZoneInfo


def later(text: str) -> str:
    """Mark a text that is translated where it is shown: in a table of titles, for example."""
    return text


def reader_of(connection: Connection) -> Reader:
    """Who reads what is answered to a request."""
    return Reader(texts=translator_of(connection), zone=zone_of(connection))


def translator_of(connection: Connection) -> Translator:
    """The translator for whoever asks, on a route whose router carries `Languages`."""
    languages: Languages = connection.scope["route_handler"].opt[OPT]
    return languages[language_of(connection)]


def language_of(connection: Connection) -> str:
    """The language for whoever asks: one of `LANGUAGES`."""
    chosen = (_preferences(connection).language, connection.cookies.get(LANGUAGE_COOKIE, ""))
    asked = accepted(connection.headers.get("accept-language", ""))
    return next((one for one in (*chosen, *asked) if one in LANGUAGES), SOURCE)


def zone_of(connection: Connection) -> ZoneInfo:
    """The time zone of whoever asks; UTC where none is known."""
    chosen = (_preferences(connection).zone, connection.cookies.get(ZONE_COOKIE, ""))
    known = (zone_called(name.replace("%2F", "/")) for name in chosen)
    return next((zone for zone in known if zone is not None), UTC)


def zone_called(name: str) -> ZoneInfo | None:
    """A time zone by its name, such as `Europe/Paris`; None where there is none."""
    if not ZONE_NAME.match(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@cache
def zones() -> tuple[str, ...]:
    """The names of the time zones that one may choose from."""
    named = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (UTC.key, *sorted(named))


def accepted(header: str) -> Iterator[str]:
    """The languages of an `Accept-Language` header without their regions, the best first."""
    found = []
    for part in header.split(",")[:MOST_ASKED]:
        name, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        if weight > 0:
            found.append((-weight, name.partition("-")[0].lower()))
    return (name for _, name in sorted(found, key=lambda one: one[0]))


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _preferences(connection: Connection) -> Preferences:
    found: Preferences = connection.scope.get(PREFERENCES, Preferences())  # type: ignore[assignment]
    return found
