"""Destinations as people make and change them: what may be given, and the secret shown once.

An address may hold a token of the platform's in its path, so no error repeats any part of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from tutela.errors import InvalidInput
from tutela.model import ActionKind, Destination
from tutela.model.record import Record
from tutela.model.response.delivery import DestinationName
from tutela.outgoing import is_public
from tutela.response.routing import HERE
from tutela.response.secrets import Secrets
from tutela.storage.outbox.destinations import Destinations

URL_LENGTH = 2_000
CONFIRM_SECONDS = 300
"""How long a destination has to confirm an action, unless somebody says otherwise."""
OVERLAP_HOURS = 24
"""How long messages are signed with the old secret, too, unless somebody says otherwise."""

PLAIN = MappingProxyType(
    {
        "name": "a name has small letters, digits and -, at most 48, and begins without -",
        "url": f"an address has 1 to {URL_LENGTH:,} characters",
        "confirm_seconds": "the time to confirm is 1 to 86,400 seconds",
    }
)
"""What is wrong with a member, for people."""

T = TypeVar("T")
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=URL_LENGTH)]
# A day is the longest that anybody should wait for an alarm.
ConfirmSeconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]
OverlapHours = Annotated[int, msgspec.Meta(ge=0, le=720)]


class NewDestination(Record, frozen=True, kw_only=True):
    """A destination to be made; the members mean what they mean in `Destination`."""

    name: DestinationName
    url: Address
    actions: tuple[ActionKind, ...] = ()
    confirm_seconds: ConfirmSeconds = CONFIRM_SECONDS
    private: bool = False


class DestinationChange(Record, frozen=True, kw_only=True):
    """What to change of a destination; whatever is left out stays."""

    url: Address | None = None
    actions: tuple[ActionKind, ...] | None = None
    confirm_seconds: ConfirmSeconds | None = None
    private: bool | None = None
    enabled: bool | None = None


class Rotation(Record, frozen=True, kw_only=True):
    """For how many hours messages are signed with the old secret, too; 0 ends it at once."""

    overlap_hours: OverlapHours = OVERLAP_HOURS


class ShownSecret(Record, frozen=True, kw_only=True):
    """A destination and its secret, which is not shown again."""

    destination: Destination
    secret: str


def read(given: Mapping[str, object], kind: type[T]) -> T:
    """A record from what was typed; raises `InvalidInput`, which repeats none of it."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as problem:
        # Such as: Expected `str` of length >= 1 - at `$.url`
        what, _, place = str(problem).partition(" - at ")
        where = place.strip("`").removeprefix("$.")
        raise InvalidInput(PLAIN.get(where, what), where=where) from None


def create(kept: Destinations, secrets: Secrets, new: NewDestination, *, by: str) -> ShownSecret:
    """Make a destination.

    Raises:
        InvalidInput: the address or an action cannot be taken.
        Conflict: the name is taken.
    """
    check_address(new.url, private=new.private)
    made = kept.create(
        new.name,
        new.url,
        actions=taken(new.actions),
        confirm_seconds=new.confirm_seconds,
        private=new.private,
        by=by,
    )
    return _shown(secrets, made)


def change(kept: Destinations, name: str, wanted: DestinationChange, *, by: str) -> Destination:
    """Change a destination.

    Raises:
        InvalidInput: the address, as it would be then, or an action cannot be taken.
        NotFound: there is none of this name.
    """
    now = kept.get(name)
    if wanted.url is not None or wanted.private is not None:
        private = now.private if wanted.private is None else wanted.private
        check_address(wanted.url or now.url, private=private)
    return kept.change(
        name,
        url=wanted.url,
        actions=None if wanted.actions is None else taken(wanted.actions),
        confirm_seconds=wanted.confirm_seconds,
        private=wanted.private,
        enabled=wanted.enabled,
        by=by,
    )


def rotate(kept: Destinations, secrets: Secrets, name: str, hours: int, *, by: str) -> ShownSecret:
    """Give a destination another secret; the old one signs along for `hours`.

    Raises:
        NotFound: there is none of this name.
    """
    return _shown(secrets, kept.rotate(name, timedelta(hours=hours), by=by))


def taken(actions: Sequence[ActionKind]) -> tuple[ActionKind, ...]:
    """The actions of a destination, each once.

    Raises:
        InvalidInput: one is never sent, or goes only where a rule names the destination.
    """
    for kind in actions:
        if kind in HERE:
            raise InvalidInput(f"{kind} is done here and never sent", where="actions")
        if kind is ActionKind.NOTIFY:
            raise InvalidInput(
                "notify goes where a rule says, and nowhere else",
                where="actions",
                remedy="leave it out, and name the destination in the rule: notify: {to: …}",
            )
    return tuple(dict.fromkeys(actions))


def check_address(url: str, *, private: bool) -> None:
    """Refuse an address that no message may be posted to.

    Messages name people, so they travel encrypted; plain http is taken only on the way to an
    address that is declared private, such as one on the same machine. What a name stands for is
    looked at whenever a message is posted; see `tutela.outgoing`.

    Raises:
        InvalidInput: what is wrong; never with the address.
    """
    parts = _split(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise _refused("the address is not one of http or https", "write https://host/path")
    if "@" in parts.netloc:
        raise _refused("the address carries a user name or password", "leave it out")
    if "#" in url:
        raise _refused("the address has a part after #, which is never sent", "leave it out")
    if private:
        return
    if _is_near(parts.hostname):
        raise _refused(
            "the address is private or reserved",
            "say that it is private, if messages are meant to stay inside your own network",
        )
    if parts.scheme != "https":
        raise _refused(
            "messages name people and are not sent in the clear over the internet",
            "use https, or say that the address is private",
        )


def _split(url: str) -> SplitResult:
    """The parts of an address whose text is plain and whose port is one."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refused(
            "the address holds a blank or a character that stands in no address",
            "write other characters as % and two digits, and names of hosts as xn--…",
        )
    if len(url) > URL_LENGTH:
        raise _refused(f"the address is longer than {URL_LENGTH:,} characters", "shorten it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port, parts = 0, SplitResult("", "", "", "", "")
    if port == 0:
        raise _refused("the address is not a URL", "write https://host/path")
    return parts


def _is_near(host: str) -> bool:
    """Whether a host is this machine or, written as a number, on a network that is not public."""
    host = host.rstrip(".")
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return False


def _refused(what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where="url", remedy=remedy)


def _shown(secrets: Secrets, destination: Destination) -> ShownSecret:
    secret = secrets.secret(destination.name, destination.generation)
    return ShownSecret(destination=destination, secret=secret)
