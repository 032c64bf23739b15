"""Law as data: what a jurisdiction pack said of an event."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record


class SurfaceClass(StrEnum):
    """What a surface of the platform is in the eyes of the law."""

    PUBLIC = "public"
    """Posts, profiles, comments: what anybody or many may see."""
    PRIVATE_MESSAGES = "private_messages"
    """Messages between people, not encrypted end to end."""
    ENCRYPTED_MESSAGES = "encrypted_messages"
    """Messages that only their ends can read."""
    STORAGE = "storage"
    """Files that a person keeps for themselves or shares by link."""
    LIVESTREAM = "livestream"
    """Live video."""
    SEARCH = "search"
    """Queries and suggestions."""


class Ruling(Record, frozen=True, kw_only=True):
    """Whether content may be scanned, and why: kept with each outcome that a pack applies to.

    Attributes:
        pack: id of the jurisdiction pack: `eu`.
        version: digest-based version of the pack with the operator's overrides.
        surface_class: what the surface counts as.
        may_scan: whether detection was allowed to run.
        reason: one calm sentence for people.
        source: the legal source.
        overridden: the value is the operator's own and not the pack's.
    """

    pack: str
    version: str
    surface_class: SurfaceClass
    may_scan: bool
    reason: str
    source: str
    overridden: bool = False
