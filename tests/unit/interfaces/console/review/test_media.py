"""What is shown of a case, to whom, and what is refused."""

from __future__ import annotations

import hashlib
import io
import itertools
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from tutela.detection.media.formats import samples
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.interfaces.services import Services
from tutela.model.custody.leaf import AuditKind
from tutela.model.review.account import Account
from tutela.model.review.protection import Exposure, Floor, Protection
from tutela.storage.audit.reading import AuditLog
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor

NUMBERS = itertools.count()
LENS = {"x": "0.25", "y": "0.25", "width": "0.5", "height": "0.5"}


def scene() -> bytes:
    """A picture of noise that is like no other, so that no two cases of it are gathered."""
    random = np.random.default_rng(next(NUMBERS))
    blocks = np.kron(random.integers(40, 215, (9, 12, 3)), np.ones((32, 32, 1)))
    noisy = blocks + random.integers(-40, 40, blocks.shape)
    stream = io.BytesIO()
    Image.fromarray(noisy.astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


class Pictured(NamedTuple):
    """A case about a file, and the evidence that has its bytes."""

    case_id: str
    item: str
    path: str


@pytest.fixture
def pictured(api: Api) -> Callable[[bytes], Pictured]:
    """Opens a case about some bytes, as in life: a bank lists them and they are handed in."""

    def open_case(data: bytes) -> Pictured:
        number = next(NUMBERS)
        bank = f"/v1/banks/shown-{number}"
        sha256 = hashlib.sha256(data).hexdigest()
        new = {"name": f"shown-{number}", "trusted": True, "drill": True, "source": "a test"}
        assert api.post("/v1/banks", new).status == 201
        entry = {"signals": [{"kind": "sha256", "value": sha256}]}
        assert api.post(f"{bank}/entries", {"entries": [entry]}).status == 201
        query = {"event_id": f"shown-{number}", "region": "GB", "drill": "true"}
        answer = api.ask("POST", "/v1/check", data, query=query, kind="image/jpeg")
        assert answer.json["verdict"] == "match", answer
        case_id, item = answer.json["case_id"], answer.json["evidence"][0]["id"]
        return Pictured(case_id, item, f"/console/cases/{case_id}/media/{item}")

    return open_case


class Reviewer:
    """Somebody who holds a case, and looks at it."""

    def __init__(self, services: Services, visitor: Visitor, shown: Pictured) -> None:
        self.services, self.visitor, self.shown = services, visitor, shown
        self.account: Account = visitor.account

    def ask(self, show: str, **fields: str) -> Answer:
        return self.visitor.post(self.shown.path, show=show, **fields)

    def see(self, show: str, **fields: str) -> Image.Image:
        answer = self.ask(show, **fields)
        assert answer.status == 200, answer
        assert answer.headers["content-type"] == "image/jpeg"
        return Image.open(io.BytesIO(answer.body))

    def like(self, **wanted: object) -> None:
        """Choose the weakest protection but for some of it."""
        weakest = {"blur": 1, "grey": False, "size": 384, "mute": False, "region": False}
        protection = Protection(**({**weakest, "sheet": False} | wanted))  # type: ignore[arg-type]
        self.services.accounts.set_protection(self.account.id, protection, by="person:x")


@pytest.fixture
def reviewer(
    services: Services, person: Visit, pictured: Callable[[bytes], Pictured]
) -> Callable[..., Reviewer]:
    def enter(data: bytes = b"", role: str = "reviewer") -> Reviewer:
        visitor, shown = person(role), pictured(data or scene())
        services.claims.take(shown.case_id, visitor.account.id)
        return Reviewer(services, visitor, shown)

    return enter


Enter = Callable[..., Reviewer]


def fine(image: Image.Image) -> float:
    """How much changes from pixel to pixel."""
    return float(np.abs(np.diff(np.asarray(image.convert("L"), dtype=float), axis=1)).mean())


# What is shown.


def test_what_an_appeal_contests_is_shown_in_its_case_and_counted(
    api: Api, reviewer: Enter, person: Visit, services: Services
) -> None:
    first = reviewer()
    document = {"case_id": first.shown.case_id, "text": "It is a table."}
    appeal = api.post("/v1/appeals", document, role="uploader").json["case_id"]
    services.gathering.gather()
    visitor = person("reviewer")
    services.claims.take(appeal, visitor.account.id)
    path = f"/console/cases/{appeal}/media/{first.shown.item}"
    someone = Reviewer(services, visitor, Pictured(appeal, first.shown.item, path))
    page = visitor.get(f"/console/cases/{appeal}")
    assert first.shown.item in page
    assert someone.ask("covered").status == 200
    assert someone.ask("open", **LENS).status == 200
    assert services.exposures.revealed(appeal, visitor.account.id) == {first.shown.item}
    # Of another case it shows nothing, nor this case to somebody else.
    other = reviewer()
    strange = Pictured(
        appeal, other.shown.item, f"/console/cases/{appeal}/media/{other.shown.item}"
    )
    assert Reviewer(services, visitor, strange).ask("covered").status == 404
    assert Reviewer(services, other.visitor, someone.shown).ask("covered").status == 409


def test_it_is_covered_small_and_grey_at_first(reviewer: Enter) -> None:
    answer = reviewer().ask("covered")
    assert (answer.status, answer.headers["tutela-region"]) == (200, "yes")
    image = Image.open(io.BytesIO(answer.body))
    assert (max(image.size), image.mode) == (96, "L")
    assert "tutela-for" not in answer.headers


def test_nothing_of_it_can_be_kept_or_framed(reviewer: Enter) -> None:
    headers = reviewer().ask("covered").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    assert not {"etag", "last-modified", "accept-ranges"} & set(headers)


def test_a_part_is_uncovered_and_counted_until_it_ends(reviewer: Enter) -> None:
    someone = reviewer()
    exposures = someone.services.exposures
    before = exposures.day(someone.account.id)
    answer = someone.ask("open", **LENS)
    assert answer.status == 200
    part = Image.open(io.BytesIO(answer.body))
    assert max(part.size) == 48
    assert 0 < float(answer.headers["tutela-for"]) <= 30
    number = answer.headers["tutela-exposure"]
    moved = someone.ask("open", exposure=number, **(LENS | {"x": "0.5"}))
    assert (moved.status, moved.headers["tutela-exposure"]) == (200, number)
    end = f"/console/exposures/{number}/end"
    assert someone.visitor.post(end, seconds="0.0").status == 204
    assert someone.ask("open", exposure=number, **LENS).status == 404
    after = exposures.day(someone.account.id)
    assert after.items == before.items + 1
    leaves = AuditLog(someone.services.database).about([someone.shown.item])
    looks = [one.leaf for one in leaves if one.leaf.kind is AuditKind.LOOK]
    assert [look.data["shown"] for look in looks] == ["reveal"]
    assert looks[0].by == f"person:{someone.account.id}"


def test_protection_is_the_persons_own_above_the_floor(reviewer: Enter) -> None:
    someone = reviewer()
    covered = someone.see("covered")
    someone.like()
    loosened, open_ = someone.see("covered"), someone.see("open")
    assert (max(covered.size), max(loosened.size)) == (96, 384)
    assert (covered.mode, loosened.mode, open_.mode) == ("L", "RGB", "RGB")
    assert max(open_.size) == 384
    assert fine(loosened) < fine(open_) / 2
    someone.services.floor.set(Floor(blur=3, grey=True, size=192, region=True))
    try:
        floored = someone.see("covered")
        assert (floored.mode, max(floored.size)) == ("L", 192)
        assert someone.ask("open").status == 400
    finally:
        someone.services.floor.set(Floor())


def test_what_is_covered_is_blurred_whatever_anybody_chose(reviewer: Enter) -> None:
    someone = reviewer()
    someone.services.floor.set(Floor(blur=0))
    try:
        someone.like(blur=0)
        assert fine(someone.see("covered")) < fine(someone.see("open")) / 2
    finally:
        someone.services.floor.set(Floor())


def test_the_mark_is_the_pseudonym(reviewer: Enter, person: Visit) -> None:
    """Two people see the same picture with another mark, and never with a name."""
    first = reviewer()
    ours = first.see("covered")
    first.services.claims.hand_back(first.shown.case_id, first.account.id)
    second = person("reviewer")
    first.services.claims.take(first.shown.case_id, second.account.id)
    theirs = Reviewer(first.services, second, first.shown).see("covered")
    assert ours.size == theirs.size
    assert ours.tobytes() != theirs.tobytes()


def test_members_of_archives(reviewer: Enter) -> None:
    first, other = scene(), scene()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jpg", first)
        archive.writestr("b.jpg", other)
    someone = reviewer(packed.getvalue())
    assert someone.ask("covered").code == "cannot-be-shown"
    one, two = (someone.see("covered", ordinal=number) for number in ("1", "2"))
    assert one.tobytes() != two.tobytes()
    assert one.tobytes() == reviewer_bytes(someone, first)
    for beyond in ("3", "-1", "x", "9" * 30):
        assert someone.ask("covered", ordinal=beyond).status in {400, 404}


def reviewer_bytes(someone: Reviewer, data: bytes) -> bytes:
    """The same picture alone, as the same person would see it."""
    asked = Rendition(size=96, mark=someone.account.pseudonym)
    made = someone.services.decoder.render(data, asked).result(60)
    assert isinstance(made, Rendered)
    return Image.open(io.BytesIO(made.data)).tobytes()


def test_videos_are_sheets_and_play_only_for_who_wants_that(reviewer: Enter) -> None:
    someone = reviewer(samples.film())
    sheet = someone.ask("covered")
    assert int(sheet.headers["tutela-stills"]) > 1
    assert float(sheet.headers["tutela-seconds"]) == pytest.approx(1, abs=0.2)
    assert (someone.ask("clip").status, sheet.headers["tutela-clip"]) == (403, "no")
    someone.like()
    silent = someone.ask("clip")
    assert (silent.status, silent.headers["content-type"]) == (200, "video/webm")
    kinds = [one.kind.value for one in exposures_of(someone)]
    assert kinds == ["clip", "covered"]
    assert someone.ask("open").headers["tutela-stills"] == sheet.headers["tutela-stills"]
    number = silent.headers["tutela-exposure"]
    assert someone.ask("clip", exposure=number).status == 404, "opening the sheet ended it"
    assert someone.ask("clip", start="99").status == 422


def exposures_of(someone: Reviewer) -> list[Exposure]:
    exposures = someone.services.exposures
    return list(exposures.of_day(someone.account.id, exposures.day(someone.account.id).day))


def test_events_that_were_gathered_into_the_case_are_shown(
    reviewer: Enter, pictured: Callable[[bytes], Pictured]
) -> None:
    someone, other = reviewer(), pictured(scene())
    ours, arranging = someone.shown.case_id, someone.services.arranging
    arranging.merge(ours, other.case_id, holder=someone.account.id)
    path = f"/console/cases/{ours}/media/{other.item}"
    assert someone.visitor.post(path, show="covered").status == 200


def test_the_page_of_a_case_has_none_of_it(reviewer: Enter, person: Visit) -> None:
    """Places for pictures and no picture, and only for whoever holds the case."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jpg", scene())
    someone = reviewer(packed.getvalue())
    path = f"/console/cases/{someone.shown.case_id}"
    answer = someone.visitor.ask(path)
    page = answer.body.decode()
    assert f'data-contents="{someone.shown.item}:1 "' in page
    assert page.count("<covered-picture") == 1
    assert "There is nothing to see in a file of this kind." in page, "of the archive itself"
    assert "<img" not in page
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("; media-src blob:")
    assert "img-src data:;" in policy
    other = person("reviewer").ask(path)
    assert b"<covered-picture" not in other.body
    assert other.headers["content-security-policy"] + "; media-src blob:" == policy


# What is refused.


def test_who_does_not_hold_the_case_sees_nothing(reviewer: Enter, person: Visit) -> None:
    someone = reviewer()
    another = Reviewer(someone.services, person("reviewer"), someone.shown)
    senior = Reviewer(someone.services, person("senior_reviewer"), someone.shown)
    admin = Reviewer(someone.services, person("admin"), someone.shown)
    for stranger in (another, senior, admin):
        for show in ("covered", "open", "clip"):
            assert stranger.ask(show, **LENS).code == "claim-lost"
    someone.services.claims.hand_back(someone.shown.case_id, someone.account.id)
    assert someone.ask("covered").code == "claim-lost"
    assert exposures_of(another) == exposures_of(someone) == []


def test_a_claim_that_has_lapsed_shows_nothing(
    reviewer: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = reviewer()
    late = now() + timedelta(days=1)
    monkeypatch.setattr("tutela.storage.review.claims.now", lambda: late)
    assert someone.ask("covered").code == "claim-lost"


@pytest.mark.parametrize("role", ["supervisor", "auditor", "curator", "reporter", "uploader"])
def test_roles_that_see_no_content(
    person: Visit, pictured: Callable[[bytes], Pictured], role: str
) -> None:
    answer = person(role).post(pictured(scene()).path, show="covered")
    assert answer.code == "not-allowed"


def test_keys_and_codes_that_are_nobodys_see_nothing(
    visit: Visit, pictured: Callable[[bytes], Pictured]
) -> None:
    assert visit("reviewer").post(pictured(scene()).path, show="covered").code == "needs-account"


def test_other_cases_items_and_other_paths(
    reviewer: Enter, pictured: Callable[[bytes], Pictured]
) -> None:
    someone, other = reviewer(), pictured(scene())
    own = f"/console/cases/{someone.shown.case_id}/media"
    items = [other.item, "item-none", "..", "%2e%2e%2f", other.case_id, "\u0000", "a" * 4000]
    for item in items:
        assert someone.visitor.post(f"{own}/{item}", show="covered").status == 404
    crossed = f"/console/cases/{other.case_id}/media/{someone.shown.item}"
    assert someone.visitor.post(crossed, show="covered").code == "claim-lost"
    assert exposures_of(someone) == []


def test_user_data_is_no_picture(reviewer: Enter, api: Api) -> None:
    someone = reviewer()
    items = api.services.custody.items
    (content,) = [
        one
        for one in items.of_event(items.get(someone.shown.item).event_id)
        if one.id == someone.shown.item
    ]
    others = [one.id for one in items.of_event(content.event_id) if one.id != content.id]
    for other in others:
        path = f"/console/cases/{someone.shown.case_id}/media/{other}"
        assert someone.visitor.post(path, show="covered").status == 404


def test_forms_of_other_sites_and_addresses_alone_show_nothing(reviewer: Enter) -> None:
    someone = reviewer()
    assert someone.visitor.post(someone.shown.path, csrf="wrong", show="covered").status == 403
    assert someone.visitor.post(someone.shown.path, csrf="", show="covered").status == 403
    assert someone.visitor.ask(someone.shown.path).status in {404, 405}
    end = "/console/exposures/1/end"
    assert someone.visitor.post(end, csrf="wrong", seconds="1").status == 403
    assert exposures_of(someone) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"show": ""},
        {"show": "whole"},
        {"show": "open"},
        {"show": "open", **LENS, "width": "0.9"},
        {"show": "open", **LENS, "x": "nan"},
        {"show": "open", **LENS, "x": "-1"},
        {"show": "open", **LENS, "height": "many"},
        {"show": "open", **LENS, "zoom": "99"},
        {"show": "open", **LENS, "zoom": "\u0661"},
        {"show": "clip", "start": "-1"},
        {"show": "covered", "ordinal": "1.5"},
        {"show": "covered", "exposure": "9" * 40},
    ],
)
def test_what_cannot_be_asked_for(reviewer: Enter, fields: dict[str, str]) -> None:
    someone = reviewer()
    answer = someone.visitor.post(someone.shown.path, **fields)
    assert answer.status in {400, 403}, answer
    assert exposures_of(someone) == []


def test_what_is_damaged_is_told_and_not_counted(reviewer: Enter) -> None:
    someone = reviewer(scene()[:3000])
    answer = someone.ask("open", **LENS)
    assert (answer.code, "damaged" in answer.json["detail"]) == ("cannot-be-shown", True)
    assert exposures_of(someone) == []


def test_what_is_destroyed_is_not_shown(reviewer: Enter) -> None:
    someone = reviewer()
    items = someone.services.custody.items
    expires = items.get(someone.shown.item).expires_at
    assert expires is not None
    items.destroy(someone.shown.item, "tutela", expires)
    answer = someone.ask("covered")
    assert (answer.code, "destroyed" in answer.json["detail"]) == ("conflict", True)


def test_a_pause_refuses_what_is_uncovered_and_nothing_else(
    reviewer: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = reviewer()
    exposures = someone.services.exposures
    monkeypatch.setattr(exposures, "limits", replace(exposures.limits, pause_after=1))
    number = someone.ask("open", **LENS).headers["tutela-exposure"]
    someone.visitor.post(f"/console/exposures/{number}/end", seconds="0")
    refused = someone.ask("open", **LENS)
    assert (refused.status, refused.code) == (429, "pause-needed")
    assert int(refused.headers["retry-after"]) > 60
    assert someone.ask("covered").status == 200


def test_ends_that_are_none(reviewer: Enter, person: Visit) -> None:
    someone, another = reviewer(), person("reviewer")
    number = someone.ask("open", **LENS).headers["tutela-exposure"]
    end = f"/console/exposures/{number}/end"
    for seconds in ("", "-1", "nan", "inf", "soon"):
        assert someone.visitor.post(end, seconds=seconds).status == 400
    assert someone.visitor.post(end).status == 400
    assert another.post(end, seconds="1").status == 404
    assert someone.visitor.post(f"/console/exposures/{'9' * 30}/end", seconds="1").status == 404
    assert someone.visitor.post(end, seconds="99999").status == 204
    (latest,) = exposures_of(someone)
    assert latest.seconds is not None
    assert latest.seconds < 30, "the server's own clock bounds it"


def test_names_and_bytes_are_in_no_error(reviewer: Enter) -> None:
    someone = reviewer(b"plain words of somebody, which nobody may repeat")
    answer = someone.ask("covered")
    assert answer.code == "cannot-be-shown"
    assert b"somebody" not in answer.body
    assert someone.account.name.encode() not in answer.body


def test_what_the_day_holds_and_a_pause_are_told_before_anything_is_uncovered(
    reviewer: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = reviewer()
    exposures = shift.services.exposures
    path = f"/console/cases/{shift.shown.case_id}"
    page = shift.visitor.get(path)
    assert "Your day so far:" in page
    assert "0 of 100 severe items" in page
    assert "0 of 20 until a pause of 10 minutes" in page
    assert "It is time for a pause" not in page
    monkeypatch.setattr(exposures, "limits", replace(exposures.limits, pause_after=1))
    assert shift.ask("open", **LENS).status == 200
    page = shift.visitor.get(path)
    assert "1 of 100 severe items" in page
    assert "It is time for a pause: nothing is uncovered for you until" in page
    assert 'id="decide"' in page, "deciding goes on"
    monkeypatch.setattr(
        exposures, "limits", replace(exposures.limits, pause_after=0, severe_items=1)
    )
    page = shift.visitor.get(path)
    assert "Your day holds no more severe items." in page
