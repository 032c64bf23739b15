"""What is counted of accounts, as it is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tutela.model.actor import AgeBand
from tutela.model.conversation.message import Participant
from tutela.storage.conversation.accounts import Contact

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


def test_what_is_counted_of_an_account_is_read_by_its_id(api: Api) -> None:
    at = datetime.now(UTC)
    child = Participant(id="b", age_band=AgeBand.FROM_13_TO_15)
    database, book = api.services.database, api.services.conversations.book
    with database.write() as connection:
        contact = Contact(Participant(id="Ann Ö 1", age=40), [child], at, (7,))
        book.of_batch(connection, [contact], drill=True, at=at)
    told = api.get("/v1/actors/Ann Ö 1/signals", drill="true", role="uploader")
    assert told.status == 200
    assert (told.json["actor"], told.json["known"], told.json["drill"]) == ("Ann Ö 1", True, True)
    signals = told.json["signals"]
    assert (signals["minors_contacted_7d"], signals["age_band_gap"]) == (1, 2)
    assert signals["age_days"] is None
    real = api.get("/v1/actors/Ann Ö 1/signals").json
    assert (real["known"], real["signals"]["minors_contacted_7d"]) == (False, 0)


@pytest.mark.parametrize("query", [{"drill": "perhaps"}, {"since": "1"}])
def test_a_query_that_means_nothing_is_refused(api: Api, query: dict[str, str]) -> None:
    assert api.get("/v1/actors/b/signals", **query).code == "invalid-input"
