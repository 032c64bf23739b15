"""Brings a generation of a backup back, whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from tutela.errors import BadConfiguration, Conflict, NotFound
from tutela.evidence.audit.epochs import next_origin, restore_leaf, restored
from tutela.evidence.audit.witness import Known, Witness
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.archive import go_through
from tutela.evidence.backup.blobs import Listed, bring_back, read_list
from tutela.evidence.backup.folder import AGE, BackupFolder
from tutela.evidence.backup.keyfiles import AUDIT_PUBLIC, VAULT, KeyFiles
from tutela.evidence.backup.lost import Lost, lost
from tutela.evidence.backup.manifest import Manifest, Progress, Start, damaged
from tutela.evidence.backup.proving import Proof, prove_log, prove_objects
from tutela.evidence.opening import NO_MAKERS, Makers, open_store, open_vault
from tutela.evidence.vault.store import BlobStore, blob_name
from tutela.model.record import Record
from tutela.settings import Settings
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.audit.reading import AuditLog
from tutela.storage.dump.layout import Part
from tutela.storage.dump.living import items_of
from tutela.storage.dump.loading import Loading
from tutela.storage.dump.target import Target, restoring, stamp
from tutela.storage.dump.writing import digests
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

TOGETHER = 500


class Back(Record, frozen=True, kw_only=True):
    """What came back.

    Attributes:
        generation: which generation it was, and when it was made.
        tables, rows: how many; each table was compared with the backup.
        blobs: how many lie in the store now.
        proof: how far the evidence and the log were read through.
        lost: what the witness knows beyond the backup; None where there is no witness.
        destroyed: ids of items that had been destroyed since, and were destroyed again.
        revoked: ids of API keys likewise.
        signed_out: sessions and sign-in codes that were ended.
        aside: files that got another name to make room.
    """

    generation: str
    made_at: datetime
    tables: int
    rows: int
    blobs: int
    proof: Proof
    lost: Lost | None = None
    destroyed: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    signed_out: int = 0
    aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """How to restore.

    Attributes:
        settings: where everything goes.
        by: who restores, as leaves name it.
        progress: told of `rows`, `blobs`, `bytes` of blobs, and `objects` that were read through.
        makers: what extensions add.
        witness: the witness's folder; None means that of the settings.
        replace: whether what is there may be replaced: it gets another name, or on PostgreSQL is
            dropped.
        quick: read only some of the objects through, instead of all.
        despite_damage: go on where evidence is missing or unreadable, or the log does not verify.
    """

    settings: Settings
    by: str
    progress: Progress
    makers: Makers = NO_MAKERS
    witness: Path | None = None
    replace: bool = False
    quick: bool = False
    despite_damage: bool = False

    def restore(self, folder: BackupFolder, generation: str, identities: Identities) -> Back:
        """Restore a generation.

        Nothing of it is seen before all of it is there and was verified. What a restore that fails
        or is killed leaves behind are encrypted blobs, which the next one uses.

        Raises:
            InvalidInput: nothing of what was given opens it.
            DamagedBackup: it is not as it was made, or blobs are missing.
            BadConfiguration: a newer program made it, or the settings do not fit.
            Conflict: something is there already, or in use; or the log is not that of the witness.
            Tampered: the log does not verify.
            Unavailable, StoreUnavailable, KeyUnavailable, WrongKey: as they say.
        """
        with tempfile.TemporaryFile() as blobs, ExitStack() as opened:
            target = opened.enter_context(
                restoring(self.settings.database_url, replace=self.replace)
            )
            return _Way(self, folder, generation, target, opened).go(identities, blobs)


class _Way:
    """One restore on its way."""

    def __init__(
        self,
        how: Restoring,
        folder: BackupFolder,
        generation: str,
        target: Target,
        opened: ExitStack,
    ) -> None:
        self._how, self._folder, self._generation = how, folder, generation
        self._target, self._database = target, target.database
        self._opened = opened
        self._stamp = stamp()
        self._keys = KeyFiles(how.settings, replace=how.replace, stamp=self._stamp)
        opened.callback(self._keys.give_up)
        self._log = AuditLog(self._database)

    def go(self, identities: Identities, blobs: IO[bytes]) -> Back:
        start, manifest = self._load(identities, blobs)
        settings = self._with_keys()
        findings = prove_log(
            self._log, self._keys.path(AUDIT_PUBLIC), despite_damage=self._how.despite_damage
        )
        known = self._known()
        loss = None if known is None else self._compared(known)
        self._begin_anew(known)
        store = open_store(settings, self._how.makers)
        self._opened.callback(store.close)
        destroyed = self._destroy_again(loss, manifest, store)
        revoked = self._revoke_again(loss)
        ended = Sessions(self._database).end_all(by=self._how.by)
        problems = self._bring_back(blobs, store)
        proof = self._prove(settings, manifest, problems, findings)
        return Back(
            generation=self._generation,
            made_at=start.made_at,
            tables=len(manifest.tables),
            rows=sum(table.rows for table in manifest.tables),
            blobs=manifest.blobs.count,
            proof=proof,
            lost=loss,
            destroyed=destroyed,
            revoked=revoked,
            signed_out=ended,
            aside=tuple(map(str, self._publish(loss))),
        )

    def _load(self, identities: Identities, blobs: IO[bytes]) -> tuple[Start, Manifest]:
        archive = self._folder.file(self._generation, AGE)
        with self._database.write() as connection:
            filling = _Filling(
                lambda start: Loading(connection, start.revision, start.tables),
                self._how,
                self._keys,
            )
            start, manifest = go_through(archive, identities, self._generation, filling, blobs)
            filling.loading.end()
            if digests(connection, start.tables) != manifest.tables:
                raise damaged(archive, "the database does not hold what the backup does")
            filling.loading.upgrade()
        return start, manifest

    def _with_keys(self) -> Settings:
        """The settings, with the vault's key file where it lies now."""
        settings, path = self._how.settings, self._keys.path(VAULT)
        if path is None:
            return settings
        vault = msgspec.structs.replace(settings.vault, key_file=str(path))
        return msgspec.structs.replace(settings, vault=vault)

    def _known(self) -> Known | None:
        folder = self._how.witness
        if folder is not None and not folder.is_dir():
            raise BadConfiguration("there is no witness in this folder", where=str(folder))
        return Witness(folder or self._how.settings.witness_folder).known()

    def _compared(self, known: Known) -> Lost:
        loss = lost(self._log, known)
        if loss.parted is not None and not self._how.replace:
            raise Conflict(
                f"the backup's audit log is not the one that the witness knows: they differ from"
                f" leaf {loss.parted:,} on",
                where=known.where,
                remedy="restore another generation; or say --replace, and the witness is put aside",
            )
        return loss

    def _begin_anew(self, known: Known | None) -> None:
        """The log goes on under another name, with what is known of it as its first leaf."""
        said = restored(self._log.head(), known)
        leaf = restore_leaf(said, f"backup:{self._generation}", self._how.by)
        self._log.restart(leaf, next_origin(said))

    def _destroy_again(
        self, loss: Lost | None, manifest: Manifest, store: BlobStore
    ) -> tuple[str, ...]:
        items = EvidenceItems(self._database)
        with self._database.read() as connection:
            wanted = items_of(connection, manifest.blobs.gone)
        wanted += loss.destroyed if loss is not None else ()
        destroyed: list[str] = []
        for item_id in dict.fromkeys(wanted):
            with suppress(NotFound):  # it came after the backup
                gone = items.destroy(item_id, self._how.by, now(), again=True)
                destroyed.append(item_id)
                if gone is not None:
                    store.delete(blob_name(gone.address, gone.id))
        return tuple(destroyed)

    def _revoke_again(self, loss: Lost | None) -> tuple[str, ...]:
        revoked: list[str] = []
        for key_id in loss.revoked if loss is not None else ():
            with suppress(NotFound):
                Keys(self._database).revoke(key_id, by=self._how.by)
                revoked.append(key_id)
        return tuple(revoked)

    def _bring_back(self, blobs: IO[bytes], store: BlobStore) -> list[str]:
        """Bring back what is needed; ids of objects whose blobs are not in the backup."""
        blobs.seek(0)
        lines = read_list(blobs, self._folder.path)
        needed = _living(lines, EvidenceItems(self._database))
        problems: list[str] = []
        for problem in bring_back(needed, self._folder, store, self._how.progress):
            if not self._how.despite_damage:
                raise problem.error(self._folder)
            problems.append(problem.object_id)
        return problems

    def _prove(
        self,
        settings: Settings,
        manifest: Manifest,
        problems: Sequence[str],
        findings: tuple[str, ...] | None,
    ) -> Proof:
        items = EvidenceItems(self._database)
        if not items.living(limit=1):
            return Proof(findings=findings)
        vault = open_vault(settings, self._how.makers)
        self._opened.callback(vault.close)
        checked, unreadable = prove_objects(
            vault,
            items,
            missing=frozenset((*problems, *manifest.blobs.missing)),
            quick=self._how.quick,
            despite_damage=self._how.despite_damage,
            progress=self._how.progress,
        )
        return Proof(checked=checked, unreadable=unreadable, findings=findings)

    def _publish(self, loss: Lost | None) -> list[Path]:
        aside = self._keys.publish()
        if loss is not None and loss.parted is not None:
            old = Path(loss.witness)
            away = old.with_name(f"{old.name}.before-restore-{self._stamp}")
            old.rename(away)
            aside.append(away)
        file = self._target.publish()
        return aside if file is None else [*aside, file]


class _Filling:
    """Takes an archive into a database, and its key files beside their places."""

    def __init__(self, opening: Callable[[Start], Loading], how: Restoring, keys: KeyFiles) -> None:
        self._opening, self._how, self._keys = opening, how, keys
        self.loading: Loading

    def start(self, start: Start) -> None:
        """Make the tables."""
        own = self._how.settings.vault.keys
        if start.key_service != own:
            raise BadConfiguration(
                f"the keys of the vault were kept by {start.key_service}, and not by {own}",
                where="vault.keys",
                remedy="restore with the settings of the vault that the backup was made with",
            )
        self.loading = self._opening(start)
        self.loading.begin()

    def key(self, name: str, content: bytes) -> None:
        """Put it beside its place."""
        self._keys.take(name, content)

    def part(self, part: Part) -> None:
        """Insert its rows."""
        self.loading.add(part)
        self._how.progress("rows", part.rows)


def _living(lines: Iterator[Listed], items: EvidenceItems) -> Iterator[Listed]:
    """Lines of blobs whose objects have a key."""
    while some := list(islice(lines, TOGETHER)):
        living = items.known([line.object_id for line in some])
        yield from (line for line in some if line.object_id in living)
