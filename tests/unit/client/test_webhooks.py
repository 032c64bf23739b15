from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.client.webhooks import NotGenuine, headers, sign, verify
from tutela.errors import InvalidInput
from tutela.model import ActionKind, ActionMessage, EventKind, Receipt

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
MESSAGE = ActionMessage(
    id="act-1",
    action=ActionKind.SLOW,
    event_id="e1",
    event_kind=EventKind.MESSAGE,
    received_at=AT,
    decided_at=AT,
    policy_version="policy-1",
    seconds=30,
)
BODY = msgspec.json.encode(MESSAGE)


def signed(at: datetime = AT, *, secrets: tuple[str, ...] = (SECRET,)) -> dict[str, str]:
    return headers(secrets, MESSAGE.id, int(at.timestamp()), BODY)


def refused(
    given: dict[str, str], body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,)
) -> str:
    with pytest.raises(NotGenuine) as caught:
        verify(secrets, given, body, now=AT)
    text = str(caught.value)
    assert sign(SECRET, MESSAGE.id, int(AT.timestamp()), body) not in text
    assert SECRET not in text
    return text


def test_the_published_example_is_signed_alike() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, libraries' tests
    secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published as an example
    body = b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    for one in (secret, f"whsec_{secret}"):
        assert sign(one, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == wanted


MANUAL = Path(__file__).parents[3] / "docs" / "reference" / "webhooks.md"


def blocks() -> list[str]:
    """What stands between fences in the manual's page, in order."""
    return re.findall(r"```[a-z]+\n(.*?)\n```", MANUAL.read_text(), re.DOTALL)


def test_the_example_in_the_manual_is_genuine() -> None:
    secrets, lines, body, receipt = blocks()
    given = dict(line.split(": ", 1) for line in lines.splitlines())
    at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
    for secret in secrets.splitlines():
        message = verify(secret, given, body.encode(), now=at)
        assert msgspec.json.encode(message).decode() == body
    own = headers(secrets.splitlines(), message.id, int(at.timestamp()), body.encode())
    assert own == given
    assert msgspec.json.decode(receipt, type=Receipt).id == message.id


def test_the_manual_names_every_member() -> None:
    page = MANUAL.read_text()
    _, _, rest = page.partition("## ActionMessage")
    message, _, receipt = rest.partition("## Receipt")
    for record, part in ((ActionMessage, message), (Receipt, receipt)):
        rows = re.findall(r"^\| (`[^|]*`) \|", part, re.MULTILINE)
        named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
        assert sorted(named) == sorted(record.__struct_fields__)


@given(key=st.binary(min_size=1, max_size=64), body=st.binary(max_size=200))
def test_a_signature_is_the_hmac_of_id_time_and_body(key: bytes, body: bytes) -> None:
    content = b"act-1.1700000000." + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    secret = "whsec_" + base64.b64encode(key).decode()
    assert sign(secret, "act-1", 1_700_000_000, body) == f"v1,{expected}"


def test_what_was_signed_is_believed() -> None:
    assert verify(SECRET, signed(), BODY, now=AT) == MESSAGE
    shouted = {name.upper(): value for name, value in signed().items()}
    assert verify([OTHER, SECRET], shouted, BODY, now=AT) == MESSAGE


def test_what_a_newer_server_adds_is_passed_over() -> None:
    body = BODY[:-1] + b',"further":{"x":1}}'
    given = headers([SECRET], MESSAGE.id, int(AT.timestamp()), body)
    assert verify(SECRET, given, body, now=AT) == MESSAGE


def test_either_secret_is_enough_while_they_overlap() -> None:
    both = signed(secrets=(SECRET, OTHER))
    assert both["webhook-signature"].count("v1,") == 2
    for known in (SECRET, OTHER):
        assert verify(known, both, BODY, now=AT) == MESSAGE


@given(st.data())
def test_no_changed_byte_is_believed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(BODY)
    changed[at] ^= 1 << bit
    assert "no signature fits" in refused(signed(), bytes(changed))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v2," + sign(SECRET, "act-1", int(AT.timestamp()), BODY)[3:]),
        ("webhook-signature", "v1,é"),
        ("webhook-id", "act-2"),
        ("webhook-timestamp", str(int(AT.timestamp()) + 1)),
    ],
)
def test_no_changed_header_is_believed(name: str, value: str) -> None:
    assert "no signature fits" in refused(signed() | {name: value})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_no_header_may_be_missing(name: str) -> None:
    given = signed()
    del given[name]
    assert f"{name}: a header is missing" in refused(given)


@pytest.mark.parametrize("value", ["soon", "1e9", "-1", "+1", "1_0", "٣", "9" * 40, "1.0"])
def test_a_time_is_a_number_of_seconds(value: str) -> None:
    assert "not a number" in refused(signed() | {"webhook-timestamp": value})


@pytest.mark.parametrize(("seconds", "how"), [(-301, "too long ago"), (301, "in the future")])
def test_a_time_too_far_away_is_refused(seconds: int, how: str) -> None:
    text = refused(signed(AT + timedelta(seconds=seconds)))
    assert how in text
    assert "compare the clocks" in text


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert verify(SECRET, signed(AT + timedelta(seconds=seconds)), BODY, now=AT) == MESSAGE


def test_without_a_time_the_clock_is_asked() -> None:
    assert verify(SECRET, signed(datetime.now(UTC)), BODY) == MESSAGE
    with pytest.raises(NotGenuine, match="in the future"):
        verify(SECRET, signed(datetime.now(UTC) + timedelta(days=1)), BODY)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"id": "act-1"}'])
def test_a_body_that_is_no_action_is_refused(body: bytes) -> None:
    assert "not an action" in refused(headers([SECRET], "act-1", int(AT.timestamp()), body), body)


def test_a_body_under_another_id_is_refused() -> None:
    given = headers([SECRET], "act-2", int(AT.timestamp()), BODY)
    assert "another message" in refused(given)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_é", "no base 64"])
def test_a_secret_that_is_none_is_told_without_it(secret: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be used") as caught:
        sign(secret, "act-1", 1, b"")
    assert len(secret) <= len("whsec_") or secret not in str(caught.value)
