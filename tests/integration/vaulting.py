"""Programs that the tests of the vault start, in places where the disk is full or read-only.

Usage: vaulting.py full DIR (limits | mount) | readonly DIR (limits | mount) | large DIR SIZE
    | race DIR NAME | same DIR | rotate FILE COUNT | seal DIR SIZE

They say JSON, one line for each thing.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

from tutela.errors import Conflict
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.store import StoreUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed, StoredObject

LINE = b"a harmless line"
NOBODY = 65534
LIMIT = 2_000_000


def say(**facts: object) -> None:
    """One whole line, whatever other processes say."""
    os.write(1, json.dumps(facts).encode() + b"\n")


def open_vault(folder: Path) -> Vault:
    return Vault(Folder(folder / "vault"), KeyFile.create(folder / "keys" / "vault.key"))


def stored(sealed: Sealed) -> StoredObject:
    return StoredObject(
        id=sealed.id,
        address=sealed.address,
        size=sealed.size,
        wrapped=sealed.wrapped,
        key_id=sealed.key_id,
        created_at=datetime.now(UTC),
    )


def refused(do: Callable[[], object]) -> str:
    """What a store says that cannot do it."""
    try:
        do()
    except StoreUnavailable as problem:
        return problem.what
    return "it was done"


def full(folder: Path, way: str) -> None:
    vault = open_vault(folder)
    before = vault.seal(LINE)
    if way == "limits":
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
    said = [refused(lambda: vault.seal(os.urandom(8_000_000))) for _ in range(5)]
    kept = [before, vault.seal(LINE)]
    for sealed in kept:
        vault.check(stored(sealed))
    names = [blob.name for blob in Folder(folder / "vault").list()]
    assert sorted(names) == sorted(f"{sealed.address}-{sealed.id}" for sealed in kept)
    assert list((folder / "vault" / "writing").iterdir()) == []
    say(said=sorted(set(said)))


def readonly(folder: Path, way: str) -> None:
    vault = open_vault(folder)
    kept = stored(vault.seal(LINE))
    protect(folder, way)
    again = open_vault(folder)  # one that starts on such a disk can be read too
    said = [
        refused(do)
        for one in (vault, again)
        for do in (lambda one=one: one.seal(LINE), lambda one=one: one.discard(kept))
    ]
    for one in (vault, again):
        assert b"".join(one.read(kept)) == LINE
    say(said=sorted(set(said)))


def protect(folder: Path, way: str) -> None:
    """Make it impossible to write there, for root as well."""
    if way == "mount":
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        return
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            path.chmod(0o500)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
    if os.geteuid() == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)


def large(folder: Path, size: str) -> None:
    """Seal a file without data, and read it; how much memory that took at most."""
    vault = open_vault(folder)
    with (folder / "plain").open("w+b") as plain:
        plain.truncate(int(size))
        kept = vault.seal(plain.fileno())
    read = sum(len(piece) for piece in vault.read(stored(kept)))
    # Not ru_maxrss: that counts the memory of the process that started us too.
    (peak,) = (
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    )
    say(read=read, sha256=kept.digests["sha256"], peak_kb=peak)


def race(folder: Path, name: str) -> None:
    """Put a blob when told to, with bytes of our own."""
    store, mine = Folder(folder / "vault"), os.urandom(16)

    def chunks() -> Iterator[bytes]:
        yield from repeat(mine, 1_000)
        say(ready=True)
        sys.stdin.readline()
        yield from repeat(mine, 1_000)

    try:
        store.put(name, chunks())
    except Conflict:
        say(won=False)
    else:
        say(won=True, digits=mine.hex())


def same(folder: Path) -> None:
    """Seal the same bytes as others, when told to."""
    vault = open_vault(folder)
    say(ready=True)
    sys.stdin.readline()
    for _ in range(20):
        sealed = vault.seal(LINE * 100_000)
        vault.check(stored(sealed))
        say(name=f"{sealed.address}-{sealed.id}")


def rotate(path: Path, count: str) -> None:
    keys = KeyFile.create(path)
    for _ in range(int(count)):
        say(key_id=keys.rotate())


def seal(folder: Path, size: str) -> None:
    """Seal without end."""
    vault, content = open_vault(folder), os.urandom(int(size))
    while True:
        sealed = vault.seal(content)
        say(
            id=sealed.id,
            address=sealed.address,
            size=sealed.size,
            wrapped=sealed.wrapped.hex(),
            key_id=sealed.key_id,
        )


COMMANDS: dict[str, Callable[..., None]] = {
    "full": full,
    "readonly": readonly,
    "large": large,
    "race": race,
    "same": same,
    "rotate": rotate,
    "seal": seal,
}

if __name__ == "__main__":
    command, path, *more = sys.argv[1:]
    COMMANDS[command](Path(path), *more)
