from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.interfaces.keyholder import ORIGIN, SoftKey, b64

from tutela.interfaces.access.security_keys import LONGEST, Site
from tutela.model.review.account import Account, AccountState
from tutela.storage.access.security_keys import SecurityKey

SITE = Site(ORIGIN)
MARA = Account(
    id="0a1b2c3d4e5f",
    name="mara",
    pseudonym="quiet-heron-42",
    role="reviewer",
    state=AccountState.ACTIVE,
    created_at=datetime(2026, 11, 30, tzinfo=UTC),
)


def kept(key: SoftKey, site: Site = SITE) -> SecurityKey:
    """What is stored of a key that was set up."""
    asked = site.ask_for_new(MARA, ())
    made = site.made(key.set_up(asked.challenge), asked.challenge)
    assert made is not None
    assert made.id == b64(key.id)
    return SecurityKey(
        id=made.id,
        account_id=MARA.id,
        name="a key",
        public_key=made.public_key,
        sign_count=made.uses,
        created_at=MARA.created_at,
    )


def test_a_key_is_set_up_and_shown() -> None:
    key = SoftKey()
    known = kept(key)
    asked = SITE.ask_for([known])
    assert SITE.shown(key.show(asked.challenge), asked.challenge, [known]) == (known, 1)
    options = json.loads(asked.options)
    assert (options["rpId"], options["challenge"]) == ("test", asked.challenge)
    assert [one["id"] for one in options["allowCredentials"]] == [known.id]


def test_a_key_that_is_known_is_not_set_up_again() -> None:
    known = kept(SoftKey())
    options = json.loads(SITE.ask_for_new(MARA, [known]).options)
    assert [one["id"] for one in options["excludeCredentials"]] == [known.id]
    assert options["rp"]["id"] == "test"


def test_each_question_is_another() -> None:
    assert len({SITE.ask_for(()).challenge for _ in range(9)}) == 9


@pytest.mark.parametrize(
    "origin", ["http://test.example", "https://test", "http://test:8080", "http://evil.example"]
)
def test_an_answer_for_another_site_is_none(origin: str) -> None:
    key = SoftKey()
    known, challenge = kept(key), SITE.ask_for(()).challenge
    key.origin = origin
    assert SITE.shown(key.show(challenge), challenge, [known]) is None
    assert SITE.made(SoftKey(origin).set_up(challenge), challenge) is None


def test_an_answer_to_another_question_is_none() -> None:
    key = SoftKey()
    known = kept(key)
    first, second = (SITE.ask_for([known]).challenge for _ in range(2))
    answer = key.show(first)
    assert SITE.shown(answer, second, [known]) is None
    assert SITE.shown(answer, first, [known]) is not None
    assert SITE.made(SoftKey().set_up(first), second) is None
    # What sets a key up shows none, and the other way round.
    assert SITE.shown(key.set_up(first), first, [known]) is None
    assert SITE.made(key.show(first), first) is None


def test_another_key_is_none() -> None:
    key, other = SoftKey(), SoftKey()
    known, challenge = kept(key), SITE.ask_for(()).challenge
    assert SITE.shown(other.show(challenge), challenge, [known]) is None
    other.id = key.id  # a forger knows the id, and lacks the private half
    assert SITE.shown(other.show(challenge), challenge, [known]) is None


def test_a_copy_of_a_key_is_found_by_its_count() -> None:
    key = SoftKey()
    known = kept(key)
    for uses, is_right in ((1, True), (5, True), (4, False), (5, False), (0, False), (6, True)):
        key.uses = uses - 1
        challenge = SITE.ask_for([known]).challenge
        key_and_count = SITE.shown(key.show(challenge), challenge, [known])
        assert (key_and_count is not None) == is_right, uses
        if key_and_count:
            known = SecurityKey(**{**_fields(known), "sign_count": key_and_count[1]})


def test_nobody_touched_it() -> None:
    key = SoftKey()
    known, challenge = kept(key), SITE.ask_for(()).challenge
    assert SITE.shown(key.show(challenge, flags=0), challenge, [known]) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "null",
        lambda _: "[]",
        lambda _: "{",
        lambda _: "[" * 100_000,
        lambda told: json.dumps({**told, "more": "x" * LONGEST}),
        lambda told: json.dumps({**told, "rawId": "AAAA"}),
        lambda told: json.dumps({**told, "rawId": 7}),
        lambda told: json.dumps({**told, "type": "password"}),
        lambda told: json.dumps({**told, "response": None}),
        lambda told: json.dumps({**told, "response": {}}),
        lambda told: json.dumps({**told, "response": dict.fromkeys(told["response"], "")}),
        lambda told: json.dumps({**told, "response": dict.fromkeys(told["response"], "é")}),
        lambda told: json.dumps({**told, "response": dict.fromkeys(told["response"], "AAAA")}),
        lambda told: json.dumps({**told, "id": "\ud800"}),
    ],
)
def test_what_is_no_answer(change: Callable[[dict[str, Any]], str]) -> None:
    key = SoftKey()
    known, challenge = kept(key), SITE.ask_for(()).challenge
    assert SITE.shown(change(json.loads(key.show(challenge))), challenge, [known]) is None
    assert SITE.made(change(json.loads(SoftKey().set_up(challenge))), challenge) is None


def _fields(key: SecurityKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in key.__struct_fields__}
