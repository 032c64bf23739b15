from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import ActionKind
from tutela.response.destinations import (
    DestinationChange,
    NewDestination,
    change,
    check_address,
    create,
    read,
    rotate,
    taken,
)
from tutela.response.secrets import Secrets
from tutela.storage.database import Database
from tutela.storage.outbox.destinations import Destinations

TOKEN = "s3cr3t-t0ken"  # noqa: S105 - stands for a token in the path of an address
GOOD = f"https://platform.example/hooks/{TOKEN}"


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        "https://platform.example",
        "https://platform.example:8443/a?b=c%20d",
        "https://93.184.215.14/hook",
        "https://[2606:4700::1111]/hook",
        "HTTPS://PLATFORM.EXAMPLE/hook",
    ],
)
def test_addresses_on_the_internet(url: str) -> None:
    check_address(url, private=False)
    check_address(url, private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hook",
        "http://localhost/hook",
        "https://localhost./hook",
        "http://receiver.internal/hook",
        "https://10.1.2.3/hook",
        "http://[::1]:9000/hook",
        "https://printer.local/hook",
        "http://platform.example/hook",
    ],
)
def test_addresses_that_must_be_declared_private(url: str) -> None:
    check_address(url, private=True)
    with pytest.raises(InvalidInput, match="private"):
        check_address(url, private=False)


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "not one of http"),
        ("hook", "not one of http"),
        ("ftp://platform.example/hook", "not one of http"),
        ("file:///etc/passwd", "not one of http"),
        ("https:///hook", "not one of http"),
        ("//platform.example/hook", "not one of http"),
        (f"https://user:{TOKEN}@platform.example/", "user name or password"),
        ("https://@platform.example/", "user name or password"),
        (f"https://platform.example/#{TOKEN}", "after #"),
        ("https://platform.example/a b", "a blank or a character"),
        ("https://platform.example/\n", "a blank or a character"),
        ("https://platform.example\\@elsewhere.example/", "a blank or a character"),
        ("https://plätform.example/", "a blank or a character"),
        ("https://platform.example:0/", "not a URL"),
        ("https://platform.example:99999/", "not a URL"),
        ("https://platform.example:x/", "not a URL"),
        ("https://[::1/", "not a URL"),
        (f"https://platform.example/{'a' * 2000}", "longer than 2,000"),
    ],
)
def test_addresses_that_are_never_taken(url: str, problem: str, *, private: bool) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        check_address(url, private=private)
    assert refused.value.where == "url"
    assert refused.value.remedy
    assert TOKEN not in str(refused.value)


@given(st.text(max_size=60), st.booleans())
@example("https://[" + TOKEN, True)  # noqa: FBT003 - an example
@example("http://a:b@c", False)  # noqa: FBT003
def test_no_text_breaks_the_check(text: str, private: bool) -> None:  # noqa: FBT001 - drawn
    problem = problem_with(text, private=private)
    if problem is None:
        assert text.lower().startswith(("https://", "http://"))
        assert "@" not in text.split("/")[2]
        assert private or text.lower().startswith("https://")
    else:
        assert len(text) < 12 or text not in problem


def problem_with(url: str, *, private: bool) -> str | None:
    try:
        check_address(url, private=private)
    except InvalidInput as refused:
        return str(refused)
    return None


def test_actions_that_a_destination_takes() -> None:
    slow, block = ActionKind.SLOW, ActionKind.BLOCK
    assert taken([slow, block, slow]) == (slow, block)
    assert taken([]) == ()
    for kind in (ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK):
        with pytest.raises(InvalidInput, match="never sent"):
            taken([slow, kind])
    with pytest.raises(InvalidInput, match="where a rule says"):
        taken([ActionKind.NOTIFY])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": "No Name", "url": GOOD}, "small letters"),
        ({"name": "", "url": GOOD}, "small letters"),
        ({"name": "a\n", "url": GOOD}, "small letters"),
        ({"name": "a", "url": ""}, "1 to 2,000"),
        ({"name": "a", "url": GOOD, "confirm_seconds": 0}, "1 to 86,400"),
        ({"name": "a", "url": GOOD, "actions": ["punish"]}, "punish"),
    ],
)
def test_what_was_typed_and_cannot_be_read(given: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        read(given, NewDestination)
    assert TOKEN not in str(refused.value)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets.open(tmp_path / "actions.key")


def test_the_life_of_a_destination(database: Database, secrets: Secrets) -> None:
    kept = Destinations(database)
    new = NewDestination(name="platform", url=GOOD, actions=(ActionKind.SLOW,))
    made = create(kept, secrets, new, by="key:1")
    assert made.secret.startswith("whsec_")
    assert made.destination == kept.get("platform")
    with pytest.raises(Conflict):
        create(kept, secrets, new, by="key:1")
    changed = change(
        kept, "platform", DestinationChange(confirm_seconds=9, enabled=False), by="key:1"
    )
    assert (changed.url, changed.confirm_seconds, changed.enabled) == (GOOD, 9, False)
    before = datetime.now(UTC)
    rotated = rotate(kept, secrets, "platform", 2, by="key:1")
    assert rotated.secret != made.secret
    assert rotated.destination.generation == 2
    until = rotated.destination.overlap_until
    assert until is not None
    assert abs(until - before - timedelta(hours=2)) < timedelta(minutes=5)
    assert rotate(kept, secrets, "platform", 0, by="key:1").destination.overlap_until is None
    with pytest.raises(NotFound):
        rotate(kept, secrets, "nowhere", 1, by="key:1")
    with pytest.raises(NotFound):
        change(kept, "nowhere", DestinationChange(), by="key:1")


def test_a_change_is_looked_at_as_a_whole(database: Database, secrets: Secrets) -> None:
    kept = Destinations(database)
    near = "http://127.0.0.1:1/hook"
    create(kept, secrets, NewDestination(name="near", url=near, private=True), by="key:1")
    with pytest.raises(InvalidInput, match="private"):
        change(kept, "near", DestinationChange(private=False), by="key:1")
    moved = change(kept, "near", DestinationChange(private=False, url=GOOD), by="key:1")
    assert (moved.url, moved.private) == (GOOD, False)
    with pytest.raises(InvalidInput, match="private"):
        change(kept, "near", DestinationChange(url=near), by="key:1")
    with pytest.raises(InvalidInput, match="never sent"):
        change(kept, "near", DestinationChange(actions=(ActionKind.OPEN_CASE,)), by="key:1")
    assert kept.get("near") == moved
