from __future__ import annotations

from datetime import UTC, datetime

from tutela.model import Content, Event, Match, Signal
from tutela.model.custody.evidence import Step, StepKind
from tutela.response.custody.provenance import PLACES, chain, digests, handlers

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
UPLOAD = Step(kind=StepKind.UPLOAD, name="hills.zip", at=AT)


def content(*path: str) -> Content:
    mark = f"{len(path):02x}"
    signals = (
        Signal(kind="md5", value=mark * 16),
        Signal(kind="sha256", value=mark * 32),
        Signal(kind="pdq", value="ff" * 32, part="mirror"),
    )
    return Content(path=path, signals=signals)


def event(*contents: Content) -> Event:
    return Event(id="e", digest="d", received_at=AT, contents=contents)


def match(*path: str, part: str = "") -> Match:
    return Match(
        bank="hills",
        bank_id=1,
        entry_id=1,
        kind="pdq",
        distance=0,
        exact=False,
        list_version=1,
        path=path,
        part=part,
    )


def test_a_file_of_its_own_has_one_step() -> None:
    (step,) = chain(UPLOAD, event(content()), [match()])
    assert (step.kind, step.name, step.at) == (StepKind.UPLOAD, "hills.zip", AT)
    assert step.digests == {"md5": "00" * 16, "sha256": "00" * 32}


def test_every_archive_and_frame_on_the_way_is_a_step() -> None:
    inner = ("photos.zip", "a hill.gif")
    whole = event(content(), content("photos.zip"), content(*inner), content("other.png"))
    found = [match(*inner, part="frame 3, mirror"), match(*inner, part="frame 3"), match(*inner)]
    steps = chain(UPLOAD, whole, found)
    assert [(step.kind, step.name) for step in steps] == [
        (StepKind.UPLOAD, "hills.zip"),
        (StepKind.MEMBER, "photos.zip"),
        (StepKind.MEMBER, "a hill.gif"),
        (StepKind.FRAME, "frame 3"),
    ]
    assert steps[2].digests["sha256"] == "02" * 32


def test_names_that_are_no_unicode_are_kept_beside_their_bytes() -> None:
    name = b"hill\xff.png".decode("utf-8", "surrogateescape")
    step = chain(UPLOAD, event(content(), content(name)), [match(name)])[1]
    assert (step.name, step.name_bytes) == ("hill\\xff.png", b"hill\xff.png".hex())


def test_a_flood_of_matches_makes_no_endless_chain() -> None:
    found = [match(f"{number}.png") for number in range(PLACES * 3)]
    assert len(chain(UPLOAD, event(content()), found)) == PLACES + 1


def test_without_content_the_way_in_is_still_told() -> None:
    assert chain(UPLOAD, event(), []) == (UPLOAD,)
    assert digests(Content()) == {}


def test_what_handled_it_is_told_with_its_version() -> None:
    known = handlers()
    assert {"tutela", "python", "cryptography", "pillow", "av"} <= known.keys()
    assert "unknown" not in known.values()
