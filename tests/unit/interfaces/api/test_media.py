from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tutela.drill.photographs import listed

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

PHOTO = listed()[2].data
PATH = "/v1/banks/media-bank/media"


@pytest.fixture(scope="module", autouse=True)
def bank(api: Api) -> None:
    api.post("/v1/banks", {"name": "media-bank", "drill": True})


def add(api: Api, media: bytes, **query: str) -> Answer:
    return api.ask("POST", PATH, media, query=query, role="curator")


def test_a_picture_becomes_an_entry(api: Api) -> None:
    answer = add(api, PHOTO, label="a lake", note="from a test")
    assert answer.status == 201
    assert answer.json["added"] == 1
    assert set(answer.json["kinds"]) == {"md5", "sha1", "sha256", "pdq"}
    entry = api.get(f"/v1/entries/{answer.json['first_id']}").json
    assert (entry["label"], entry["note"]) == ("a lake", "from a test")
    assert api.ask("POST", "/v1/check", PHOTO).json["verdict"] == "match"


def test_a_form_says_the_same(api: Api) -> None:
    body = (
        b'--f\r\nContent-Disposition: form-data; name="label"\r\n\r\nhill\r\n'
        b'--f\r\nContent-Disposition: form-data; name="media"; filename="x"\r\n\r\n'
        + PHOTO
        + b"\r\n--f--\r\n"
    )
    answer = api.ask("POST", PATH, body, kind="multipart/form-data; boundary=f")
    assert answer.status == 201
    assert api.get(f"/v1/entries/{answer.json['first_id']}").json["label"] == "hill"


def test_each_file_of_an_archive_becomes_an_entry(api: Api) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.jpg", listed()[3].data)
        archive.writestr("two.jpg", listed()[4].data)
    answer = add(api, packed.getvalue(), label="two")
    assert answer.json["added"] == 3  # the archive itself, and the two


def test_a_text_has_exact_signals_and_a_gap(api: Api) -> None:
    answer = add(api, b"just some text")
    assert answer.status == 201
    assert set(answer.json["kinds"]) == {"md5", "sha1", "sha256"}
    assert answer.json["gaps"]


def test_an_empty_file_is_refused(api: Api) -> None:
    before = api.get("/v1/banks/media-bank").json["entries"]
    answer = add(api, b"")
    assert (answer.status, answer.code) == (422, "no-signal")
    assert api.get("/v1/banks/media-bank").json["entries"] == before


def test_bad_facts(api: Api) -> None:
    assert add(api, PHOTO, label="x" * 2001).status == 400
    assert add(api, PHOTO, colour="red").status == 400


def test_no_such_bank(api: Api) -> None:
    assert api.ask("POST", "/v1/banks/nowhere/media", PHOTO).status == 404
