"""Opens the rater that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tutela.detection.conversation.rater import Rater
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import BadConfiguration
from tutela.settings import Settings

RaterMaker = Callable[[Settings], Rater]
"""Opens a rater. It reads whatever settings of its own from where it likes."""

OWN: Mapping[str, RaterMaker] = MappingProxyType({"cues": lambda _: shipped_rater()})
"""The raters that come along, by their names."""


def open_rater(settings: Settings, found: Mapping[str, RaterMaker] = MappingProxyType({})) -> Rater:
    """The rater that `conversations.rater` names.

    Args:
        found: what extensions add, by name.

    Raises:
        BadConfiguration: there is none of this name, or what it needs is missing.
    """
    makers = {**found, **OWN}
    name = settings.conversations.rater
    if name not in makers:
        raise BadConfiguration(
            "there is no rater of this name",
            where="conversations.rater",
            remedy=f"choose one of {', '.join(sorted(makers))}, or install the extension",
        )
    return makers[name](settings)
