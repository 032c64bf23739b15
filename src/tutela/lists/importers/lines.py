"""Bank files with one signal per line: bare, or `type value`. The field's universal import form.

Source: the local file exchange of python-threatexchange.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutela.detection.signals.kind import SignalKind
from tutela.lists.importers.delimited import is_preamble
from tutela.lists.importers.reading import EMPTY_FILE, Reading
from tutela.model import NewEntry

BITS_PER_DIGIT = 4


def read_lines(lines: Iterator[str], reading: Reading) -> Iterator[NewEntry]:
    """Yield one entry per line; blank lines and lines that begin with `#` say nothing.

    Raises:
        ReadingStopped: bare values may be of several kinds, and none was named.
    """
    for number, line in enumerate(lines, 1):
        if is_preamble(line):
            continue
        first, *rest = line.split(None, 1)
        kind = _named(first, number, reading) if rest else _bare(first, number, reading)
        if kind is None:
            continue
        signal = reading.signal(kind, (rest[0] if rest else first).strip(), number, "")
        if signal is None:
            continue
        if reading.is_empty_file(signal):
            reading.left_out[EMPTY_FILE] += 1
            continue
        yield NewEntry(signals=(signal,))


def _named(name: str, number: int, reading: Reading) -> SignalKind | None:
    kind = reading.kind(name)
    if kind is None:
        reading.problems.add(number, "", _not_a_line(name, reading))
    return kind


def _bare(value: str, number: int, reading: Reading) -> SignalKind | None:
    if reading.default_kind is not None:
        return reading.default_kind
    fitting = [kind for kind in reading.kinds if kind.bits == len(value) * BITS_PER_DIGIT]
    if len(fitting) > 1:
        names = " or ".join(sorted(kind.name for kind in fitting))
        reading.problems.stop(
            number,
            "",
            f"a bare value of {len(value)} digits may be {names}: say which kind the file holds "
            "(--bank-type), or write `type value`",
        )
    if not fitting:
        reading.problems.add(number, "", _not_a_line(value, reading))
        return None
    return fitting[0]


def _not_a_line(text: str, reading: Reading) -> str:
    if any(delimiter in text for delimiter in ",;"):
        return "is not a signal; a table needs a first line that names the columns type and value"
    return f"is not `type value` or a bare signal of a known kind ({reading.known_kinds()})"
