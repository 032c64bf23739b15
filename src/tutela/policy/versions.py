"""Policy versions kept: what a decision was made with can always be read again."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from tutela.errors import BadConfiguration, NotFound
from tutela.policy.policy import Policy

_VERSION = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class PolicyVersions:
    """Loaded policy texts, one file per version, never overwritten. Safe for several processes.

    Args:
        folder: where they lie; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, policy: Policy) -> Path:
        """Store a policy's text under its version. Keeping it again changes nothing.

        Raises:
            BadConfiguration: the folder cannot be written, or holds another text of that version.
        """
        path = self._path(policy.version)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                self._write(path, policy.text)
            same = path.read_bytes() == policy.text.encode()
        except OSError as problem:
            what = f"the policy version cannot be kept ({problem.strerror})"
            raise BadConfiguration(what, where=str(path)) from None
        if not same:
            raise BadConfiguration(
                "this file is not what was kept under that version",
                where=str(path),
                remedy="find out who changed it; then restore or remove it",
            )
        return path

    def read(self, version: str) -> str:
        """The text of a version.

        Raises:
            NotFound: no such version was kept.
        """
        path = self._path(version)
        try:
            return path.read_text(encoding="utf-8")
        except OSError:
            raise NotFound("this policy version was not kept here", where=version) from None

    def list(self) -> tuple[str, ...]:
        """Every version that was kept, by name."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.yaml")))

    def _path(self, version: str) -> Path:
        if not _VERSION.fullmatch(version):
            raise NotFound("there is no such policy version", where=version[:64])
        return self._folder / f"{version}.yaml"

    def _write(self, path: Path, text: str) -> None:
        """Write beside, then rename, so that the file appears whole.

        Two processes that do so at once write the same: the version is a digest of the text.
        """
        handle, beside = tempfile.mkstemp(dir=self._folder, prefix=".keep-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(0o444)
            Path(beside).replace(path)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise
        _sync_folder(self._folder)


def text_of(versions: PolicyVersions, version: str | None, file: str) -> tuple[str, str]:
    """The text and the version of a policy that was kept, or of the one in force.

    Args:
        versions: where policies are kept.
        version: which one; None for the one in force.
        file: the setting `policy.file`.

    Raises:
        NotFound: no such version was kept.
        BadConfiguration: the policy in force cannot be loaded.
    """
    if version is not None:
        return versions.read(version), version
    policy = Policy.in_force(file)
    versions.keep(policy)
    return policy.text, policy.version


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
