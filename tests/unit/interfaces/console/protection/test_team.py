from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World
from tests.unit.interfaces.protecting import seen

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def shown(world: World, path: str) -> str:
    """A page, to somebody who leads."""
    answer = world.api.ask("GET", f"/console{path}", role="", headers=world.cookie)
    assert answer.status == 200
    return answer.body.decode()


def test_the_team_by_pseudonym_with_pauses_and_lifts(world: World) -> None:
    account = seen(world, 20)
    person = world.services.accounts.get(account)
    text = shown(world, "/team")
    assert person.pseudonym in text
    assert person.name not in text
    assert "on a pause" in text
    path = f"/team/{account}/lift"
    assert world.submit(path, kind="pause", reason="").status == 400
    assert world.submit(path, kind="pause", reason="<b>a child is in danger</b>").status == 303
    text = shown(world, "/team")
    assert "on a pause" not in text
    assert "&lt;b&gt;a child is in danger&lt;/b&gt;" in text
    refused = world.submit(path, kind="budget", items="x", reason="more")
    assert refused.status == 400


def test_the_floor_is_set_and_shown(world: World) -> None:
    assert world.submit("/team/floor", blur="2", size="192", grey="on").status == 303
    assert world.services.floor.get().grey
    assert '<option value="2" selected>' in shown(world, "/team")
    assert world.submit("/team/floor", blur="2", size="5").status == 400
    assert world.submit("/team/floor", blur="1", size="384").status == 303
    reviewer = world.person("reviewer")
    assert world.submit_as(reviewer, "/team/floor", blur="0", size="384").status == 403


def test_the_numbers_of_the_ledger_lead_to_their_rows(world: World) -> None:
    case = world.case()
    seat = world.person("reviewer")
    claim = world.services.claims.take(case, seat.account)
    fields = {"claim": claim.token, "revision": str(claim.revision), "outcome": "harmless"}
    assert world.submit_as(seat, f"/cases/{case}/decide", **fields).status == 303
    text = shown(world, "/team")
    for column in ("unseen", "alike", "covered", "uncovered"):
        assert f'href="/console/team/ledger?column={column}"' in text
    rows = shown(world, "/team/ledger")
    assert case in rows
    assert world.services.accounts.get(seat.account).pseudonym not in rows
