"""Security keys (WebAuthn): what a browser is asked for, and whether its answer is right.

Every answer names the site that the browser was on, and a challenge that is used once; both are
compared here. An answer that was made for another site, or kept from before, is therefore none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tutela.model.review.account import Account
from tutela.storage.access.security_keys import SecurityKey

NAME = "Tutela"
LONGEST = 32_768
"""Characters of an answer."""


class Asked(NamedTuple):
    """What a browser is asked.

    Attributes:
        options: JSON for the script of the page.
        challenge: what the answer must name, in URL-safe Base64; to be remembered.
    """

    options: str
    challenge: str


class Made(NamedTuple):
    """A key that has shown that it is there."""

    id: str
    public_key: bytes
    uses: int


class _Options(Protocol):
    challenge: bytes


class Site(NamedTuple):
    """The site that keys are bound to.

    Attributes:
        origin: as browsers name it: `https://review.example.org`.
    """

    origin: str

    @property
    def host(self) -> str:
        """The name that keys are bound to, without the port."""
        return urlsplit(self.origin).hostname or ""

    def ask_for_new(self, account: Account, known: Sequence[SecurityKey]) -> Asked:
        """What a browser is asked to set up a key; those that are known are not taken again."""
        options = generate_registration_options(
            rp_id=self.host,
            rp_name=NAME,
            user_id=account.id.encode(),
            user_name=account.name,
            exclude_credentials=_described(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.DISCOURAGED,
            ),
        )
        return _asked(options)

    def made(self, answer: str, challenge: str) -> Made | None:
        """The key that a browser has set up; None where the answer is not right."""
        credential = _document(answer)
        try:
            done = verify_registration_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.host,
                expected_origin=self.origin,
            )
        except Exception:  # noqa: BLE001 - whatever it stumbles over, it is no right answer
            return None
        key_id = bytes_to_base64url(done.credential_id)
        return Made(key_id, done.credential_public_key, done.sign_count)

    def ask_for(self, known: Sequence[SecurityKey]) -> Asked:
        """What a browser is asked so that somebody shows one of their keys."""
        options = generate_authentication_options(
            rp_id=self.host,
            allow_credentials=_described(known),
            user_verification=UserVerificationRequirement.DISCOURAGED,
        )
        return _asked(options)

    def shown(
        self, answer: str, challenge: str, known: Sequence[SecurityKey]
    ) -> tuple[SecurityKey, int] | None:
        """The key that was shown, with how often it was used by now.

        None where the answer is not right: of another key, for another site, to another question,
        or with a count that does not grow, as where there are two of the same key.
        """
        credential = _document(answer)
        key = next((one for one in known if one.id == credential.get("id")), None)
        if key is None:
            return None
        try:
            done = verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.sign_count,
            )
        except Exception:  # noqa: BLE001 - whatever it stumbles over, it is no right answer
            return None
        return key, done.new_sign_count


def _asked(options: Any) -> Asked:  # noqa: ANN401 - two types of the library, alike in this
    found: _Options = options
    return Asked(options_to_json(options), bytes_to_base64url(found.challenge))


def _described(known: Sequence[SecurityKey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id)) for key in known]


def _document(answer: str) -> dict[str, Any]:
    """The answer as an object; an empty one where it is none."""
    if len(answer) > LONGEST:
        return {}
    try:
        return msgspec.json.decode(answer, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
