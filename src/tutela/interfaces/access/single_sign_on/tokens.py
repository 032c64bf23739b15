"""ID tokens: whether one was made by the provider, for us, now, and for this very sign-in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, NamedTuple, Protocol

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from tutela.interfaces.access.single_sign_on.refusals import NotProven

SIGNED_WITH = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
"""Ways to sign that are believed: each with a key that the provider alone has."""
LONGEST = 65_536
"""Characters of a token."""
LONGEST_SUBJECT = 255
LEEWAY = 60
"""Seconds that two clocks may differ."""
OLDEST = 600
"""Seconds that a token may be old: it was made just now, for the code that was just used."""

Claims = Mapping[str, Any]


class Keys(Protocol):
    """Where the provider's keys come from."""

    def __call__(self, *, anew: bool = False) -> KeySet:
        """The keys; with `anew` asked for again, if that was not just done."""


class Expected(NamedTuple):
    """What a token must say.

    Attributes:
        issuer: who made it.
        client_id: whom it was made for.
        nonce: the sign-in that it was made for.
        acr: how the person must have signed in; empty demands nothing.
    """

    issuer: str
    client_id: str
    nonce: str
    acr: str = ""


def read_token(
    token: str, keys: Keys, expected: Expected, *, now: Callable[[], float] = time.time
) -> Claims:
    """What an ID token says, once all of it was compared.

    Args:
        token: as the provider answered it over a connection of ours.
        keys: the provider's.
        expected: what it must say.
        now: seconds since 1970.

    Raises:
        NotProven: it is not right.
    """
    claims = _signed(token, keys)
    _check_whom(claims, expected)
    _check_when(claims, now())
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NotProven("the token was made for another sign-in: nonce")
    if expected.acr and claims.get("acr") != expected.acr:
        raise NotProven("the person has not signed in as oidc.acr demands")
    return claims


def _signed(token: str, keys: Keys) -> Claims:
    if len(token) > LONGEST:
        raise NotProven("the token is too long")
    try:
        return _decoded(token, keys())
    except InvalidKeyIdError:
        pass  # the provider may have new keys
    try:
        return _decoded(token, keys(anew=True))
    except InvalidKeyIdError:
        raise NotProven("the token names a key that the provider does not have") from None


def _decoded(token: str, keys: KeySet) -> Claims:
    try:
        # One that names no algorithm, or one with a shared key, is refused before it is looked at.
        registry = JWSRegistry(algorithms=SIGNED_WITH, strict_check_header=False)
        return dict(jwt.decode(token, keys, algorithms=SIGNED_WITH, registry=registry).claims)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, RecursionError, KeyError) as problem:
        raise NotProven(f"the token cannot be believed: {type(problem).__name__}") from None


def _check_whom(claims: Claims, expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise NotProven("the token was made by somebody else: iss")
    meant = claims.get("aud")
    audience = meant if isinstance(meant, list) else [meant]
    if expected.client_id not in audience:
        raise NotProven("the token was made for somebody else: aud")
    party = claims.get("azp", expected.client_id if len(audience) == 1 else None)
    if party != expected.client_id:
        raise NotProven("the token was made for somebody else: azp")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotProven("the token names nobody: sub")


def _check_when(claims: Claims, present: float) -> None:
    ends, made = _time(claims, "exp"), _time(claims, "iat")
    if ends <= present - LEEWAY:
        raise NotProven("the token has expired: exp")
    if not present - OLDEST - LEEWAY <= made <= present + LEEWAY:
        raise NotProven("the token was not made just now: iat")
    if "nbf" in claims and _time(claims, "nbf") > present + LEEWAY:
        raise NotProven("the token is not valid yet: nbf")


def _time(claims: Claims, name: str) -> float:
    """A time that a token must say, in seconds since 1970."""
    said = claims.get(name)
    if not isinstance(said, int | float) or isinstance(said, bool):
        raise NotProven(f"the token does not say a time: {name}")
    return said
