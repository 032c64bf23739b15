"""Actions sent to receivers that misbehave, over real sockets, from a real outbox."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tutela.errors import Unavailable
from tutela.model import ActionKind, ActionMessage, DeliveryState, Receipt
from tutela.storage.outbox.work import Outbox, Result, Task
from tutela.workflows.sending.circuit import Patience
from tutela.workflows.sending.delivering import STOP_SECONDS

if TYPE_CHECKING:
    from tests.unit.workflows.sending.conftest import Behaviour, Handler, Receiver, World


def test_an_action_is_done_once_the_platform_says_so(world: World) -> None:
    receiver = world.receiver()
    (sent,) = world.decide("e1")
    with world.work():
        world.until_done(sent)
    done = world.state(sent)
    assert receiver.messages == [sent.message]
    assert done.receipt == Receipt(id=sent.id, done=True, reference="case 7")
    assert (done.attempts, done.next_at, done.problem) == (1, None, "")
    (headers,) = receiver.headers
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == sent.id
    assert world.alarms() == []


def test_what_comes_later_is_sent_as_well_on_connections_that_stay(world: World) -> None:
    receiver = world.receiver()
    with world.work(at_once=2):
        for number in range(5):
            world.until_done(*world.decide(*(f"e{number}-{n}" for n in range(6))))
    assert receiver.done == Counter({message.id: 1 for message in receiver.messages})
    assert len(receiver.done) == 30


def _script(*behaviours: Behaviour) -> Behaviour:
    """Behave in another way each time, and as the last from then on."""
    left = list(behaviours)

    def behave(handler: Handler, message: ActionMessage) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler, message)

    return behave


def _answer(status: int, document: object = None, **headers: str) -> Behaviour:
    return lambda handler, _: handler.say(status, document, **headers)


def _do_and_fail(handler: Handler, message: ActionMessage) -> None:
    handler.receiver.do(message)
    handler.say(500)


def _raw(*pieces: bytes) -> Behaviour:
    def behave(handler: Handler, _: ActionMessage) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)

    return behave


def _endless(handler: Handler, _: ActionMessage) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 1000)


def _drip(handler: Handler, _: ActionMessage) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _second in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def _dead(handler: Handler, _: ActionMessage) -> None:
    handler.close_connection = True
    time.sleep(2.0)


def _another(handler: Handler, message: ActionMessage) -> None:
    handler.say(200, {"id": message.id[::-1], "done": True})


LIES: dict[str, tuple[Behaviour, str]] = {
    "nothing": (_answer(200, b""), "it answered without a receipt"),
    "no JSON": (_answer(200, b"OK"), "it answered without a receipt"),
    "another id": (_another, "it answered with the receipt of another action"),
    "done somehow": (_answer(200, {"done": True}), "it answered without a receipt"),
    "an error": (_answer(500), "it answered with status 500"),
    "not found": (_answer(404), "it answered with status 404"),
    "an endless body": (_endless, "the content is larger than 10,000 bytes"),
    "a slow drip": (_drip, "the address did not answer in time"),
    "silence": (_dead, "the address did not answer in time"),
    "cut short": (
        _raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": '),
        "the answer broke off or was not HTTP",
    ),
    "no HTTP": (_raw(b"hello\r\n\r\n"), "the answer broke off or was not HTTP"),
    "no answer": (_raw(), "the answer broke off or was not HTTP"),
    "packed": (
        _answer(200, b"\x1f\x8b", Content_Encoding="gzip"),
        "the address answered with packed content, which was not asked for",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_else_it_answers_is_not_done(small_world: World, lie: str) -> None:
    behaviour, problem = LIES[lie]
    world = small_world
    receiver = world.receiver()
    receiver.behave = behaviour
    (sent,) = world.decide("e1")
    # Only what is to be waited for in vain is given little time: the machine may be busy.
    with world.work(seconds=0.3 if "in time" in problem else 10.0):
        world.until(lambda: world.state(sent).problem)
        told = world.state(sent)
        assert (told.state, told.problem) == (DeliveryState.WAITING, problem)
        assert told.receipt is None
        receiver.behave = receiver.confirm
        world.until_done(sent)
    assert world.state(sent).problem == ""


def test_500_and_then_200_twice_is_done_once_in_effect(world: World) -> None:
    receiver = world.receiver()
    receiver.behave = _script(_do_and_fail, _answer(200, b""), receiver.confirm)
    (sent,) = world.decide("e1")
    with world.work():
        world.until_done(sent)
    assert receiver.done == {sent.id: 1}
    assert [message.id for message in receiver.messages] == [sent.id] * 3
    assert world.state(sent).attempts == 3


def test_a_redirect_to_a_private_address_never_gets_there(small_world: World) -> None:
    world = small_world
    inside = world.bystander()
    receiver = world.receiver()
    receiver.behave = _script(
        *(_answer(status, {}, Location=inside.url) for status in (301, 302, 303, 307, 308))
    )
    (sent,) = world.decide("e1")
    with world.work():
        world.until(lambda: len(receiver.messages) > 5)
        told = world.state(sent)
    assert told.problem.startswith("it redirects (status 30")
    assert told.state is DeliveryState.WAITING
    assert inside.headers == []


def test_a_private_address_is_reached_only_where_that_is_said(world: World) -> None:
    receiver = world.receiver()
    world.destinations.change("platform", private=False)
    (sent,) = world.decide("e1")
    with world.work():
        world.until(lambda: world.state(sent).problem)
        assert world.state(sent).problem == (
            "the address is private or reserved and may not be reached"
        )
        assert receiver.headers == []
        world.destinations.change("platform", private=True)
        world.until_done(sent)


def test_what_is_taken_waits_for_its_receipt_and_is_posted_again_until_then(
    world: World,
) -> None:
    receiver = world.receiver(confirm_seconds=1)
    receiver.behave = lambda handler, message: handler.say(202, {"id": message.id, "done": False})
    (sent,) = world.decide("e1")
    with world.work():
        world.until(lambda: world.state(sent).state is DeliveryState.SENT)
        taken = world.state(sent)
        assert taken.receipt == Receipt(id=sent.id, done=False)
        assert taken.sent_at is not None
        assert taken.ended_at is None
        assert taken.next_at is not None
        world.until(lambda: len(receiver.messages) == 2)
        world.until(world.alarms)
        world.deliveries.confirm(Receipt(id=sent.id, done=True, note="later"))
        posted = len(receiver.messages)
        time.sleep(0.2)
        assert len(receiver.messages) <= posted + 1
    done = world.state(sent)
    assert done.state is DeliveryState.DONE
    assert done.receipt == Receipt(id=sent.id, done=True, note="later")
    (alarm,) = world.alarms()
    assert alarm["event"] == "an action is not confirmed in time"


def test_what_does_not_get_through_is_given_up_with_one_alarm(world: World) -> None:
    receiver = world.receiver(confirm_seconds=1)
    receiver.behave = _answer(503)
    (sent,) = world.decide("e1")
    with world.work(patience=Patience(first=0.01, longest=0.01, attempts=3)):
        world.until(lambda: world.state(sent).state is DeliveryState.FAILED)
        failed = world.state(sent)
        assert (failed.attempts, failed.problem) == (3, "it answered with status 503")
        assert failed.ended_at is not None
        # A person tries it again, once the platform is well.
        receiver.behave = receiver.confirm
        world.deliveries.retry(sent.id)
        world.until_done(sent)
    (alarm,) = world.alarms()
    assert alarm == {
        "event": "an action was given up",
        "log_level": "error",
        "action": "block",
        "id": sent.id,
        "destination": "platform",
        "event_id": "e1",
        "state": "failed",
        "attempts": 3,
        "problem": "it answered with status 503",
    }


def test_no_alarm_holds_an_address_or_a_secret(small_world: World) -> None:
    world = small_world
    receiver = world.receiver()
    receiver.behave = _answer(500, {"secret": "of theirs"})
    world.decide("e1", at=datetime.now(UTC) - timedelta(hours=1))
    with world.work(patience=Patience(first=0.01, longest=0.01, attempts=4)):
        world.until(lambda: len(world.alarms()) == 2)
    told = repr(world.log.entries)
    for secret in ("token-1", "127.0.0.1", "whsec_", "of theirs"):
        assert secret not in told


def test_a_slow_receiver_does_not_delay_the_others(world: World) -> None:
    slow, quick = world.receiver("slow"), world.receiver("quick")
    slow.behave = _dead
    world.decide(*(f"e{number}" for number in range(40)))
    with world.work(at_once=4, seconds=5.0):
        world.until(lambda: len(quick.done) == 40)
        assert slow.done == {}
        assert len(slow.messages) <= 2 * 4


def test_a_dead_receiver_is_tried_with_one_action_at_a_time(small_world: World) -> None:
    world = small_world
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    world.destinations.create("dead", url, actions=(ActionKind.BLOCK,), private=True)
    live = world.receiver("live")
    world.decide(*(f"e{number}" for number in range(30)))
    with world.work(at_once=5):
        world.until(lambda: len(live.done) == 30)
        world.until(lambda: _attempts(world, "dead") >= 6)
        tried = _attempts(world, "dead")
    assert tried <= 10, "thirty actions were not tried again and again"
    messages = [entry["event"] for entry in world.log.entries]
    assert messages.count("a destination does not answer: one action at a time is tried") == 1


def test_a_destination_that_answers_again_gets_all_that_waited(world: World) -> None:
    receiver = world.receiver()
    receiver.behave = _answer(503)
    sent = world.decide(*(f"e{number}" for number in range(30)))
    with world.work(at_once=5):
        world.until(lambda: any("one action at a time" in str(e) for e in world.log.entries))
        receiver.behave = receiver.confirm
        world.until_done(*sent)
    assert set(receiver.done.values()) == {1}
    assert any(entry["event"] == "a destination answers again" for entry in world.log.entries)


def test_messages_begin_in_the_order_of_the_decisions(world: World) -> None:
    receiver = world.receiver()
    sent = world.decide(*(f"e{number}" for number in range(12)))
    with world.work(at_once=1):
        world.until_done(*sent)
    assert [message.event_id for message in receiver.messages] == [
        f"e{number}" for number in range(12)
    ]


def test_one_that_failed_is_overtaken_and_says_when_it_was_decided(world: World) -> None:
    receiver = world.receiver()
    receiver.behave = _script(_answer(500), receiver.confirm)
    sent = world.decide("e1", "e2")
    with world.work(at_once=1, patience=Patience(first=0.5, attempts=9)):
        world.until_done(*sent)
    assert [message.event_id for message in receiver.messages] == ["e1", "e2", "e1"]
    first, second = receiver.messages[2], receiver.messages[1]
    assert first.decided_at < second.decided_at


def test_secrets_that_change_in_mid_flight_lose_nothing(world: World) -> None:
    receiver = world.receiver()
    sent = world.decide(*(f"e{number}" for number in range(60)))
    with world.work(at_once=2):
        for generation, overlap in ((2, timedelta(minutes=5)), (3, timedelta())):
            done = len(receiver.done)
            world.until(partial(_more, receiver, min(60, done + 10)))
            world.destinations.rotate("platform", overlap)
            # Our side first; theirs follows a moment later.
            time.sleep(0.3)
            receiver.secrets = [world.secrets.secret("platform", generation)]
            sent += world.decide(*(f"g{generation}-{number}" for number in range(20)))
        world.until_done(*sent)
    assert receiver.done == Counter({one.id: 1 for one in sent})
    signatures = {len(headers["webhook-signature"].split()) for headers in receiver.headers}
    assert signatures == {1, 2}


def test_clocks_that_differ_are_told_and_the_action_is_tried_again(small_world: World) -> None:
    world = small_world
    receiver = world.receiver()
    receiver.clock = lambda: datetime.now(UTC) - timedelta(minutes=20)
    (sent,) = world.decide("e1")
    with world.work():
        world.until(lambda: world.state(sent).problem)
        assert world.state(sent).problem == (
            "it answered with status 400; its clock is 20 minutes behind ours: compare both clocks"
        )
        assert receiver.refused[0] == "the message was sent in the future"
        receiver.clock = lambda: datetime.now(UTC)
        world.until_done(sent)


class Away(Outbox):
    """A database that is away while a message is on its way, and for a while after."""

    failures = 0
    away = True

    def turn(self, results: Sequence[Result] = (), *rest: Any) -> Sequence[Task]:  # noqa: ANN401
        if results and type(self).away:
            type(self).failures += 1
            raise Unavailable("the database cannot be used now")
        return super().turn(results, *rest)


def test_a_database_that_is_away_is_waited_for_and_nothing_is_lost(world: World) -> None:
    receiver = world.receiver()
    sent = world.decide("e1", "e2")

    class OnceAway(Away):
        pass

    with world.work(outbox=OnceAway):
        world.until(lambda: OnceAway.failures)
        OnceAway.away = False
        world.until_done(*sent)
    assert receiver.done == {one.id: 1 for one in sent}
    assert all(world.state(one).attempts == 1 for one in sent)
    assert any(entry["event"] == "actions wait for the database" for entry in world.log.entries)


def test_several_workers_send_each_action_once(world: World) -> None:
    receiver = world.receiver()
    sent = world.decide(*(f"e{number}" for number in range(60)))
    with world.work(at_once=4), world.work(at_once=4), world.work(at_once=4):
        world.until_done(*sent)
    assert Counter(message.id for message in receiver.messages) == {one.id: 1 for one in sent}


def test_what_a_worker_had_when_it_died_is_sent_by_another(world: World) -> None:
    receiver = world.receiver()
    sent = world.decide("e1", "e2")
    dead = Outbox(world.database, "dead", timedelta(seconds=0.5))
    assert len(dead.turn(rooms={"platform": 9})) == 2
    with world.work():
        world.until_done(*sent)
    assert set(receiver.done.values()) == {1}
    assert all(world.state(one).attempts == 2 for one in sent)


def test_what_is_on_its_way_when_the_worker_stops_is_left_to_others(small_world: World) -> None:
    world = small_world
    receiver = world.receiver()
    receiver.behave = lambda _handler, _message: time.sleep(3 * STOP_SECONDS)
    (sent,) = world.decide("e1")
    with world.work():
        world.until(lambda: receiver.messages)
    left = world.state(sent)
    assert (left.state, left.attempts, left.problem) == (DeliveryState.WAITING, 0, "")
    assert left.next_at is not None
    assert left.next_at <= datetime.now(UTC), "nobody waits for a claim to end"
    receiver.behave = receiver.confirm
    with world.work():
        world.until_done(sent)
    assert receiver.done == {sent.id: 1}


def test_what_is_switched_off_waits(world: World) -> None:
    receiver = world.receiver()
    (sent,) = world.decide("e1", at=datetime.now(UTC) - timedelta(hours=1))
    world.destinations.change("platform", enabled=False)
    with world.work():
        world.until(world.alarms)
        assert receiver.headers == []
        world.destinations.change("platform", enabled=True)
        world.until_done(sent)


def _more(receiver: Receiver, done: int) -> bool:
    return len(receiver.done) >= done


def _attempts(world: World, destination: str) -> int:
    return sum(one.attempts for one in world.deliveries.list(destination=destination))


def test_the_body_is_what_was_stored_with_the_decision(world: World) -> None:
    bodies: list[bytes] = []
    receiver = world.receiver()

    def keep(handler: Handler, message: ActionMessage) -> None:
        bodies.append(msgspec.json.encode(message))
        receiver.confirm(handler, message)

    receiver.behave = keep
    (sent,) = world.decide("e1")
    with world.work():
        world.until_done(sent)
    assert bodies == [msgspec.json.encode(sent.message)]
