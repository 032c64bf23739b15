"""Whoever types a command."""

from __future__ import annotations

import os
import pwd

import pytest

from tutela.interfaces.cli.user import user


def test_it_is_the_account_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert user() == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
