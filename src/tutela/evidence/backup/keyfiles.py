"""The key files that a backup holds, and their way back."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from tutela.durable import sync_folder, write_new
from tutela.errors import BadConfiguration, Conflict, Unavailable
from tutela.evidence.audit.signing import PUBLIC_SUFFIX
from tutela.settings import Settings
from tutela.storage.dump.file import SUFFIX, swept

ACTIONS, AUDIT, AUDIT_PUBLIC, VAULT = "actions.key", "audit.key", "audit.pub", "vault.key"
"""Names of key files in a backup."""
FILE_SERVICE = "file"
MOST_BYTES = 1 << 20


def key_files(settings: Settings) -> Mapping[str, Path]:
    """Which key files there may be, by the names that they have in a backup."""
    audit = settings.audit_key_file
    files = {
        ACTIONS: settings.actions_key_file,
        AUDIT: audit,
        AUDIT_PUBLIC: audit.with_suffix(PUBLIC_SUFFIX),
    }
    if settings.vault.keys == FILE_SERVICE:
        files[VAULT] = settings.vault_key_file
    return files


def read_keys(settings: Settings, leave_out: Collection[str] = ()) -> Mapping[str, bytes]:
    """The key files that are there, as they are. Raises `BadConfiguration`.

    Args:
        settings: where they are.
        leave_out: names of those that are not to be read.
    """
    found: dict[str, bytes] = {}
    for name, path in key_files(settings).items():
        if name in leave_out:
            continue
        try:
            with path.open("rb") as file:
                found[name] = file.read(MOST_BYTES)
        except FileNotFoundError:
            continue
        except OSError as problem:
            raise BadConfiguration(
                f"the key file cannot be read ({problem.strerror})", where=str(path)
            ) from None
    return found


class KeyFiles:
    """Key files on their way back: each beside its place until all may take theirs.

    Args:
        settings: where they belong.
        replace: whether one that differs may be renamed.
        stamp: end of the name that it gets then.
    """

    def __init__(self, settings: Settings, *, replace: bool, stamp: str) -> None:
        self._places = key_files(settings)
        self._replace = replace
        self._stamp = stamp
        self._drafts: dict[str, Path] = {}
        self._locks: list[int] = []
        for place in self._places.values():
            swept(place)

    def take(self, name: str, content: bytes) -> None:
        """Write a key file beside its place, unless it is there already.

        Raises:
            Conflict: another is there, and is not to be replaced.
            Unavailable: it cannot be written.
        """
        place = self._places.get(name)
        if place is None:  # of a key service that is not used here
            return
        try:
            if place.exists():
                if place.read_bytes() == content:
                    return
                if not self._replace:
                    raise Conflict(
                        "another key file is there",
                        where=str(place),
                        remedy="move it away, or say --replace",
                    )
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}{SUFFIX}")
            self._drafts[name] = draft
            write_new(draft, content)
            # By this lock others see that somebody is at work, and not killed.
            self._locks.append(os.open(draft, os.O_RDONLY | os.O_CLOEXEC))
            fcntl.flock(self._locks[-1], fcntl.LOCK_EX)
        except OSError as problem:
            raise _unwritable(place, problem) from problem

    def path(self, name: str) -> Path | None:
        """Where a key file can be read now; None for one that is not used here."""
        return self._drafts.get(name, self._places.get(name))

    def publish(self) -> list[Path]:
        """Let all take their places; which files got another name for it."""
        aside: list[Path] = []
        for name, draft in list(self._drafts.items()):
            place = self._places[name]
            try:
                if place.exists():
                    old = place.with_name(f"{place.name}.before-restore-{self._stamp}")
                    os.link(place, old)
                    aside.append(old)
                draft.replace(place)
                sync_folder(place.parent)
            except OSError as problem:
                raise _unwritable(place, problem) from problem
            del self._drafts[name]
        return aside

    def give_up(self) -> None:
        """Remove those that did not take their places."""
        for draft in self._drafts.values():
            with suppress(OSError):
                draft.unlink()
        self._drafts.clear()
        while self._locks:
            os.close(self._locks.pop())


def _unwritable(path: Path, problem: OSError) -> Unavailable:
    return Unavailable(
        f"the key file cannot be written ({problem.strerror})",
        where=str(path),
        remedy="check the folder's owner, mode and free space",
    )
