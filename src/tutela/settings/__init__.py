"""Settings: TOML and environment, each setting declared once with meaning, unit and default."""

from tutela.settings.declare import Section, setting
from tutela.settings.sections import (
    ConsoleSettings,
    DataSettings,
    DecoderSettings,
    FetchSettings,
    IndexSettings,
    LogSettings,
    PolicySettings,
    ServerSettings,
    StorageSettings,
)
from tutela.settings.settings import Explained, Settings
from tutela.settings.sources import CONFIG_VARIABLE, OTHER_VARIABLES

__all__ = [
    "CONFIG_VARIABLE",
    "OTHER_VARIABLES",
    "ConsoleSettings",
    "DataSettings",
    "DecoderSettings",
    "Explained",
    "FetchSettings",
    "IndexSettings",
    "LogSettings",
    "PolicySettings",
    "Section",
    "ServerSettings",
    "Settings",
    "StorageSettings",
    "setting",
]
