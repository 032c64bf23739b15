from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from tests.servers import token

from tutela.errors import BadConfiguration
from tutela.evidence.keys.http import HttpKeys
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import WrongKey
from tutela.evidence.opening import PKCS11, Makers, open_keys, open_store, open_vault
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.s3.store import S3Store
from tutela.model.custody.evidence import Sealed, StoredObject
from tutela.settings import Settings

LINE = b"a harmless line"


def settings(folder: Path, **vault: str) -> Settings:
    env = {f"TUTELA_VAULT_{name.upper()}": value for name, value in vault.items()}
    return Settings.load(env={"TUTELA_DATA_FOLDER": str(folder), **env})


def stored(sealed: Sealed) -> StoredObject:
    return StoredObject(
        id=sealed.id,
        address=sealed.address,
        wrapped=sealed.wrapped,
        key_id=sealed.key_id,
        size=sealed.size,
        created_at=datetime.now(UTC),
    )


def secret(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_vault_is_made_at_first_and_found_again(tmp_path: Path) -> None:
    vault = open_vault(settings(tmp_path))
    kept = stored(vault.seal(LINE))
    vault.close()
    again = open_vault(settings(tmp_path))
    assert b"".join(again.read(kept)) == LINE
    again.close()
    assert (tmp_path / "vault.key").stat().st_mode & 0o077 == 0


def test_keys_that_are_missing_are_not_made_anew_over_what_they_wrapped(tmp_path: Path) -> None:
    vault = open_vault(settings(tmp_path))
    vault.seal(LINE)
    vault.close()
    (tmp_path / "vault.key").unlink()
    with pytest.raises(BadConfiguration, match="key file is missing"):
        open_vault(settings(tmp_path))
    assert not (tmp_path / "vault.key").exists()


def test_keys_alone_are_opened_and_never_made(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="key file is missing"):
        open_keys(settings(tmp_path))
    open_vault(settings(tmp_path)).close()
    keys = open_keys(settings(tmp_path))
    assert keys.current() == keys.key_ids()[-1]
    keys.close()


def test_a_passphrase_comes_from_its_file(tmp_path: Path) -> None:
    locked = settings(tmp_path, passphrase_file=secret(tmp_path, "six calm mountains\n"))
    vault = open_vault(locked)
    kept = stored(vault.seal(LINE))
    vault.close()
    assert b"".join(open_vault(locked).read(kept)) == LINE
    secret(tmp_path, "seven calm mountains")
    with pytest.raises(WrongKey) as caught:
        open_vault(locked)
    assert "mountains" not in str(caught.value)
    secret(tmp_path, "six calm mountains", mode=0o640)
    with pytest.raises(BadConfiguration, match="may be read by others"):
        open_vault(locked)


def test_an_s3_store_is_opened_without_asking_it(tmp_path: Path) -> None:
    file = secret(tmp_path, "AKIDEXAMPLE\nsecret-of-a-drill\n")
    store = open_store(
        settings(
            tmp_path,
            store="s3",
            s3_url="https://s3.example",
            s3_bucket="evidence/a",
            s3_credentials_file=file,
        )
    )
    assert isinstance(store, S3Store)
    store.close()


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"s3_url": ""}, "vault.s3_url"),
        ({"s3_url": "http://s3.example"}, "vault.s3_url"),
        ({"s3_url": "https://user:word@s3.example"}, "vault.s3_url"),
        ({"s3_bucket": "/"}, "vault.s3_bucket"),
        ({"s3_credentials_file": ""}, "vault.s3_credentials_file"),
        ({"s3_credentials_file": "/nowhere/at/all"}, "vault.s3_credentials_file"),
    ],
)
def test_what_an_s3_store_needs(tmp_path: Path, wrong: dict[str, str], where: str) -> None:
    right = {
        "store": "s3",
        "s3_url": "https://s3.example",
        "s3_bucket": "evidence",
        "s3_credentials_file": secret(tmp_path, "AKIDEXAMPLE\nsecret-of-a-drill\n"),
    }
    with pytest.raises(BadConfiguration) as caught:
        open_store(settings(tmp_path, **right | wrong))
    assert where in str(caught.value)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize("text", ["one", "one\ntwo\nthree", "\N{GREEK SMALL LETTER ALPHA}\none"])
def test_credentials_are_two_lines_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfiguration, match="two lines") as caught:
        open_store(settings(tmp_path, store="s3", s3_credentials_file=secret(tmp_path, text)))
    assert "one" not in caught.value.what


def test_an_http_service_is_opened_without_asking_it(tmp_path: Path) -> None:
    right = {
        "keys": "http",
        "http_url": "https://keys.example",
        "http_token_file": secret(tmp_path, "a-token\n"),
    }
    keys = open_keys(settings(tmp_path, **right))
    assert isinstance(keys, HttpKeys)
    keys.close()
    for wrong in ({"http_url": ""}, {"http_url": "http://keys.example"}, {"http_token_file": ""}):
        with pytest.raises(BadConfiguration, match=r"vault\.http_"):
            open_keys(settings(tmp_path, **right | wrong))


@pytest.mark.parametrize(
    "text", ["a token", "a\ntoken", "a-t\N{LATIN SMALL LETTER O WITH STROKE}ken"]
)
def test_a_token_that_no_header_can_carry_is_not_repeated(tmp_path: Path, text: str) -> None:
    right = {"keys": "http", "http_url": "https://keys.example"}
    with pytest.raises(BadConfiguration, match="one line") as caught:
        open_keys(settings(tmp_path, **right, http_token_file=secret(tmp_path, text)))
    assert text not in str(caught.value)


def test_a_token_is_opened_and_its_first_keys_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, config = token.module(), token.configured(tmp_path)
    token.make_token(config)
    monkeypatch.setenv("SOFTHSM2_CONF", config)
    pkcs11.unload(library)
    right = {
        "keys": "pkcs11",
        "pkcs11_module": library,
        "pkcs11_token": token.LABEL,
        "pkcs11_pin_file": secret(tmp_path, token.PIN),
    }
    with pytest.raises(BadConfiguration, match="lacks every key"):
        open_keys(settings(tmp_path, **right))
    vault = open_vault(settings(tmp_path, **right))
    kept = stored(vault.seal(LINE))
    vault.close()
    again = open_vault(settings(tmp_path, **right))
    assert b"".join(again.read(kept)) == LINE
    again.close()
    for name in ("pkcs11_module", "pkcs11_token", "pkcs11_pin_file"):
        with pytest.raises(BadConfiguration, match=f"vault.{name}"):
            open_keys(settings(tmp_path, **right | {name: ""}))


def test_a_token_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, PKCS11, raising=False)
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(BadConfiguration, match=r"pip install 'tutela\[pkcs11\]'"):
        open_keys(settings(tmp_path, keys="pkcs11"))


def test_the_package_of_tokens_is_loaded_only_where_it_is_named() -> None:
    program = "import sys, tutela.app; assert 'pkcs11' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_extension_is_opened_by_its_name(tmp_path: Path) -> None:
    made = settings(tmp_path, store="mine", keys="mine")
    seen: list[Settings] = []

    def store(given: Settings) -> MemoryStore:
        seen.append(given)
        return MemoryStore()

    vault = open_vault(made, Makers(stores={"mine": store}, keys={"mine": lambda _: MemoryKeys()}))
    assert b"".join(vault.read(stored(vault.seal(LINE)))) == LINE
    assert seen == [made]


def test_ours_cannot_be_replaced_by_an_extension_of_the_same_name(tmp_path: Path) -> None:
    makers = Makers(stores={"folder": lambda _: MemoryStore()})
    assert isinstance(open_store(settings(tmp_path), makers), Folder)


@pytest.mark.parametrize("setting", ["store", "keys"])
def test_a_name_that_nobody_has(tmp_path: Path, setting: str) -> None:
    with pytest.raises(BadConfiguration, match=f"vault.{setting}: there is nothing"):
        open_vault(settings(tmp_path, **{setting: "nobody"}))
