"""`POST /v1/texts/rate`: text that is shown to many, rated for solicitation."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from tutela.detection.solicitation.rater import Shown
from tutela.detection.solicitation.rating import SolicitationRating
from tutela.errors import TooLarge
from tutela.interfaces.access import Permission
from tutela.interfaces.api.conversations.surrogates import read_texts
from tutela.interfaces.api.documents import About
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.actor import Name
from tutela.model.rating import Rating
from tutela.model.record import Record

MOST_TEXTS = 1000
"""So many texts one request may have."""

MOST_CHARACTERS = 2_000_000
"""So many characters they may have together: to read so many takes seconds."""


class ShownText(Record, frozen=True, kw_only=True):
    """A text that one shows to many.

    Attributes:
        text: a profile, a post, a title, a listing, as it was written.
        account: id of whose it is, where you want to know how many accounts show it.
        language: a tag such as `en`, where you know it.
    """

    text: str
    account: Name = ""
    language: Name = ""


class TextsDocument(Record, frozen=True, kw_only=True):
    """Texts to rate, all of one place.

    Attributes:
        texts: 1 to 1,000, of 2,000,000 characters together at most; they are compared with one
            another for repetition.
        region: ISO 3166 code of the place whose law applies.
        surface: where on the platform they are shown, in the platform's words.
    """

    texts: Annotated[tuple[ShownText, ...], msgspec.Meta(min_length=1, max_length=MOST_TEXTS)]
    region: Name = ""
    surface: Name = ""


class RatedText(Record, frozen=True, kw_only=True):
    """What a text came to.

    Attributes:
        solicitation: the rating with its reasons.
        rating: the same in the form in which an event carries it; null where there is none.
    """

    solicitation: SolicitationRating
    rating: Rating | None = None


class TextsAnswer(Record, frozen=True, kw_only=True):
    """What the texts came to.

    Attributes:
        results: one for each text, in the order of the request.
    """

    results: tuple[RatedText, ...]


_DECODER = msgspec.json.Decoder(TextsDocument)


@post(
    "/v1/texts/rate",
    status_code=200,
    permission=Permission.MESSAGES_RATE,
    about=About(summary="Rate text that is shown to many", takes=TextsDocument, gives=TextsAnswer),
)
async def rate_texts(request: Request[Any, Any, Any]) -> ASGIApp:
    """Rate texts for solicitation and advertising. Nothing is decided, and nothing is kept.

    Cues of English and French, contact details, the operator's term lists, and how many accounts
    of this request show nearly the same text. Terms are named by list, version and id. Where the
    law of the place does not allow it, nothing is computed, `not_enough_evidence` says so, and the
    refusal is counted.
    """
    services = services_of(request)
    document = await read_texts(request, _DECODER)
    if sum(len(one.text) for one in document.texts) > MOST_CHARACTERS:
        raise TooLarge(
            f"the texts of one request may have {MOST_CHARACTERS:,} characters together",
            where="texts",
            remedy="send them in several requests",
        )
    texts = [
        Shown(text=one.text, account=one.account, language=one.language) for one in document.texts
    ]
    found = await asyncio.to_thread(
        services.conversations.texts.rate, texts, document.region, document.surface
    )
    results = tuple(
        RatedText(solicitation=one, rating=None if one.not_enough_evidence else one.rating)
        for one in found
    )
    return JsonAnswer(TextsAnswer(results=results))
