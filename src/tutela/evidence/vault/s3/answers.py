"""What an S3 service answers in XML. Nothing in it is believed to be well meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

from lxml import etree

from tutela.evidence.vault.store import StoreUnavailable
from tutela.model.record import Record

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")


class Listed(Record, frozen=True, kw_only=True):
    """One object of a listing."""

    key: str
    size: int
    changed_at: datetime


class Page(Record, frozen=True, kw_only=True):
    """A part of a listing; `following` asks for the next, and is empty on the last."""

    objects: Sequence[Listed]
    following: str


class Upload(Record, frozen=True, kw_only=True):
    """An upload in parts that is not complete."""

    key: str
    id: str
    begun_at: datetime


class Uploads(Record, frozen=True, kw_only=True):
    """A part of the listing of uploads; `following` are key and upload id to go on after."""

    uploads: Sequence[Upload]
    following: tuple[str, str] | None


def error_code(body: bytes) -> str:
    """The code of an error, such as `SlowDown`; empty where this is none.

    The rest of an error may repeat what was signed, and is not looked at.
    """
    try:
        root = _parsed(body)
    except StoreUnavailable:
        return ""
    code = _text(root, "Code") if _tag(root) == "Error" else ""
    return code if _CODE.fullmatch(code) else ""


def upload_id(body: bytes) -> str:
    """The id of an upload that was begun. Raises `StoreUnavailable`."""
    found = _text(_root(body, "InitiateMultipartUploadResult"), "UploadId")
    if not found:
        raise _odd()
    return found


def is_complete(body: bytes) -> bool:
    """Whether an upload is complete: the status says so before it is known."""
    try:
        return _tag(_parsed(body)) == "CompleteMultipartUploadResult"
    except StoreUnavailable:
        return False


def page(body: bytes) -> Page:
    """A page of a listing. Raises `StoreUnavailable`."""
    root = _root(body, "ListBucketResult")
    objects = [
        Listed(
            key=unquote(_text(one, "Key")),
            size=_number(_text(one, "Size")),
            changed_at=_time(_text(one, "LastModified")),
        )
        for one in root.findall("{*}Contents")
    ]
    following = _text(root, "NextContinuationToken") if _more(root) else ""
    if _more(root) and not following:
        raise _odd()
    return Page(objects=objects, following=following)


def uploads(body: bytes) -> Uploads:
    """A page of the listing of uploads. Raises `StoreUnavailable`."""
    root = _root(body, "ListMultipartUploadsResult")
    found = [
        Upload(
            key=unquote(_text(one, "Key")),
            id=_text(one, "UploadId"),
            begun_at=_time(_text(one, "Initiated")),
        )
        for one in root.findall("{*}Upload")
    ]
    following = unquote(_text(root, "NextKeyMarker")), _text(root, "NextUploadIdMarker")
    if _more(root) and not following[0]:
        raise _odd()
    return Uploads(uploads=found, following=following if _more(root) else None)


def completion(etags: Sequence[str]) -> bytes:
    """What is sent to complete an upload: its parts with their ETags, in order from 1."""
    root = etree.Element("CompleteMultipartUpload")
    for number, etag in enumerate(etags, 1):
        part = etree.SubElement(root, "Part")
        etree.SubElement(part, "PartNumber").text = str(number)
        etree.SubElement(part, "ETag").text = etag
    return bytes(etree.tostring(root))


def _parsed(body: bytes) -> etree._Element:
    """The document: without entities, without a document type, and with nothing loaded for it."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False
    )
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _odd() from None
    if root.getroottree().docinfo.doctype:
        raise _odd()
    return root


def _root(body: bytes, tag: str) -> etree._Element:
    root = _parsed(body)
    if _tag(root) != tag:
        raise _odd()
    return root


def _tag(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _text(element: etree._Element, name: str) -> str:
    return str(element.findtext(f"{{*}}{name}") or "").strip()


def _more(root: etree._Element) -> bool:
    return _text(root, "IsTruncated") == "true"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise _odd()
    return int(text)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _odd() from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _odd() -> StoreUnavailable:
    return StoreUnavailable(
        "the service answered with something that is not of the protocol of S3",
        where="vault.s3_url",
        remedy="see that the address is that of an S3 service, and not of a page before it",
    )
