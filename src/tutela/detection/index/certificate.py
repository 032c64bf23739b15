"""Proof, made anew with each build, that an index finds what it must."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime
from itertools import combinations
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tutela.detection.index import twins
from tutela.detection.index.rows import SortedRows, to_words
from tutela.detection.index.shapes import Arrays, Form, Found, Question, Rows, Words
from tutela.errors import TutelaError
from tutela.model.record import Record

MOST_CANARIES = 4096
CANARY_SECONDS = 2.0
"""No more canaries after that much processor time: a million codes take a tenth of it, unless they
crowd together."""

_AT_ONCE = 256
CANARIES_PER_DISTANCE = 8
SAMPLES = 8
_LIMIT = 1000

Flips = NDArray[np.bool_]


class IndexDefect(TutelaError):
    """A built index missed what it must find. It must not be used, and never is."""

    code = "index-defect"


class Certificate(Record, frozen=True, kw_only=True):
    """What was built, and how it was shown to be right.

    Attributes:
        kind: signal kind.
        kernel: how this part is searched: `tables`, `scan` or `directory`.
        parameters: of that kernel, in words.
        rows, codes: signals, and how many different ones.
        radius: greatest distance that was tried.
        digest: SHA-256 over the sorted set of codes and keys.
        canaries: queries made from known codes, all found at the distance they were planted at.
        samples: queries whose whole answer equalled that of the NumPy twin.
        seed: repeats the same canaries and samples.
        built_at: when the check ended (UTC).
        seconds: what the check took.
    """

    kind: str
    kernel: str
    parameters: str
    rows: int
    codes: int
    radius: int
    digest: str
    canaries: int
    samples: int
    seed: int
    built_at: datetime
    seconds: float


class Substrings(Record, frozen=True, kw_only=True):
    """Where a search by tables could go wrong: each table's substring and threshold at a radius."""

    firsts: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()
    thresholds: tuple[int, ...] = ()


class Part(Protocol):
    """A sealed part of an index, searched by one kernel.

    `restored(part.sorted, part.arrays, part.form)` searches as `part` does.
    """

    sorted: SortedRows
    kernel: ClassVar[str]
    layout: ClassVar[int]
    """Raised whenever `arrays` or `form` change their meaning: older files are then made anew."""
    radius: int
    """Greatest distance that a certificate must try."""

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        """Search the part, or its codes with other rows."""
        ...

    @property
    def parameters(self) -> str:
        """Parameters of the kernel in words."""
        ...

    @classmethod
    def restored(cls, rows: SortedRows, arrays: Arrays, form: Form) -> Self:
        """The part over some rows that `arrays` and `form` were taken of; arrays may be maps."""
        ...

    @property
    def arrays(self) -> Arrays:
        """What it is searched by, beside its rows: contiguous arrays by name."""
        ...

    @property
    def form(self) -> Form:
        """What else it is made of, as JSON can hold it."""
        ...

    @property
    def substrings(self) -> Substrings:
        """What tight canaries must be made for; none where the kernel has no tables."""
        ...


def certify(part: Part, kind: str, *, bits: int, seed: int | None = None) -> Certificate:
    """Try a part with canaries at every distance and with brute force.

    Each code is its own row here, so that disabled entries prove as much as others.

    Args:
        bits: length of a code; flips stay within it.

    Raises:
        IndexDefect: something was missed, or was found that is not there.
    """
    begun, seed = time.perf_counter(), secrets.randbits(32) if seed is None else seed
    rng = np.random.default_rng(seed)
    canaries = samples = 0
    if len(part.sorted):
        canaries = _try_canaries(part, kind, bits, rng)
        samples = _try_samples(part, kind, bits, rng)
    return Certificate(
        kind=kind,
        kernel=part.kernel,
        parameters=part.parameters,
        rows=len(part.sorted),
        codes=len(part.sorted.rows.codes),
        radius=part.radius,
        digest=digest(part.sorted),
        canaries=canaries,
        samples=samples,
        seed=seed,
        built_at=datetime.now(UTC),
        seconds=time.perf_counter() - begun,
    )


def glance(part: Part, kind: str, *, bits: int) -> None:
    """Try a part that was certified before with a few canaries; raises `IndexDefect`."""
    if len(part.sorted):
        rng = np.random.default_rng()
        flips = _even_flips(part.radius, bits, rng)[::CANARIES_PER_DISTANCE]
        _try_some(part, kind, _codes_as_rows(part), flips, rng)


def digest(rows: SortedRows) -> str:
    """SHA-256 over the sorted codes, where their rows begin, and the keys of the rows."""
    summary = hashlib.sha256()
    for column in (rows.rows.codes, rows.rows.starts, rows.keys):
        summary.update(column.reshape(-1).view(np.uint8).data)
    return summary.hexdigest()


def _codes_as_rows(part: Part) -> Rows:
    codes = part.sorted.rows.codes
    starts = np.arange(len(codes) + 1, dtype=np.uint32)
    return Rows(codes, starts, np.zeros(len(codes), np.int32))


def _question(queries: Words, radius: int) -> Question:
    return Question(queries, radius, np.full(1, radius, np.int16), _LIMIT)


def _try_canaries(part: Part, kind: str, bits: int, rng: np.random.Generator) -> int:
    flips = _even_flips(part.radius, bits, rng)
    if part.substrings.widths:
        flips = np.concatenate([flips, _tight_flips(part.substrings, bits, rng)])
    rng.shuffle(flips)
    rows, tried, begun = _codes_as_rows(part), 0, 0.0
    while tried < len(flips) and (not tried or time.thread_time() - begun < CANARY_SECONDS):
        _try_some(part, kind, rows, flips[tried : tried + _AT_ONCE], rng)
        # The first ones may have had to compile the kernel.
        begun = begun or time.thread_time()
        tried = min(tried + _AT_ONCE, len(flips))
    return tried


def _try_some(part: Part, kind: str, rows: Rows, flips: Flips, rng: np.random.Generator) -> None:
    targets = rng.integers(len(rows.codes), size=len(flips))
    queries = rows.codes[targets] ^ to_words(np.packbits(flips, axis=1))
    found = part.search(_question(queries, part.radius), rows)
    expected = (flips.sum(axis=1) << 32 | targets).astype(np.uint64)
    for number, want in enumerate(expected):
        hits = found.hits[found.ends[number - 1] if number else 0 : found.ends[number]]
        place = np.searchsorted(hits, want)
        # In a crowd the canary may stand behind more hits than are returned.
        crowded = place == _LIMIT and found.totals[number] > _LIMIT
        if not crowded and (place == len(hits) or hits[place] != want):
            raise IndexDefect(
                f"a code planted {int(want) >> 32} bits away was not found",
                where=f"index of {kind} ({part.kernel}: {part.parameters})",
                remedy="report this as a defect, with these words",
            )


def _even_flips(radius: int, bits: int, rng: np.random.Generator) -> Flips:
    """Bits to flip, anywhere, as many as each distance says."""
    distances = np.repeat(np.arange(radius + 1), CANARIES_PER_DISTANCE)
    return rng.permuted(np.arange(bits) < distances[:, None], axis=1)


def _tight_flips(substrings: Substrings, bits: int, rng: np.random.Generator) -> Flips:
    """Flips that exactly one table can find, one for each bucket that it would be asked for.

    Each other table gets one flip more than its threshold. So no table, no threshold and no
    bucket goes untried, unless there are so many that a random choice of them must do.
    """
    shape = list(zip(substrings.firsts, substrings.widths, substrings.thresholds, strict=True))
    patterns = [
        (table, [first + bit for bit in pattern])
        for table, (first, width, threshold) in enumerate(shape)
        for weight in range(threshold + 1)
        for pattern in combinations(range(width), weight)
    ]
    if len(patterns) > MOST_CANARIES:
        chosen = rng.choice(len(patterns), MOST_CANARIES, replace=False)
        patterns = [patterns[number] for number in chosen]
    owners = np.array([table for table, _ in patterns])
    flips = np.zeros((len(patterns), bits), bool)
    for table, (first, width, threshold) in enumerate(shape):
        others = np.flatnonzero(owners != table)
        scores = rng.random((len(others), width))
        places = np.argpartition(scores, threshold + 1, axis=1)[:, : threshold + 1]
        flips[others[:, None], first + places] = True
    for number, (_, pattern) in enumerate(patterns):
        flips[number, pattern] = True
    return flips


def _try_samples(part: Part, kind: str, bits: int, rng: np.random.Generator) -> int:
    """Half of the samples are near a code, half are anywhere; answers must equal the twin's."""
    codes, rows = part.sorted.rows.codes, _codes_as_rows(part)
    flips = rng.random((SAMPLES, bits)) < rng.random((SAMPLES, 1)) * 2 * part.radius / bits
    flips[SAMPLES // 2 :] = rng.random((SAMPLES - SAMPLES // 2, bits)) < 0.5  # noqa: PLR2004
    near = codes[rng.integers(len(codes), size=SAMPLES)]
    radius = part.radius
    question = _question(near ^ to_words(np.packbits(flips, axis=1)), radius)
    got, wanted = part.search(question, rows), twins.scan(question, rows, len(codes))
    if any(not np.array_equal(a, b) for a, b in zip(got, wanted, strict=True)):
        raise IndexDefect(
            f"a sampled search within {radius} bits differs from brute force",
            where=f"index of {kind} ({part.kernel}: {part.parameters})",
            remedy="report this as a defect, with these words",
        )
    return SAMPLES
