"""Opens the rater that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.cues.folder import open_cues
from tutela.detection.conversation.rater import Rater
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import BadConfiguration
from tutela.settings import Settings

RaterMaker = Callable[[Settings], Rater]
"""Opens a rater. It reads whatever settings of its own from where it likes."""


def cue_rater(settings: Settings) -> Rater:
    """What rates by the cues that are shipped, and by those of the operator's folder."""
    return shipped_rater(cues_of(settings))


def cues_of(settings: Settings) -> tuple[CueSet, ...]:
    """The cues of every language.

    Raises:
        BadConfiguration: a file in the operator's folder cannot be used.
    """
    folder = settings.conversations.cues_folder
    return open_cues(Path(folder) if folder else None)


OWN: Mapping[str, RaterMaker] = MappingProxyType({"cues": cue_rater})
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
