"""The end of a drill: the audit log is verified, and somebody who altered a copy of it is found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from tutela.errors import Unavailable
from tutela.evidence.audit.export import LEAF_START, HashesLine
from tutela.interfaces.cli.main import EXIT_FAILED
from tutela.merkle import HASH_BYTES, leaf_hash
from tutela.model.record import Record
from tutela.settings import Settings

BEFORE, AFTER = b'"verdict":"match"', b'"verdict":"clear"'
"""What the tampering changes in one leaf: as if a match had never been."""


class Proof(Record, frozen=True, kw_only=True):
    """What came of verifying the log, and of tampering with a copy of it.

    Attributes:
        leaves: in the log.
        verified: whether the log itself is sound.
        altered: index of the leaf that was altered in the copy.
        found: index of the leaf that verification named as the first bad one; None for none.
    """

    leaves: int
    verified: bool
    altered: int
    found: int | None

    @property
    def sound(self) -> bool:
        """Whether the log is sound, and the tampering was found for what it is."""
        return self.verified and self.found == self.altered

    def line(self) -> str:
        """One line for people."""
        state = "verified" if self.verified else "NOT SOUND"
        found = "nothing was found" if self.found is None else f"leaf {self.found} was named"
        return (
            f"audit log: {self.leaves} leaves, {state}; leaf {self.altered} was altered in a copy,"
            f" and {found}"
        )


def prove_log(
    console: Console, command: Sequence[str], env: Mapping[str, str], folder: Path
) -> Proof:
    """Verify the log with the command line, then tamper with a copy and verify that.

    Args:
        console: where it is told.
        command: how `tutela` is started.
        env: environment of the commands.
        folder: where the copy lies.

    Raises:
        Unavailable: a command could not do its work.
    """
    tutela = _Tutela(command, env)
    witness = Settings.load(None, env).witness_folder
    copy, key = folder / "audit-log.jsonl", folder / "audit.pub"
    tutela.run("audit", "checkpoint")
    key.write_text(tutela.run("audit", "key") + "\n")
    console.print("$ tutela audit verify", style="bold")
    code, said = tutela.ask("audit", "verify")
    console.print(said, markup=False, soft_wrap=True)
    tutela.run("audit", "export", str(copy))
    altered = tamper(copy)
    console.print(
        f"In a copy of the log, somebody turns the match of leaf {altered} into `clear`, and makes "
        "every hash fit:",
        soft_wrap=True,
    )
    console.print(
        f"$ tutela audit verify {copy.name} --key {key.name} --witness {witness.name}", style="bold"
    )
    known = ("--key", str(key), "--witness", str(witness))
    console.print(tutela.ask("audit", "verify", str(copy), *known)[1], markup=False, soft_wrap=True)
    _, findings = tutela.ask("audit", "verify", str(copy), *known, "--json")
    told = msgspec.json.decode(findings)
    found = told["bad"][0].get("first") if told["bad"] else None
    return Proof(leaves=told["size"], verified=code == 0, altered=altered, found=found)


def tamper(copy: Path) -> int:
    """Turn a match into `clear` in an exported log, and make its hashes fit; the leaf's index.

    Raises:
        Unavailable: there is no match in it.
    """
    lines = copy.read_bytes().splitlines(keepends=True)
    leaves = [number for number, line in enumerate(lines) if line.startswith(LEAF_START)]
    matched = [index for index, number in enumerate(leaves) if BEFORE in lines[number]]
    if not matched:
        raise Unavailable("there is no match in the log that could be altered")
    index = matched[len(matched) // 2]
    at = leaves[index]
    lines[at] = lines[at].replace(BEFORE, AFTER)
    start = max(n for n, line in enumerate(lines[:at]) if line.startswith(b'{"hashes":'))
    lines[start] = _fitting(lines[start], at - start - 1, lines[at].rstrip(b"\n"))
    copy.write_bytes(b"".join(lines))
    return index


def _fitting(line: bytes, place: int, leaf: bytes) -> bytes:
    """A line of hashes with that of one leaf made anew."""
    hashes = bytearray(msgspec.json.decode(line, type=HashesLine).hashes)
    hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES] = leaf_hash(leaf)
    return msgspec.json.encode(HashesLine(hashes=bytes(hashes))) + b"\n"


class _Tutela:
    """Runs commands as a person at a terminal would."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._command, self._env = command, {**os.environ, **env}

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of a command; raises `Unavailable` if it could not do its work."""
        done = subprocess.run(  # noqa: S603 - our own program
            [*self._command, *arguments],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == EXIT_FAILED:
            raise _failed(arguments, done.stderr)
        return done.returncode, done.stdout.rstrip()

    def run(self, *arguments: str) -> str:
        """Output of a command that must do its work; raises `Unavailable`."""
        code, said = self.ask(*arguments)
        if code:
            raise _failed(arguments, said)
        return said


def _failed(arguments: Sequence[str], why: str) -> Unavailable:
    return Unavailable(f"`tutela {' '.join(arguments[:2])}` failed: {why.strip()}")
