from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.detection.media.limits import Limits
from tutela.detection.media.wire import (
    MOST_BYTES,
    MOST_JOBS,
    Found,
    Garbled,
    Jobs,
    Setup,
    Started,
    Wire,
)
from tutela.model import Content, Gap, GapReason, Signal

CONTENT = Content(
    path=("ähm.zip", "x"),
    media_type="image/jpeg",
    size=12,
    signals=(Signal(kind="pdq", value="ab" * 32, part="frame 1", quality=77),),
    gaps=(Gap(reason=GapReason.FLAT, detail="flat", part="frame 2"),),
)


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """A wire, and the raw socket at its other end."""
    near, far = socket.socketpair()
    with near, far:
        yield Wire(near), far


def test_messages_arrive_as_they_were_sent() -> None:
    near, far = socket.socketpair()
    sender, receiver = Wire(near), Wire(far)
    setup = Setup(parent=1, limits=Limits(frames=3), archives=True, dihedral=False)
    for message in (setup, Started(missing=("a wall",)), Found(number=3, members=(CONTENT,) * 9)):
        sender.send(message)
        assert receiver.receive(type(message)) == message
    sender.close()
    with pytest.raises(EOFError):
        receiver.receive(Found)
    receiver.close()


def test_descriptors_come_along() -> None:
    near, far = socket.socketpair()
    sender, receiver = Wire(near), Wire(far)
    with Path("/proc/self/exe").open("rb") as file:
        for count in (1, 3, MOST_JOBS):
            sender.send(Jobs(first=10 * count, count=count), *[file.fileno()] * count)
    for count in (1, 3, MOST_JOBS):
        jobs, fds = receiver.receive_jobs()
        assert (jobs, len(fds)) == (Jobs(first=10 * count, count=count), count)
        for fd in fds:
            assert os.pread(fd, 4, 0) == b"\x7fELF"
            os.close(fd)
    sender.send(Jobs(first=9))
    with pytest.raises(Garbled):
        receiver.receive_jobs()
    sender.close()
    with pytest.raises(EOFError):
        receiver.receive_jobs()
    receiver.close()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_job_has_its_descriptor(ends: tuple[Wire, socket.socket], count: int) -> None:
    wire, far = ends
    with Path("/proc/self/exe").open("rb") as file:
        Wire(far).send(Jobs(first=1, count=count), file.fileno(), file.fileno())
    with pytest.raises(Garbled):
        wire.receive_jobs()


def test_messages_can_be_taken_ahead() -> None:
    near, far = socket.socketpair()
    sender, receiver = Wire(near), Wire(far, ahead=True)
    messages = [Found(number=n, members=(CONTENT,) * (n % 3 * 40)) for n in range(12)]
    for message in messages:
        sender.send(message)
    sender.close()
    pending = [receiver.pending]
    for message in messages:
        assert receiver.receive(Found) == message
        pending.append(receiver.pending)
    assert pending[0] is pending[-1] is False
    assert pending[1] is True
    with pytest.raises(EOFError):
        receiver.receive(Found)
    receiver.close()


def test_a_long_message_passes() -> None:
    near, far = socket.socketpair()
    sender, receiver = Wire(near), Wire(far)
    message = Found(number=1, members=(CONTENT,) * 5_000)
    thread = threading.Thread(target=sender.send, args=(message,))
    thread.start()
    assert receiver.receive(Found) == message
    thread.join()
    sender.close()
    receiver.close()


def frame(body: bytes, length: int | None = None) -> bytes:
    return (len(body) if length is None else length).to_bytes(4, "big") + body


def test_a_message_that_is_too_long_is_not_even_read(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    far.sendall(frame(b"", MOST_BYTES + 1))
    with pytest.raises(Garbled):
        wire.receive(Found)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"text",
        msgspec.msgpack.encode({"number": 1, "more": 2}),
        msgspec.msgpack.encode({"number": "1"}),
        msgspec.msgpack.encode({"number": 1, "members": [{"gaps": [{"reason": "hunger"}]}]}),
    ],
)
def test_a_message_of_another_form(ends: tuple[Wire, socket.socket], body: bytes) -> None:
    wire, far = ends
    far.sendall(frame(body))
    with pytest.raises(Garbled):
        wire.receive(Found)


@example(b"\x81\xa1a\xa1\x80")  # a text that is not UTF-8
@given(st.binary(max_size=200))
def test_noise_is_garbled(noise: bytes) -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(frame(noise))
        try:
            Wire(near).receive(Found)
        except Garbled:
            return
        assert isinstance(msgspec.msgpack.decode(noise, type=Found), Found)


@pytest.mark.parametrize("part", [b"\0", frame(b"1234567", 100)])
def test_an_end_in_the_middle(ends: tuple[Wire, socket.socket], part: bytes) -> None:
    wire, far = ends
    far.sendall(part)
    far.shutdown(socket.SHUT_WR)
    with pytest.raises(EOFError):
        wire.receive(Found)


def test_patience_ends(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.patience(0.01)
    with pytest.raises(TimeoutError):
        wire.receive(Found)
    far.sendall(frame(b"", 100))
    wire.patience(0.01)
    with pytest.raises(TimeoutError):
        wire.receive(Found)


def test_patience_is_not_renewed_by_trickles(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    stop = threading.Event()

    def trickle() -> None:
        far.sendall(frame(b"", 10_000))
        while not stop.wait(0.01):
            far.sendall(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        wire.patience(0.2)
        with pytest.raises(TimeoutError):
            wire.receive(Found)
    finally:
        stop.set()
        thread.join()
