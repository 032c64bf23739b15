"""Opens the vault that the settings name: its store, and the service that keeps its keys."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from tutela.errors import BadConfiguration
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.keys.http import HttpKeys
from tutela.evidence.keys.service import KeyService
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.s3.bucket import Bucket
from tutela.evidence.vault.s3.signature import Credentials
from tutela.evidence.vault.s3.store import S3Store
from tutela.evidence.vault.store import BlobStore
from tutela.evidence.vault.vault import Vault
from tutela.model.record import Record
from tutela.outgoing import Calls, FetchFailed
from tutela.settings import Settings
from tutela.settings.secret_files import read_secret

StoreMaker = Callable[[Settings], BlobStore]
"""Opens a store. It reads whatever settings of its own from where it likes."""
KeysMaker = Callable[[Settings], KeyService]
"""Opens a key service, likewise."""

PKCS11 = "tutela.evidence.keys.pkcs11"
LARGEST_KEYS = 1_000_000
"""Bytes of a list of keys."""
LARGEST_PAGE = 4_000_000
"""Bytes of a listing of a thousand objects, at the very most."""


class Makers(Record, frozen=True, kw_only=True):
    """What extensions add, by the names that the settings call it by."""

    stores: Mapping[str, StoreMaker] = MappingProxyType({})
    keys: Mapping[str, KeysMaker] = MappingProxyType({})


NO_MAKERS = Makers()

Made = TypeVar("Made")


def open_vault(settings: Settings, makers: Makers = NO_MAKERS) -> Vault:
    """The vault, ready to seal and read. Whoever opens it closes it.

    Keys are made where there are none yet, and the store holds nothing that others have wrapped.

    Raises:
        BadConfiguration: a setting cannot be used, or the keys are missing.
        StoreUnavailable: there are no keys, and the store cannot tell whether any are missed.
        WrongKey: the passphrase is another.
        KeyUnavailable: the key service cannot be reached.
    """
    store = open_store(settings, makers)
    try:
        keys = open_keys(settings, makers, create=lambda: next(iter(store.list()), None) is None)
    except BaseException:
        store.close()
        raise
    return Vault(store, keys)


def open_store(settings: Settings, makers: Makers = NO_MAKERS) -> BlobStore:
    """The store that the settings name. Nothing is asked of it yet.

    Raises:
        BadConfiguration: a setting cannot be used.
    """
    own: dict[str, StoreMaker] = {"folder": lambda all_: Folder(all_.vault_folder), "s3": _s3}
    return _maker("vault.store", settings.vault.store, own, makers.stores)(settings)


def open_keys(
    settings: Settings,
    makers: Makers = NO_MAKERS,
    *,
    create: Callable[[], bool] = lambda: False,
) -> KeyService:
    """The key service that the settings name.

    Args:
        settings: all settings.
        makers: what extensions add.
        create: asked where there are no keys at all: whether to make the first.

    Raises:
        BadConfiguration: a setting cannot be used, or the keys are missing.
        WrongKey: the passphrase is another.
        KeyUnavailable: the key service cannot be reached.
    """
    own: dict[str, KeysMaker] = {
        "file": lambda all_: _key_file(all_, create),
        "http": _http,
        "pkcs11": lambda all_: _pkcs11(all_, create),
    }
    return _maker("vault.keys", settings.vault.keys, own, makers.keys)(settings)


def _maker(
    setting: str,
    name: str,
    own: Mapping[str, Callable[[Settings], Made]],
    found: Mapping[str, Callable[[Settings], Made]],
) -> Callable[[Settings], Made]:
    makers = {**found, **own}
    if name not in makers:
        raise BadConfiguration(
            "there is nothing of this name",
            where=setting,
            remedy=f"choose one of {', '.join(sorted(makers))}, or install the extension",
        )
    return makers[name]


def _s3(settings: Settings) -> S3Store:
    vault = settings.vault
    path = _needed(vault.s3_credentials_file, "vault.s3_credentials_file")
    lines = read_secret(Path(path), "vault.s3_credentials_file").split()
    if len(lines) != 2 or not all(map(_fits_header, lines)):  # noqa: PLR2004 - two keys
        raise BadConfiguration(
            "the file of vault.s3_credentials_file does not have two lines of plain letters",
            where=path,
            remedy="write the access key into the first line, the secret key into the second",
        )
    credentials = Credentials(access_key=lines[0], secret_key=lines[1])
    place = _needed(vault.s3_bucket.strip("/"), "vault.s3_bucket")
    calls = _calls("vault.s3_url", vault.s3_url, private=vault.s3_private, limit=LARGEST_PAGE)
    return S3Store(Bucket(calls, place, vault.s3_region, credentials))


def _key_file(settings: Settings, create: Callable[[], bool]) -> KeyFile:
    file = settings.vault.passphrase_file
    passphrase = read_secret(Path(file), "vault.passphrase_file") if file else None
    path = settings.vault_key_file
    if path.exists():
        return KeyFile.open(path, passphrase)
    if not create():
        raise no_keys("the key file", str(path))
    return KeyFile.create(path, passphrase)


def _pkcs11(settings: Settings, create: Callable[[], bool]) -> KeyService:
    vault = settings.vault
    try:
        # Named by a setting alone is what needs a package that few have.
        module = import_module(PKCS11)
    except ImportError:
        raise BadConfiguration(
            "the package for PKCS#11 is not installed",
            where="vault.keys",
            remedy="pip install 'tutela[pkcs11]'",
        ) from None
    pin = read_secret(
        Path(_needed(vault.pkcs11_pin_file, "vault.pkcs11_pin_file")), "vault.pkcs11_pin_file"
    )
    path = _needed(vault.pkcs11_module, "vault.pkcs11_module")
    token = _needed(vault.pkcs11_token, "vault.pkcs11_token")
    with _alone(Path(settings.data.folder)):
        return cast("KeyService", module.Pkcs11Keys(path, token, pin, create))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes of this machine from making the first keys at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "vault.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _http(settings: Settings) -> HttpKeys:
    vault = settings.vault
    path = Path(_needed(vault.http_token_file, "vault.http_token_file"))
    token = read_secret(path, "vault.http_token_file")
    if not _fits_header(token):
        raise BadConfiguration(
            "the token is not one line of plain letters, digits and signs",
            where=str(path),
            remedy="write the token into it as the key service has given it out",
        )
    calls = _calls("vault.http_url", vault.http_url, private=vault.http_private, limit=LARGEST_KEYS)
    return HttpKeys(calls, token)


def _fits_header(text: str) -> bool:
    """Whether a secret can be sent in a header: the error of one that cannot would repeat it."""
    return text.isascii() and text.isprintable() and " " not in text


def _calls(setting: str, url: str, *, private: bool, limit: int) -> Calls:
    _needed(url, setting)
    if url.lower().startswith("http:") and not private:
        raise BadConfiguration(
            "the address is not https, and the service is not said to be on a private network",
            where=setting,
            remedy="use https",
        )
    try:
        return Calls(url, private=private, limit=limit)
    except FetchFailed as problem:
        raise BadConfiguration(problem.what, where=setting) from None


def _needed(value: str, setting: str) -> str:
    if not value:
        raise BadConfiguration("this setting is needed, and empty", where=setting)
    return value


def no_keys(what: str, where: str) -> BadConfiguration:
    """What is said where keys should be and are not."""
    return BadConfiguration(
        f"{what} is missing, and the vault has been used already",
        where=where,
        remedy="bring it back from a backup: without it nothing in the vault can be read",
    )
