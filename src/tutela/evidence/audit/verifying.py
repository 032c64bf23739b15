"""Verifies a log, leaf by leaf, and names the first bad one.

Three things speak for a leaf. Its own text must be what its hash says. Hashes must make up the
roots that checkpoints have signed: where they do not, the bad leaf is among those that came after
the last root that was right. And where there is a witness, each hash must be the one that it saw:
then the bad leaf is known exactly, whatever was made anew in the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tutela.errors import InvalidInput
from tutela.evidence.audit.checkpoint import Statement, verify
from tutela.evidence.audit.findings import Finding, Findings, Place
from tutela.evidence.audit.signing import Verifier
from tutela.evidence.audit.sources import Knowing, Source
from tutela.evidence.audit.stamping import Roots, stamped_at
from tutela.evidence.audit.walk import Walk
from tutela.evidence.audit.witness import Known
from tutela.merkle import Edge
from tutela.storage.audit.reading import Checkpoint

MANY = 5
"""Findings of one sort that are told one by one."""


@dataclass(slots=True)
class _Signed:
    """What the checkpoints say that were verified.

    Attributes:
        statements: by size.
        bad: what is wrong with the others.
        stamps: time stamps that were verified.
    """

    statements: dict[int, Statement] = field(default_factory=dict)
    bad: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stamps: int = 0


def verify_log(
    source: Source,
    verifier: Verifier,
    *,
    known: Knowing | None = None,
    roots: Roots | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Findings:
    """Verify a log.

    Args:
        source: the log.
        verifier: the public key that was handed on.
        known: a witness, or an earlier export that is sound itself.
        roots: what time stamps are verified with; None means that only their digest is compared.
        progress: told how many leaves were read since.

    Raises:
        Unavailable: the log or the witness cannot be read.
    """
    signed = _signed(source, verifier, roots, known.origins if known else ())
    trusted, altered, remembered = _witness(known, verifier)
    walk = Walk(source, signed.statements, known, trusted, remembered)
    for chunk in source.chunks():
        if walk.bad is not None:
            break
        walk.take(chunk)
        progress(len(chunk.leaves))
    walk.end()
    first = [walk.bad] if walk.bad is not None else []
    bad = (*first, *walk.others, *walk.rows, *signed.bad, *_refined(altered, walk.differs))
    vouched = bool(signed.statements) or known is not None
    return Findings(
        source=source.name,
        origin=source.origin,
        size=source.size,
        root=walk.edge.root().hex(),
        read=walk.edge.size,
        signed=walk.good,
        witnessed=walk.compared,
        checkpoints=len(signed.statements),
        stamps=signed.stamps,
        bad=bad,
        notes=(*signed.notes, *walk.notes, *_open_end(walk)),
        unverified="" if vouched or not source.size else NOTHING_SIGNED,
    )


NOTHING_SIGNED = "nothing vouches for the log: it has no checkpoint, and there is no witness"


def _open_end(walk: Walk) -> Iterator[str]:
    if walk.bad is None and walk.good < walk.edge.size:
        rest = walk.edge.size - walk.good
        yield f"no checkpoint speaks of the last {rest:,} leaves yet"


def _signed(
    source: Source, verifier: Verifier, roots: Roots | None, names: Sequence[str]
) -> _Signed:
    """The checkpoints of a source, each by itself."""
    origins = {*source.origins, *(names if source.origin in names else ())}
    found, unread = _Signed(), 0
    refused: list[tuple[int, str]] = []
    for one in source.checkpoints:
        try:
            statement = verify(one.note, verifier)
        except InvalidInput as problem:
            refused.append((one.size, problem.what))
            continue
        if statement.size != one.size:
            refused.append((one.size, f"the checkpoint speaks of {statement.size:,} leaves"))
        elif statement.origin not in origins:
            what = f"the checkpoint is of the log {statement.origin}, not of {source.origin}"
            refused.append((one.size, what))
        else:
            found.statements[one.size] = statement
            unread += not _stamp(one, roots, found)
    found.bad += _told(refused)
    if unread:
        found.notes.append(
            f"{unread:,} time stamps were compared with their checkpoints, and whose they are was"
            " not verified: no certificates were given"
        )
    return found


def _told(refused: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    """Findings of checkpoints, the same ones not a thousand times."""
    counts = Counter(what for _, what in refused)
    told: Counter[str] = Counter()
    for size, what in refused:
        told[what] += 1
        if counts[what] > MANY and told[what] == MANY:
            what = f"{what} (and {counts[what] - MANY:,} more such checkpoints)"  # noqa: PLW2901
        elif told[what] > MANY:
            continue
        yield Finding(place=Place.CHECKPOINT, what=f"checkpoint of {size:,} leaves: {what}")


def _stamp(checkpoint: Checkpoint, roots: Roots | None, found: _Signed) -> bool:
    """Verify a time stamp; whether it could be, or there was none."""
    if checkpoint.token is None:
        return True
    try:
        if roots is None:
            stamped_at(checkpoint.token, checkpoint.note)
            return False
        roots.verify(checkpoint.token, checkpoint.note)
    except InvalidInput as problem:
        what = f"checkpoint of {checkpoint.size:,} leaves: {problem.what}"
        found.bad.append(Finding(place=Place.STAMP, what=what))
    else:
        found.stamps += 1
    return True


def _witness(
    known: Knowing | None, verifier: Verifier
) -> tuple[int, list[Finding], dict[int, Statement]]:
    """How many leaves' hashes its checkpoints let stand, what is wrong, and what they say."""
    if not isinstance(known, Known):
        return known.size if known else 0, [], {}
    for then in known.history():
        trusted, finding = _one_epoch(then, verifier)
        if finding is not None:
            return min(known.size, trusted), [finding], {}
    said = (verify(kept.note, verifier) for _, kept in known.of_now())
    return known.size, [], {one.size: one for one in said}


def _one_epoch(known: Known, verifier: Verifier) -> tuple[int, Finding | None]:
    statements: dict[int, bytes] = {}
    for epoch, kept in known.checkpoints():
        if epoch != known.epochs[-1]:
            continue
        try:
            statement = verify(kept.note, verifier)
        except InvalidInput as problem:
            return 0, _of_witness(f"checkpoint of {kept.size:,} leaves: {problem.what}")
        if (statement.origin, statement.size) != (epoch.origin, kept.size):
            return 0, _of_witness(f"checkpoint of {kept.size:,} leaves is of something else")
        statements[kept.size] = statement.root
    return _compared(known.hashes(), known.size, statements)


def _compared(
    hashes: Iterable[bytes], size: int, statements: Mapping[int, bytes]
) -> tuple[int, Finding | None]:
    edge, good = Edge(), 0
    for digest in hashes:
        edge.append(digest)
        root = statements.get(edge.size)
        if root is None:
            continue
        if root != edge.root():
            what = "the witness's hashes are not those that it had when it was signed"
            return good, _of_witness(what, good, edge.size - 1)
        good = edge.size
    most = max(statements, default=0)
    if edge.size < max(size, most):
        last = max(size, most) - 1
        return edge.size, _of_witness("the witness has lost hashes", edge.size, last)
    return size, None


def _of_witness(what: str, first: int | None = None, last: int | None = None) -> Finding:
    return Finding(place=Place.WITNESS, what=what, first=first, last=last)


def _refined(altered: Sequence[Finding], differs: int | None) -> Iterator[Finding]:
    """Findings about the witness, with the very leaf where the log tells it."""
    for one in altered:
        if differs is None or one.first is None or one.last is None:
            yield one
        elif one.first <= differs <= one.last:
            yield msgspec.structs.replace(one, first=differs, last=differs)
        else:
            yield one
