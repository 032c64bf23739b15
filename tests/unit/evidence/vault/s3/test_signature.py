"""Our signatures against those of botocore, which Amazon's own programs make."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.evidence.vault.s3.signature import (
    Credentials,
    Signable,
    encoded,
    query_text,
    signed,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
WORD = st.text("abcXYZ019-", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
HEADERS = st.dictionaries(WORD.map(lambda word: f"x-amz-meta-{word.lower()}"), VALUE, max_size=4)


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]),
    key=TEXT,
    query=st.dictionaries(TEXT.filter(bool), TEXT, max_size=4),
    headers=HEADERS,
    body=st.binary(max_size=50),
    secret=VALUE.filter(bool),
    region=WORD,
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - made UTC below
)
@example("GET", "a/b c+d%~", {"uploads": "", "a b": "=&"}, {}, b"", "s", "r", datetime(2026, 5, 6))  # noqa: DTZ001
def test_it_signs_as_botocore_does(
    method: str,
    key: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    secret: str,
    region: str,
    at: datetime,
) -> None:
    at = at.replace(tzinfo=UTC)
    path = f"/bucket/{encoded(key, keep='/')}"
    request = Signable(
        method=method,
        host="s3.example:9000",
        path=path,
        query=query,
        headers=headers,
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
    ours = signed(request, Credentials(access_key="AKIDEXAMPLE", secret_key=secret), region, at)
    text = query_text(query)
    theirs = AWSRequest(
        method, f"http://s3.example:9000{path}{'?' if text else ''}{text}", headers, body
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        S3SigV4Auth(TheirCredentials("AKIDEXAMPLE", secret), "s3", region).add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.context["timestamp"]
    assert ours["x-amz-content-sha256"] == theirs.headers["X-Amz-Content-SHA256"]
    assert ours.keys() >= headers.keys()


@given(TEXT)
def test_texts_are_encoded_byte_by_byte(text: str) -> None:
    assert encoded(text) == quote(text, safe="-_.~")
    assert "/" not in encoded(text)


def test_credentials_show_neither_key() -> None:
    made = Credentials(access_key="AKIDEXAMPLE", secret_key="of a drill")  # noqa: S106
    assert repr(made) == str(made) == "Credentials(***)"
    assert "drill" not in f"{(made,)}"
