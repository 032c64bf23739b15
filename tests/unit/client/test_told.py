from __future__ import annotations

import pytest

from tutela.client.told import EventArguments, new_event_id, request_of, told
from tutela.errors import InvalidInput
from tutela.model import AccountSignals, Actor, AgeBand, EventKind, Rating, Signal

URL = "http://127.0.0.1/v1/check"
YOUNG = Actor(id="ben", age=AgeBand.FROM_13_TO_15)


def test_what_was_not_said_is_not_sent() -> None:
    facts, media = told({"media": b"a", "actor": "ann", "drill": False, "surface": ""})
    assert facts.keys() == {"event_id", "actor"}
    assert facts["actor"] == {"id": "ann"}
    assert media == b"a"


def test_all_that_was_said_is_sent_in_the_words_of_the_api() -> None:
    facts, _ = told(
        {
            "signals": [Signal(kind="md5", value="0" * 32)],
            "event_id": "e-1",
            "kind": EventKind.MESSAGE,
            "actor": YOUNG,
            "receivers": [YOUNG, "carla"],
            "ratings": [Rating(name="mood", value=1.0)],
            "account": AccountSignals(age_days=0),
            "drill": True,
        }
    )
    assert facts["signals"] == [{"kind": "md5", "value": "0" * 32}]
    assert facts["kind"] == "message"
    assert facts["receivers"] == [{"id": "ben", "age": "from_13_to_15"}, {"id": "carla"}]
    assert facts["ratings"][0]["name"] == "mood"
    # Zero is said; None is not, and the server takes it as not told.
    assert facts["account"]["age_days"] == 0
    assert facts["drill"] is True


def test_ids_are_new_and_grow() -> None:
    ids = [new_event_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [one[:12] for one in ids] == sorted(one[:12] for one in ids)


@pytest.mark.parametrize(
    ("event", "form"),
    [
        ({"actor": YOUNG, "receivers": ["ann"]}, True),
        ({"receivers": ["ann", "carla"]}, False),
        ({"ratings": [Rating(name="mood", value=1)]}, False),
        ({"account": AccountSignals(age_days=1)}, False),
    ],
)
def test_a_file_goes_as_a_form_where_it_has_a_field_for_each_fact(
    event: EventArguments, *, form: bool
) -> None:
    facts, media = told({**event, "media": b"a"})
    assert isinstance(media, bytes)
    request = request_of(URL, {}, facts, media)
    kind = "multipart/form-data" if form else "application/json"
    assert request.headers["Content-Type"].startswith(kind)
    body = b"".join(request.stream)  # type: ignore[arg-type]
    if form:
        assert b'name="actor_age"\r\n\r\nfrom_13_to_15\r\n' in body
        assert b'name="receiver"\r\n\r\nann\r\n' in body
    else:
        assert b'"media_base64":"YQ=="' in body


def test_two_contents_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at most one"):
        told({"media": b"a", "signals": []})
