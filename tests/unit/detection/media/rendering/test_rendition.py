"""What may be asked for, and what a child may answer."""

from __future__ import annotations

import msgspec
import pytest

from tutela.detection.media.rendering.rendition import (
    FILM,
    MOST_BYTES,
    PICTURE,
    Clip,
    Region,
    Rendered,
    Rendition,
    looks_right,
)

JPEG = b"\xff\xd8\xff and so on"


def rendered(**changed: object) -> Rendered:
    answer = Rendered(
        media_type=PICTURE, data=JPEG, width=96, height=72, whole_width=960, whole_height=720
    )
    return msgspec.structs.replace(answer, **changed)


def test_the_default_is_the_strongest_cover() -> None:
    asked = Rendition(size=96, mark="quiet heron 12")
    assert (asked.grey, asked.blur, asked.stills, asked.clip) == (True, 3, 1, None)
    assert Clip().sound is False


def test_what_a_rendition_looks_like() -> None:
    assert looks_right(rendered())
    assert looks_right(rendered(media_type=FILM, data=b"\x1a\x45\xdf\xa3 and so on"))


@pytest.mark.parametrize(
    "lie",
    [
        {"media_type": "text/html"},
        {"media_type": "image/svg+xml", "data": b"<svg/>"},
        {"data": b"<script>"},
        {"data": b""},
        {"media_type": FILM},
        {"data": JPEG + bytes(MOST_BYTES)},
        {"width": 0},
        {"height": -1},
        {"width": 100_000},
    ],
)
def test_what_is_no_rendition(lie: dict[str, object]) -> None:
    assert not looks_right(rendered(**lie))


@pytest.mark.parametrize(
    "asked",
    [
        {"size": 15},
        {"size": 4000},
        {"mark": ""},
        {"mark": "m" * 65},
        {"blur": 4},
        {"blur": -1},
        {"stills": 0},
        {"stills": 17},
        {"zoom": 9},
        {"region": {"x": -0.1, "y": 0, "width": 1, "height": 1}},
        {"region": {"x": 0, "y": 0, "width": 1.1, "height": 1}},
        {"clip": {"seconds": 11.0}},
        {"clip": {"start": -1}},
        {"sharp": True},
    ],
)
def test_what_may_not_be_asked_for(asked: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"size": 96, "mark": "m"} | asked, Rendition)


def test_records_survive_the_wire() -> None:
    asked = Rendition(
        size=96,
        mark="m",
        region=Region(x=0, y=0.5, width=1, height=0.5),
        clip=Clip(start=2.5, sound=True),
        member=("a.zip", "b.jpg"),
    )
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Rendition)
    assert again == asked
