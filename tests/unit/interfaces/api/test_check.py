from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tutela.drill.photographs import listed, unrelated

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

PHOTO = listed()[0].data
OTHER = unrelated()[0].data
BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def form(media: bytes, **fields: str) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="x"\r\n\r\n'
    return "".join([*parts, head]).encode() + media + f"\r\n--{BOUNDARY}--\r\n".encode()


def as_form(api: Api, media: bytes, **fields: str) -> Answer:
    return api.ask("POST", "/v1/check", form(media, **fields), kind=FORM, role="uploader")


def as_body(api: Api, media: bytes, kind: str = "image/jpeg", **query: str) -> Answer:
    return api.ask("POST", "/v1/check", media, kind=kind, query=query, role="uploader")


def as_json(api: Api, **document: object) -> Answer:
    return api.post("/v1/check", document, role="uploader")


@pytest.fixture(scope="module", autouse=True)
def bank(api: Api) -> None:
    """A drill bank that lists one photograph."""
    api.post("/v1/banks", {"name": "drill", "drill": True, "trusted": True})
    answer = api.ask("POST", "/v1/banks/drill/media", PHOTO, query={"label": "a mountain"})
    assert answer.status == 201


def test_a_known_picture_matches(api: Api) -> None:
    outcome = as_form(api, PHOTO, drill="true", surface="profile", actor="u1").json
    assert outcome["verdict"] == "match"
    assert outcome["drill"] is True
    best = outcome["matches"][0]
    assert (best["bank"], best["label"], best["distance"]) == ("drill", "a mountain", 0)
    assert {match["kind"] for match in outcome["matches"]} == {"md5", "sha1", "sha256", "pdq"}
    assert "block" in outcome["decision"]["actions"]
    assert outcome["decision"]["reasons"]
    assert outcome["decision"]["policy_version"].startswith("default-")
    stored = api.get(f"/v1/events/{outcome['event_id']}").json
    assert stored["outcome"] == outcome
    assert stored["event"]["surface"] == "profile"
    assert stored["event"]["actor"] == {"id": "u1", "age": "unknown", "age_source": "not_told"}


def test_another_picture_is_clear(api: Api) -> None:
    outcome = as_body(api, OTHER).json
    assert (outcome["verdict"], outcome["matches"], outcome["gaps"]) == ("clear", [], [])
    assert outcome["drill"] is False


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"hello", b"%PDF-1.7", PHOTO[:2000], bytes(100_000), b'{"not":"json'],
)
def test_what_cannot_be_compared_is_never_clear(api: Api, content: bytes) -> None:
    outcome = as_body(api, content, kind="image/jpeg").json
    assert outcome["verdict"] == "not_checked"
    assert outcome["gaps"]


@pytest.mark.parametrize(
    "kind", ["", "image/jpeg", "text/plain", "application/x-www-form-urlencoded", "nonsense"]
)
def test_any_other_content_type_is_the_file_itself(api: Api, kind: str) -> None:
    assert as_body(api, PHOTO, kind=kind).json["verdict"] == "match"


def test_signals(api: Api) -> None:
    digest = hashlib.md5(PHOTO).hexdigest()  # noqa: S324 - what lists hold
    signals = [{"kind": "md5", "value": digest.upper()}]
    assert as_json(api, signals=signals).json["verdict"] == "match"
    signals = [{"kind": "sha256", "value": "0" * 64}]
    assert as_json(api, signals=signals).json["verdict"] == "clear"


def test_a_small_file_in_base64(api: Api) -> None:
    media = base64.b64encode(PHOTO).decode()
    assert as_json(api, media_base64=media).json["verdict"] == "match"


def test_the_same_id_gives_the_stored_answer_however_it_is_sent(api: Api) -> None:
    first = as_form(api, PHOTO, event_id="again-1", surface="chat", drill="true")
    assert "tutela-replayed" not in first.headers
    media = base64.b64encode(PHOTO).decode()
    for again in (
        as_form(api, PHOTO, event_id="again-1", surface="chat", drill="1"),
        as_body(api, PHOTO, event_id="again-1", surface="chat", drill="true"),
        as_json(api, event_id="again-1", surface="chat", drill=True, media_base64=media),
    ):
        assert again.status == 200
        assert again.headers["tutela-replayed"] == "true"
        assert again.json == first.json


def test_the_same_id_with_another_body_is_a_conflict(api: Api) -> None:
    as_body(api, PHOTO, event_id="twice-1")
    for other in (
        as_body(api, OTHER, event_id="twice-1"),
        as_body(api, PHOTO, event_id="twice-1", surface="x"),
        as_body(api, PHOTO, event_id="twice-1", region="FR"),
        as_body(api, PHOTO, event_id="twice-1", actor="u"),
        as_body(api, PHOTO, event_id="twice-1", drill="true"),
        as_json(api, event_id="twice-1", signals=[{"kind": "md5", "value": "0" * 32}]),
        as_json(api, event_id="twice-1", url="http://127.0.0.1/"),
    ):
        assert (other.status, other.code) == (409, "conflict")


def test_ids_are_made_where_none_is_given(api: Api) -> None:
    ids = [as_body(api, b"x").json["event_id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert ids == sorted(ids)


def test_two_forms_of_one_signal_are_the_same_event(api: Api) -> None:
    upper, lower = ({"kind": "md5", "value": text * 32} for text in "Aa")
    first = as_json(api, event_id="case-1", signals=[upper])
    again = as_json(api, event_id="case-1", signals=[lower])
    assert again.json == first.json


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"url": "http://a.example/", "signals": [{"kind": "md5", "value": "0" * 32}]},
        {"signals": []},
        {"signals": [{"kind": "md5", "value": "0" * 32}] * 1001},
        {"signals": [{"kind": "md5"}]},
        {"signals": [{"kind": "md5", "value": "not hex at all"}]},
        {"signals": [{"kind": "md5", "value": "0" * 31}]},
        {"signals": [{"kind": "crc32", "value": "0" * 32}]},
        {"signals": [{"kind": "md5", "value": "0" * 32, "quality": 1}]},
        {"signals": "x"},
        {"url": ""},
        {"url": "x" * 9000},
        {"url": 7},
        {"media_base64": "***"},
        {"url": "http://a.example/", "unknown": 1},
        {"url": "http://a.example/", "event_id": "no spaces please"},
        {"url": "http://a.example/", "event_id": "x" * 129},
        {"url": "http://a.example/", "surface": "x" * 257},
        {"url": "http://a.example/", "actor": "u"},
        {"url": "http://a.example/", "drill": "yes"},
        [],
        7,
        None,
    ],
)
def test_bad_documents_are_refused_and_nothing_is_stored(api: Api, document: object) -> None:
    before = api.services.counts.counts()["events"]
    answer = api.post("/v1/check", document, role="uploader")
    assert (answer.status, answer.code) == (400, "invalid-input")
    assert "not hex" not in answer.body.decode()
    assert api.services.counts.counts()["events"] == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{}", b"{}x", b"[" * 100_000])
def test_what_is_not_json(api: Api, body: bytes) -> None:
    answer = api.ask("POST", "/v1/check", body, kind="application/json")
    assert answer.status == 400


@pytest.mark.parametrize(
    "query",
    [
        {"event_id": "a b"},
        {"drill": "perhaps"},
        {"unknown": "1"},
        {"surface": "x" * 300},
    ],
)
def test_bad_facts_are_refused(api: Api, query: dict[str, str]) -> None:
    assert as_body(api, PHOTO, **query).status == 400
    assert as_form(api, PHOTO, **query).status == 400


def test_a_parameter_that_comes_twice(api: Api) -> None:
    answer = api.ask("POST", "/v1/check", PHOTO, raw_query=b"surface=a&surface=b")
    assert (answer.status, answer.json["where"]) == (400, "surface")


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", b'{"signals":[{"kind":"md5","value":"00"}]}'), (FORM, form(PHOTO))],
)
def test_an_id_in_the_wrong_place_is_not_lost_unseen(api: Api, kind: str, body: bytes) -> None:
    answer = api.ask("POST", "/v1/check", body, kind=kind, query={"event_id": "e"})
    assert (answer.status, answer.json["where"]) == (400, "query")


def test_a_url_that_cannot_be_fetched_is_stored_as_not_checked(api: Api) -> None:
    first = as_json(api, event_id="far-1", url="http://127.0.0.1:1/x?token=secret")
    outcome = first.json
    assert outcome["verdict"] == "not_checked"
    assert outcome["gaps"][0]["reason"] == "fetch_failed"
    assert "secret" not in first.body.decode()
    again = as_json(api, event_id="far-1", url="http://127.0.0.1:1/x?token=secret")
    assert again.json == outcome
    assert again.headers["tutela-replayed"] == "true"
    other = as_json(api, event_id="far-1", url="http://127.0.0.1:1/y")
    assert other.status == 409


class Site:
    """A small site on loopback that serves a photograph."""

    def __init__(self) -> None:
        self.asked = 0
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO)
        await writer.drain()
        writer.close()


@pytest.fixture
def site(api: Api) -> Iterator[Site]:
    found = Site()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(found.handle, "127.0.0.1", 0)

    server = api.runner.run(start())
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


def test_a_url_is_fetched_once(api: Api, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    reach = api.services.outgoing._reach
    open_reach = type(reach)(allow=frozenset({f"127.0.0.1:{site.port}"}))
    monkeypatch.setattr(api.services.outgoing, "_reach", open_reach)
    url = f"http://127.0.0.1:{site.port}/photo.jpg"
    first = as_json(api, event_id="near-1", url=url)
    assert first.json["verdict"] == "match"
    again = as_json(api, event_id="near-1", url=url)
    assert again.json == first.json
    assert site.asked == 1


PEOPLE = {
    "kind": "message",
    "surface": "chat",
    "actor": {"id": "u1", "age": "adult", "age_source": "verified"},
    "receivers": [{"id": "u2", "age": "from_13_to_15", "age_source": "declared"}, {"id": "u3"}],
    "conversation": "c1",
    "ratings": [{"name": "grooming", "value": 2.5, "probability": 0.1, "model": "m-1"}],
    "account": {"age_days": 3, "minors_contacted_7d": 0, "unanswered_share": 0.5},
}


@pytest.mark.parametrize("kind", ["message", "contact"])
def test_an_event_may_tell_facts_only_and_is_never_clear(api: Api, kind: str) -> None:
    outcome = as_json(api, **PEOPLE | {"kind": kind}, drill=True).json
    assert (outcome["verdict"], outcome["matches"]) == ("not_checked", [])
    assert [gap["reason"] for gap in outcome["gaps"]] == ["no_content"]
    stored = api.get(f"/v1/events/{outcome['event_id']}").json
    assert stored["outcome"] == outcome
    event = stored["event"]
    assert event["contents"] == []
    assert event["kind"] == kind
    assert event["actor"] == PEOPLE["actor"]
    assert event["receivers"] == [
        {"id": "u2", "age": "from_13_to_15", "age_source": "declared"},
        {"id": "u3", "age": "unknown", "age_source": "not_told"},
    ]
    assert event["conversation"] == "c1"
    assert event["ratings"] == PEOPLE["ratings"]
    assert event["account"]["age_days"] == 3
    assert event["account"]["minors_contacted_7d"] == 0
    assert event["account"]["reports_30d"] is None


@pytest.mark.parametrize("kind", ["upload", "stream"])
def test_an_upload_without_content_is_refused(api: Api, kind: str) -> None:
    answer = as_json(api, kind=kind, actor={"id": "u1"})
    assert (answer.status, answer.code) == (400, "invalid-input")
    assert "only a message and a request for contact" in answer.json["remedy"]


def test_a_message_that_carries_content_is_compared(api: Api) -> None:
    media = base64.b64encode(PHOTO).decode()
    outcome = as_json(api, **PEOPLE, media_base64=media, drill=True).json
    assert outcome["verdict"] == "match"
    assert as_form(api, PHOTO, kind="message", receiver="u2", drill="true").json["gaps"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "search"},
        {"receivers": [{"id": "u"}] * 101},
        {"ratings": [{"name": "grooming", "value": 1}] * 51},
        {"ratings": [{"name": "grooming", "value": 10.1}]},
        {"ratings": [{"name": "", "value": 1}]},
        {"ratings": [{"name": "grooming"}]},
        {"ratings": [{"name": "grooming", "value": 1, "probability": 2}]},
        {"account": {"age_days": -1}},
        {"account": {"unanswered_share": 1.5}},
        {"account": {"friends": 1}},
        {"actor": {"id": "u1", "age": "17"}},
        {"actor": {"id": "u1", "birthday": "2010-01-01"}},
    ],
)
def test_facts_that_cannot_be(api: Api, wrong: dict[str, object]) -> None:
    answer = as_json(api, **PEOPLE | wrong)
    assert (answer.status, answer.code) == (400, "invalid-input")


def test_a_repeated_event_that_tells_something_else_of_people_is_a_conflict(api: Api) -> None:
    first = as_json(api, event_id="people", **PEOPLE)
    assert as_json(api, event_id="people", **PEOPLE).json == first.json
    other = {"receivers": [{"id": "u2", "age": "from_16_to_17"}]}
    assert as_json(api, event_id="people", **PEOPLE | other).status == 409


def test_a_form_and_json_that_tell_the_same_are_the_same_event(api: Api) -> None:
    told = {"kind": "message", "surface": "chat", "conversation": "c1"}
    people = {
        "actor": "u1",
        "actor_age": "adult",
        "receiver": "u2",
        "receiver_age": "under_13",
        "receiver_age_source": "declared",
    }
    first = as_form(api, OTHER, event_id="people-3", **told, **people)
    assert first.status == 200
    query = {"event_id": "people-3"} | told | people
    as_query = api.ask("POST", "/v1/check", OTHER, kind="image/jpeg", query=query)
    document = told | {
        "actor": {"id": "u1", "age": "adult"},
        "receivers": [{"id": "u2", "age": "under_13", "age_source": "declared"}],
        "media_base64": base64.b64encode(OTHER).decode(),
    }
    again = as_json(api, event_id="people-3", **document)
    assert first.json == as_query.json == again.json
    without = as_form(api, OTHER, event_id="people-3", **told, **people | {"receiver_age": "adult"})
    assert without.status == 409
    nobody = as_form(api, OTHER, **told, actor_age="adult")
    assert (nobody.status, nobody.json["where"]) == (400, "actor_age")
