from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.interfaces.acting import World
from tests.unit.interfaces.protecting import account_of, reader, seen

from tutela.model import Severity
from tutela.model.review.protection import ExposureKind
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.review.readings import NewReading
from tutela.storage.review.refusals import PauseNeeded

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def member(world: World, account: str) -> dict[str, Any]:
    """Somebody as the team's list has it."""
    people = world.api.get("/v1/team", role="supervisor").json["people"]
    found: dict[str, Any] = next(one for one in people if one["account"] == account)
    return found


def test_who_needs_a_pause_is_seen_by_pseudonym_and_it_can_be_lifted(world: World) -> None:
    account = seen(world, 20)
    one = member(world, account)
    assert (one["day"]["severe_items"], one["day"]["in_a_row"]) == (20, 20)
    assert one["day"]["paused_until"]
    name = world.services.accounts.get(account).name
    assert name not in world.api.get("/v1/team").body.decode()
    case = world.services.claims.held(account)[0].case_id
    with pytest.raises(PauseNeeded):
        world.services.exposures.begin(account, case, "item-0", ExposureKind.REVEAL)
    path, lift = f"/v1/team/{account}/lift", {"kind": "pause", "reason": "two are ill today"}
    assert world.api.post(path, lift, role="reviewer").status == 403
    lifted = world.api.post(path, lift, role="supervisor")
    assert (lifted.status, lifted.json["reason"]) == (201, "two are ill today")
    world.services.exposures.begin(account, case, "item-0", ExposureKind.REVEAL)
    assert member(world, account)["day"]["paused_until"] is None
    assert world.api.get("/v1/team").json["lifts"][0]["account"] == account
    assert world.api.post(path, lift).status == 409  # there is no pause any more


def test_nobody_lifts_their_own(world: World) -> None:
    key = reader(world, "admin")
    account = world.services.keys.verify(key)
    assert account is not None
    document = {"kind": "budget", "items": 5, "reason": "I want to"}
    answer = world.post_as(key, f"/v1/team/{account.account_id}/lift", document)
    assert (answer.status, answer.code) == (403, "not-allowed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "budget", "items": 1},
        {"kind": "budget", "items": 1, "reason": ""},
        {"kind": "budget", "items": 1, "reason": "   "},
        {"kind": "budget", "items": 1, "reason": "x" * 501},
        {"kind": "budget", "items": -1, "reason": "x"},
        {"kind": "budget", "items": 1001, "reason": "x"},
        {"kind": "budget", "reason": "x"},
        {"kind": "everything", "reason": "x"},
        {"kind": "budget", "items": 1, "reason": "a\0b", "more": 1},
    ],
)
def test_what_lifts_nothing(world: World, wrong: object) -> None:
    account = seen(world)
    before = world.services.exposures.day(account).items_allowed
    assert world.api.post(f"/v1/team/{account}/lift", wrong).status == 400
    assert world.services.exposures.day(account).items_allowed == before


def test_a_light_case_is_none_of_the_severe_items(world: World) -> None:
    day = member(world, seen(world, 2, severity=Severity.MEDIUM))["day"]
    assert (day["uncovered"], day["items"], day["severe_items"]) == (2, 2, 0)


def test_the_ledger_and_its_rows_agree(world: World) -> None:
    case, other = world.case(), world.case()
    for number, case_id in enumerate((case, other)):
        key = world.read_by(case_id)
        claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
        # Without looking is what the API lets nobody say of these cases.
        said = NewReading(revision=1, outcome=ReviewOutcome.HARMLESS, unseen=not number)
        world.services.readings.give(claim["token"], said, account_of(world, key))
    counts = world.api.get("/v1/ledger", role="supervisor").json
    rows = world.api.get("/v1/ledger/rows").json["rows"]
    assert (counts["readings"], len(rows)) == (2, 2)
    assert counts["contents"] == sum(row["contents"] for row in rows)
    for column, number in counts["split"].items():
        behind = world.api.get("/v1/ledger/rows", column=column).json["rows"]
        assert sum(row["split"][column] for row in behind) == number
    page = world.api.get("/v1/ledger/rows", limit="1").json
    assert page["next"] == page["rows"][0]["id"]
    rest = world.api.get("/v1/ledger/rows", limit="1", before=str(page["next"])).json
    assert [rest["rows"][0]["case_id"], page["rows"][0]["case_id"]] == [case, other]
    past = datetime.now(UTC) - timedelta(days=2)
    assert world.api.get("/v1/ledger", until=past.isoformat()).json["readings"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "2026-11-30T00:00:00"},
        {"since": "2026-11-30T00:00:00Z", "until": "2026-11-29T00:00:00Z"},
        {"since": "yesterday"},
        {"account": "x"},
    ],
)
def test_what_is_no_period(world: World, wrong: dict[str, str]) -> None:
    assert world.api.get("/v1/ledger", **wrong).status == 400
    assert world.api.get("/v1/ledger/rows", **wrong).status == 400
