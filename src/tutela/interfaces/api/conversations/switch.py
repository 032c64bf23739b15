"""Whether conversations are rated here at all."""

from __future__ import annotations

from tutela.errors import Conflict
from tutela.interfaces.services import Services


class NotRatedHere(Conflict):
    """Conversations are not rated by this service."""

    code = "not-rated-here"


def switched_on(services: Services) -> None:
    """Refuse to take in what is not to be rated.

    Raises:
        NotRatedHere: the setting says so.
    """
    if not services.settings.conversations.enabled:
        raise NotRatedHere(
            "conversations are not rated here", remedy="the setting conversations.enabled is false"
        )
