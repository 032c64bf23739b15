"""How fast the vault takes in and gives back, against plain files and against its own parts.

    python bench/vault.py [--sizes MB,MB] [--total MB] [--rounds N] [--folder FOLDER] [--json]

In: from a file that the system has in memory to a durable object (`fsync` included). Out: from the
store's file to verified bytes in memory. Beside it, in turn with it: the same with plain files, and
SHA-256 and AES-256-GCM of whole contents in memory. The figure is that of the best round, per
second of processor time, which other work on the machine disturbs least; the clock's is beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from machine import Machine, describe
from tutela.durable import sync_folder
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed, StoredObject
from tutela.model.record import Record

MB = 1_000_000
BLOCK = 2**18
"""What plain files are copied in: as much as the vault seals at once, so that both have the same
use of the processor's cache."""
MOST_OBJECTS = 500
"""Of one size in a round: each waits for the disk three times."""


class Figures(Record, frozen=True, kw_only=True):
    """One way, one size; MB/s of the best round; zero where there is no such thing.

    Attributes:
        size: bytes of each content.
        objects: how many in a round.
        in_cpu, out_cpu: by processor time.
        in_wall, out_wall: by the clock.
    """

    way: str
    size: int
    objects: int
    in_cpu: float = 0.0
    in_wall: float = 0.0
    out_cpu: float = 0.0
    out_wall: float = 0.0


class Result(Record, frozen=True, kw_only=True):
    """The whole run."""

    machine: Machine
    rounds: int
    figures: tuple[Figures, ...]


class Way:
    """One way to keep contents: `put` keeps the content of a file, `get` reads the latest back."""

    def __init__(self, name: str, put: Callable[[], object], get: Callable[[], object]) -> None:
        self.name, self.put, self.get = name, put, get
        self.spent: dict[str, list[tuple[float, float]]] = {"in": [], "out": []}

    def run(self, count: int) -> None:
        """One round."""
        for direction, do in (("in", self.put), ("out", self.get)):
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(count):
                do()
            spent = time.process_time() - cpu, time.perf_counter() - wall
            self.spent[direction].append(spent)

    def figures(self, size: int, count: int) -> Figures:
        """Those of the best rounds."""
        rates = [
            size * count / MB / min(spent[kind] for spent in self.spent[direction])
            for direction in ("in", "out")
            for kind in (0, 1)
        ]
        in_cpu, in_wall, out_cpu, out_wall = rates
        return Figures(
            way=self.name,
            size=size,
            objects=count,
            in_cpu=in_cpu,
            in_wall=in_wall,
            out_cpu=out_cpu,
            out_wall=out_wall,
        )


class Kept:
    """A vault on a disk, of which only the latest object stays."""

    def __init__(self, folder: Path, source: int, sha256: str | None) -> None:
        keys = KeyFile.create(folder / "vault.key")
        self._vault = Vault(Folder(folder / "vault"), keys)
        self._source, self._sha256 = source, sha256
        self._sealed: list[Sealed] = []

    def put(self) -> None:
        """Seal the source."""
        self._sealed.append(self._vault.seal(self._source, sha256=self._sha256))

    def get(self) -> None:
        """Read the latest through."""
        latest = self._sealed[-1]
        self._vault.check(
            StoredObject(
                id=latest.id,
                address=latest.address,
                size=latest.size,
                wrapped=latest.wrapped,
                key_id=latest.key_id,
                created_at=datetime.now(UTC),
            )
        )

    def forget(self) -> None:
        """Delete all but the latest, outside what is measured."""
        while len(self._sealed) > 1:
            self._vault.discard(self._sealed.pop(0))


class Plain:
    """Plain files: copied in blocks, synced, renamed, their folder synced."""

    def __init__(self, folder: Path, source: int) -> None:
        self._folder, self._source = folder / "plain", source
        self._folder.mkdir(exist_ok=True)
        self._written: list[Path] = []

    def put(self) -> None:
        """Copy the source."""
        draft = self._folder / "draft"
        with draft.open("wb", buffering=0) as file:
            for block in _blocks(self._source):
                file.write(block)
            os.fsync(file.fileno())
        self._written.append(draft.rename(self._folder / secrets.token_hex(16)))
        sync_folder(self._folder)

    def get(self) -> None:
        """Read the latest through."""
        with self._written[-1].open("rb", buffering=0) as file:
            for _ in _blocks(file.fileno()):
                pass

    def forget(self) -> None:
        """Delete all but the latest, outside what is measured."""
        while len(self._written) > 1:
            self._written.pop(0).unlink()


def _blocks(descriptor: int) -> Iterator[memoryview]:
    buffer, at = memoryview(bytearray(BLOCK)), 0
    while got := os.preadv(descriptor, [buffer], at):
        yield buffer[:got]
        at += got


def measure(size: int, count: int, rounds: int, folder: Path) -> Iterator[Figures]:
    """All ways with contents of one size, in turn."""
    content = os.urandom(size)
    digest = hashlib.sha256(content).hexdigest()
    cipher, nonce = AESGCM(secrets.token_bytes(32)), bytes(12)
    sealed = cipher.encrypt(nonce, content, None)
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        file.write(content)
        os.fsync(file.fileno())
        plain = Plain(folder, file.fileno())
        known = Kept(folder, file.fileno(), digest)
        unknown = Kept(folder, file.fileno(), None)
        ways = (
            Way("plain file", plain.put, plain.get),
            Way("vault, SHA-256 known", known.put, known.get),
            Way("vault, SHA-256 to be found", unknown.put, unknown.get),
            Way("SHA-256 alone", lambda: hashlib.sha256(content), lambda: hashlib.sha256(content)),
            Way(
                "AES-256-GCM alone, at once",
                lambda: cipher.encrypt(nonce, content, None),
                lambda: cipher.decrypt(nonce, sealed, None),
            ),
        )
        for _ in range(rounds):
            for way in ways:
                way.run(count)
                for kept in (plain, known, unknown):
                    kept.forget()
        yield from (way.figures(size, count) for way in ways)


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    print(f"best of {result.rounds} rounds; MB/s of processor time, MB/s by the clock\n")
    for line in rows(result.figures):
        print(line)


def rows(figures: Sequence[Figures]) -> Iterator[str]:
    """The table's lines."""
    yield f"{'each':>9} {'times':>6}  {'way':<28} {'in':>8} {'clock':>8} {'out':>8} {'clock':>8}"
    size = 0
    for one in figures:
        if size not in {0, one.size}:
            yield ""
        size = one.size
        rates = (one.in_cpu, one.in_wall, one.out_cpu, one.out_wall)
        yield f"{_spoken(one.size):>9} {one.objects:>6}  {one.way:<28}" + "".join(
            f" {rate:>8,.0f}" for rate in rates
        )


def _spoken(size: int) -> str:
    return f"{size / MB:g} MB" if size >= MB else f"{size / 1000:g} kB"


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="0.064,1,100,1000", help="MB of contents, with commas")
    parser.add_argument("--total", type=float, default=1000.0, help="MB in a round, at most")
    parser.add_argument("--rounds", type=int, default=3, help="the best one counts")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: temporary")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    machine = describe()
    figures: list[Figures] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for size in (int(float(text) * MB) for text in options.sizes.split(",")):
            count = max(1, min(MOST_OBJECTS, int(options.total * MB / size)))
            figures += measure(size, count, options.rounds, Path(folder))
    result = Result(machine=machine, rounds=options.rounds, figures=tuple(figures))
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
