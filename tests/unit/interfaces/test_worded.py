from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import pytest

from tutela.errors import InvalidInput
from tutela.interfaces.worded import from_words
from tutela.model.record import Record

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
NUMBERS = ("0.5", "0", "1764489600", "-1", "1e9", "nan", "infinity", " 1", "")


class Asked(Record, frozen=True, kw_only=True):
    since: datetime | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    count: int = 0
    name: str = ""


def test_what_words_say() -> None:
    words = {"since": "2026-11-30T08:00:00Z", "until": "null", "count": "7", "name": "0.5"}
    since = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert from_words(words, Asked) == Asked(since=since, count=7, name="0.5")
    assert from_words({}, Asked) == Asked()


@pytest.mark.parametrize("said", NUMBERS)
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_number_is_no_moment(name: str, said: str) -> None:
    with pytest.raises(InvalidInput, match="no moment") as refused:
        from_words({name: said}, Asked)
    assert refused.value.where == name
    assert "2026-11-30T08:00:00Z" in refused.value.remedy


@pytest.mark.parametrize("said", ["2026-11-30", "2026-13-30T08:00:00Z", "2026-11-30T08:00:00"])
def test_a_moment_must_be_whole(said: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        from_words({"until": said}, Asked)


def test_no_moment_of_any_query_is_a_number(api: Api) -> None:
    document = api.get("/schema/openapi.json").json
    asked = 0
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] != "query" or "date-time" not in str(parameter["schema"]):
                continue
            for said in ("0.5", "1764489600"):
                answer = api.get(path, **{parameter["name"]: said})
                assert answer.status == 400, (path, parameter["name"], said)
                assert parameter["name"] in answer.json["where"]
            asked += 1
    assert asked >= 12
