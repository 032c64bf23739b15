"""All settings in one record, with where each value came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tutela.model.record import Record
from tutela.settings.access import AccessSettings
from tutela.settings.conversations import ConversationSettings
from tutela.settings.custody import AuditSettings, VaultSettings
from tutela.settings.declare import Declared, Value, declared_in, masked
from tutela.settings.review import ProtectionSettings, ReviewSettings
from tutela.settings.sections import (
    ActionsSettings,
    ConsoleSettings,
    DataSettings,
    DecoderSettings,
    DefenceSettings,
    FetchSettings,
    FloodSettings,
    IndexSettings,
    KeepSettings,
    LawSettings,
    LogSettings,
    PolicySettings,
    RescanSettings,
    ServerSettings,
    StorageSettings,
)
from tutela.settings.single_sign_on import OidcSettings
from tutela.settings.sources import CONFIG_VARIABLE, Found, from_environment, from_file

DEFAULT = "default"
"""Origin of a value that nothing sets."""


class Explained(Record, frozen=True, kw_only=True):
    """One setting as shown to people.

    Attributes:
        name: `section.key`, as in the TOML file.
        value: what is in force; passwords masked.
        origin: `default`, the path of the file, or the name of the environment variable.
        variable: environment variable that sets it.
        expects: which values are accepted, in words.
    """

    name: str
    value: Value
    origin: str
    default: Value
    unit: str
    meaning: str
    variable: str
    expects: str


class Settings(Record, frozen=True, kw_only=True):
    """All settings.

    Attributes:
        origins: file path or environment variable by `section.key`; absent means default.
    """

    server: ServerSettings = ServerSettings()
    data: DataSettings = DataSettings()
    storage: StorageSettings = StorageSettings()
    decoder: DecoderSettings = DecoderSettings()
    index: IndexSettings = IndexSettings()
    keep: KeepSettings = KeepSettings()
    rescan: RescanSettings = RescanSettings()
    defence: DefenceSettings = DefenceSettings()
    flood: FloodSettings = FloodSettings()
    policy: PolicySettings = PolicySettings()
    law: LawSettings = LawSettings()
    conversations: ConversationSettings = ConversationSettings()
    fetch: FetchSettings = FetchSettings()
    actions: ActionsSettings = ActionsSettings()
    vault: VaultSettings = VaultSettings()
    access: AccessSettings = AccessSettings()
    oidc: OidcSettings = OidcSettings()
    review: ReviewSettings = ReviewSettings()
    protection: ProtectionSettings = ProtectionSettings()
    audit: AuditSettings = AuditSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()
    origins: dict[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings: the environment wins over the file, the file over the defaults.

        Args:
            path: TOML file; None means the one that `TUTELA_CONFIG` names, if any.
            env: environment to read; None means that of the process.

        Raises:
            BadConfiguration: naming the file and line, or the variable, and what is accepted.
        """
        env = os.environ if env is None else env
        if path is None and env.get(CONFIG_VARIABLE):
            path = Path(env[CONFIG_VARIABLE])
        known = declarations()
        found = {} if path is None else from_file(path, known)
        return _settings(found | from_environment(env, known))

    @property
    def database_url(self) -> str:
        """The database's address: as set, or SQLite in the data folder. May carry a password."""
        return self.storage.url or f"sqlite:///{self.data.folder}/tutela.db"

    @property
    def shown_database(self) -> str:
        """The database's address without its password, for people."""
        return masked(self.database_url)

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database, or None where it is another."""
        path = self.database_url.removeprefix("sqlite:///")
        return None if path == self.database_url else Path(path)

    @property
    def policy_versions_folder(self) -> Path:
        """Where the text of every policy version that was loaded is kept."""
        return Path(self.data.folder) / "policies"

    @property
    def index_folder(self) -> Path:
        """Where server processes share the index. As secret as the database."""
        return Path(self.data.folder) / "index"

    @property
    def actions_key_file(self) -> Path:
        """The key that the secrets of destinations are derived from."""
        return Path(self.actions.key_file or f"{self.data.folder}/actions.key")

    @property
    def vault_folder(self) -> Path:
        """Where the store `folder` keeps encrypted objects."""
        return Path(self.vault.folder or f"{self.data.folder}/vault")

    @property
    def vault_key_file(self) -> Path:
        """The key file of the key service `file`."""
        return Path(self.vault.key_file or f"{self.data.folder}/vault.key")

    @property
    def audit_key_file(self) -> Path:
        """The key that signs checkpoints of the audit log."""
        return Path(self.audit.key_file or f"{self.data.folder}/audit.key")

    @property
    def witness_folder(self) -> Path:
        """Where the audit log's hashes are kept outside the database."""
        return Path(self.audit.witness_folder or f"{self.data.folder}/audit")

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of every setting's name and value; passwords are masked.

        Of a JSON object with the names in the order of the alphabet, without blanks.
        """
        shown = {one.name: one.value for one in self.explain()}
        return hashlib.sha256(msgspec.json.encode(shown, order="sorted")).hexdigest()

    def explain(self) -> tuple[Explained, ...]:
        """Every setting in the order of declaration, with its value and where it came from."""
        return tuple(self._explained(one) for one in declarations().values())

    def _explained(self, one: Declared) -> Explained:
        return Explained(
            name=one.name,
            value=one.shown(getattr(self, one.section)),
            origin=self.origins.get(one.name, DEFAULT),
            default=one.default,
            unit=one.unit,
            meaning=one.meaning,
            variable=one.variable,
            expects=one.expects,
        )


def declarations() -> dict[str, Declared]:
    """Every setting by `section.key`, in the order of declaration."""
    empty = Settings()
    sections = (name for name in Settings.__struct_fields__ if name != "origins")
    return {
        one.name: one for name in sections for one in declared_in(type(getattr(empty, name)), name)
    }


def _settings(found: Mapping[str, Found]) -> Settings:
    values: dict[str, dict[str, Value]] = {}
    for name, one in found.items():
        section, _, key = name.partition(".")
        values.setdefault(section, {})[key] = one.value
    empty = Settings()
    sections = {name: type(getattr(empty, name))(**pairs) for name, pairs in values.items()}
    return Settings(**sections, origins={name: one.origin for name, one in found.items()})
