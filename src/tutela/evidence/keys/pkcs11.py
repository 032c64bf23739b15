"""Keys in a PKCS#11 token, such as an HSM: they are made in it, and never leave it.

Loaded only where the settings name it, for it needs an optional package.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from pkcs11 import (
    Attribute,
    GCMParams,
    KeyType,
    Mechanism,
    MechanismFlag,
    ObjectClass,
    Session,
    Token,
    lib,
)
from pkcs11.exceptions import (
    PinIncorrect,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
)

from tutela.errors import BadConfiguration
from tutela.evidence.keys.service import DATA_KEY_BYTES, KeyUnavailable, Wrapped, WrongKey
from tutela.evidence.keys.wrapping import NONCE_BYTES, is_current, missing_key, no_such_key

WRAPPING, ROOT = "tutela-vault", "tutela-root"
"""Labels of the keys that wrap, and of the one that is derived from."""
TAG_BYTES = 16

_ID = re.compile(r"\d{8}-[0-9a-f]{8}")
_KEPT_INSIDE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
}
# Libraries of tokens are one to a process, and this one promises them one thread at a time.
_ONE_AT_A_TIME = threading.RLock()

Done = TypeVar("Done")
_Key: TypeAlias = Any
"""What a key of the library can do stands in no type of it."""


class _Unfit(KeyUnavailable):
    """Does not pass by itself: somebody must mend a setting, or bring keys back."""


class Pkcs11Keys:
    """Keys in a token. Thread-safe. A token that went away is opened again when it is back.

    Args:
        module: path of the token's library.
        token: its label.
        pin: the user's; never tried again after the token has refused it, which might lock it.
        create: asked where the token holds no keys: whether to make the first.

    Raises:
        BadConfiguration: the library cannot be loaded, the token refuses the PIN, or the keys are
            missing. That the token is not there is told by the first use.
    """

    name = "pkcs11"

    def __init__(
        self, module: str, token: str, pin: str, create: Callable[[], bool] = lambda: False
    ) -> None:
        self._module, self._token, self._pin = module, token, pin
        self._create = create
        self._held: Session | None = None
        self._refused: _Unfit | None = None
        self._prepared = False
        try:
            self._use(self._sorted)
        except _Unfit as problem:
            raise BadConfiguration(
                problem.what, where=problem.where, remedy=problem.remedy
            ) from None
        except KeyUnavailable:
            pass  # told by who uses it, until it is back

    def __repr__(self) -> str:
        """Without the PIN."""
        return f"Pkcs11Keys(token={self._token!r})"

    def current(self) -> str:
        """Id of the key that wraps now. Raises `KeyUnavailable`."""
        return self.key_ids()[-1]

    def key_ids(self) -> Sequence[str]:
        """Ids of all keys, oldest first. Raises `KeyUnavailable`."""
        return self._use(lambda session: tuple(self._sorted(session)))

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wrap 32 bytes with the current key, bound to a context. Raises `KeyUnavailable`."""
        if len(key) != DATA_KEY_BYTES:
            raise ValueError(f"keys of objects have {DATA_KEY_BYTES} bytes")

        def work(session: Session) -> Wrapped:
            key_id, wrapping = list(self._sorted(session).items())[-1]
            return Wrapped(key_id=key_id, data=_sealed(wrapping, key, key_id, context))

        return self._use(work)

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The inverse. Raises `WrongKey`, `KeyUnavailable`."""

        def work(session: Session) -> bytes:
            key = self._sorted(session).get(wrapped.key_id)
            if key is None:
                raise missing_key(wrapped.key_id)
            return _opened(key, wrapped, context)

        return self._use(work)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for a purpose, always the same. Raises `KeyUnavailable`."""
        about = f"tutela {purpose}".encode()

        def work(session: Session) -> bytes:
            return bytes(_roots(session)[0].sign(about, mechanism=Mechanism.SHA256_HMAC))

        return self._use(work)

    def rotate(self) -> str:
        """Make a new current key in the token; its id. Raises `KeyUnavailable`."""
        return self._use(lambda session: _made(session, self._sorted(session)))

    def retire(self, key_id: str) -> None:
        """Destroy a key in the token. Raises `Conflict`, `NotFound`, `KeyUnavailable`.

        Backups of the token are not reached.
        """

        def work(session: Session) -> None:
            keys = self._sorted(session)
            if key_id not in keys:
                raise no_such_key(key_id)
            if key_id == list(keys)[-1]:
                raise is_current(key_id)
            keys[key_id].destroy()

        self._use(work)

    def close(self) -> None:
        """End the session. It is opened again by who asks nevertheless."""
        with _ONE_AT_A_TIME:
            self._drop()

    def _sorted(self, session: Session) -> dict[str, _Key]:
        """The keys that wrap, by their ids, oldest first."""
        keys = _wrapping_keys(session)
        if not self._prepared:
            if not keys:
                keys = self._first(session)
            if not _roots(session):
                raise _missing("the key that addresses are derived from")
            self._prepared = True
        if not keys:
            raise _missing("every key")
        return keys

    def _first(self, session: Session) -> dict[str, _Key]:
        if not self._create():
            raise _missing("every key")
        if not _roots(session):
            session.generate_key(
                KeyType.GENERIC_SECRET,
                DATA_KEY_BYTES * 8,
                id=secrets.token_bytes(8),
                label=ROOT,
                store=True,
                capabilities=MechanismFlag.SIGN,
                template=dict(_KEPT_INSIDE),
            )
        _made(session, {})
        return _wrapping_keys(session)

    def _use(self, work: Callable[[Session], Done]) -> Done:
        """Do something in the session; in a new one where that is of no use any more.

        One that was logged out, by the end of another one of this process, sees no keys at all.
        """
        with _ONE_AT_A_TIME:
            if self._held is not None:
                try:
                    return work(self._held)
                except (PKCS11Error, _Unfit):
                    self._drop()
            try:
                return work(self._session())
            except PKCS11Error as problem:
                self._drop()
                raise KeyUnavailable(
                    f"the token cannot be used ({type(problem).__name__})",
                    where="vault.pkcs11_token",
                    remedy="see that it is connected, and has AES-GCM and HMAC with SHA-256",
                ) from None

    def _session(self) -> Session:
        if self._held is None:
            self._held = self._logged_in()
        return self._held

    def _logged_in(self) -> Session:
        if self._refused is not None:
            raise self._refused
        token = self._found()
        try:
            return token.open(rw=True, user_pin=self._pin)
        except UserAlreadyLoggedIn:  # by another session of this process
            return token.open(rw=True)
        except (PinIncorrect, PinLocked) as problem:
            self._refused = _Unfit(
                f"the token does not take the PIN ({type(problem).__name__})",
                where="vault.pkcs11_pin_file",
                remedy="write the right one into the file, and restart: it is not tried again",
            )
            raise self._refused from None

    def _found(self) -> Token:
        try:
            library = lib(self._module)
        except PKCS11Error:
            raise _Unfit(
                "the library of the token cannot be loaded",
                where="vault.pkcs11_module",
                remedy="set it to the path of the library, such as that of SoftHSM",
            ) from None
        try:
            return library.get_token(token_label=self._token)
        except PKCS11Error:
            library.reinitialize()  # most libraries look for tokens at their start only
            return library.get_token(token_label=self._token)

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with suppress(PKCS11Error):
                held.close()


def _wrapping_keys(session: Session) -> dict[str, _Key]:
    found = _objects(session, WRAPPING)
    by_id = {bytes(key.id).decode("ascii", "replace"): key for key in found}
    return {key_id: by_id[key_id] for key_id in sorted(by_id) if _ID.fullmatch(key_id)}


def _roots(session: Session) -> list[_Key]:
    return sorted(_objects(session, ROOT), key=lambda key: bytes(key.id))


def _objects(session: Session, label: str) -> list[Any]:
    # To the end: a search that is left open would refuse the next.
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}
    return list(session.get_objects(wanted))


def _made(session: Session, keys: dict[str, _Key]) -> str:
    """Make a key that sorts behind all others, and see that it opens what it seals."""
    number = 1 + max((int(key_id[:8]) for key_id in keys), default=0)
    key_id = f"{number:08d}-{secrets.token_hex(4)}"
    key = session.generate_key(
        KeyType.AES,
        DATA_KEY_BYTES * 8,
        id=key_id.encode(),
        label=WRAPPING,
        store=True,
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        template=dict(_KEPT_INSIDE),
    )
    _try_out(key)
    return key_id


def _sealed(key: _Key, data_key: bytes, key_id: str, context: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    about = _params(nonce, key_id, context)
    sealed = key.encrypt(data_key, mechanism=Mechanism.AES_GCM, mechanism_param=about)
    return nonce + bytes(sealed)


def _opened(key: _Key, wrapped: Wrapped, context: bytes) -> bytes:
    nonce, sealed = wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:]
    if len(sealed) != DATA_KEY_BYTES + TAG_BYTES:
        raise _wrong(wrapped.key_id)
    about = _params(nonce, wrapped.key_id, context)
    try:
        found = key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=about)
    except PKCS11Error:
        # Tokens tell altered data by any error at all. If the key does its work otherwise, it is
        # the data; if not, this raises what is wrong with the token.
        _try_out(key)
        raise _wrong(wrapped.key_id) from None
    return bytes(found)


def _try_out(key: _Key) -> None:
    """See that a key opens what it seals. Raises the library's error where it does not."""
    sample = secrets.token_bytes(DATA_KEY_BYTES)
    about = _params(secrets.token_bytes(NONCE_BYTES), "", b"")
    sealed = key.encrypt(sample, mechanism=Mechanism.AES_GCM, mechanism_param=about)
    if key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=about) != sample:
        raise PKCS11Error


def _params(nonce: bytes, key_id: str, context: bytes) -> GCMParams:
    return GCMParams(nonce, key_id.encode() + b"\0" + context, TAG_BYTES * 8)


def _missing(what: str) -> _Unfit:
    return _Unfit(
        f"the token lacks {what}",
        where="vault.pkcs11_token",
        remedy="bring it back from its backup: without it nothing in the vault can be read",
    )


def _wrong(key_id: str) -> WrongKey:
    return WrongKey(
        "this key did not wrap what it is asked to unwrap, or that was altered",
        where=f"key {key_id}",
        remedy="bring back the token and the database of one time from a backup",
    )
