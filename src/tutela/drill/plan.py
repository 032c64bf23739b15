"""What a drill sends, and what a sound server must answer to each upload."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from tutela.drill import variants
from tutela.drill.photographs import Photograph, listed, unrelated
from tutela.model.record import Record
from tutela.model.verdict import Verdict


class UploadKind(StrEnum):
    """The rows of the drill's table."""

    UNTOUCHED = "untouched copy"
    RESIZED = "resized"
    REENCODED = "re-encoded"
    CROPPED = "lightly cropped"
    WATERMARKED = "watermarked"
    UNRELATED = "unrelated picture"
    CORRUPT = "corrupt file"
    TEXT = "text file named .jpg"

    @property
    def expected(self) -> Verdict:
        """The verdict that a sound server gives."""
        if self is UploadKind.UNRELATED:
            return Verdict.CLEAR
        if self in {UploadKind.CORRUPT, UploadKind.TEXT}:
            return Verdict.NOT_CHECKED
        return Verdict.MATCH


class Recipe(Record, frozen=True, kw_only=True):
    """One edit, and the row that it counts in."""

    kind: UploadKind
    edit: variants.Edit


class Upload(Record, frozen=True, kw_only=True):
    """One upload of a drill. The file is made when it is asked for.

    Attributes:
        number: from 0; gives the upload its event id.
        photograph: what the file is made from.
    """

    number: int
    recipe: Recipe
    photograph: Photograph

    def file(self) -> bytes:
        """Make the file. Takes up to some tenths of a second; safe in any thread."""
        return self.recipe.edit(self.photograph.data)


def recipes() -> tuple[Recipe, ...]:
    """Return the 25 edits of a drill.

    25 and the number of listed photographs (12) have no common divisor, so a drill of 300 uploads
    applies each edit to each photograph exactly once.
    """
    edits: dict[UploadKind, tuple[variants.Edit, ...]] = {
        UploadKind.UNTOUCHED: (variants.untouched,),
        UploadKind.RESIZED: (variants.resized(0.5), variants.resized(0.75), variants.resized(1.5)),
        UploadKind.REENCODED: (
            variants.encoded("JPEG", quality=90),
            variants.encoded("JPEG", quality=75),
            variants.encoded("JPEG", quality=60),
            variants.encoded("JPEG", quality=40),
            variants.encoded("PNG", compress_level=1),
            variants.encoded("WEBP", quality=75, method=0),
            variants.encoded("GIF"),
        ),
        UploadKind.CROPPED: tuple(variants.cropped(percent) for percent in (1, 2, 3)),
        UploadKind.WATERMARKED: (variants.corner_mark(), variants.centre_mark()),
        UploadKind.UNRELATED: (
            variants.untouched,
            variants.resized(1.5),
            variants.encoded("JPEG", quality=60),
            variants.encoded("PNG", compress_level=1),
            variants.cropped(3),
            variants.centre_mark(),
        ),
        UploadKind.CORRUPT: (variants.cut_off, variants.headless),
        UploadKind.TEXT: (variants.text,),
    }
    return tuple(Recipe(kind=kind, edit=edit) for kind, row in edits.items() for edit in row)


def plan(uploads: int) -> Iterator[Upload]:
    """Yield `uploads` uploads, always the same ones in the same order.

    Corrupt files are made from unrelated photographs: what is left of them must not match either.
    """
    known, unknown, steps = listed(), unrelated(), recipes()
    for number in range(uploads):
        recipe = steps[number % len(steps)]
        source = known if recipe.kind.expected is Verdict.MATCH else unknown
        yield Upload(number=number, recipe=recipe, photograph=source[number % len(source)])
