"""A rating: what a machine thinks of an event. It never punishes by itself."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tutela.model.record import Record


class Rating(Record, frozen=True, kw_only=True):
    """A rating that came with an event, from a classifier of the platform.

    Attributes:
        name: what was rated, in the platform's words: `grooming`, `nudity`.
        value: from 0 to 10.
        probability: calibrated, 0 to 1; None where it is not known.
        model: name and version of what rated.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    value: Annotated[float, msgspec.Meta(ge=0, le=10)]
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    model: Annotated[str, msgspec.Meta(max_length=128)] = ""
