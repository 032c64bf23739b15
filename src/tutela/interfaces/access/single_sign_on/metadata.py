"""What a provider says of itself: where it is asked for what, and the keys that it signs with."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tutela.errors import TutelaError
from tutela.interfaces.access.single_sign_on.refusals import ProviderDown

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
"""How long an answer is used again."""
REST_SECONDS = 5.0
"""How long nothing is asked again: a provider that is down is not asked by everybody who waits."""
SIGNS = frozenset({"RSA", "EC"})
"""Kinds of keys that only the provider can sign with."""

PLACE = re.compile(r"https?://[\x21-\x7e]+")
"""An address that may stand in a header."""

T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of the discovery document; it may say much more."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Remembered(Generic[T]):
    """An answer that is asked for when it is needed, and used again for a while. Thread-safe.

    Args:
        ask: asks; raises `ProviderDown`.
        clock: seconds, growing.
    """

    def __init__(self, ask: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: T | None = None
        self._problem: ProviderDown | None = None
        self._asked = float("-inf")

    def get(self, *, anew: bool = False) -> T:
        """The answer; with `anew` asked for again, if that was not just done."""
        with self._lock:
            age = self._clock() - self._asked
            fresh = age < (REST_SECONDS if anew or self._known is None else KEPT_SECONDS)
            if not fresh:
                self._renew()
            if self._known is None:
                raise self._problem or ProviderDown("nothing was asked yet")
            return self._known

    def _renew(self) -> None:
        try:
            self._known, self._problem = self._ask(), None
        except ProviderDown as problem:
            self._problem = problem
            if self._known is None:
                raise
        finally:
            self._asked = self._clock()


def read_metadata(body: bytes, issuer: str) -> Metadata:
    """The discovery document of an issuer; raises `ProviderDown`."""
    try:
        found = msgspec.json.decode(body, type=Metadata)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ProviderDown("the discovery document cannot be read") from None
    if found.issuer != issuer:
        raise ProviderDown("the discovery document is that of another issuer")
    _check_places(found)
    return found


def _check_places(found: Metadata) -> None:
    places = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    places += [found.end_session_endpoint] if found.end_session_endpoint else []
    if not all(PLACE.fullmatch(place) for place in places):
        raise ProviderDown("the discovery document names something that is no address")
    encrypted = found.issuer.startswith("https://")
    if encrypted and not all(place.startswith("https://") for place in places):
        raise ProviderDown("the discovery document names an address without TLS")


def read_keys(body: bytes) -> KeySet:
    """The provider's keys that it signs with; raises `ProviderDown`."""
    try:
        found = msgspec.json.decode(body, type=dict[str, list[dict[str, Any]]])
        wanted = [key for key in found["keys"] if _signs(key)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of keys that are weak: the provider's own business
            return KeySet.import_key_set({"keys": wanted})
    except (msgspec.MsgspecError, JoseError, KeyError, ValueError, TypeError, RecursionError):
        raise ProviderDown("the provider's keys cannot be read") from None


def _signs(key: Mapping[str, Any]) -> bool:
    """Whether a key may sign: a shared one, or one to encrypt with, proves nothing."""
    return key.get("kty") in SIGNS and key.get("use", "sig") == "sig" and "d" not in key


def said(ask: Callable[[], T]) -> T:
    """Turn whatever an outgoing call meets into `ProviderDown`."""
    try:
        return ask()
    except ProviderDown:
        raise
    except TutelaError as problem:
        raise ProviderDown(problem.what) from None
