from __future__ import annotations

import ssl
import time

import pytest

from tutela.client.asking import ANSWER_BYTES
from tutela.client.carrying import _take, tls_of
from tutela.client.problems import BadAnswer, Unreachable


def test_certificates_are_always_checked() -> None:
    for context in (tls_of("https://tutela.example", None), tls_of("http://tutela.example", None)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_plain_http_trusts_no_authority() -> None:
    assert tls_of("http://tutela.example", None).cert_store_stats()["x509_ca"] == 0
    assert tls_of("https://tutela.example", None).cert_store_stats()["x509_ca"] > 0


def test_the_callers_own_choice_stands() -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert tls_of("https://tutela.example", own) is own


def test_an_answer_that_drips_is_given_up_at_the_deadline() -> None:
    with pytest.raises(Unreachable, match="in time"):
        _take(bytearray(), b"a", time.monotonic() - 1)


def test_an_answer_without_end_is_given_up() -> None:
    with pytest.raises(BadAnswer, match="larger than"):
        _take(bytearray(ANSWER_BYTES), b"a", time.monotonic() + 60)
