"""What Meadow is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where things are.

    Attributes:
        folder: for the database, and for events that wait while Tutela is away.
        host, port: where Meadow listens.
        tutela, key: address of the Tutela server, and a key of the role uploader.
        secrets: of the destination; two while one is replaced by another.
    """

    folder: Path
    host: str
    port: int
    tutela: str
    key: str
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings from the environment; README.md names them."""
        return cls(
            folder=Path(env.get("MEADOW_FOLDER", "meadow-data")),
            host=env.get("MEADOW_HOST", "127.0.0.1"),
            port=int(env.get("MEADOW_PORT", "8090")),
            tutela=env.get("TUTELA_URL", "http://127.0.0.1:8080"),
            key=env["TUTELA_KEY"],
            secrets=tuple(env["TUTELA_WEBHOOK_SECRET"].split()),
        )
