"""The page of the bar shows what each threshold would do, and proposes another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from tutela.interfaces.services import Services
from tutela.policy.policy import Policy
from tutela.storage.conversation.standing import Reached
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.conversation.tables import conversation_days
from tutela.storage.tables import cases
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit

PATH = "/console/conversations/bar"
BARE = (
    "policy: bare\nowner: safety\nrules:\n"
    "  - {name: all, when: true, actions: [allow], reason: Because.}\n"
)


@pytest.fixture(autouse=True)
def unrated(services: Services) -> Iterator[None]:
    """Nothing was rated yet, and the policy that ships is in force, before and after."""
    with services.database.write() as connection:
        connection.execute(delete(conversation_days))
    yield
    if services.policy.now().live.version != Policy.default().version:
        in_force(services, Policy.default())


def in_force(services: Services, policy: Policy) -> None:
    services.versions.activate(policy, by="cli:tests")
    services.policy.refresh(policy)


def rated(services: Services, *peaks: int, drill: bool = False) -> None:
    """Conversations of yesterday with these highest values, in tenths."""
    day = int((now() - timedelta(days=1)).timestamp() // 86_400)
    reached = {
        Reached(day, drill=drill, peak=tenths, turns=10): sum(p >= tenths for p in peaks)
        for tenths in range(max(peaks) + 1)
    }
    with Conversations(services.database).changing([], []) as changing:
        changing.save(Changes(reached=reached))


def facts(body: str) -> list[str]:
    """What stands at the bar."""
    cells = re.findall(r'data-cell="\d">(.*?)</dd>', body)
    return [re.sub(r"<[^>]+>", "", cell) for cell in cells]


def test_what_stands_at_the_bar_is_that_of_the_policy_in_force(
    visit: Visit, services: Services
) -> None:
    rated(services, *[65] * 20, *[40] * 30, *[0] * 50)
    body = visit("policy_editor").get(PATH)
    assert facts(body)[:4] == ["6.0", "20.0", "2.0", "nobody knows"]
    assert facts(body)[4:] == ["100\N{NO-BREAK SPACE}%"] * 3
    assert "Over 1 whole day in which 100 conversations began." in body
    assert body.count('<svg class="chart"') == 2  # nobody decided any: no curve of what is right
    assert 'type="range"' in body
    assert 'min="3.0" max="10.0" step="0.1" value="6.0"' in body


def test_the_curves_have_their_numbers_in_a_table(visit: Visit, services: Services) -> None:
    rated(services, *[65] * 20, *[40] * 30)
    body = visit("auditor").get(PATH)
    tenths = re.findall(r'<tr data-threshold="([\d.]+)">', body.partition("every-tenth")[2])
    assert tenths == [f"{tenth / 10:.1f}" for tenth in range(30, 101)]
    halves = re.findall(r'<tr data-threshold="([\d.]+)">', body.partition("every-tenth")[0])
    assert halves == [f"{tenth / 10:.1f}" for tenth in range(30, 101, 5)]
    assert "Propose this bar" not in body


def test_another_threshold_minutes_and_a_budget_are_looked_at(
    visit: Visit, services: Services
) -> None:
    rated(services, *[65] * 10, *[40] * 90, *[0] * 2900)
    visitor = visit("policy_editor")
    assert facts(visitor.get(PATH, threshold="4.0", minutes="30"))[:3] == ["4.0", "100.0", "50.0"]
    body = visitor.get(PATH, budget="15")
    assert facts(body)[0] == "4.1"
    assert "The lowest bar that keeps to the budget is 4.1" in body
    assert "rests on too little" not in body
    assert "it takes 9,000 conversations" in visitor.get(PATH, budget="1")


def test_drills_are_shown_apart_and_marked(visit: Visit, services: Services) -> None:
    rated(services, 65, 65, 65, drill=True)
    body = visit("auditor").get(PATH, drill="true")
    assert facts(body)[1] == "3.0"
    assert "no figure here is one of your service" in body
    assert facts(visit("auditor").get(PATH))[1] == "0.0"


@pytest.mark.parametrize(
    "query", [{"days": "0"}, {"minutes": "x"}, {"budget": "-1"}, {"threshold": "11"}]
)
def test_what_is_no_number_is_said(visit: Visit, query: dict[str, str]) -> None:
    answer = visit("auditor").ask(PATH, **query)
    assert answer.status == 400
    assert "this is no number that can stand here" in answer.body.decode()


def test_a_budget_where_nothing_was_rated_is_said(visit: Visit) -> None:
    answer = visit("auditor").ask(PATH, budget="3")
    assert answer.status == 400
    assert "no conversation was rated in this time" in answer.body.decode()


CUES = (
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "delete this chat",
    "let's talk on another app",
    "can we meet on saturday? i can pick you up",
)
"""Each is a cue by itself, as school leaflets name them."""
CHATTER = ("how was the match?", "we won, and it rained", "see you at practice on monday")


def written(api: Api, talk: str, lines: Sequence[str]) -> str | None:
    """Messages of a drill that come in; the case that was opened for them, if any."""
    told = {"conversation": talk, "language": "en", "region": "US", "drill": True}
    people = {"author": {"id": f"{talk} kim", "age": 34}, "receivers": [{"id": "lea", "age": 13}]}
    messages = [
        {**told, **people, "number": number, "text": text} for number, text in enumerate(lines, 1)
    ]
    answer = api.post("/v1/messages", {"messages": messages}, role="uploader")
    assert answer.status == 200, answer
    (found,) = answer.json["conversations"]
    case: str | None = (found["outcome"] or {}).get("case_id")
    return case


def test_what_comes_in_and_what_people_decide_is_what_it_shows(
    visit: Visit, services: Services, api: Api
) -> None:
    opened = [written(api, f"bar {number}", CUES) for number in range(12)]
    quiet = [written(api, f"quiet {number}", CHATTER) for number in range(8)]
    assert all(opened)
    assert not any(quiet)
    body = visit("auditor").get(PATH, drill="true")
    assert "Over 1 whole day in which 20 conversations began." in body
    assert facts(body)[:4] == ["6.0", "12.0", "1.2", "nobody knows"]
    assert "Emergencies have a threshold of their own and come on top: 12.0 a day." in body

    for place, case in enumerate(opened):
        outcome = "harmless" if place < 3 else "violation"
        closed = {"state": "closed", "outcome": outcome, "closed_at": now()}
        with services.database.write() as connection:
            connection.execute(update(cases).where(cases.c.id == case).values(**closed))
    share = facts(visit("auditor").get(PATH, drill="true"))[3]
    assert share.replace("\N{NO-BREAK SPACE}", " ") == "75 % (47 % \N{EN DASH} 91 %)"


def test_a_bar_is_proposed_as_a_version_in_which_nothing_else_differs(
    visit: Visit, services: Services
) -> None:
    live = services.policy.now().live
    answer = visit("policy_editor").post(PATH, threshold="7.3", live=live.version)
    assert answer.status == 303
    version = answer.headers["location"].rpartition("/")[2]
    text = services.versions.policies.text(version)
    assert text == live.text.replace("  grooming: 6.0\n", "  grooming: 7.3\n")
    assert services.policy.now().live.version == live.version
    assert services.versions.load(version, tested=True).thresholds["grooming"] == 7.3


def test_the_pages_of_policies_show_their_thresholds(visit: Visit, services: Services) -> None:
    live = services.policy.now().live
    for path in ("/console/policy", f"/console/policy/versions/{live.version}"):
        body = visit("auditor").get(path)
        assert "<dt><code>grooming</code></dt><dd>6.0</dd>" in body
        assert f'href="{PATH}"' in body


def test_who_may_not_write_policies_may_not_move_it(visit: Visit, services: Services) -> None:
    live = services.policy.now().live.version
    assert visit("auditor").post(PATH, threshold="7", live=live).status == 403
    assert visit("policy_editor").post(PATH, csrf="no", threshold="7", live=live).status == 403


@pytest.mark.parametrize("threshold", ["", "0", "10.1", "nan", "high"])
def test_a_bar_that_is_none_is_refused(visit: Visit, services: Services, threshold: str) -> None:
    live = services.policy.now().live.version
    answer = visit("policy_editor").post(PATH, threshold=threshold, live=live)
    assert answer.status == 400
    assert "this is no number that can stand here" in answer.body.decode()


def test_a_page_that_is_behind_is_refused(visit: Visit) -> None:
    answer = visit("policy_editor").post(PATH, threshold="7", live="other-1")
    assert answer.status == 400
    assert "has changed since this page was opened" in answer.body.decode()


def test_a_policy_without_the_threshold_has_no_bar_to_move(
    visit: Visit, services: Services
) -> None:
    policy = Policy.load(BARE, "bare")
    in_force(services, policy)
    visitor = visit("policy_editor")
    body = visitor.get(PATH)
    assert "names no threshold grooming" in body
    assert "Propose this bar" not in body
    assert facts(body)[0] == "3.0"
    answer = visitor.post(PATH, threshold="7", live=policy.version)
    assert answer.status == 400
    assert "the policy has no threshold grooming" in answer.body.decode()


def test_a_test_of_the_policy_that_would_not_pass_refuses_the_bar(
    visit: Visit, services: Services
) -> None:
    text = services.policy.now().live.text.replace(
        "ratings: [{name: grooming, value: 0}, {name: solicitation",
        "ratings: [{name: grooming, value: 5.9}, {name: solicitation",
    )
    policy = Policy.load(text, "tested")
    in_force(services, policy)
    answer = visit("policy_editor").post(PATH, threshold="5", live=policy.version)
    assert answer.status == 400
    assert "a rating below its threshold passes" in answer.body.decode()


def test_it_is_said_in_french(visit: Visit, services: Services) -> None:
    rated(services, *[65] * 20)
    body = visit("policy_editor").in_french(PATH)
    assert "Le seuil des conversations" in body
    assert "20,0" in body
    assert "Alertes par jour, selon le seuil" in body
