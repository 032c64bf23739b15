"""Opens the rater that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.cues.folder import open_cues
from tutela.detection.conversation.learning.encoder.cascade import CascadeRater
from tutela.detection.conversation.learning.encoder.opening import open_encoder
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.model import load
from tutela.detection.conversation.rater import Rater
from tutela.detection.conversation.shipped import shipped_rater
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.emoji import open_emoji
from tutela.errors import BadConfiguration
from tutela.settings import Settings
from tutela.settings.conversations import ConversationSettings

RaterMaker = Callable[[Settings], Rater]
"""Opens a rater. It reads whatever settings of its own from where it likes."""


def cue_rater(settings: Settings) -> CueRater:
    """What rates by the cues that are shipped, and by those of the operator's folder."""
    return shipped_rater(cues_of(settings), normaliser=normaliser_of(settings.conversations))


def cues_of(settings: Settings) -> tuple[CueSet, ...]:
    """The cues of every language.

    Raises:
        BadConfiguration: a file in the operator's folder cannot be used.
    """
    folder = settings.conversations.cues_folder
    return open_cues(Path(folder) if folder else None)


def normaliser_of(settings: ConversationSettings) -> Normaliser:
    """What reads texts, with the operator's own table of what emoji stand for.

    Raises:
        BadConfiguration: the table cannot be used.
    """
    file = settings.emoji_file
    return Normaliser(open_emoji(Path(file)).codes if file else None)


def learned_rater(settings: Settings) -> LearnedRater:
    """The cues with the operator's own model on top.

    Raises:
        BadConfiguration: no model is named, or it cannot be used.
    """
    folder = settings.conversations.model_folder
    if not folder:
        raise BadConfiguration(
            "no folder of a learned model is named",
            where="conversations.model_folder",
            remedy="train one with tutela conversations train",
        )
    return LearnedRater(cue_rater(settings), load(Path(folder)))


OWN: Mapping[str, RaterMaker] = MappingProxyType({"cues": cue_rater, "learned": learned_rater})
"""The raters that come along, by their names."""


def open_rater(settings: Settings, found: Mapping[str, RaterMaker] = MappingProxyType({})) -> Rater:
    """The rater that `conversations.rater` names, with an encoder on top where one is named.

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
    rater = makers[name](settings)
    return _with_encoder(rater, settings) if settings.conversations.encoder_folder else rater


def _with_encoder(rater: Rater, settings: Settings) -> Rater:
    if not isinstance(rater, CueRater | LearnedRater):
        raise BadConfiguration(
            "an encoder can only be asked on top of the raters cues and learned",
            where="conversations.encoder_folder",
            remedy="leave it empty, or set conversations.rater to one of these",
        )
    chosen = settings.conversations
    folder, network = open_encoder(
        Path(chosen.encoder_folder), chosen.encoder_sha256, chosen.encoder_threads
    )
    return CascadeRater(rater, folder, network)
