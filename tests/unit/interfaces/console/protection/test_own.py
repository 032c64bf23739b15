from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import Seat, World
from tests.unit.interfaces.protecting import seen

from tutela.interfaces.console.sign_in import COOKIE

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api


PAGE = "/console/protection"


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def show(world: World, seat: Seat, path: str = "/protection") -> Answer:
    return world.api.ask("GET", f"/console{path}", role="", headers=seat.cookie)


def seat_of(world: World, account: str) -> Seat:
    """Sign somebody in who is there already."""
    life = timedelta(minutes=30)
    opened = world.services.sessions.open("reviewer", idle=life, life=life, account_id=account)
    return Seat(account, opened[0].csrf, {"cookie": f"{COOKIE}={opened[1]}"})


def test_one_chooses_within_the_floor(world: World) -> None:
    seat = world.person("reviewer")
    assert '<option value="0"' not in show(world, seat).body.decode()  # beneath the floor
    answer = world.submit_as(seat, "/protection", blur="1", size="384", mute="on")
    assert answer.status == 303
    chosen = world.services.accounts.get(seat.account).protection
    assert chosen is not None
    assert (chosen.blur, chosen.size, chosen.grey, chosen.mute) == (1, 384, False, True)
    refused = world.submit_as(seat, "/protection", blur="0", size="384")
    assert refused.status == 400
    assert "weaker than is allowed here: blur" in refused.body.decode()
    assert world.submit_as(seat, "/protection", blur="x").status == 400


def test_the_day_is_told_with_the_rows_behind_it(world: World) -> None:
    account = seen(world, 3)
    seat = seat_of(world, account)
    text = show(world, seat).body.decode()
    assert 'data-count="3">3</a> ' in text.replace("</b>", "")
    for only, rows in (("severe", 3), ("uncovered", 3), ("covered", 0)):
        query = {"only": only}
        page = world.api.ask("GET", PAGE, role="", headers=seat.cookie, query=query)
        found = page.body.decode()
        assert found.count("<tr data-href>") == rows


def test_recusals_need_no_reason(world: World) -> None:
    seat, queue = world.person("reviewer"), world.queue()
    fields = {f"queue-{queue}": "on"}
    assert world.submit_as(seat, "/protection/recusals", **fields).status == 303
    assert world.services.recusals.of(seat.account) == [queue]
    assert world.submit_as(seat, "/protection/recusals").status == 303
    assert world.services.recusals.of(seat.account) == []


def test_a_form_needs_its_token_and_a_session_needs_a_person(world: World) -> None:
    seat = world.person("reviewer")
    forged = Seat(seat.account, "wrong", seat.cookie)
    assert world.submit_as(forged, "/protection", blur="1", size="96").status == 403
    assert (
        "nobody's in particular"
        in world.api.ask("GET", PAGE, role="", headers=world.cookie).body.decode()
    )


def test_ones_own_ledger_has_ones_own_rows(world: World) -> None:
    case = world.case()
    seat = world.person("reviewer")
    claim = world.services.claims.take(case, seat.account)
    fields = {"claim": claim.token, "revision": str(claim.revision), "outcome": "harmless"}
    assert world.submit_as(seat, f"/cases/{case}/decide", **fields).status == 303
    assert case in show(world, seat, "/protection/ledger").body.decode()
    other = world.person("reviewer")
    assert case not in show(world, other, "/protection/ledger").body.decode()
    for wrong in ("column=x", "before=x", "days=0", "days=99999", f"before={2**70}"):
        answer = world.api.ask(
            "GET",
            "/console/protection/ledger",
            role="",
            headers=seat.cookie,
            raw_query=wrong.encode(),
        )
        assert answer.status == 400
