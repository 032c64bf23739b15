"""What is shown of an item of a case, to whom, and how: checked, made behind the walls, counted.

Bytes of evidence are decrypted into memory, become a rendition in a decoder child, and are gone. No
more than the rendition leaves, and only after the exposure is durable with its leaf.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec.structs import replace

from tutela.detection.media.rendering.rendition import Clip, Region, Rendered, Rendition
from tutela.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tutela.interfaces.services import Services
from tutela.interfaces.web.bodies import Spool, memory_file
from tutela.interfaces.web.problems import Unprocessable
from tutela.model import Content, Gap
from tutela.model.custody.evidence import EvidenceKind, Item, ItemState
from tutela.model.record import Record
from tutela.model.review.account import Account
from tutela.model.review.protection import Exposure, ExposureKind, Protection, effective
from tutela.storage.review.refusals import ClaimLost

STILLS = 9
"""Still pictures on the sheet of a video or animation."""
LARGEST_SHARE = 0.5
"""Of a picture's width and of its height: a region must not be larger."""
_WEAKEST_BLUR = 1
"""What is covered is blurred, whatever anybody chose."""


class Show(StrEnum):
    """What somebody asks to see of an item."""

    COVERED = "covered"
    """It blurred, as it stands on the page."""
    OPEN = "open"
    """The picture itself, or the sheet of a video, for as long as a key is held."""
    CLIP = "clip"
    """A few seconds of a video, for as long as a key is held."""


class Asked(Record, frozen=True, kw_only=True):
    """What somebody asks to see.

    Attributes:
        ordinal: which of the event's contents: the file itself, or a member of an archive.
        region: the only part that is wanted.
        zoom: how much larger the part is wanted.
        start: of a clip, in seconds.
        exposure: number of the exposure that this goes on with; None begins one.
    """

    show: Show
    ordinal: int = 0
    region: Region | None = None
    zoom: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    start: Annotated[float, msgspec.Meta(ge=0, le=10_000_000)] = 0.0
    exposure: int | None = None


class Shown(NamedTuple):
    """What somebody gets to see."""

    rendered: Rendered
    exposure: Exposure
    protection: Protection


class CannotShow(Unprocessable):
    """Nothing can be shown of the bytes: they are damaged, too large, or no picture."""

    code = "cannot-be-shown"


class _Subject(NamedTuple):
    rendition: Rendition
    running: Exposure | None
    parts: Generator[bytes, None, None]


async def shown(
    services: Services, account: Account, case_id: str, item_id: str, asked: Asked, by: str
) -> Shown:
    """Make what is asked for, and write down that it is seen.

    Args:
        services: all parts of the server.
        account: who looks.
        case_id: the case, which the person must hold.
        item_id: an item of evidence of an event that stands in the case.
        asked: what is to be seen.
        by: who looks, for the record.

    Raises:
        ClaimLost: the person does not hold the case.
        NotFound: the case has no such item, or the exposure that this goes on with has ended.
        Conflict: the vault has no bytes of it.
        NotAllowed, InvalidInput: the person's protection does not show so much.
        PauseNeeded, BudgetSpent: nothing is uncovered for the person now.
        CannotShow: nothing can be made of the bytes.
        Unavailable: the vault or the decoder is not to be had now.
    """
    protection = await asyncio.to_thread(protection_of, services, account)
    subject = await asyncio.to_thread(
        _subject, services, account, case_id, item_id, asked, protection
    )
    with Spool(memory_file, services.room) as spool:
        await asyncio.to_thread(_filled, spool, subject.parts)
        making = services.decoder.render(spool.source, subject.rendition, size_hint=spool.size)
        rendered = await asyncio.wrap_future(making)
    if isinstance(rendered, Gap):
        raise CannotShow(f"it cannot be shown: {rendered.detail or rendered.reason}")
    exposure = subject.running
    if exposure is None:
        kind = _kind(asked.show, rendered)
        item = _named(item_id, asked.ordinal)
        exposure = await asyncio.to_thread(
            services.exposures.begin, account.id, case_id, item, kind, by=by
        )
    return Shown(rendered, exposure, protection)


def protection_of(services: Services, account: Account) -> Protection:
    """How content is shown to a person. Blocks."""
    return effective(account.protection, services.floor.get())


def _named(item_id: str, ordinal: int) -> str:
    """What exposures call a content: the item, and where it lies in it if it is not the whole."""
    return f"{item_id}/{ordinal}" if ordinal else item_id


def _subject(
    services: Services,
    account: Account,
    case_id: str,
    item_id: str,
    asked: Asked,
    protection: Protection,
) -> _Subject:
    if not services.claims.holds(case_id, account.id):
        raise ClaimLost("you do not hold this case now", remedy="claim it again")
    item = _item(services, case_id, item_id)
    running = None
    if asked.exposure is not None:
        named = _named(item_id, asked.ordinal)
        running = services.exposures.running(asked.exposure, account.id, case_id, named)
        if running.kind not in _GOES_ON[asked.show]:
            raise NotFound("something else is uncovered", where="exposure")
    contents = services.events.get(item.event_id).event.contents
    rendition = _rendition(asked, contents, protection, account.pseudonym)
    stored = services.custody.items.object_of(item_id)
    if item.state is not ItemState.KEPT or stored is None or stored.wrapped is None:
        raise Conflict(f"the vault has no bytes of this item: it is {item.state.value}")
    return _Subject(rendition, running, services.custody.vault.vault().read(stored))


_GOES_ON = {
    Show.COVERED: (),
    Show.OPEN: (ExposureKind.REVEAL, ExposureKind.SHEET),
    Show.CLIP: (ExposureKind.CLIP,),
}


def _item(services: Services, case_id: str, item_id: str) -> Item:
    """An item of an event that stands in the case, or that an appeal contests."""
    with suppress(NotFound):
        item = services.custody.items.get(item_id)
        if item.kind is EvidenceKind.CONTENT and _stands_in(services, item, case_id):
            return item
    raise NotFound("this case has no such item", where="item")


def _stands_in(services: Services, item: Item, case_id: str) -> bool:
    if services.cases.get(case_id).standing.contested == item.event_id:
        return True  # what an appeal is about is what was decided about
    if item.case_id is None:
        return False
    return case_id in {item.case_id, services.cases.get(item.case_id).standing.root}


def _rendition(
    asked: Asked, contents: tuple[Content, ...], protection: Protection, mark: str
) -> Rendition:
    """What a person may see of a content, the way the person's protection has it."""
    if not 0 <= asked.ordinal < len(contents):
        raise NotFound("the item has no such content", where="ordinal")
    content = contents[asked.ordinal]
    before = contents[: asked.ordinal]
    place = Rendition(
        size=protection.size,
        grey=protection.grey,
        mark=mark,
        stills=STILLS if _moves(content) else 1,
        member=content.path,
        again=sum(one.path == content.path for one in before),
    )
    return _as_asked(place, asked, protection)


def _as_asked(place: Rendition, asked: Asked, protection: Protection) -> Rendition:
    if asked.show is Show.COVERED:
        return replace(place, blur=max(protection.blur, _WEAKEST_BLUR))
    if asked.show is Show.CLIP:
        if protection.sheet:
            raise NotAllowed("your protection shows still pictures of videos only")
        clip = Clip(start=asked.start, sound=not protection.mute)
        return replace(place, blur=0, clip=clip, stills=1)
    region = asked.region
    if region is None and protection.region:
        raise InvalidInput("your protection uncovers a part at a time", where="region")
    if region and max(region.width, region.height) > LARGEST_SHARE and protection.region:
        raise InvalidInput("this part is too large", where="region")
    return replace(place, blur=0, region=region, zoom=asked.zoom)


def _moves(content: Content) -> bool:
    return content.media_type.startswith("video/") or content.frames > 1


def _kind(show: Show, rendered: Rendered) -> ExposureKind:
    if show is Show.COVERED:
        return ExposureKind.COVERED
    if show is Show.CLIP:
        return ExposureKind.CLIP
    return ExposureKind.SHEET if rendered.stills > 1 else ExposureKind.REVEAL


def _filled(spool: Spool, parts: Generator[bytes, None, None]) -> None:
    try:
        for part in parts:
            spool.write(part)
    finally:
        parts.close()
