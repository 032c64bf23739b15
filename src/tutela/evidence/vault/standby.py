"""The vault of a server, which must work on while the vault cannot be opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from tutela.errors import BadConfiguration, TutelaError
from tutela.evidence.keys.service import WrongKey
from tutela.evidence.vault.vault import Vault

PAUSE_SECONDS = 5.0
"""So long after an attempt to open it failed, the answer is the same without another."""


class Standby:
    """Opens the vault at start, or as soon as that can be done. Thread-safe.

    Args:
        opening: opens it.
        log: where it tells that the vault cannot be opened, and that it is open at last.
        pause: seconds from one attempt to the next.
    """

    def __init__(
        self,
        opening: Callable[[], Vault],
        log: FilteringBoundLogger,
        *,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._opening = opening
        self._log = log
        self._pause = pause
        self._lock = threading.Lock()
        self._vault: Vault | None = None
        self._failure: tuple[float, TutelaError] | None = None

    def start(self) -> None:
        """Open it, or tell why that cannot be done now.

        Raises:
            BadConfiguration: it can never be opened like this.
            WrongKey: the keys are locked with another passphrase.
        """
        try:
            self.vault().key_ids()
        except (BadConfiguration, WrongKey):
            raise
        except TutelaError as error:
            # The server does its other work. Where opening failed, that is told already.
            if self._vault is not None:
                self._log.error("the vault's keys are away: evidence is owed", reason=error.what)

    def vault(self) -> Vault:
        """The open vault. Raises whatever opening it raises, while it cannot be opened."""
        with self._lock:
            if self._vault is not None:
                return self._vault
            if self._failure is not None and time.monotonic() < self._failure[0]:
                raise self._failure[1]
            return self._open()

    def close(self) -> None:
        """Close the vault, if it is open."""
        with self._lock:
            if self._vault is not None:
                self._vault.close()

    def _open(self) -> Vault:
        try:
            vault = self._opening()
        except TutelaError as error:
            if self._failure is None:
                self._log.error("the vault cannot be opened: evidence is owed", reason=error.what)
            self._failure = (time.monotonic() + self._pause, error)
            raise
        if self._failure is not None:
            self._log.info("the vault is open")
        self._vault = vault
        return vault
