"""Where one can go in the console: declared once, for the navigation and for the keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tutela.interfaces.access import Permission, may
from tutela.interfaces.language import Translator, later
from tutela.model.record import Record


class Place(Record, frozen=True, kw_only=True):
    """A place of the console.

    Attributes:
        group: title of the group that it stands in.
        title: its title, as short as can be.
        key: `g` and this key go to it.
        needs: who has this permission sees it.
    """

    group: str
    title: str
    href: str
    key: str
    needs: Permission


REVIEW, LISTS = later("Review"), later("Known material")
CONSEQUENCES, RULES = later("Consequences"), later("Rules")
OVERSIGHT, YOURS = later("Oversight"), later("Yours")

PLACES = tuple(
    Place(group=group, title=title, href=href, key=key, needs=needs)
    for group, title, href, key, needs in (
        (REVIEW, later("Review"), "/console/review", "v", Permission.CASES_READ),
        (REVIEW, later("Cases"), "/console/cases", "c", Permission.CASES_READ),
        (REVIEW, later("Queues"), "/console/queues", "q", Permission.CASES_READ),
        (REVIEW, later("Team"), "/console/team", "m", Permission.REVIEW_LEAD),
        (LISTS, later("Banks"), "/console/banks", "b", Permission.BANKS_READ),
        (LISTS, later("Defence"), "/console/defence", "d", Permission.DEFENCE_READ),
        (LISTS, later("Re-scans"), "/console/rescans", "r", Permission.RESCANS_READ),
        (CONSEQUENCES, later("Actions"), "/console/actions", "a", Permission.ACTIONS_READ),
        (
            CONSEQUENCES,
            later("Destinations"),
            "/console/destinations",
            "t",
            Permission.DESTINATIONS_READ,
        ),
        (CONSEQUENCES, later("Evidence"), "/console/evidence", "e", Permission.EVIDENCE_READ),
        (RULES, later("Policy"), "/console/policy", "o", Permission.POLICY_READ),
        (RULES, later("The bar"), "/console/conversations/bar", "w", Permission.POLICY_READ),
        (RULES, later("Law"), "/console/law", "l", Permission.LAW_READ),
        (OVERSIGHT, later("Principles"), "/console/principles", "p", Permission.PRINCIPLES_READ),
        (OVERSIGHT, later("Audit"), "/console/audit", "u", Permission.AUDIT_READ),
        (OVERSIGHT, later("People"), "/console/accounts", "h", Permission.ACCOUNTS_READ),
        (YOURS, later("Protection"), "/console/protection", "s", Permission.OWN_ACCOUNT),
    )
)
"""Every place, in the order of the navigation; those of a group stand together."""


class Item(Record, frozen=True, kw_only=True):
    """An item of the navigation, in the reader's language."""

    title: str
    href: str
    key: str
    here: bool


class Group(Record, frozen=True, kw_only=True):
    """Items of the navigation that belong together."""

    title: str
    items: tuple[Item, ...]


class Viewer(Record, frozen=True, kw_only=True):
    """Who looks at a page, and where they may go."""

    role: str
    csrf: str
    groups: tuple[Group, ...]
    person: bool = False


def viewer_of(role: str, csrf: str, path: str, *, person: bool, texts: Translator) -> Viewer:
    """The navigation for a role; places that it may not see are left out.

    Args:
        role: of whoever looks.
        csrf: what forms of the session carry.
        path: of the page.
        person: whether whoever looks has an account.
        texts: the reader's language.
    """
    return Viewer(role=role, csrf=csrf, groups=tuple(_groups(role, path, texts)), person=person)


def home_of(role: str) -> str:
    """The first page that a role may see; every role may see the principles."""
    return next(place.href for place in PLACES if may(role, place.needs))


def _groups(role: str, path: str, texts: Translator) -> Iterator[Group]:
    seen = (place for place in PLACES if may(role, place.needs))
    for title, places in groupby(seen, key=lambda place: place.group):
        items = tuple(
            Item(
                title=texts.gettext(place.title),
                href=place.href,
                key=place.key,
                here=path == place.href or path.startswith(place.href + "/"),
            )
            for place in places
        )
        yield Group(title=texts.gettext(title), items=items)
