"""Signed checkpoints: what a log was at one size, as C2SP's tlog-checkpoint has them.

A checkpoint is a signed note (c2sp.org/signed-note): a text, an empty line, signatures. Its text is
the log's name, its size and the Base64 of its root (c2sp.org/tlog-checkpoint).
"""

from __future__ import annotations

import base64
import hashlib
import re

from tutela.errors import InvalidInput
from tutela.evidence.audit.signing import AuditKey, Verifier
from tutela.merkle import HASH_BYTES
from tutela.model.record import Record

ED25519 = b"\x01"
"""Kind of a signature, as in the note's key ids."""
KEY_ID_BYTES = 4
LONGEST = 1 << 16  # characters of a note that is read
MOST_SIGNATURES = 100

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class Statement(Record, frozen=True, kw_only=True):
    """What a checkpoint says.

    Attributes:
        origin: the log's name.
        size: its leaves.
        root: of their tree, 32 bytes.
    """

    origin: str
    size: int
    root: bytes


class Signature(Record, frozen=True, kw_only=True):
    """One line of signature of a note."""

    name: str
    key_id: bytes
    signature: bytes


class Note(Record, frozen=True, kw_only=True):
    """A note that was read and not verified.

    Attributes:
        text: what was signed, with its last line break.
    """

    text: str
    signatures: tuple[Signature, ...]


def make(statement: Statement, key: AuditKey) -> str:
    """Sign a checkpoint; the same of the same statement and key, always."""
    root = base64.b64encode(statement.root).decode()
    text = f"{statement.origin}\n{statement.size}\n{root}\n"
    hint = key_id(statement.origin, key.verifier.log_keys[0])
    signature = base64.b64encode(hint + key.sign(text.encode())).decode()
    return f"{text}\n— {statement.origin} {signature}\n"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that tell which key made a signature."""
    named = name.encode() + b"\n" + ED25519 + public
    return hashlib.sha256(named).digest()[:KEY_ID_BYTES]


def read_note(note: str) -> Note:
    """Read a signed note; raises `InvalidInput`. Nothing of it is verified."""
    text, separator, lines = note.rpartition("\n\n")
    control = any(char < " " and char != "\n" for char in note)
    if not separator or control or len(note) > LONGEST or not lines.endswith("\n"):
        raise _no_checkpoint()
    found = [_SIGNATURE.fullmatch(line) for line in lines[:-1].split("\n")]
    if len(found) > MOST_SIGNATURES:
        raise _no_checkpoint()
    return Note(text=f"{text}\n", signatures=tuple(_signature(match) for match in found))


def parse(note: str) -> Statement:
    """What a checkpoint says; raises `InvalidInput`. Its signatures are not verified."""
    return _statement(read_note(note).text)


def verify(note: str, verifier: Verifier) -> Statement:
    """What a checkpoint says, after its signature has been verified.

    Signatures of others, such as witnesses, are left alone.

    Raises:
        InvalidInput: it is no checkpoint, or none of the keys has signed it.
    """
    read = read_note(note)
    statement = _statement(read.text)
    ids = {key_id(statement.origin, key) for key in verifier.log_keys}
    for one in read.signatures:
        ours = one.name == statement.origin and one.key_id in ids
        if ours and verifier.verify(one.signature, read.text.encode()):
            return statement
    raise InvalidInput(
        "the checkpoint was not signed by this key, or was altered",
        where="checkpoint",
        remedy="compare the fingerprint of the key with the one that you were given",
    )


def _statement(text: str) -> Statement:
    """Lines after the third are extensions, which are signed and not understood."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _DECIMAL.fullmatch(lines[1]):  # noqa: PLR2004
        raise _no_checkpoint()
    root = _decoded(lines[2])
    if len(root) != HASH_BYTES:
        raise _no_checkpoint()
    return Statement(origin=lines[0], size=int(lines[1]), root=root)


def _signature(match: re.Match[str] | None) -> Signature:
    if match is None:
        raise _no_checkpoint()
    packed = _decoded(match[2])
    return Signature(name=match[1], key_id=packed[:KEY_ID_BYTES], signature=packed[KEY_ID_BYTES:])


def _decoded(text: str) -> bytes:
    """Base64, in its one canonical form only."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:  # of which Base64 has its own
        raise _no_checkpoint() from None
    if base64.b64encode(value).decode() != text:
        raise _no_checkpoint()
    return value


def _no_checkpoint() -> InvalidInput:
    return InvalidInput("this is no signed checkpoint", where="checkpoint")
