from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request

from tutela.errors import InvalidInput
from tutela.interfaces.web.bodies import Room, Spool, memory_file
from tutela.interfaces.web.forms import FIELD_BYTES, FIELDS, read_form

BOUNDARY = "a-boundary"


def field(name: str, value: bytes, *, file: bool = False) -> bytes:
    shown = '; filename="x.jpg"\r\nContent-Type: image/jpeg' if file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def form(*fields: bytes) -> bytes:
    return b"".join(fields) + f"--{BOUNDARY}--\r\n".encode()


def read(
    body: bytes, cuts: list[int] | None = None, content_type: str | None = None
) -> tuple[Mapping[str, str], bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts or []), len(body)]
    messages = [
        {"type": "http.request", "body": body[start:end], "more_body": end < len(body)}
        for start, end in itertools.pairwise(edges)
    ]
    messages[-1]["more_body"] = False

    async def receive() -> Any:  # noqa: ANN401 - a message
        return messages.pop(0)

    kind = content_type or f"multipart/form-data; boundary={BOUNDARY}"
    scope: Any = {"type": "http", "headers": [(b"content-type", kind.encode())], "state": {}}

    async def run() -> tuple[Mapping[str, str], bytes]:
        with Spool(memory_file, Room(10**7)) as spool:
            fields = await read_form(Request(scope, receive), spool, file_field="media")
            source = spool.source
            assert isinstance(source, bytes)
            return fields, source

    return asyncio.run(run())


@given(content=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 5000), max_size=10))
def test_however_it_is_cut_it_reads_the_same(content: bytes, cuts: list[int]) -> None:
    body = form(
        field("surface", "près".encode()),
        field("media", content, file=True),
        field("event_id", b"e1"),
    )
    assert read(body, cuts) == ({"surface": "près", "event_id": "e1"}, content)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a form at all",
        form(),
        form(field("surface", b"x")),
        form(field("media", b"x", file=True), field("media", b"y", file=True)),
        form(field("a", b"x"), field("a", b"y"), field("media", b"x")),
        form(field("media", b"x"), field("a", b"\xff\xfe")),
        form(field("media", b"x"), field("a", b"y" * (FIELD_BYTES + 1))),
        form(*(field(f"f{number}", b"") for number in range(FIELDS)), field("media", b"x")),
        form(field("media", b"x"))[:-10],
        field("media", b"x"),
        b"--a-boundary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a-boundary--\r\n",
        b"--a-boundary\r\nContent-Disposition: attachment; name=media\r\n\r\nx\r\n--a-boundary--",
        b"--a-boundary\r\n" + b"X-A: 1\r\n" * 100 + b"\r\nx\r\n--a-boundary--\r\n",
        b"--a-boundary\r\n" + b"X" * 100_000,
    ],
)
def test_bad_forms_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(body)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 300,
    ],
)
def test_a_form_must_name_its_boundary(content_type: str) -> None:
    with pytest.raises(InvalidInput):
        read(form(field("media", b"x")), content_type=content_type)


@given(st.binary(max_size=500), st.lists(st.integers(0, 600), max_size=5))
def test_noise_never_breaks_it(noise: bytes, cuts: list[int]) -> None:
    with pytest.raises(InvalidInput):
        read(b"--a-boundary\r\n" + noise, cuts)
