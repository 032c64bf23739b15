from __future__ import annotations

import base64

import pytest

from tutela.interfaces.access.authenticator import SECONDS, Authenticators
from tutela.response.secrets import Secrets


@pytest.fixture
def own() -> Authenticators:
    return Authenticators(Secrets(b"k" * 32))


def code_at(own: Authenticators, at: int, account: str = "a", generation: int = 1) -> str:
    """RFC 6238, written out."""
    import hashlib  # noqa: PLC0415 - for this oracle only
    import hmac  # noqa: PLC0415 - likewise
    import struct  # noqa: PLC0415 - likewise

    key = base64.b32decode(own.secret(account, generation))
    digest = hmac.digest(key, struct.pack(">Q", at // SECONDS), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


@pytest.mark.parametrize("at", [119, 1_111_111_109, 1_764_484_200, 20_000_000_000])
@pytest.mark.parametrize("drift", [-2, -1, 0, 1, 2])
def test_a_clock_may_be_one_step_off(own: Authenticators, at: int, drift: int) -> None:
    found = own.step("a", 1, code_at(own, at + drift * SECONDS), at)
    assert found == (at // SECONDS + drift if abs(drift) < 2 else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "12 34", "-12345"])
def test_what_is_no_code(own: Authenticators, code: str) -> None:
    assert own.step("a", 1, code) is None


def test_codes_are_of_one_account_and_one_generation(own: Authenticators) -> None:
    code = code_at(own, 1000)
    assert own.step("a", 1, f"{code[:3]} {code[3:]}", 1000) is not None
    secrets = {own.secret("a", 1), own.secret("a", 2), own.secret("b", 1)}
    other = Authenticators(Secrets(b"l" * 32)).secret("a", 1)
    assert len(secrets | {other}) == 4


def test_the_picture_holds_an_address_and_no_script(own: Authenticators) -> None:
    kind, _, data = own.picture("a", 1, "mara").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<script" not in base64.b64decode(data)
    assert own.address("a", 1, "mara").startswith("otpauth://totp/Tutela:mara?secret=")
