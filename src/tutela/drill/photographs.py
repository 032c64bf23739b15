"""The photographs that ship with Tutela. `PROVENANCE.md` says where each comes from."""

from __future__ import annotations

from importlib import resources

from tutela.model.record import Record


class Photograph(Record, frozen=True, kw_only=True):
    """One shipped photograph.

    Attributes:
        name: its file name without `.jpg`.
        data: the JPEG file.
    """

    name: str
    data: bytes


def listed() -> tuple[Photograph, ...]:
    """Return the photographs that a drill bank lists, by name."""
    return _read("pictures")


def unrelated() -> tuple[Photograph, ...]:
    """Return the photographs that no bank lists and that must not match, by name."""
    return _read("unrelated")


def _read(folder: str) -> tuple[Photograph, ...]:
    files = resources.files("tutela.drill").joinpath(folder).iterdir()
    pictures = sorted((file for file in files if file.name.endswith(".jpg")), key=lambda f: f.name)
    return tuple(
        Photograph(name=file.name.removesuffix(".jpg"), data=file.read_bytes()) for file in pictures
    )
