from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.disk.manifest import Manifest
from tutela.detection.index.matcher import BankState, Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.model import Signal

Write: TypeAlias = Callable[..., Manifest]


@pytest.fixture
def matcher() -> Matcher:
    """Three thousand PDQ signals, enough for tables, and some MD5; entry n has signal n."""
    rng = np.random.default_rng(1)
    matcher = Matcher(builtin_kinds())
    matcher.set_banks([BankState(id=5, name="hills"), BankState(id=6, name="lakes", distance=3)])
    banks = np.where(np.arange(3000) % 3, 5, 6)
    for kind, size in (("pdq", 32), ("md5", 16)):
        codes = rng.integers(256, size=(3000, size), dtype=np.uint8)
        matcher.add(kind, codes, np.arange(3000), banks, np.full(3000, -1, np.int16))
    matcher.set_enabled([7, 8], False)
    matcher.set_distance(3, 0)
    matcher.version = 12
    return matcher


def write_whole(folder: IndexFolder, matcher: Matcher, *, published: int = 1) -> Manifest:
    """Write what a matcher holds into a folder, as its keeper does."""
    folder.open()
    assert folder.keep()
    listed = [
        folder.write(sealed, bits=matcher.bits[kind], version=matcher.version)
        for kind, snapshot in matcher.snapshots().items()
        for sealed in matcher.compact(kind, snapshot, whole=True)
    ]
    manifest = Manifest(
        identity=1,
        version=matcher.version,
        token=2,
        kinds=matcher.bits,
        bank_ids=matcher.bank_ids,
        segments=tuple(listed),
        published=published,
        rebuilt=1,
        published_at=datetime.now(UTC),
    )
    folder.publish(manifest)
    return manifest


@pytest.fixture
def write() -> Write:
    """`write_whole`."""
    return write_whole


@pytest.fixture
def written(tmp_path: Path, matcher: Matcher, write: Write) -> tuple[IndexFolder, Manifest]:
    """A folder with an index, and its manifest."""
    folder = IndexFolder(tmp_path / "index", matcher.part_classes)
    return folder, write(folder, matcher)


def near_all(matcher: Matcher, codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Every hit of some PDQ codes."""
    asked = [Signal(kind="pdq", value=code.tobytes().hex()) for code in codes]
    return [(hit.signal, hit.entry_id, hit.distance) for hit in matcher.match(asked)]
