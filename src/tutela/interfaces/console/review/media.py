"""The routes that show content on the page of a case, and that are told how long it was seen.

They answer forms of the session's own pages and nothing else; there is no address under which a
picture could be had. `static/reveal.js` asks them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.types import ASGIApp

from tutela.detection.media.rendering.rendition import Region
from tutela.errors import InvalidInput, NotFound, NotSignedIn
from tutela.interfaces.access import Permission
from tutela.interfaces.console import answers
from tutela.interfaces.console.review.showing import Asked, Shown, shown
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.services import services_of
from tutela.interfaces.web import problems
from tutela.interfaces.web.answers import EmptyAnswer
from tutela.interfaces.web.guard import account_of, by_of

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_NUMBERS = 2**63


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer an error with what a script can read; who is not signed in goes to sign in."""
    if isinstance(error, NotSignedIn):
        return answers.respond(request, error)
    return problems.respond(request, error)


@post(
    "/cases/{case_id:str}/media/{item_id:str}",
    status_code=200,
    permission=Permission.MEDIA_SEE,
    exception_handlers={Exception: respond},
)
async def show(request: Request[Any, Any, Any], case_id: str, item_id: str) -> Response[bytes]:
    """Show something of an item of a case that whoever asks holds. The log has it before."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    seen = await shown(
        services_of(request), account, case_id, item_id, _asked(fields), by_of(request)
    )
    rendered = seen.rendered
    return Response(rendered.data, media_type=rendered.media_type, headers=_HEADERS | _facts(seen))


@post(
    "/exposures/{number:int}/end",
    status_code=200,
    permission=Permission.MEDIA_SEE,
    exception_handlers={Exception: respond},
)
async def end(request: Request[Any, Any, Any], number: int) -> ASGIApp:
    """Take how long something was uncovered."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    if not 0 < number < _NUMBERS:
        raise NotFound("you uncovered nothing of this number", where="exposure")
    account = await asyncio.to_thread(account_of, request)
    exposures, seconds = services_of(request).exposures, _number(fields, "seconds", math.nan)
    await asyncio.to_thread(exposures.end, number, account.id, seconds)
    return EmptyAnswer()


def _facts(seen: Shown) -> dict[str, str]:
    """What the page must know of a rendition besides its pixels."""
    rendered, protection, until = seen.rendered, seen.protection, seen.exposure.until
    facts = {
        "Tutela-Exposure": str(seen.exposure.id),
        "Tutela-Width": str(rendered.width),
        "Tutela-Height": str(rendered.height),
        "Tutela-Stills": str(rendered.stills),
        "Tutela-Columns": str(rendered.columns),
        "Tutela-Region": "yes" if protection.region else "no",
        "Tutela-Clip": "no" if protection.sheet else "yes",
        "Tutela-Sound": "no" if protection.mute else "yes",
        "Tutela-Missing": "yes" if rendered.gaps else "no",
    }
    if rendered.seconds is not None:
        facts["Tutela-Seconds"] = f"{rendered.seconds:.1f}"
    if until is not None:
        left = (until - datetime.now(UTC)).total_seconds()
        facts["Tutela-For"] = f"{max(left, 0.0):.1f}"
    return facts


def _asked(fields: Mapping[str, str]) -> Asked:
    """What a form asks for.

    Raises:
        InvalidInput: it cannot be asked for.
    """
    region = None
    if "x" in fields:
        x, y, width, height = (_number(fields, name) for name in ("x", "y", "width", "height"))
        region = {"x": x, "y": y, "width": width, "height": height}
    asked = {
        "show": fields.get("show", ""),
        "ordinal": _count(fields, "ordinal", 0),
        "zoom": _count(fields, "zoom", 1),
        "start": _number(fields, "start", 0.0),
        "exposure": _count(fields, "exposure", 0) or None,
    }
    try:
        if region is not None:
            asked["region"] = msgspec.convert(region, Region)
        return msgspec.convert(asked, Asked)
    except msgspec.ValidationError as problem:
        raise InvalidInput("this cannot be shown", where="form") from problem


def _number(fields: Mapping[str, str], name: str, default: float = 0.0) -> float:
    try:
        number = float(fields.get(name, default))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput("this is no number", where=name)
    return number


def _count(fields: Mapping[str, str], name: str, default: int) -> int:
    text = fields.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_NUMBERS)) - 1):
        raise InvalidInput("this is no number", where=name)
    return int(text)
