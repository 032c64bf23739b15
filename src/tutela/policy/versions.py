"""Policy versions: which there are, which is in force, and how that changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from tutela.errors import BadConfiguration, Conflict
from tutela.model.custody.leaf import PROGRAM
from tutela.policy.policy import Policy
from tutela.storage.database import Database
from tutela.storage.rules.policies import Policies
from tutela.storage.rules.switches import PolicySwitch, Switches, SwitchSource, Version

FOLDER_NOTE = "the folder of an earlier release"


class PolicyVersions:
    """The policy versions in a database, and what is in force. Thread-safe.

    Attributes:
        policies: every version that was kept.
        switches: what was in force when.
    """

    def __init__(self, database: Database) -> None:
        self.policies = Policies(database)
        self.switches = Switches(database)

    def latest(self) -> PolicySwitch | None:
        """What is in force; None where no server was started on this database yet. Cheap."""
        return self.switches.latest()

    def load(self, version: str, *, tested: bool = False) -> Policy:
        """A version, ready to decide.

        Args:
            version: its name.
            tested: whether a test that it carries and that fails refuses it, as when it was new.

        Raises:
            NotFound: it was not kept.
            BadConfiguration: this release of the program cannot load it, or the database holds
                another text than the version names.
        """
        policy = Policy.load(self.policies.text(version), version, tested=tested)
        if policy.version != version:
            raise BadConfiguration(
                "the text that is kept is not the one that this version names",
                where=version,
                remedy="find out who changed the database; then restore it",
            )
        return policy

    def configured(self, file: str) -> PolicySwitch:
        """Bring in the policy that the settings name, as a server does when it starts.

        Args:
            file: the setting `policy.file`; empty for the policy that ships.

        Returns:
            What is in force afterwards; see `Switches.configured` for when that changes.

        Raises:
            BadConfiguration: the file cannot be read, or is not a policy.
        """
        return self.bring_in(Policy.in_force(file), file)

    def bring_in(self, policy: Policy, file: str) -> PolicySwitch:
        """As `configured`, with the policy of that setting loaded already."""
        source = SwitchSource.FILE if file else SwitchSource.SHIPPED
        return self.switches.configured(_version(policy), source)

    def begun(self, file: str) -> PolicySwitch:
        """What is in force; where there is nothing yet, what the settings name. As `configured`."""
        return self.latest() or self.configured(file)

    def keep(self, policy: Policy, by: str = PROGRAM) -> None:
        """Keep a version; raises `Conflict` where another text is kept under its name."""
        self.policies.keep(policy.version, policy.text, by)

    def activate(self, policy: Policy, *, by: str, note: str = "") -> PolicySwitch:
        """Put a policy in force; see `Switches.activate`."""
        return self.switches.activate(_version(policy), by=by, note=note)

    def cast(self, policy: Policy | None, *, by: str, note: str = "") -> PolicySwitch:
        """Let a policy decide in the shadow of the live one, or none; see `Switches.cast`."""
        version = None if policy is None else _version(policy)
        return self.switches.cast(version, by=by, note=note)

    def roll_back(self, *, by: str, note: str = "") -> PolicySwitch:
        """Put the version in force that was live before. Doing so twice leads back.

        Raises:
            Conflict: there was none before, or somebody else changed what is in force meanwhile.
            BadConfiguration: this release of the program cannot load it.
        """
        latest, before = self.latest(), self.switches.live_before()
        if latest is None or before is None:
            raise Conflict(
                "no other version was in force before",
                where="policy",
                remedy="activate a version: tutela policy versions lists them",
            )
        policy = self.load(before.live)
        return self.switches.activate(_version(policy), by=by, note=note, after=latest.id)

    def take_over(self, folder: Path, log: FilteringBoundLogger) -> int:
        """Keep the texts that earlier releases kept as files; the files stay as they are.

        A file that holds another text than its name says is left out, with a warning.

        Returns:
            How many versions were new here.
        """
        known = {one.version for one in self.policies.list()} if folder.is_dir() else set()
        files = [path for path in sorted(folder.glob("*.yaml")) if path.stem not in known]
        return sum(self._taken(path, log) for path in files)

    def _taken(self, path: Path, log: FilteringBoundLogger) -> bool:
        try:
            text = path.read_bytes().decode()
        except (OSError, ValueError) as problem:
            text, why = "", type(problem).__name__
        else:
            why = "it is not what its name says"
        if not path.stem.endswith(f"-{hashlib.sha256(text.encode()).hexdigest()[:12]}"):
            log.warning("a kept policy file was not taken over", file=path.name, reason=why)
            return False
        self.policies.keep(path.stem, text, origin=FOLDER_NOTE)
        return True


def _version(policy: Policy) -> Version:
    return Version(version=policy.version, text=policy.text)
