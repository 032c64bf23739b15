"""Single sign-on as the settings want it, and the few threads that wait for the provider."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tutela.interfaces.access.single_sign_on.arrivals import Arrivals
from tutela.interfaces.access.single_sign_on.provider import Provider, check_settings
from tutela.interfaces.access.single_sign_on.refusals import ProviderDown
from tutela.interfaces.access.single_sign_on.roles import rules_of
from tutela.settings.secret_files import read_secret
from tutela.settings.single_sign_on import OidcSettings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities

THREADS = 4
"""Threads of its own: a provider that hangs takes none from the rest of the program."""
WAITING = 32
"""So many may wait for it at once."""

T = TypeVar("T")


class SingleSignOn:
    """The provider, and the places of those whom it sends. Thread-safe.

    Args:
        provider: asked for who somebody is.
        arrivals: finds their accounts.
        title: what the provider is called here.
    """

    def __init__(self, provider: Provider, arrivals: Arrivals, title: str) -> None:
        self.provider = provider
        self.arrivals = arrivals
        self.title = title
        self._threads = ThreadPoolExecutor(THREADS, "sign-on")
        self._places = threading.BoundedSemaphore(WAITING)

    async def ask(self, question: Callable[[], T]) -> T:
        """Ask the provider something in a thread of its own.

        Raises:
            ProviderDown: too many are waiting for it already.
        """
        if not self._places.acquire(blocking=False):
            raise ProviderDown("too many wait for the provider")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, question)
        finally:
            self._places.release()

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.provider.close()


def open_single_sign_on(
    settings: OidcSettings, accounts: Accounts, identities: Identities
) -> SingleSignOn | None:
    """Single sign-on, or None where no provider is set. Nothing is asked of the provider yet.

    Raises:
        BadConfiguration: a setting cannot be used.
    """
    if not settings.issuer:
        return None
    check_settings(settings)
    rules, file = rules_of(settings), settings.client_secret_file
    secret = read_secret(Path(file), "oidc.client_secret_file") if file else None
    arrivals = Arrivals(accounts, identities, settings, rules)
    return SingleSignOn(Provider(settings, secret), arrivals, settings.title)
