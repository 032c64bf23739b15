"""The folder of a backup: its generations, and the blobs that they share."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tutela.durable import sync_folder
from tutela.errors import Conflict, InvalidInput, Unavailable
from tutela.evidence.vault.folder import Folder

AGE, LIST, IDENTITY = ".age", ".blobs", ".identity.age"
"""Ends of the files of a generation: the archive, the list of blobs, the locked identity."""
UNFINISHED = ".part"
STAMP = "%Y%m%dT%H%M%SZ"

_NAME = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}")


class BackupFolder:
    """A folder that holds backups.

    Attributes:
        path: the folder.
        vault: the blobs, encrypted as they lie in the vault.

    Args:
        path: the folder.
        create: whether it may be made.

    Raises:
        InvalidInput: it is not there, and is not to be made.
        Unavailable: it cannot be made.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._generations = path / "generations"
        if create:
            with told(path):
                self._generations.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.chmod(0o700)
                sync_folder(path)
                sync_folder(path.parent)
        elif not self._generations.is_dir():
            raise InvalidInput("there is no backup in this folder", where=str(path))
        self.vault = Folder(path / "vault")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Write, alone; what others left unfinished is removed first.

        Raises:
            Conflict: another process writes.
            Unavailable: the folder cannot be written.
        """
        with told(self.path):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self.path / "lock", flags, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "another process writes to this backup", where=str(self.path)
                ) from None
            self._sweep()
            yield
        finally:
            os.close(descriptor)

    def generations(self) -> list[str]:
        """Names of all that are whole, oldest first."""
        with told(self.path):
            names = [path.name.removesuffix(AGE) for path in self._generations.glob(f"*{AGE}")]
        return sorted(name for name in names if _NAME.fullmatch(name))

    def find(self, name: str | None) -> str:
        """A generation of this name, or that begins so; the latest where no name is given.

        Raises:
            InvalidInput: there is none, or there are several.
        """
        found = [one for one in self.generations() if name is None or one.startswith(name)]
        if not found or (name is not None and len(found) > 1):
            raise InvalidInput(
                "the backup has no generation" + ("" if name is None else " of this name alone"),
                where=str(self.path),
                remedy="look into its folder generations",
            )
        return found[-1]

    def new_name(self) -> str:
        """A name for the next generation, after all others, whatever the clock says."""
        moment = datetime.now(UTC).replace(microsecond=0)
        latest = next(reversed(self.generations()), None)
        if latest is not None:
            after = datetime.strptime(latest.partition("-")[0], STAMP).replace(tzinfo=UTC)
            moment = max(moment, after + timedelta(seconds=1))
        return f"{moment.strftime(STAMP)}-{secrets.token_hex(4)}"

    def file(self, generation: str, end: str) -> Path:
        """Where a file of a generation lies."""
        return self._generations / f"{generation}{end}"

    def draft(self, generation: str, end: str) -> Path:
        """Where it is written until it is whole."""
        return self._generations / f".{generation}{end}{UNFINISHED}"

    def publish(self, generation: str) -> None:
        """Let a generation be seen: its archive last, for that makes it one. Durable on return."""
        for end in (LIST, IDENTITY, AGE):
            draft = self.draft(generation, end)
            if end == AGE:
                sync_folder(self._generations)
            if draft.exists():
                draft.replace(self.file(generation, end))
        sync_folder(self._generations)

    def remove(self, generation: str) -> None:
        """Remove a generation; its blobs stay."""
        with told(self.path):
            for end in (AGE, IDENTITY, LIST):
                self.file(generation, end).unlink(missing_ok=True)
                sync_folder(self._generations)

    def _sweep(self) -> None:
        with told(self.path):
            whole = set(self.generations())
            for path in self._generations.iterdir():
                name = path.name.partition(".")[0]
                lone = _NAME.fullmatch(name) and name not in whole
                if path.name.endswith(UNFINISHED) or lone:
                    path.unlink()
        with suppress(FileNotFoundError):
            self.vault.tidy(datetime.now(UTC) + timedelta(days=1))


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system says of a folder into what people can use."""
    try:
        yield
    except OSError as problem:
        raise Unavailable(
            f"the backup cannot be read or written there ({problem.strerror or problem})",
            where=str(path),
            remedy="check the folder's owner, mode and free space",
        ) from problem
