"""Settings of the vault and of the audit log."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class VaultSettings(Section, frozen=True, kw_only=True):
    """Evidence: where it lies encrypted, who keeps the keys, and how long it stays.

    Secrets are read from files of their own, so that they stand in no environment and no log.
    """

    store: Annotated[
        str, setting("where encrypted objects lie: folder, s3, or an extension's name")
    ] = "folder"
    folder: Annotated[
        str, setting("folder of the store `folder`; empty means vault in the data folder")
    ] = ""
    s3_url: Annotated[
        str, setting("address of the S3 service, such as https://s3.eu-west-1.amazonaws.com")
    ] = ""
    s3_bucket: Annotated[str, setting("bucket, and prefix after a slash")] = ""
    s3_region: Annotated[str, setting("region that requests are signed for")] = "us-east-1"
    s3_credentials_file: Annotated[
        str, setting("file with two lines: access key and secret key; mode 0600")
    ] = ""
    s3_private: Annotated[
        bool, setting("whether the service may have a private address, such as a MinIO beside us")
    ] = False
    keys: Annotated[
        str, setting("who wraps the keys of objects: file, pkcs11, http, or an extension's name")
    ] = "file"
    key_file: Annotated[
        str,
        setting("key file of the service `file`; empty means vault.key in the data folder"),
    ] = ""
    passphrase_file: Annotated[
        str,
        setting("file with the passphrase of the key file; empty means that it has none"),
    ] = ""
    pkcs11_module: Annotated[str, setting("library of the PKCS#11 token")] = ""
    pkcs11_token: Annotated[str, setting("label of the token")] = ""
    pkcs11_pin_file: Annotated[str, setting("file with the token's PIN; mode 0600")] = ""
    http_url: Annotated[str, setting("address of the key service `http`")] = ""
    http_token_file: Annotated[str, setting("file with the token that it asks for; mode 0600")] = ""
    http_private: Annotated[bool, setting("whether the key service may have a private address")] = (
        False
    )
    default_days: Annotated[
        int,
        setting(
            "how long evidence is kept where no pack covers the place or its law names no period",
            "days",
            ge=1,
            le=36_500,
        ),
    ] = 365
    unreported_days: Annotated[
        int,
        setting(
            "how long evidence waits for a report, where its term begins with the report",
            "days",
            ge=1,
            le=36_500,
        ),
    ] = 365
    worker: Annotated[
        bool,
        setting(
            "whether `tutela serve` runs a process that lets evidence expire and signs the audit "
            "log; without one, run `tutela evidence work` somewhere"
        ),
    ] = True
    expire_seconds: Annotated[
        float,
        setting("how often that process looks for what is due", "seconds", ge=0.1, le=86_400),
    ] = 60.0


class AuditSettings(Section, frozen=True, kw_only=True):
    """The audit log."""

    key_file: Annotated[
        str,
        setting("key that signs checkpoints; empty means audit.key in the data folder"),
    ] = ""
    witness_folder: Annotated[
        str,
        setting(
            "folder outside the database with every leaf's hash and every checkpoint, best on "
            "another disk; empty means audit in the data folder"
        ),
    ] = ""
    checkpoint_seconds: Annotated[
        float,
        setting(
            "how often a checkpoint is signed when there is more", "seconds", ge=0.1, le=86_400
        ),
    ] = 60.0
    timestamp_url: Annotated[
        str, setting("address of an RFC 3161 time-stamping service; empty means none")
    ] = ""
    timestamp_roots: Annotated[
        str, setting("file with the certificates that time stamps are verified with (PEM)")
    ] = ""
    timestamp_hours: Annotated[
        float, setting("how often a checkpoint is stamped", "hours", ge=0.01, le=8760)
    ] = 24.0
    timestamp_private: Annotated[
        bool, setting("whether the time-stamping service may have a private address")
    ] = False
