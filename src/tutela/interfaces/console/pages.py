"""Pages of the console: templates, and the static files with their digests in the name.

No content reaches these pages: they show facts and reasons. Everything is escaped; a name that a
template does not know is an error, not an empty string.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tutela.interfaces.access import Permission, may
from tutela.model.custody.names import shown
from tutela.model.record import Record
from tutela.response.alarms import span

PLACES = (
    ("Review", "/console/review", Permission.CASES_READ),
    ("Cases", "/console/cases", Permission.CASES_READ),
    ("Evidence", "/console/evidence", Permission.EVIDENCE_READ),
    ("Actions", "/console/actions", Permission.ACTIONS_READ),
    ("Destinations", "/console/destinations", Permission.DESTINATIONS_READ),
    ("Banks", "/console/banks", Permission.BANKS_READ),
    ("Defence", "/console/defence", Permission.DEFENCE_READ),
    ("Re-scans", "/console/rescans", Permission.RESCANS_READ),
    ("Law", "/console/law", Permission.LAW_READ),
    ("Policy", "/console/policy", Permission.POLICY_READ),
    ("Audit", "/console/audit", Permission.AUDIT_READ),
    ("People", "/console/accounts", Permission.ACCOUNTS_READ),
    ("Team", "/console/team", Permission.REVIEW_LEAD),
    ("Principles", "/console/principles", Permission.PRINCIPLES_READ),
    ("Protection", "/console/protection", Permission.OWN_ACCOUNT),
)
PERIOD = re.compile(r"_(?P<days>\d+)d$")
"""The end of the name of a number that counts what was in the last days."""
PLAIN = re.compile(r"-[0-9a-f]{12}\.")
"""The digest in a served name, which the file's own name lacks."""
STATIC_TYPES = MappingProxyType({"css": "text/css; charset=utf-8", "js": "text/javascript"})


class Place(Record, frozen=True, kw_only=True):
    """An item of the navigation."""

    title: str
    href: str
    here: bool


class Viewer(Record, frozen=True, kw_only=True):
    """Who looks at a page, and where they may go."""

    role: str
    csrf: str
    places: tuple[Place, ...]
    person: bool = False


class Problem(Record, frozen=True, kw_only=True):
    """Why something that was asked for was not done, with the bad rows of a file if any."""

    text: str
    rows: tuple[str, ...] = ()


def viewer_of(role: str, csrf: str, path: str, *, person: bool) -> Viewer:
    """The navigation for a role; places that it may not see are left out.

    Args:
        role: of whoever looks.
        csrf: what forms of the session carry.
        path: of the page.
        person: whether whoever looks has an account.
    """
    places = tuple(
        Place(title=title, href=href, here=path.startswith(href))
        for title, href, permission in PLACES
        if may(role, permission)
    )
    return Viewer(role=role, csrf=csrf, places=places, person=person)


def home_of(role: str) -> str:
    """The first page that a role may see; every role may see the principles."""
    return next(href for _, href, permission in PLACES if may(role, permission))


class Pages:
    """Renders templates and serves static files. One per process."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("tutela.interfaces.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        self._environment.filters["instant"] = _instant
        self._environment.filters["words"] = _words
        self._environment.filters["told"] = _told
        self._environment.filters["span"] = span
        self._environment.filters["legible"] = _legible
        self.static: Mapping[str, bytes] = _static()
        names = {PLAIN.sub(".", name): name for name in self.static}
        own = {"static": names, "css": names["console.css"], "js": names["console.js"]}
        self._environment.globals |= own

    def render(self, template: str, **view: Any) -> str:  # noqa: ANN401 - what a template shows
        """One page as HTML; names that the layout needs and the view lacks are empty."""
        empty = {"viewer": None, "note": "", "problem": None, "alarm": None}
        return self._environment.get_template(template).render(empty | view)


def _static() -> dict[str, bytes]:
    """Static files by served name, `console-<digest>.css`: they may be cached for ever."""
    found: dict[str, bytes] = {}
    for file in files("tutela.interfaces.console").joinpath("static").iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in STATIC_TYPES:
            body = file.read_bytes()
            found[f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}"] = body
    return found


def _plain(served: str) -> str:
    """The name of a static file without its digest."""
    stem, _, ending = served.rpartition(".")
    return f"{stem.rpartition('-')[0]}.{ending}"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _told(numbers: Record) -> list[str]:
    """Numbers that are known, in words: `minors contacted in 7 days: 4`."""
    known = {name: getattr(numbers, name) for name in numbers.__struct_fields__}
    return [
        f"{_words(PERIOD.sub(_period, name))}: {number:,}"
        for name, number in known.items()
        if number is not None
    ]


def _period(found: re.Match[str]) -> str:
    days = int(found["days"])
    return " in a day" if days == 1 else f" in {days} days"


def _legible(text: object) -> str:
    return shown(str(text))


def _words(name: object) -> str:
    return str(name).replace("_", " ")
