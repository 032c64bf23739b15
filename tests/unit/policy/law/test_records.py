"""A pack that was kept is read again as it was, or is said not to be what it should."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from tutela.errors import InvalidInput
from tutela.policy.law.loading import shipped
from tutela.policy.law.records import kept_pack

PACK = shipped()[0]


def test_a_pack_is_read_again_as_it_was() -> None:
    assert kept_pack(PACK.version, PACK.text) == PACK


def test_a_text_that_was_changed_is_not_believed() -> None:
    with pytest.raises(InvalidInput, match="not what it is a digest of"):
        kept_pack(PACK.version, PACK.text.replace("Australia", "Austria"))


def test_a_pack_of_another_version_of_the_program_can_be_printed_as_it_is() -> None:
    text = msgspec.json.encode({"id": "au", "from": "another time"}).decode()
    version = f"au-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    with pytest.raises(InvalidInput, match=f"tutela law show --version {version} --json"):
        kept_pack(version, text)
