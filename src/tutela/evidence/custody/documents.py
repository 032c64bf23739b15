"""Custody documents of items, as they leave: written down first, then made and signed."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody.document import sign, with_keys
from tutela.evidence.custody.gathering import Gathering
from tutela.evidence.custody.typesetting import Typesetter
from tutela.model.record import Record


class Form(StrEnum):
    """As what a document leaves."""

    PDF = "pdf"
    JSON = "json"


class Made(Record, frozen=True, kw_only=True):
    """A document that may leave: its export stands in the log.

    Attributes:
        json: the signed JSON.
        pdf: the signed PDF with the same JSON in it; empty if it was not asked for.
    """

    json: bytes
    pdf: bytes = b""


class CustodyDocuments:
    """Makes custody documents. Its methods block.

    Args:
        gathering: makes the records.
        key: signs them.
        checkpoint: signs a checkpoint of the log as it is, where there is none yet.
    """

    def __init__(
        self, gathering: Gathering, key: AuditKey, checkpoint: Callable[[], object]
    ) -> None:
        self._gathering = gathering
        self._key = key
        self._checkpoint = checkpoint

    def make(self, item_id: str, forms: set[Form], by: str) -> Made:
        """The documents of an item, of one moment; that they leave is in the log by then.

        Args:
            item_id: the item.
            forms: as what it leaves.
            by: who takes it.

        Raises:
            NotFound: there is no such item.
            TutelaError: the record cannot be made, signed or set; it stays written that somebody
                was about to take it.
        """
        named = " ".join(sorted(form.value for form in forms))
        record = self._gathering.export(item_id, named, by, self._checkpoint)
        record = with_keys(record, self._key)
        data = sign(record, self._key)
        if Form.PDF not in forms:
            return Made(json=data)
        pages = Typesetter().set(record, data)
        # Half a second of processor time to load, which a server need not spend when it starts.
        from tutela.evidence.custody.pdf_signing import sign_pdf  # noqa: PLC0415

        return Made(json=data, pdf=sign_pdf(pages, self._key.document_key, record.made_at))
