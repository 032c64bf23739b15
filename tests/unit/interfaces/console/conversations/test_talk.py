"""The page of a case's conversation: why for everybody, words for the reader, each look counted."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.conftest import read_leaves
from tests.unit.interfaces import reviewing
from tests.unit.interfaces.acting import World
from tests.unit.interfaces.api.conversations.test_messages import LINES, message, send

from tutela.detection.conversation.explaining import BANDS, CUES, LANES, SPECIAL, STAGES
from tutela.interfaces.console.conversations import view
from tutela.interfaces.console.conversations.wording import cue_words
from tutela.interfaces.language import Languages
from tutela.interfaces.services import Services
from tutela.model.conversation.rating import Lane, Stage
from tutela.model.custody.leaf import AuditKind, Fact
from tutela.model.review.protection import ExposureKind

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor

NUMBERS = itertools.count()
PICTURE = "send me a picture"
KEEP_IT = "don't tell your parents"


class Talk(NamedTuple):
    """A conversation that waits for somebody."""

    id: str
    case_id: str

    @property
    def path(self) -> str:
        return f"/console/cases/{self.case_id}/conversation"


@pytest.fixture
def talk(api: Api) -> Talk:
    """A conversation that was raised, with the last line one that is masked."""
    name = f"talk <{next(NUMBERS)}>"
    # Somebody else each time, so that no two cases of one actor are gathered.
    own: dict[str, object] = {"conversation": name, "author": {"id": f"kim of {name}", "age": 34}}
    lines = [message(at, text, **own) for at, text in enumerate((*LINES, PICTURE), 1)]
    (raised,) = send(api, *lines).json["conversations"]
    assert raised["outcome"]["case_id"], raised
    return Talk(name, raised["outcome"]["case_id"])


@pytest.fixture
def holder(services: Services, person: Visit, talk: Talk) -> Visitor:
    """Somebody who holds its case."""
    visitor = person("reviewer")
    services.claims.take(talk.case_id, visitor.account.id)
    return visitor


def looks(services: Services) -> list[dict[str, Fact]]:
    """Every look of this database, the latest first."""
    found = [one for one in read_leaves(services.database) if one.kind is AuditKind.LOOK]
    return [dict(one.data) | {"item": one.subject, "by": one.by} for one in reversed(found)]


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


def show(visitor: Visitor, of: Talk, **fields: str) -> str:
    answer = visitor.post(f"{of.path}/messages", **fields)
    assert answer.status == 200, answer
    return answer.body.decode()


def test_why_is_said_to_everybody_who_reads_cases_and_no_word_of_the_text(
    visit: Visit, talk: Talk, services: Services
) -> None:
    page = visit("supervisor").get(talk.path)
    assert CUES["secrecy"] in page
    for stage in (Stage.ISOLATION, Stage.PROBING):
        assert f'<span class="tag">{STAGES[stage]}</span>' in page
    assert "<svg" in page
    assert 'class="raised"' in page
    assert "an adult writes to a minor" in page
    assert LANES[Lane.MEETING] in page
    assert "talk &lt;" in page
    for line in (*LINES, PICTURE):
        assert line not in page
    assert not [one for one in looks(services) if one["case"] == talk.case_id]


def test_the_case_leads_to_it(visit: Visit, talk: Talk) -> None:
    assert f'href="{talk.path}"' in visit("admin").get(f"/console/cases/{talk.case_id}")


def test_who_holds_the_case_sees_both_sides_with_cues_marked_and_the_look_is_written_down(
    holder: Visitor, talk: Talk, services: Services
) -> None:
    before = len(looks(services))
    assert KEEP_IT not in holder.get(talk.path)
    page = show(holder, talk).replace("&#39;", "'")
    assert KEEP_IT in re.sub(r"</?mark[^>]*>", "", page)
    assert f'<mark title="{CUES["secrecy"]}">' in page
    assert PICTURE not in re.sub(r"<[^>]*>", "", page)
    assert '<span class="masked">masked</span>' in page
    (look,) = looks(services)[: len(looks(services)) - before]
    assert (look["case"], look["shown"]) == (talk.case_id, ExposureKind.COVERED.value)
    assert look["by"] == f"person:{holder.account.id}"


def test_one_message_is_uncovered_for_a_moment_and_counts_like_a_picture(
    holder: Visitor, talk: Talk, services: Services
) -> None:
    answer = holder.post(f"{talk.path}/reveal", talk=talk.id, place=str(len(LINES)))
    assert answer.status == 200
    page = re.sub(r"<[^>]*>", "", answer.body.decode())
    assert PICTURE in page
    seconds = services.exposures.limits.longest_seconds
    assert answer.headers["refresh"] == f"{seconds}; url={talk.path}"
    look = looks(services)[0]
    assert (look["shown"], str(look["item"])[-2:]) == ("reveal", f"/{len(LINES)}")
    assert services.exposures.day(holder.account.id).items in {0, 1}
    exposure = re.search(r'name="exposure" value="(\d+)"', answer.body.decode())
    assert exposure is not None
    covered = show(holder, talk, talk=talk.id, exposure=exposure[1])
    assert '<span class="masked">' in covered
    assert "Refresh" not in covered


def test_a_place_that_has_no_message_uncovers_nothing(holder: Visitor, talk: Talk) -> None:
    page = holder.post(f"{talk.path}/reveal", talk=talk.id, place="999").body.decode()
    assert PICTURE not in re.sub(r"<[^>]*>", "", page)


@pytest.mark.parametrize("fields", [{"first": "-1"}, {"place": "x"}, {"first": "9" * 30}])
def test_what_is_no_number_is_refused(holder: Visitor, talk: Talk, fields: dict[str, str]) -> None:
    assert holder.post(f"{talk.path}/reveal", talk=talk.id, **fields).status == 400


def test_nobody_else_sees_a_word(
    api: Api, person: Visit, visit: Visit, talk: Talk, services: Services
) -> None:
    before = len(looks(services))
    stranger = person("reviewer")
    assert "take it" in stranger.get(talk.path)
    for path in ("messages", "reveal"):
        assert stranger.post(f"{talk.path}/{path}", talk=talk.id, place="0").status == 409
        assert visit("supervisor").post(f"{talk.path}/{path}").status == 403
    assert stranger.post(f"{talk.path}/messages", csrf="wrong").status == 403
    assert len(looks(services)) == before
    assert api.get(f"/console/cases/{talk.case_id}/conversation", role="").status == 303


def test_where_the_day_is_spent_nothing_is_uncovered_and_the_page_says_so(
    holder: Visitor, talk: Talk, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = services.exposures.limits.__class__(minutes=1, longest_seconds=60)
    monkeypatch.setattr(services.exposures, "limits", limits)
    first = holder.post(f"{talk.path}/reveal", talk=talk.id, place=str(len(LINES)))
    assert first.status == 200
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE exposures SET milliseconds = 60000")
    spent = holder.post(f"{talk.path}/reveal", talk=talk.id, place=str(len(LINES)))
    assert spent.status == 429
    assert PICTURE not in re.sub(r"<[^>]*>", "", spent.body.decode())


def test_a_long_conversation_comes_in_pages(
    api: Api, holder: Visitor, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "PAGE", 3)
    history = [
        {"author": "lea", "text": f"line {at}", "number": 100 + at, "media": at == 0}
        for at in range(3)
    ]
    path = f"/v1/conversations/{talk.id}/messages"
    document = {"messages": history, "drill": True}
    assert api.send("PUT", path, document, role="uploader").status == 200
    first = show(holder, talk)
    assert ("line 2" in first, "Earlier messages" in first, "Later messages" in first) == (
        False,
        False,
        True,
    )
    last = show(holder, talk, talk=talk.id, first="7")
    assert "line 0" in last
    assert "Earlier messages" in last
    assert "picture or video" in last


def test_many_pieces_do_not_fill_the_page_of_the_case(api: Api, visit: Visit, talk: Talk) -> None:
    admin = visit("admin")
    link = 'href="/console/evidence?event='
    assert link not in admin.get(f"/console/cases/{talk.case_id}")
    for number in range(100, 121):
        own: dict[str, object] = {"conversation": talk.id, "author": {"id": f"kim of {talk.id}"}}
        send(api, message(number, f"line {number}", **own))
    page = admin.get(f"/console/cases/{talk.case_id}")
    assert page.count('<a href="/console/evidence/item-') == 20
    ((event, total),) = re.findall(r'/evidence\?event=([^"]*)">All (\d+) items', page)
    listed = admin.get("/console/evidence", event=event)
    assert listed.count("<tr data-href>") == int(total) > 20


def test_a_case_without_messages_says_so(world: World, person: Visit, services: Services) -> None:
    case_id = reviewing.case(world)
    page = person("reviewer").get(f"/console/cases/{case_id}/conversation")
    assert "No messages are kept" in page
    assert "Nothing is recorded" in page
    visitor = person("reviewer")
    services.claims.take(case_id, visitor.account.id)
    assert visitor.post(f"/console/cases/{case_id}/conversation/messages").status == 404


def test_it_is_all_said_in_french(holder: Visitor, talk: Talk) -> None:
    page = holder.speaking("fr").get(talk.path)
    assert "demande de garder un secret" in page
    assert "isoler" in page
    answer: Answer = holder.post(f"{talk.path}/messages")
    assert "masqué" in answer.body.decode()


def test_every_cue_stage_band_and_emergency_has_words_in_french() -> None:
    texts = Languages()["fr"]
    for words, about in ((CUES, "cue"), (SPECIAL, "cue"), (STAGES, "stage"), (BANDS, "band")):
        for said in words.values():
            assert texts.word(said, about) != said, said
    assert all(texts.word(said, "lane") != said for said in LANES.values())
    both = cue_words(texts, "secrecy+image_request")
    assert both == "demande de garder un secret, et demande une image"
    assert cue_words(texts, "our_own_cue") == "our own cue"
    english = Languages()["en"]
    assert cue_words(english, "secrecy") == CUES["secrecy"]
    assert cue_words(english, next(iter(SPECIAL))) != ""
