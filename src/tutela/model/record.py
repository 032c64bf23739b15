"""The one base of every record: frozen, keyword-only, unknown members refused."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plain value. Two records with equal fields are equal."""
