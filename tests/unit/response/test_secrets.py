from __future__ import annotations

import base64
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.response.secrets import Secrets


def test_a_key_is_made_once_for_all_processes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "actions.key"
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(Secrets.open, [path] * 8))
    assert len({one.secret("platform", 1) for one in opened}) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_is_of_one_destination_and_generation(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path / "a")
    others = Secrets.open(tmp_path / "b")
    made = [secrets.secret("a", 1), secrets.secret("a", 2), secrets.secret("b", 1)]
    assert len({*made, others.secret("a", 1)}) == 4
    assert secrets.secret("a", 1) == made[0]


def test_a_secret_is_derived_as_documented() -> None:
    key = bytes(range(32))
    derived = hmac.new(key, b"tutela webhook platform 3", hashlib.sha256).digest()
    expected = "whsec_" + base64.b64encode(derived).decode()
    assert Secrets(key).secret("platform", 3) == expected


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "actions.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(BadConfiguration, match="does not hold 32 bytes") as caught:
        Secrets.open(path)
    assert "backup" in str(caught.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "actions.key"
    Secrets.open(path)
    path.chmod(0o640)
    with pytest.raises(BadConfiguration, match="chmod 600"):
        Secrets.open(path)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfiguration, match="cannot be used"):
        Secrets.open(tmp_path / "file" / "actions.key")


def test_nothing_shows_the_key() -> None:
    key = os.urandom(32)
    assert key.hex() not in repr(Secrets(key))
    assert str(key) not in repr(Secrets(key))
