"""What the client must keep to, on threads and on asyncio, with a server that behaves or does not.

Every test runs with both clients; those that take `server` run against a real `tutela serve`, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tutela.client import (
    Answer,
    EventConflict,
    Flushed,
    KeyRefused,
    Refused,
    ServerTrouble,
    Trouble,
    Tutela,
    Unreachable,
)
from tutela.drill.photographs import unrelated
from tutela.drill.server import free_port
from tutela.errors import InvalidInput
from tutela.model import (
    AccountSignals,
    ActionKind,
    Actor,
    AgeBand,
    AgeSource,
    EventKind,
    Rating,
    Receipt,
    Signal,
    Verdict,
)

if TYPE_CHECKING:
    from tests.contract.conftest import FakeServer, Reached

Connect = Callable[..., Tutela]
PICTURE = unrelated()[0].data
ADULT = Actor(id="ann", age=AgeBand.ADULT, age_source=AgeSource.VERIFIED)
YOUNG = Actor(id="ben", age=AgeBand.FROM_13_TO_15, age_source=AgeSource.DECLARED)


class TestWithAServerThatBehaves:
    def test_a_picture_is_checked(self, connect: Connect, server: Reached) -> None:
        answer = connect(server.url, server.key).check(media=PICTURE, surface="profile", drill=True)
        assert answer.verdict is Verdict.CLEAR
        assert answer.actions == ("allow",)
        assert answer.asks is ActionKind.ALLOW
        assert (answer.replayed, answer.spooled, answer.drill) == (False, False, True)

    def test_the_same_event_again_has_the_same_answer(
        self, connect: Connect, server: Reached, tmp_path: Path
    ) -> None:
        client = connect(server.url, server.key)
        file = tmp_path / "photo.jpg"
        file.write_bytes(PICTURE)
        event: dict[str, Any] = {"event_id": f"again-{time.time_ns()}", "actor": ADULT}
        first = client.check(media=file, **event)
        again = client.check(media=PICTURE, **event)
        assert again.replayed
        assert again.received_at == first.received_at
        with pytest.raises(EventConflict) as caught:
            client.check(media=PICTURE + b"\0", **event)
        assert caught.value.problem.status == 409

    def test_a_form_and_json_tell_the_same(self, connect: Connect, server: Reached) -> None:
        client = connect(server.url, server.key)
        answer = client.check(
            media=PICTURE,
            event_id=f"full-{time.time_ns()}",
            kind=EventKind.MESSAGE,
            surface="chat",
            region="DE",
            actor=ADULT,
            receivers=[YOUNG, "carla"],
            ratings=[Rating(name="mood", value=1.5)],
            account=AccountSignals(age_days=3, minors_contacted_7d=2),
            conversation="c-1",
            drill=True,
        )
        stored = client.event(answer.event_id)
        assert stored.outcome.received_at == answer.received_at
        assert stored.event.id == answer.event_id

    def test_a_message_needs_no_content(self, connect: Connect, server: Reached) -> None:
        answer = connect(server.url, server.key).check(
            kind=EventKind.MESSAGE, actor=ADULT, receivers=[YOUNG], conversation="c-2"
        )
        assert not answer.spooled

    def test_signals_are_looked_up_in_their_order(self, connect: Connect, server: Reached) -> None:
        signals = [Signal(kind="sha256", value=f"{n:064x}") for n in range(3)]
        found = connect(server.url, server.key).lookup(signals, limit=5)
        assert [result.total for result in found.results] == [0, 0, 0]

    def test_a_decision_is_contested_once(self, connect: Connect, server: Reached) -> None:
        client = connect(server.url, server.key)
        broken = client.check(media=PICTURE[:2000], actor="robin", drill=True)
        with pytest.raises(Refused) as caught:
            client.appeal(text="It is a table.", event_id="there-is-none")
        assert caught.value.problem.status == 404
        given: Any = {
            "event_id": broken.event_id,
            "actor": "robin",
            "id": f"appeal-{time.time_ns()}",
        }
        first = client.appeal(text="It is a table.", language="en", **given)
        again = client.appeal(text="It is a table.", language="en", **given)
        assert first == again
        assert first == client.appealed(first.id)
        assert (first.id, first.contests) == (given["id"], broken.event_id)
        assert (first.state, first.outcome, first.granted) == ("waiting", None, False)
        with pytest.raises(Refused) as caught:
            client.appealed("there-is-none")
        assert caught.value.problem.status == 404

    def test_the_server_says_whether_it_is_ready(self, connect: Connect, server: Reached) -> None:
        assert connect(server.url, server.key).ready().ready

    def test_a_refusal_carries_the_problem(self, connect: Connect, server: Reached) -> None:
        with pytest.raises(Refused) as caught:
            connect(server.url, server.key).event("there-is-none")
        assert caught.value.problem.status == 404
        assert caught.value.problem.code == "not-found"
        assert caught.value.where.startswith("GET /v1/events/{id}")

    def test_what_waits_is_sent_with_its_own_id(
        self, connect: Connect, server: Reached, tmp_path: Path
    ) -> None:
        away = connect(nowhere(), server.key, retries=0, spool=tmp_path)
        ids = [away.check(media=PICTURE + bytes([n]), drill=True).event_id for n in range(3)]
        ids.append(away.check(kind=EventKind.CONTACT, actor=ADULT).event_id)
        client = connect(server.url, server.key, spool=tmp_path)
        told: list[Answer] = []
        assert client.flush(told.append) == Flushed(sent=4)
        assert [answer.event_id for answer in told] == ids
        assert not any(answer.spooled for answer in told)
        assert client.flush(told.append) == Flushed()
        assert client.event(ids[0]).outcome.drill


class TestWithATroubledServer:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_trouble_that_passes_is_sat_out(
        self, connect: Connect, fake: FakeServer, status: int
    ) -> None:
        fake.will(status=status, headers={"Retry-After": "0.01"})
        fake.will(status=status, after=True)
        answer = connect(fake.url).check(media=PICTURE)
        assert len(fake.seen) == 3
        assert len(fake.stored) == 1
        assert answer.replayed
        assert {seen.facts["event_id"] for seen in fake.seen} == {answer.event_id}
        assert {seen.media for seen in fake.seen} == {PICTURE}

    @pytest.mark.parametrize(
        "fault",
        [
            {"reset": True},
            {"reset": True, "after": True},
            {"cut": 0.5},
            {"cut": 0.0},
            {"raw": b"<html>a proxy's page</html>"},
            {"raw": b"{}"},
            {"edit": {"event_id": "of-another"}},
            {"edit": {"verdict": "perhaps"}},
        ],
        ids=str,
    )
    def test_an_answer_that_is_none_is_asked_for_again(
        self, connect: Connect, fake: FakeServer, fault: dict[str, Any]
    ) -> None:
        fake.will(**fault)
        answer = connect(fake.url).check(media=PICTURE)
        assert answer.verdict is Verdict.CLEAR
        assert list(fake.stored) == [answer.event_id]

    def test_a_silent_server_is_given_up_in_time(self, connect: Connect, fake: FakeServer) -> None:
        fake.does(hang=3.0)
        client = connect(fake.url, timeout=0.1, retries=1)
        with pytest.raises(Unreachable, match="POST /v1/check: the server did not answer in time"):
            client.check(media=PICTURE)
        assert len(fake.seen) == 2

    def test_the_deadline_holds_for_all_attempts(self, connect: Connect, fake: FakeServer) -> None:
        fake.does(status=503, headers={"Retry-After": "3600"})
        with pytest.raises(ServerTrouble) as caught:
            connect(fake.url, retries=50, deadline=2).check(media=PICTURE)
        assert caught.value.retry_after == 3600
        assert caught.value.busy
        assert len(fake.seen) == 1

    def test_nobody_there_is_told_as_such(self, connect: Connect) -> None:
        with pytest.raises(Unreachable, match="cannot be connected to") as caught:
            connect(nowhere(), retries=1).check(media=PICTURE)
        assert not caught.value.sent

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, Refused),
            (401, KeyRefused),
            (403, KeyRefused),
            (409, EventConflict),
            (413, Refused),
        ],
    )
    def test_a_refusal_is_not_repeated(
        self, connect: Connect, fake: FakeServer, tmp_path: Path, status: int, kind: type[Refused]
    ) -> None:
        fake.will(status=status, code="some-code")
        with pytest.raises(kind) as caught:
            connect(fake.url, spool=tmp_path).check(media=PICTURE)
        assert type(caught.value) is kind
        assert caught.value.problem.code == "some-code"
        assert caught.value.remedy == "do otherwise"
        assert len(fake.seen) == 1
        assert list(tmp_path.glob("*.event")) == []

    def test_a_redirect_is_not_followed(self, connect: Connect, fake: FakeServer) -> None:
        fake.will(status=307, headers={"Location": "http://192.0.2.1/"})
        with pytest.raises(Refused) as caught:
            connect(fake.url).check(media=PICTURE)
        assert caught.value.problem.status == 307
        assert len(fake.seen) == 1

    def test_the_key_is_in_no_text(self, connect: Connect, fake: FakeServer) -> None:
        fake.does(status=500)
        secret = "tut_" + "s" * 40
        with pytest.raises(ServerTrouble) as caught:
            connect(fake.url, secret, retries=0).check(media=PICTURE, actor="ann")
        assert fake.seen[0].key == f"Bearer {secret}"
        assert secret not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


class TestWithANewerServer:
    def test_added_members_and_words_are_passed_over(
        self, connect: Connect, fake: FakeServer
    ) -> None:
        fake.more = {"added": {"by": ["a newer server"]}, "law": {"may_scan": True, "new": 1}}
        fake.will(
            edit={
                "decision": {
                    "actions": ["hold", "offer_help"],
                    "reasons": [
                        {"rule": "r", "text": "t", "notice": "n", "new": 1},
                        {"rule": "s", "notice": "slow", "actions": ["allow", "slow"]},
                        {"rule": "w", "notice": "warn", "actions": ["allow", "warn_receiver"]},
                    ],
                    "orders": [{"kind": "slow", "seconds": 30, "new": 1}],
                },
                "gaps": [{"reason": "a_new_reason", "detail": "", "new": 1}],
            }
        )
        client = connect(fake.url)
        answer = client.check(media=PICTURE)
        assert answer.actions == ("hold", "offer_help")
        assert ActionKind.HOLD in answer.actions
        assert answer.notices == ("n", "slow")
        assert answer.notices_for(ActionKind.WARN_RECEIVER) == ("n", "warn")
        assert answer.notices_for(ActionKind.ALLOW) == ()
        assert answer.seconds(ActionKind.SLOW) == 30
        assert answer.law is not None
        assert answer.law.may_scan
        assert client.event(answer.event_id).event.id == answer.event_id
        assert client.lookup([Signal(kind="md5", value="0" * 32)]).list_version == 7
        assert client.confirm(Receipt(id="act-1", done=True)).state == "done"
        assert client.ready().ready
        fake.will(edit={"state": "answered", "outcome": "granted", "new": {"a": 1}})
        appeal = client.appeal(text="It is a table.", event_id=answer.event_id)
        assert appeal.granted
        assert {seen.facts["id"] for seen in fake.seen if "appeals" in seen.path} == {appeal.id}

    def test_an_appeal_is_sent_again_under_its_id(self, connect: Connect, fake: FakeServer) -> None:
        client = connect(fake.url)
        event_id = client.check(media=PICTURE).event_id
        fake.will(status=503, headers={"Retry-After": "0.01"})
        fake.will(status=503, after=True)
        appeal = client.appeal(text="It is a table.", event_id=event_id)
        assert list(fake.appeals) == [appeal.id]
        assert len([seen for seen in fake.seen if "appeals" in seen.path]) == 3


class TestWhatIsHandedIn:
    def test_two_contents_are_refused(self, connect: Connect) -> None:
        with pytest.raises(InvalidInput, match="at most one"):
            connect(nowhere()).check(media=b"a", url="https://example.org/a.jpg")

    def test_a_file_that_is_not_there_is_told_before_anything_is_sent(
        self, connect: Connect, fake: FakeServer, tmp_path: Path
    ) -> None:
        with pytest.raises(InvalidInput, match="media: the file cannot be read"):
            connect(fake.url, spool=tmp_path / "spool").check(media=tmp_path / "none")
        assert fake.seen == []

    @pytest.mark.parametrize(
        "url", ["tutela", "ftp://a.example", "https://ann:pw@a.example", "https://a.example/?key=1"]
    )
    def test_an_address_that_is_none_is_refused(self, connect: Connect, url: str) -> None:
        with pytest.raises(InvalidInput, match="url: "):
            connect(url)


def test_what_may_take_effect_twice_is_not_repeated(connect: Connect, fake: FakeServer) -> None:
    client = connect(fake.url)
    for fault in ({"reset": True, "after": True}, {"status": 503, "code": "timed-out"}):
        fake.seen.clear()
        fake.will(**fault)
        with pytest.raises(Trouble):
            client.post("/v1/banks", {"name": "a"})
        assert len(fake.seen) == 1
    fake.seen.clear()
    fake.will(status=503, headers={"Retry-After": "0.01"})
    with pytest.raises(Refused, match="not-found"):
        client.post("/v1/banks", {"name": "a"})
    assert len(fake.seen) == 2


def test_other_routes_take_files_as_a_web_form_does(connect: Connect, fake: FakeServer) -> None:
    client = connect(fake.url)
    fields = {"event_id": "e-1", "drill": "true"}
    answer = client.upload("/v1/check", fields, b"\x00\xff\r\n--", "photo.jpg")
    assert answer["event_id"] == "e-1"
    assert fake.seen[0].media == b"\x00\xff\r\n--"
    assert client.get("/health/ready")["ready"]


def nowhere() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port('127.0.0.1', 0)}"
