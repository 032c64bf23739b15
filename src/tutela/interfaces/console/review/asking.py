"""What a search asks for, read from an address and written into one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from tutela.errors import InvalidInput
from tutela.interfaces.language import moment_in
from tutela.interfaces.worded import from_words
from tutela.model.review.search import CaseQuery

DAYS = {
    "since": False,
    "opened_from": False,
    "decided_from": False,
    "read_from": False,
    "until": True,
    "opened_until": True,
    "decided_until": True,
    "read_until": True,
}
"""Fields that may be a day; of those that say until when, the day itself counts, too."""
NAMES = frozenset(CaseQuery.__struct_fields__)


def asked(query: Mapping[str, str], zone: ZoneInfo) -> CaseQuery:
    """Which cases an address asks for; fields that are empty or none of a search are left out.

    Args:
        query: of the address.
        zone: of the reader, by whose clock days and times are meant that name no offset.

    Raises:
        InvalidInput: a field has a value that it cannot have.
    """
    given = {name: value.strip() for name, value in query.items() if name in NAMES}
    fields = {name: moment_of(name, value, zone) for name, value in given.items() if value}
    try:
        return from_words(fields, CaseQuery)
    except (msgspec.ValidationError, InvalidInput) as error:
        said = error.where if isinstance(error, InvalidInput) else str(error)
        name = said.rpartition("`$.")[2].rstrip("`")
        raise InvalidInput(
            "this cannot be searched for", where=name if name in NAMES else "", remedy="change it"
        ) from None


def address(query: CaseQuery, **more: str) -> str:
    """The address of a page that shows these cases."""
    line = urlencode({**fields_of(query), **more})
    return f"/console/cases?{line}" if line else "/console/cases"


def fields_of(query: CaseQuery) -> dict[str, str]:
    """What a query asks for, as fields of a form; what it leaves open is left out."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in msgspec.to_builtins(query).items()
    }


def moment_of(name: str, value: str, zone: ZoneInfo) -> str:
    """A moment or day of a field, written in full; what is none stays as it is."""
    if name not in DAYS:
        return value
    try:
        return moment_in(value, zone, through=DAYS[name]).isoformat()
    except ValueError:
        return value  # refused with its name, as every other wrong value
