"""The provider: where a browser is sent to, and what is made of what it brings back.

The code flow of OpenID Connect, with proof of the key (PKCE), a state that is bound to the browser
and a nonce that is bound to the token. Nothing that the browser brings is believed: it is a code
that we exchange for a token over a connection of our own.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec
from joserfc.jwk import KeySet

from tutela.errors import BadConfiguration
from tutela.interfaces.access.single_sign_on.metadata import (
    WELL_KNOWN,
    Metadata,
    Remembered,
    read_keys,
    read_metadata,
    said,
)
from tutela.interfaces.access.single_sign_on.refusals import NotProven, ProviderDown
from tutela.interfaces.access.single_sign_on.tokens import Claims, Expected, read_token
from tutela.outgoing import Answer, Calls
from tutela.settings.single_sign_on import OidcSettings

RANDOM_BYTES = 32
LONGEST_ANSWER = 262_144
"""Bytes of any answer of a provider."""
LONGEST_CODE = 4096
GOOD = 200
FORM = "application/x-www-form-urlencoded"
BASIC, POST = "client_secret_basic", "client_secret_post"


class Begun(NamedTuple):
    """A sign-in that has begun.

    Attributes:
        address: where the browser goes now.
        facts: what must be remembered until it comes back; nobody else may see them.
    """

    address: str
    facts: Mapping[str, str]


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of the answer to a code."""

    id_token: str


class Provider:
    """One provider. Thread-safe; every method but the constructor may wait for it.

    Args:
        settings: where it is, and what it calls us.
        secret: what we show it, or None.
        open_calls: how an address is called; tests inject what trusts their certificate.
        clock: seconds since 1970, for tokens.
    """

    def __init__(
        self,
        settings: OidcSettings,
        secret: str | None = None,
        *,
        open_calls: Callable[[str], Calls] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._open = open_calls or self._calls
        self._clock = clock
        self._lines: dict[str, Calls] = {}
        self._lock = threading.Lock()
        self._metadata: Remembered[Metadata] = Remembered(self._ask_metadata)
        self._keys: Remembered[KeySet] = Remembered(self._ask_keys)

    @property
    def issuer(self) -> str:
        """The provider's name for itself."""
        return self._settings.issuer

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            lines = list(self._lines.values())
            self._lines.clear()
        for line in lines:
            line.close()

    def begin(self, back: str) -> Begun:
        """Where to send a browser that wants to sign in.

        Args:
            back: address of ours that the provider sends it back to.

        Raises:
            ProviderDown: the provider does not say where that is.
        """
        state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": self._settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self._settings.acr:
            asked["acr_values"] = self._settings.acr
        address = _with(self._metadata.get().authorization_endpoint, asked)
        facts = {"state": state, "nonce": nonce, "verifier": verifier, "back": back}
        return Begun(address, facts)

    def finish(self, brought: Mapping[str, str], facts: Mapping[str, str]) -> Claims:
        """What the provider says of whoever comes back.

        Args:
            brought: the query that the browser came back with.
            facts: what was remembered of this browser.

        Raises:
            NotProven: something is not right.
            ProviderDown: the provider gave no answer that could be used.
        """
        known = self._metadata.get()
        if not compare_digest(brought.get("state", "").encode(), facts["state"].encode()):
            raise NotProven("the browser comes back from another sign-in: state")
        required = known.authorization_response_iss_parameter_supported
        if brought.get("iss", "" if required else self.issuer) != self.issuer:
            raise NotProven("the browser comes back from another provider: iss")
        if "error" in brought:
            raise NotProven("the provider, or the person, has refused")
        code = brought.get("code", "")
        if not 0 < len(code) <= LONGEST_CODE:
            raise NotProven("the browser brings no code")
        settings = self._settings
        expected = Expected(self.issuer, settings.client_id, facts["nonce"], settings.acr)
        token = self._exchange(known, code, facts)
        return read_token(token, self._keys.get, expected, now=self._clock)

    def leave(self, back: str) -> str | None:
        """Where somebody signs out of the provider as well; None where it has no such place."""
        place = self._metadata.get().end_session_endpoint
        own = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        return _with(place, own) if place else None

    def _exchange(self, known: Metadata, code: str, facts: Mapping[str, str]) -> str:
        """The ID token for a code, over a connection of ours."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": facts["back"],
            "code_verifier": facts["verifier"],
        }
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        client, secret = self._settings.client_id, self._secret
        if secret is not None and BASIC in known.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(client, secret)
        else:
            form |= {"client_id": client} | ({} if secret is None else {"client_secret": secret})
        answer = self._call("POST", known.token_endpoint, headers, urlencode(form).encode())
        if 400 <= answer.status < 500:  # noqa: PLR2004 - what HTTP calls the asker's mistake
            raise NotProven(f"the provider does not take the code: status {answer.status}")
        return _read_token(answer)

    def _ask_metadata(self) -> Metadata:
        answer = self._call("GET", self.issuer.rstrip("/") + WELL_KNOWN)
        return read_metadata(_good(answer), self.issuer)

    def _ask_keys(self) -> KeySet:
        return read_keys(_good(self._call("GET", self._metadata.get().jwks_uri)))

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        parts = urlsplit(url)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        server = f"{parts.scheme}://{parts.netloc}"
        return said(lambda: self._line(server).call(method, path, headers=headers, body=body))

    def _line(self, server: str) -> Calls:
        """The connections to one server; a provider has few."""
        with self._lock:
            if server not in self._lines:
                self._lines[server] = self._open(server)
            return self._lines[server]

    def _calls(self, url: str) -> Calls:
        settings = self._settings
        return Calls(url, private=settings.private, seconds=settings.seconds, limit=LONGEST_ANSWER)


def check_settings(settings: OidcSettings) -> None:
    """Refuse settings with which nobody could be believed.

    Raises:
        BadConfiguration: one is missing, or the provider would be reached without TLS.
    """
    if not settings.client_id:
        raise BadConfiguration(
            "the provider must have a name for this program",
            where="oidc.client_id",
            remedy="register this program with the provider, and write down what it answers",
        )
    if not settings.issuer.startswith("https://") and not settings.private:
        raise BadConfiguration(
            "whoever listens could sign in as anybody",
            where="oidc.issuer",
            remedy="write https://, or set oidc.private for a provider on this very machine",
        )


def _read_token(answer: Answer) -> str:
    try:
        return msgspec.json.decode(_good(answer), type=_Tokens).id_token
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ProviderDown("the answer to the code cannot be read") from None


def _good(answer: Answer) -> bytes:
    if answer.status != GOOD:
        raise ProviderDown(f"the provider answered with status {answer.status}")
    return answer.body


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _basic(client: str, secret: str) -> str:
    """The header of RFC 6749, section 2.3.1: both parts are encoded as in a form first."""
    pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _with(place: str, asked: Mapping[str, str]) -> str:
    """An address of the provider with a query of ours, beside what it has of its own."""
    return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"
