"""Authenticators: one-time codes of RFC 6238, from secrets that are stored nowhere.

The secret of an account follows from the server's key file, the account's id and a number that
grows when a new one is wanted.
"""

from __future__ import annotations

import base64
import hmac
import io
import time

import pyotp
import segno

from tutela.response.secrets import Secrets

SECONDS = 30
"""Length of a time step."""
DRIFT = 1
"""Steps that a clock may be ahead or behind."""
DIGITS = 6
ISSUER = "Tutela"


class Authenticators:
    """Gives and checks the codes of any account.

    Args:
        secrets: what the secrets are derived from.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def secret(self, account_id: str, generation: int) -> str:
        """The secret in Base32, as authenticators take it; shown once, when it is set up."""
        about = f"tutela authenticator {account_id} {generation}"
        return base64.b32encode(self._secrets.derived(about)[:20]).decode()

    def address(self, account_id: str, generation: int, name: str) -> str:
        """The `otpauth://` address that an authenticator reads from a picture."""
        totp = pyotp.TOTP(self.secret(account_id, generation))
        return totp.provisioning_uri(name=name, issuer_name=ISSUER)

    def picture(self, account_id: str, generation: int, name: str) -> str:
        """The address as an SVG picture (QR code), in a `data:` address."""
        out = io.BytesIO()
        code = segno.make(self.address(account_id, generation, name), error="m")
        code.save(out, kind="svg", scale=4, border=4, light="#fff", xmldecl=False)
        return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()

    def step(
        self, account_id: str, generation: int, code: str, at: float | None = None
    ) -> int | None:
        """The time step that a code belongs to; None where it is wrong.

        Args:
            account_id: whose code it is.
            generation: number of the secret.
            code: as it was typed.
            at: seconds since 1970; the present where it is not given.
        """
        plain = code.replace(" ", "")
        if len(plain) != DIGITS or not plain.isascii() or not plain.isdigit():
            return None
        totp = pyotp.TOTP(self.secret(account_id, generation), digits=DIGITS, interval=SECONDS)
        now = int(time.time() if at is None else at) // SECONDS
        for step in range(now - DRIFT, now + DRIFT + 1):
            if hmac.compare_digest(totp.generate_otp(step), plain):
                return step
        return None
