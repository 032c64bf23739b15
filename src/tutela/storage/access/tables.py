"""The tables of access: accounts and what they sign in with, API keys, sessions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from tutela.storage.values import Instant, metadata

# People. `password` is an Argon2id hash, NULL where there is none. The secret of the authenticator
# is derived from a key file and `totp_generation` (0: there is none); `totp_last` is the last
# time step that was used. `preferences` and `protection` are JSON.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("pseudonym", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("password", Text),
    Column("totp_generation", Integer, nullable=False),
    Column("totp_confirmed_at", Instant),
    Column("totp_last", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("last_sign_in_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("preferences", Text, nullable=False),
    Column("protection", Text),
    CheckConstraint("state IN ('invited', 'active', 'disabled')", name="state"),
)

# Security keys (WebAuthn). `id` is the credential's id in Base64.
security_keys = Table(
    "security_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
)

# Who an account is at an identity provider.
identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# Signing in that has begun: what the server must remember until the next step. `digest` is that of
# a token in the browser's cookie; `facts` is JSON. Each is used once.
sign_in_steps = Table(
    "sign_in_steps",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    Column("facts", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# `scopes` is a JSON array of permissions that the key is limited to; NULL for all of its role.
# A key with an account acts for that person.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Column("account_id", Text),
    Column("scopes", Text),
)

sign_in_codes = Table(
    "sign_in_codes",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("csrf", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_id", ForeignKey("api_keys.id")),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
)
