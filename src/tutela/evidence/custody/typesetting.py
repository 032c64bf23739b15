"""Sets a custody record as PDF: A4, tagged (PDF/UA-1), for archives (PDF/A-3b), not yet signed."""

from __future__ import annotations

from importlib import resources
from typing import ClassVar

import msgspec
import typst

from tutela.errors import TutelaError
from tutela.evidence.custody.page import Pages
from tutela.evidence.custody.record import CustodyRecord

DATA_NAME = "custody.json"
"""The file within the PDF that has the record as signed JSON."""
STANDARDS: list[typst.PDFStandard] = ["a-3b", "ua-1"]


class NotSet(TutelaError):
    """The pages could not be set. Nothing of what stands on them is told."""

    code: ClassVar[str] = "custody-not-set"


class Typesetter:
    """Sets records. Reads its template and fonts once; looks at no font of the system."""

    def __init__(self) -> None:
        folder = resources.files("fontpkg_noto_sans") / "files"
        self._template = (resources.files(__package__) / "custody.typ").read_bytes()
        self._fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])
        self._pages = Pages()

    def set(self, record: CustodyRecord, data: bytes) -> bytes:
        """The pages of a record; `data` is its signed JSON, which goes into the PDF.

        The same record and data give the same bytes.

        Raises:
            NotSet: the pages could not be set.
        """
        page = msgspec.json.encode(self._pages.of(record)).decode()
        compiler = typst.Compiler(
            self._template,
            font_paths=self._fonts,
            sys_inputs={"page": page, "data": data.decode("ascii")},
        )
        try:
            made = compiler.compile(
                format="pdf",
                pdf_standards=STANDARDS,
                timestamp=record.made_at.replace(microsecond=0),
            )
        except typst.TypstError:
            raise NotSet(
                "the pages of this document could not be set",
                where="custody document",
                remedy="export it as JSON, and tell the makers of Tutela",
            ) from None
        return made if isinstance(made, bytes) else b""
