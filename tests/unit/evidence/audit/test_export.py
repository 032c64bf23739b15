"""A log in a file: verified offline, and bad wherever it was touched."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tutela.errors import InvalidInput
from tutela.evidence.audit.findings import Findings
from tutela.evidence.audit.sources import Earlier, InDatabase, InFile, Knowing, export_log
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.verifying import verify_log
from tutela.model.custody.leaf import AuditKind, NewLeaf

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown, Tamperer


def exported(grown: Grown) -> bytes:
    file = io.BytesIO()
    export_log(grown.log, file)
    return file.getvalue()


def verified(grown: Grown, content: bytes, known: Knowing | None = None) -> Findings:
    source = InFile(io.BytesIO(content), "log.jsonl")
    return verify_log(source, grown.key.verifier, known=known)


def blamed(findings: Findings) -> tuple[int | None, int | None]:
    assert findings.exit_code == 1, findings
    first = findings.first_bad
    assert first is not None, findings
    return first.first, first.last


def lines_of(content: bytes) -> tuple[list[bytes], list[int]]:
    """The lines, and the numbers of those that are leaves."""
    lines = content.splitlines(keepends=True)
    return lines, [number for number, line in enumerate(lines) if line.startswith(b'{"index":')]


@pytest.fixture
def content(grown: Grown) -> bytes:
    return exported(grown)


def test_it_is_verified_as_the_log_is(grown: Grown, content: bytes) -> None:
    findings = verified(grown, content)
    assert findings.exit_code == 0, findings
    assert (findings.read, findings.signed, findings.checkpoints) == (600, 600, 3)
    assert findings.root == grown.log.head().root.hex()
    assert verified(grown, content, grown.witness.known()).witnessed == 600


def test_each_line_says_what_it_is(grown: Grown, content: bytes) -> None:
    lines, leaves = lines_of(content)
    header = json.loads(lines[0])
    assert (header["format"], header["version"], header["size"]) == ("tutela-audit-log", 1, 600)
    assert header["origin"] == grown.log.head().origin
    assert [lines[number][:-1].decode() for number in leaves] == [
        leaf.text for leaf in grown.log.leaves(0, 600)
    ]
    rest = [next(iter(json.loads(line))) for line in lines[1:] if not line.startswith(b'{"index":')]
    assert rest == ["checkpoint"] * 3 + ["hashes"] * 3


def test_an_empty_log_is_exported(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    assert verified(grown, exported(grown)).exit_code == 0


def test_a_leaf_that_was_edited(grown: Grown, content: bytes) -> None:
    lines, leaves = lines_of(content)
    for index in random.Random(5).sample(range(600), 5):  # noqa: S311 - places of a test
        spoilt = list(lines)
        spoilt[leaves[index]] = lines[leaves[index]].replace(b'"number":', b'"number":7')
        assert blamed(verified(grown, b"".join(spoilt))) == (index, index)


def test_a_leaf_that_was_edited_with_its_hash(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(350, 600)
    before = io.BytesIO(exported(grown))
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = tamperer.changed(leaves[index], subject="somebody else")
    tamperer.write(leaves)
    after = exported(grown)
    assert blamed(verified(grown, after)) == (350, 599)
    assert blamed(verified(grown, after, grown.witness.known())) == (index, index)
    assert blamed(verified(grown, after, Earlier(before, "before"))) == (index, index)


def test_an_earlier_export_tells_of_a_database(grown: Grown, tamperer: Tamperer) -> None:
    earlier = Earlier(io.BytesIO(exported(grown)), "before")
    grown.grow(50)
    grown.sign()
    findings = verify_log(InDatabase(grown.log), grown.key.verifier, known=earlier)
    assert (findings.exit_code, findings.witnessed) == (0, 600)
    index = tamperer.chance.randrange(600)
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:index]])
    findings = verify_log(InDatabase(grown.log), grown.key.verifier, known=earlier)
    assert blamed(findings) == (index, 599)
    assert findings.first_bad is not None
    assert findings.first_bad.kind


def test_lines_that_are_gone_doubled_or_swapped(grown: Grown, content: bytes) -> None:
    lines, leaves = lines_of(content)
    chance = random.Random(6)  # noqa: S311 - places of a test
    for _ in range(5):
        first, second = sorted(chance.sample(range(600), 2))
        gone = [line for number, line in enumerate(lines) if number != leaves[first]]
        assert blamed(verified(grown, b"".join(gone))) == (first, first)
        doubled = [*lines[: leaves[first]], lines[leaves[first]], *lines[leaves[first] :]]
        assert blamed(verified(grown, b"".join(doubled))) == (first + 1, first + 1)
        swapped = list(lines)
        swapped[leaves[first]], swapped[leaves[second]] = (
            lines[leaves[second]],
            lines[leaves[first]],
        )
        assert blamed(verified(grown, b"".join(swapped))) == (first, first)


def test_an_end_that_is_gone(grown: Grown, content: bytes) -> None:
    lines, leaves = lines_of(content)
    for index in (0, 1, 255, 256, 599):
        assert blamed(verified(grown, b"".join(lines[: leaves[index]]))) == (index, index)
        torn = b"".join(lines[: leaves[index]]) + lines[leaves[index]][:40]
        assert blamed(verified(grown, torn)) == (index, index)


def test_an_end_that_is_gone_from_the_header_too(grown: Grown, content: bytes) -> None:
    lines, leaves = lines_of(content)
    header = lines[0].replace(b'"size":600', b'"size":450')
    findings = verified(grown, b"".join([header, *lines[1 : leaves[450]]]))
    assert blamed(findings) == (350, 599)


def test_more_than_the_header_says(grown: Grown, content: bytes) -> None:
    spoilt = content.replace(b'"size":600', b'"size":500', 1)
    assert verified(grown, spoilt).exit_code == 1


def test_no_flipped_bit_is_sound(grown: Grown, content: bytes) -> None:
    """Every byte counts, but the time in the header, which nothing vouches for."""
    chance = random.Random(7)  # noqa: S311 - places of a test
    header = content.index(b"\n")
    for _ in range(60):
        bit = chance.randrange((header + 1) * 8, len(content) * 8)
        spoilt = bytearray(content)
        spoilt[bit // 8] ^= 1 << bit % 8
        try:
            code = verified(grown, bytes(spoilt)).exit_code
        except InvalidInput:
            code = 2
        line = content[: bit // 8].count(b"\n")
        assert code, (bit, line, content.splitlines()[line][:60])


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"a harmless line\n",
        b"{}\n",
        b'{"format":"x","version":1,"origin":"a","origins":[],"size":0,"exported_at":"2026-11-30Z"}',
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_export_is_refused(grown: Grown, spoilt: bytes) -> None:
    with pytest.raises(InvalidInput, match="no exported audit log"):
        verified(grown, spoilt)


def test_a_line_that_is_no_checkpoint_is_refused(grown: Grown, content: bytes) -> None:
    with pytest.raises(InvalidInput, match="no checkpoint"):
        verified(grown, content.replace(b'"note":', b'"nota":', 1))


def test_a_log_with_a_gap_is_not_exported(grown: Grown, tamperer: Tamperer) -> None:
    tamperer.delete(77)
    with pytest.raises(Tampered) as caught:
        exported(grown)
    assert caught.value.leaf == 77


def test_a_leaf_that_would_make_two_lines_is_not_exported(grown: Grown, tamperer: Tamperer) -> None:
    tamperer.set(77, leaf=tamperer.leaves()[77].text.replace(",", ",\n", 1))
    with pytest.raises(Tampered) as caught:
        exported(grown)
    assert caught.value.leaf == 77


def test_texts_of_every_kind_stay_as_they_are(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    subjects = ["a\nb", "\u2028", "é\u202e", '"\\', "\x7f\x1f", "𐀀"]
    grown.log.write([NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject=one) for one in subjects])
    grown.sign()
    findings = verified(grown, exported(grown))
    assert (findings.exit_code, findings.read) == (0, 6)
