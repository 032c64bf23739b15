"""An index that grows: sealed parts, a small head, and removed rows, swapped under the readers.

Readers take one reference to an immutable state and never wait. Writers take a lock, append to the
head and publish a new state. A background thread seals the head when it has grown, together with
the parts that are not much larger, so that there are never more than a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock, Thread
from typing import NamedTuple, Protocol

import numpy as np

from tutela.detection.index import certificate
from tutela.detection.index.certificate import Certificate
from tutela.detection.index.kernels import ROW, ROW_BITS, scan
from tutela.detection.index.rows import GONE, Batch, Head, Octets, SortedRows, sort_rows, to_words
from tutela.detection.index.shapes import Found, Groups, Integers, Question, Reach, Rows, Words
from tutela.errors import InvalidInput

HEAD_ROWS = 4096
"""A head larger than this is sealed. Comparing all of it takes about 5 µs."""

GROWTH = 4
"""A part is merged with what is newer than it once that has a quarter of its rows."""

MOST_GONE = 0.25
"""Share of removed rows above which a part is built anew without them."""


class Part(certificate.Part, Protocol):
    """A sealed part that knows its size."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        ...


class Sealed(NamedTuple):
    """A part with its proof.

    Attributes:
        file: name of the file that it is mapped from; empty while it is in memory only.
    """

    part: Part
    certificate: Certificate
    file: str = ""


class Snapshot(NamedTuple):
    """All rows of an index at one moment.

    Attributes:
        groups: the groups of each part's rows at that moment; those of the parts change.
        head: the rows that are not sealed yet.
    """

    sealed: tuple[Sealed, ...]
    groups: tuple[Groups, ...]
    head: Batch


class State(NamedTuple):
    """What readers see: parts, and the first `length` rows of the head. Never changed.

    Attributes:
        used: every group that a row has or had: only their reach says how far to search.
    """

    sealed: tuple[Sealed, ...]
    head: Head
    length: int
    used: Integers

    @property
    def rows(self) -> int:
        """Rows, removed ones too."""
        return self.length + sum(len(sealed.part.sorted) for sealed in self.sealed)


class Gone(NamedTuple):
    """Removed rows that still take room: in files, and in memory."""

    filed: int
    unfiled: int


class Matches(NamedTuple):
    """Rows that match, by query, then distance, then key: one item per row in each column.

    Attributes:
        totals: int64, one per query: rows that match in all, of which the `limit` closest are
            listed.
    """

    queries: Integers
    distances: Integers
    keys: Integers
    groups: Groups
    totals: Integers

    def rows(self) -> Iterable[tuple[int, int, int, int]]:
        """Query, distance, key and group of each row."""
        columns = (self.queries, self.distances, self.keys, self.groups)
        return zip(*(column.tolist() for column in columns), strict=True)


class LayeredIndex:
    """Signals with their keys and groups: added, disabled and removed while others search.

    A key is the caller's number of an entry; it may own several signals, and a signal may belong
    to several. A group is a small number that the caller gives to a bank. Every method may be
    called from any thread; searches never wait for writers.

    Args:
        kind: signal kind, named in certificates and errors.
        bits: length of a signal, a multiple of 8.
        seal: makes a searchable part of sorted rows.
        head_rows: rows above which the head is sealed.
        parts: every class of parts that may be restored from files.

    Attributes:
        parts: those classes by the name of their kernel.
    """

    def __init__(
        self,
        kind: str,
        bits: int,
        seal: Callable[[SortedRows], Part],
        head_rows: int = HEAD_ROWS,
        *,
        parts: Sequence[type[Part]] = (),
    ) -> None:
        self.kind = kind
        self.bits = bits
        self._seal_rows = seal
        self.parts = {part.kernel: part for part in parts}
        self._words = -(-bits // 64)
        self._head_rows = head_rows
        self._lock = Lock()
        self._state = State((), Head(self._words, 0), 0, _NONE)
        self._loads = 0
        self._gone = Gone(0, 0)
        self._merger: Thread | None = None
        self._failure: Exception | None = None

    def search(self, signals: Octets, reach: Reach, limit: int) -> Matches:
        """The rows within their group's reach of each signal (n, bits / 8), closest first.

        Args:
            reach: int16 (groups,): greatest distance of each group, negative for none. Groups
                beyond its end do not match.
            limit: most rows per signal, at least 1. Which of several rows at the distance of the
                last one are listed is open.
        """
        state = self._state
        radius = int(reach[state.used[state.used < len(reach)]].max(initial=-1))
        queries = self._to_words(signals)
        if radius < 0:
            return _matches(len(queries), limit, [])
        question = Question(queries, radius, reach, limit)
        found = [
            (sealed.part.search(question), sealed.part.sorted.keys, sealed.part.sorted.rows)
            for sealed in state.sealed
        ]
        if state.length:
            head = state.head
            found.append((scan(question, head.rows, state.length), head.keys, head.rows))
        return _matches(len(queries), limit, found)

    def load(self, signals: Octets, keys: Integers, groups: Groups) -> None:
        """Hold these rows and no others.

        Raises:
            InvalidInput: the columns do not fit together.
            IndexDefect: the index failed its certificate; what was there before stays.
        """
        self.load_batches([self.batch(signals, keys, groups)])

    def load_batches(self, batches: list[Batch]) -> None:
        """Hold the rows of some batches and no others; empties the list. Errors as for `load`."""
        filled = any(len(batch.keys) for batch in batches)
        self.hold((self._seal(batches),) if filled else ())

    def hold(self, sealed: Sequence[Sealed]) -> None:
        """Hold the rows of some parts and no others."""
        used = _used(*(own.part.sorted.rows.groups for own in sealed))
        state = State(tuple(sealed), Head(self._words, 0), 0, used)
        with self._lock:
            self._loads += 1
            self._state, self._gone = state, _count_gone(state)

    def add(self, signals: Octets, keys: Integers, groups: Groups) -> None:
        """Add rows (n, bits / 8), (n,), (n,). Every search that begins after this sees them.

        Raises:
            InvalidInput: the columns do not fit together; nothing was added.
            IndexDefect: they were added, but a part failed its certificate and was not used.
        """
        self.add_batch(self.batch(signals, keys, groups))

    def add_batch(self, batch: Batch) -> None:
        """Add the rows of a batch; otherwise as `add`."""
        sealed = self._seal([batch]) if len(batch.keys) > self._head_rows else None
        with self._lock:
            state = self._state
            used = _used(state.used, batch.groups)
            if sealed:
                self._state = state._replace(sealed=(*state.sealed, sealed), used=used)
            else:
                head = state.head.with_rows(state.length, batch)
                self._state = State(state.sealed, head, state.length + len(batch.keys), used)
        self._tend()

    def set_enabled(self, keys: Sequence[int], enabled: bool) -> None:  # noqa: FBT001 - one switch
        """Let the rows of some keys match, or not. Unknown keys are passed over."""
        with self._lock:
            for groups, numbers in self._rows_of(keys):
                own = groups[numbers]
                turned = numbers[(own != GONE) & ((own >= 0) != enabled)]
                groups[turned] = ~groups[turned]

    def regroup(self, keys: Sequence[int], change: Callable[[Groups], Groups]) -> None:
        """Give the rows of some keys other groups; disabled ones stay disabled.

        Args:
            change: from old groups to new ones, which every search in flight must know.
        """
        with self._lock:
            for groups, numbers in self._rows_of(keys):
                kept = numbers[groups[numbers] != GONE]
                own = groups[kept]
                new = np.where(own < 0, ~change(~own), change(own))
                self._state = self._state._replace(used=_used(self._state.used, new))
                groups[kept] = new

    def remove(self, keys: Sequence[int]) -> None:
        """Forget the rows of some keys. Unknown keys are passed over.

        Raises:
            IndexDefect: as for `add`.
        """
        if not keys:
            return
        with self._lock:
            for groups, numbers in self._rows_of(keys):
                groups[numbers] = GONE
            self._gone = _count_gone(self._state)
        self._tend()

    def snapshot(self) -> Snapshot:
        """All rows as they are now; parts are never changed but for their groups."""
        with self._lock:
            state = self._state
            groups = tuple(sealed.part.sorted.rows.groups.copy() for sealed in state.sealed)
            return Snapshot(state.sealed, groups, state.head.batch(state.length).copied())

    def compact(self, snapshot: Snapshot, *, whole: bool) -> list[Sealed]:
        """The rows of a snapshot as few sealed parts; this index stays as it is.

        Parts that are much larger than what is newer stay as they are, too, but those in memory
        get the groups of the snapshot.

        Args:
            whole: make one part of all, without the removed rows.

        Raises:
            IndexDefect: a part failed its certificate.
        """
        parts = list(zip(snapshot.sealed, snapshot.groups, strict=True))
        chosen = parts if whole else _to_merge(parts, len(snapshot.head.keys))
        files = {id(sealed.part) for sealed, _ in chosen}
        rest = [
            sealed if sealed.file else sealed._replace(part=_regrouped(sealed.part, groups))
            for sealed, groups in parts
            if id(sealed.part) not in files
        ]
        batches = [sealed.part.sorted.batch()._replace(groups=own) for sealed, own in chosen]
        batch = Batch.joined([*batches, snapshot.head])
        kept = np.flatnonzero(batch.groups != GONE)
        if not len(kept):
            return rest
        return [*rest, self._seal([batch if len(kept) == len(batch.keys) else batch.take(kept)])]

    def settle(self) -> None:
        """Wait until nothing is being sealed in the background."""
        while (merger := self._merger) is not None:
            merger.join()

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The proof of each sealed part that is in use."""
        return tuple(sealed.certificate for sealed in self._state.sealed)

    @property
    def unfiled(self) -> int:
        """Rows that are in memory only."""
        state = self._state
        parts = (sealed.part.sorted for sealed in state.sealed if not sealed.file)
        return state.length + sum(map(len, parts))

    @property
    def nbytes(self) -> int:
        """Memory that the sealed parts take."""
        return sum(sealed.part.nbytes for sealed in self._state.sealed)

    def __len__(self) -> int:
        """Rows that are not removed."""
        with self._lock:
            return self._state.rows - sum(self._gone)

    def _to_words(self, signals: Octets) -> Words:
        if signals.dtype != np.uint8 or signals.shape[1:] != (self.bits // 8,):
            raise InvalidInput(
                f"signals of {self.kind} have {self.bits // 8} bytes each, not {signals.shape[1:]}"
            )
        return to_words(signals)

    def batch(self, signals: Octets, keys: Integers, groups: Groups) -> Batch:
        """Rows as the index holds them; raises `InvalidInput` where columns do not fit."""
        batch = Batch(
            self._to_words(signals),
            np.ascontiguousarray(keys, np.int64),
            np.ascontiguousarray(groups, np.int32),
        )
        if not len(batch.codes) == len(batch.keys) == len(batch.groups):
            raise InvalidInput(f"columns of {self.kind} differ in length")
        return batch

    def _seal(self, batches: list[Batch]) -> Sealed:
        """Seal some rows. Empties the list: unsorted rows need no memory while tables are made."""
        batch = Batch.joined(batches)
        batches.clear()
        rows = sort_rows(batch)[0]
        del batch
        return self._certified(rows)

    def _certified(self, rows: SortedRows) -> Sealed:
        part = self._seal_rows(rows)
        return Sealed(part, certificate.certify(part, self.kind, bits=self.bits))

    def _rows_of(self, keys: Sequence[int]) -> list[tuple[Groups, Integers]]:
        wanted, state = np.array(keys, np.int64), self._state
        parts = [sealed.part.sorted for sealed in state.sealed]
        found = [(rows.rows.groups, rows.of_keys(wanted)) for rows in parts]
        found.append((state.head.rows.groups, state.head.of_keys(wanted, state.length)))
        return found

    def _tend(self) -> None:
        """Start the background thread if there is something to seal; raise what stopped it."""
        with self._lock:
            failure, self._failure = self._failure, None
            if self._merger is None and self._choice() is not None:
                self._merger = Thread(target=self._merge_all, name="index-merge", daemon=True)
                self._merger.start()
        if failure:
            raise failure

    def _choice(self) -> tuple[Sealed, ...] | None:
        """The parts to be merged with the head; None when all is well as it is.

        Parts of files are left to whoever keeps the files: one process for all.
        """
        state = self._state
        unfiled = tuple(sealed for sealed in state.sealed if not sealed.file)
        rows = state.length + sum(len(sealed.part.sorted) for sealed in unfiled)
        if self._gone.unfiled > max(self._head_rows, MOST_GONE * rows):
            return unfiled
        full = state.length > self._head_rows
        chosen: list[Sealed] = []
        rows = state.length if full else 0
        for sealed in sorted(unfiled, key=lambda sealed: len(sealed.part.sorted)):
            if rows and len(sealed.part.sorted) > GROWTH * rows:
                break
            chosen.append(sealed)
            rows += len(sealed.part.sorted)
        return tuple(chosen) if full or len(chosen) > 1 else None

    def _merge_all(self) -> None:
        try:
            while True:
                with self._lock:
                    state, loads, choice = self._state, self._loads, self._choice()
                    if choice is None:
                        self._merger = None
                        return
                self._merge(state, choice, loads)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next writer must hear of it
            with self._lock:
                self._failure, self._merger = error, None

    def _merge(self, state: State, choice: tuple[Sealed, ...], loads: int) -> None:
        """Seal some parts and the head of a state as one, and publish that."""
        batches = [sealed.part.sorted.batch() for sealed in choice]
        batch = Batch.joined([*batches, state.head.batch(state.length)])
        kept = np.flatnonzero(batch.groups != GONE)
        rows, order = sort_rows(batch.take(kept))
        merged = self._certified(rows)
        with self._lock:
            if self._loads == loads:
                self._publish(choice, state.length, merged, kept[order])

    def _publish(
        self, choice: tuple[Sealed, ...], length: int, merged: Sealed, origin: Integers
    ) -> None:
        state, head = self._state, self._state.head
        # Entries may have been disabled or removed since the rows were read.
        now = [sealed.part.sorted.rows.groups for sealed in choice]
        groups = np.concatenate([*now, head.rows.groups[:length]])
        merged.part.sorted.rows.groups[:] = groups[origin]
        newer = head.batch(state.length, length)
        rest = tuple(sealed for sealed in state.sealed if sealed not in choice)
        self._state = State(
            (*rest, merged),
            Head(self._words, 0).with_rows(0, newer),
            state.length - length,
            state.used,
        )
        self._gone = _count_gone(self._state)


def _used(*groups: Integers | Groups) -> Integers:
    """The groups that occur, of disabled rows too."""
    owned = [np.unique(own[own != GONE]) for own in groups]
    return np.unique(np.concatenate([_NONE, *(np.where(own < 0, ~own, own) for own in owned)]))


def _count_gone(state: State) -> Gone:
    """Counted, not reckoned: with a wrong number, merging would go round for ever."""
    counts = [0, int(np.count_nonzero(state.head.rows.groups[: state.length] == GONE))]
    for sealed in state.sealed:
        gone = np.count_nonzero(sealed.part.sorted.rows.groups == GONE)
        counts[0 if sealed.file else 1] += int(gone)
    return Gone(*counts)


def _to_merge(parts: Sequence[tuple[Sealed, Groups]], head: int) -> list[tuple[Sealed, Groups]]:
    """The parts that are to become one with so many rows of a head, smallest first.

    None of them where that would only write anew what lies in one file.
    """
    chosen: list[tuple[Sealed, Groups]] = []
    rows = head
    for sealed, groups in sorted(parts, key=lambda part: len(part[1])):
        if len(groups) > GROWTH * max(rows, HEAD_ROWS):
            break
        chosen.append((sealed, groups))
        rows += len(groups)
    return chosen if head or len(chosen) > 1 else []


def _regrouped(part: Part, groups: Groups) -> Part:
    """The same part with other groups of its rows."""
    rows = SortedRows.restored({**part.sorted.arrays, "groups": groups})
    return type(part).restored(rows, part.arrays, part.form)


def _matches(count: int, limit: int, found: Sequence[tuple[Found, Integers, Rows]]) -> Matches:
    """Name the closest of the rows that parts have found by their keys."""
    totals = np.zeros(count, np.int64)
    columns = []
    for (hits, ends, own), keys, rows in found:
        if len(hits):
            totals += own
            numbers = (hits & ROW).astype(np.int64)
            distances = (hits >> ROW_BITS).astype(np.int64)
            own_ends = np.append(0, ends)
            queries = np.repeat(np.arange(count), own_ends[1:] - own_ends[:-1])
            columns.append((queries, distances, keys[numbers], rows.groups[numbers]))
    if not columns:
        return Matches(_NONE, _NONE, _NONE, _NO_GROUPS, totals)
    queries, distances, named, groups = (
        columns[0] if len(columns) == 1 else map(np.concatenate, zip(*columns, strict=True))
    )
    if len(queries) > 1 or groups[0] < 0:
        order = np.lexsort((named, distances, queries))
        queries = queries[order]
        # Beyond the limit a part may have left out rows that are closer than those of another.
        rank = np.arange(len(queries)) - np.searchsorted(queries, queries)
        # A row that was disabled since it was found is left out: its group is no longer known.
        kept = (rank < limit) & (groups[order] >= 0)
        order, queries = order[kept], queries[kept]
        distances, named, groups = distances[order], named[order], groups[order]
    return Matches(queries, distances, named, groups, totals)


_NONE = np.empty(0, np.int64)
_NO_GROUPS = np.empty(0, np.int32)
