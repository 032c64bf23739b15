"""The page of a case's conversations: how the rating rose and why; and, for the reader, messages.

The first needs no text. Messages are shown to whoever holds the case, on asking, with what is
sexual masked; each look, and each uncovering, is an exposure and stands in the audit log before.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from msgspec import structs

from tutela.detection.conversation.explaining import BANDS, LANES, STAGES
from tutela.errors import InvalidInput, NotFound
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.conversations.view import item_of, page_of, recorded_of
from tutela.interfaces.console.conversations.wording import cue_words
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.language import translator_of
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.interfaces.web.problems import document
from tutela.model.record import Record
from tutela.model.review.protection import Exposure, ExposureKind
from tutela.storage.review.refusals import Enough

_LONGEST = 9


class Look(Record, frozen=True, kw_only=True):
    """What a form asks for.

    Attributes:
        talk: id of the conversation.
        first: place of the first message that is to be shown, from 0.
        place: of the message that is to be uncovered; None where none is.
        exposure: number of an uncovering that this ends; 0 for none.
    """

    talk: str
    first: int = 0
    place: int | None = None
    exposure: int = 0


@get("/cases/{case_id:str}/conversation", permission=Permission.CASES_READ)
async def show_talk(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """How the rating of a case's conversations rose, and why. No text."""
    return await _page(request, case_id)


@post("/cases/{case_id:str}/conversation/messages", permission=Permission.MEDIA_SEE)
async def show_messages(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Show messages of a case that whoever asks holds, with what is sexual masked."""
    return await _looked(request, case_id, await _asked(request))


@post("/cases/{case_id:str}/conversation/reveal", permission=Permission.MEDIA_SEE)
async def reveal_message(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Uncover one message, for as long as the person's protection allows."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    look = structs.replace(_look(fields), place=_number(fields, "place"))
    return await _looked(request, case_id, look)


async def _asked(request: Request[Any, Any, Any]) -> Look:
    fields = await read_fields(request)
    check_csrf(request, fields)
    return _look(fields)


def _look(fields: Any) -> Look:  # noqa: ANN401 - a form
    return Look(
        talk=fields.get("talk", ""),
        first=_number(fields, "first"),
        exposure=_number(fields, "exposure"),
    )


def _number(fields: Any, name: str) -> int:  # noqa: ANN401 - a form
    text = fields.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise InvalidInput("this is no number", where=name)
    return int(text)


async def _looked(request: Request[Any, Any, Any], case_id: str, look: Look) -> Response[str]:
    """The page with messages, once the log says durably who sees them."""
    services, by = services_of(request), by_of(request)

    def seen() -> tuple[Any, Exposure]:
        account = account_of(request)
        file = services.cases.get(case_id)
        items = services.conversations.people.texts.holds(case_id)
        if not items:
            raise NotFound("nothing is kept of these conversations", where="case")
        if look.exposure:
            # So long as the server's own clock has it, and no longer.
            services.exposures.end(look.exposure, account.id, 86_400)
        kept = services.conversations.people.texts.read(items)
        talk = look.talk or next((one.id for one in kept.talks), "")
        kind = ExposureKind.COVERED if look.place is None else ExposureKind.REVEAL
        item = item_of(kept, talk, look.place, items)
        exposure = services.exposures.begin(account.id, case_id, item, kind, by=by)
        revealed = () if look.place is None else (look.place,)
        return page_of(services, kept, file, talk, look.first, revealed), exposure

    try:
        messages, exposure = await asyncio.to_thread(seen)
    except Enough as error:
        problem, status = problem_of(error), document(error).status
        return await _page(request, case_id, problem=problem, status=status)
    uncovered = exposure if exposure.until is not None else None
    answer = await _page(request, case_id, messages=messages, uncovered=uncovered)
    if exposure.until is not None:
        # Covered again by itself, like a picture, also where no script runs.
        seconds = services.exposures.limits.longest_seconds
        answer.headers["Refresh"] = f"{seconds}; url=/console/cases/{case_id}/conversation"
    return answer


async def _page(
    request: Request[Any, Any, Any],
    case_id: str,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page shows besides
) -> Response[str]:
    services, texts = services_of(request), translator_of(request)
    reader = caller_of(request)

    def gathered() -> dict[str, Any]:
        file = services.cases.get(case_id)
        account = reader.account
        return {
            "file": file,
            "recorded": recorded_of(services, file),
            "kept_items": services.conversations.people.texts.holds(case_id),
            "holds": bool(account) and services.claims.holds(case_id, account),
        }

    facts = await asyncio.to_thread(gathered)
    view = {"messages": None, "uncovered": None, **facts, **more}
    return page(
        request,
        "conversations/talk.html",
        status=status,
        cue_words=lambda cue: cue_words(texts, cue),
        stage_words={stage: texts.word(said, "stage") for stage, said in STAGES.items()},
        lane_words={lane: texts.word(said, "lane") for lane, said in LANES.items()},
        band_words={band: texts.word(said, "band") for band, said in BANDS.items()},
        may_see=reader.may(Permission.MEDIA_SEE),
        **view,
    )
