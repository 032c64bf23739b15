"""Whoever types a command, for the record of who did what."""

from __future__ import annotations

import os
import pwd


def user() -> str:
    """`cli:USER`, after the account that runs the command, whatever its environment says."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # an account without a name, as in a container
        return f"cli:{os.getuid()}"
