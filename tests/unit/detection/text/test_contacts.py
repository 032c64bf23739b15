"""Contact details are found as people write them, and told in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.contacts import MOST, Contacts, kinds_of
from tutela.detection.text.normaliser import Normaliser

NORMALISER = Normaliser()
CONTACTS = Contacts(NORMALISER)


def found(text: str) -> list[str]:
    return [f"{one.kind} {one.value}" for one in CONTACTS.find(NORMALISER.normalise(text))]


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("see https://www.Example.com/Path?q=1.", ["link example.com/path?q=1"]),
        ("it is on example.org/page, ok", ["link example.org/page"]),
        ("mail me at Some.One@example.com", ["email some.one@example.com"]),
        ("some.one (at) example (dot) com", ["email some.one@example.com"]),
        ("someone at example dot com", ["email someone@example.com"]),
        ("\uff53\uff4f\uff4d\uff45@example.com", ["email some@example.com"]),
        ("call +33 6 00 00 00 00", ["phone +33600000000"]),
        ("06.00.00.00.00", ["phone 0600000000"]),
        ("(020) 7946 0000", ["phone 02079460000"]),
        ("zero six zero one zero two zero three", ["phone 06010203"]),
        ("z\u00e9ro six un deux trois quatre cinq", ["phone 0612345"]),
        ("follow @some_name99!", ["handle some_name99"]),
        ("my snap is some_name", ["handle some_name"]),
        ("insta: so.me1", ["handle so.me1"]),
        ("add me on k1k", ["app kik"]),
        ("on s.n.a.p or Whats App", ["app snapchat", "app whatsapp"]),
        ("sn\u0430pch\u0430t", ["app snapchat"]),
        ("kik@", ["app kik"]),
    ],
)
def test_what_is_found(text: str, contacts: list[str]) -> None:
    assert found(text) == contacts


@pytest.mark.parametrize(
    "text",
    [
        "see you at 5pm on 2026-11-30",
        "on 30/11/2026 at 12:30",
        "i am 13, he is 14",
        "we won 3-2",
        "1 2 3 go",
        "at home. come over",
        "one two three four",
        "look at the dots",
        "that is 100 000 people",
        "a snapshot of instant soup",
        "e.g. this",
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []


def test_places_are_those_of_the_text_as_written() -> None:
    text = "hey \u200b\u200bwrite to  s\u200bome@example.com or  k\u200bik"
    contacts = CONTACTS.find(NORMALISER.normalise(text))
    assert [text[one.start : one.end] for one in contacts] == [
        "s\u200bome@example.com",
        "k\u200bik",
    ]
    assert [str(kind) for kind in kinds_of(contacts)] == ["email", "app"]


@given(st.text() | st.text("a@.:/ +-01") | st.text("snapikt :="))
def test_any_text_can_be_searched(text: str) -> None:
    contacts = CONTACTS.find(NORMALISER.normalise(text))
    assert all(0 <= one.start < one.end <= len(text) for one in contacts)
    ends = [one.end for one in contacts]
    assert all(end <= one.start for end, one in zip(ends, contacts[1:], strict=False))


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "a-",
        "a@",
        "0",
        "0 ",
        "one ",
        "snap:",
        "@a",
        "http://",
        "a at ",
        "www.",
        "(",
        "+0(",
    ],
)
def test_no_text_makes_it_slow(piece: str) -> None:
    """No timing: what is quadratic would not end within the limit of a test."""
    text = piece * (300_000 // len(piece))
    assert len(found(text)) <= MOST
