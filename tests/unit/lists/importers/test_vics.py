from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tutela.lists.importers import BankFile, BankFormat
from tutela.model import NewEntry, Signal

MD5 = "0123456789abcdef" * 2
OTHER_MD5 = "fedcba9876543210" * 2
SHA1 = "01234567" * 5
PDQ = "0123456789abcdef" * 4
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata"
OLD_CONTEXT = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml"

Entries = Callable[..., list[NewEntry]]
Refusal = Callable[..., str]
Open = Callable[..., BankFile]


def medium(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON may come
    return {"MediaID": 7, "Category": 1, "MD5": MD5} | members


def media_set(*media: object, context: str = CONTEXT) -> str:
    return json.dumps({"@odata.context": f"{context}#Media", "value": list(media)})


def entry(*signals: Signal, **facts: str) -> NewEntry:
    facts = {"label": "MediaID 7", "category": "1", "scheme": "US"} | facts
    return NewEntry(signals=signals or (Signal(kind="md5", value=MD5),), **facts)  # type: ignore[arg-type]


def left_out(file: BankFile) -> Mapping[str, int]:
    assert list(file) == []
    return file.left_out


def test_a_media_set_of_version_2(entries: Entries, opened: Open) -> None:
    data = media_set(medium(SHA1=SHA1.upper(), MediaSize="123", IsDistributed="true"))
    assert opened(data).format is BankFormat.VICS
    assert entries(data) == [entry(Signal(kind="md5", value=MD5), Signal(kind="sha1", value=SHA1))]


def test_a_case_of_version_1_has_no_scheme(entries: Entries) -> None:
    case = {
        "CaseID": "a",
        "CaseMetadata": [{"PropertyName": "Media", "PropertyValue": "value"}],
        "Media@odata.navigationLinkUrl": "Cases(guid'a')/Media",
        "Media": [medium(), medium(MD5=OTHER_MD5, Category=2)],
    }
    data = {
        "odata.metadata": f"{OLD_CONTEXT}#Cases",
        "odata.id": "x",
        "value": [{"CaseID": "none"}, case, case | {"Media": [medium(MediaID=9)]}],
    }
    found = entries(json.dumps(data))
    assert found == [
        entry(scheme=""),
        entry(Signal(kind="md5", value=OTHER_MD5), scheme="", category="2"),
        entry(scheme="", label="MediaID 9"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(entries: Entries, encoding: str) -> None:
    data = json.dumps(json.loads(media_set(medium(Tags="Zürich 湖"))), ensure_ascii=False)
    assert entries(data.encode(encoding)) == [entry()]


def test_member_names_come_in_any_case(entries: Entries) -> None:
    data = json.dumps(
        {
            "@ODATA.Context": CONTEXT.replace("/US/", "/CUSTOM/") + "#Cases",
            "VALUE": [
                {"caseid": 1, "MEDIA": [{"md5": MD5, "CATEGORY": "2", "mediaid": "7"}]},
                {"CaseID": 2, "media": [{"Md5": MD5, "Category": 1.0, "MediaId": 7}]},
            ],
        }
    )
    assert entries(data) == [entry(category="2", scheme="CUSTOM"), entry(scheme="CUSTOM")]


def test_names_cut_by_the_end_of_a_chunk_are_mended(entries: Entries) -> None:
    """Cases long enough that, over all offsets, every boundary falls into a name."""
    for padding in range(40):
        data = json.dumps(
            {
                "pad": "x" * ((1 << 18) - 60 + padding),
                "@odata.context": f"{CONTEXT}#Cases",
                "vALUE": [{"mEDIA": [medium()]}],
            }
        )
        assert entries(data) == [entry()], padding


@pytest.mark.parametrize("category", [0, "0", None, "", 0.0])
def test_category_0_is_never_positive(opened: Open, category: object) -> None:
    assert left_out(opened(media_set(medium(Category=category)))) == {
        "category 0 or none: never taken as positive": 1
    }


def test_a_medium_without_category_is_never_positive(opened: Open) -> None:
    assert left_out(opened(media_set({"MD5": MD5}))) == {
        "category 0 or none: never taken as positive": 1
    }


def test_the_context_may_stand_at_the_end_or_be_missing(entries: Entries) -> None:
    value = [medium()]
    assert entries(json.dumps({"value": value, "@odata.context": f"{CONTEXT}#Media"})) == [entry()]
    assert entries(json.dumps({"value": value})) == [entry(scheme="")]


def test_escaped_slashes_in_the_context(entries: Entries) -> None:
    assert entries(media_set(medium()).replace("/", "\\/")) == [entry()]


def test_the_empty_file_is_left_out(opened: Open) -> None:
    assert left_out(opened(media_set(medium(MD5=EMPTY_MD5.upper(), SHA1=SHA1)))) == {
        "fingerprint of an empty file": 1
    }


def test_a_medium_without_any_known_fingerprint_is_counted(opened: Open) -> None:
    assert left_out(opened(media_set(medium(MD5=None), medium(MD5="")))) == {
        "record without a fingerprint of a known kind": 2
    }


def test_alternative_hashes(opened: Open) -> None:
    photodna = base64.b64encode(bytes(144)).decode()
    alternatives = [
        {"MD5": MD5, "HashName": "PDQ", "HashValue": PDQ},
        {"hashname": "pdq", "hashvalue": PDQ.upper()},
        {"HashName": "PhotoDNA", "HashValue": photodna},
        {"HashName": "photodna", "HashValue": "%%%"},
        {"HashName": "TMK", "HashValue": "AAAA"},
        {"HashName": None, "HashValue": "AAAA"},
        "nonsense",
    ]
    file = opened(media_set(medium(AlternativeHashes=alternatives, PhotoDNA="AAAA")))
    assert list(file) == [entry(Signal(kind="md5", value=MD5), Signal(kind="pdq", value=PDQ))]
    assert file.left_out == {
        "PhotoDNA, which is not compared": 1,
        "PhotoDNA that cannot be decoded": 2,
        "alternative hash of a kind that is not compared": 3,
    }


def test_bad_records_are_named_by_number_and_never_by_value(refusal: Refusal) -> None:
    text = refusal(
        media_set(
            medium(),
            medium(MD5="123"),
            medium(Category="illegal"),
            medium(Category=-1),
            medium(Category=True),
            medium(Category="9" * 5000),
            "text",
            medium(SHA1=12),
            medium(AlternativeHashes=[{"HashName": "SHA-256", "HashValue": "zz"}]),
            medium(MD5="not imported anyway", Category=0),
        )
    )
    assert text == GOLDEN


GOLDEN = """\
list: the bank file has 8 problems, so nothing of it was used; mend the file and try again
  record 2, member MD5: expected an MD5 fingerprint: 32 hexadecimal digits
  record 3, member Category: is not a whole number from 0
  record 4, member Category: is not a whole number from 0
  record 5, member Category: is not a whole number from 0
  record 6, member Category: is not a whole number from 0
  record 7: is not an object
  record 8, member SHA1: is not a text
  record 9, member AlternativeHashes: expected a SHA-256 fingerprint: 64 hexadecimal digits"""


def test_broken_json_is_named_by_record_without_quoting_it(refusal: Refusal) -> None:
    data = media_set(medium(), medium())
    cut = data[: data.rindex("MD5") + 5]
    assert refusal(cut).splitlines()[1:] == ["  record 2: the JSON is broken or cut short here"]
    assert MD5 not in refusal(data[:-2] + "}")


def test_json_that_is_not_vics_is_refused(refusal: Refusal) -> None:
    assert "member value: is missing: this is JSON, but not a VICS file" in refusal('{"a": 1}')
    assert "the JSON is broken or cut short before the first record" in refusal('{"value": [')


def test_a_set_without_media_is_empty(opened: Open) -> None:
    assert left_out(opened(media_set())) == {}


@pytest.mark.parametrize("text", ["a\0b", "x" * 3000])
def test_facts_that_cannot_be_stored_are_problems(refusal: Refusal, text: str) -> None:
    assert "record 1, member precategorizationsource: " in refusal(
        media_set(medium(PrecategorizationSource=text))
    )
