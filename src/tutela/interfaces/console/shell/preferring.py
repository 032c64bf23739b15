"""The reader's language and zone: the switch on each page, and what stands in the account."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import see_other
from tutela.interfaces.console.sign_in import check_csrf, check_origin, read_fields
from tutela.interfaces.language import LANGUAGE_COOKIE, LANGUAGES, later, zone_called
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of
from tutela.model.review.account import Preferences

HOME = "/console/"
OWN_PAGE = re.compile(
    r"/console(?:/(?!(?:\.|%2e){1,2}(?:/|\Z))[\w@.%:+~-]+)+\Z", re.ASCII | re.IGNORECASE
)
"""An address of ours, that a form may name to come back to, inside the console."""
NO_LANGUAGE = later("there is no such language")
YEAR = 31_536_000


@post("/language", permission=Permission.PUBLIC)
async def choose_language(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the console in another language to this browser."""
    check_origin(request)
    fields = await read_fields(request)
    language = fields.get("language", "")
    if language not in LANGUAGES:
        raise InvalidInput(NO_LANGUAGE)
    return _back(request, fields, language)


@post("/preferences", permission=Permission.OWN_ACCOUNT)
async def set_preferences(request: Request[Any, Any, Any]) -> Response[str]:
    """Keep one's language and time zone; what the form leaves out stays."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    account = await asyncio.to_thread(account_of, request)
    wanted = _wanted(account.preferences, fields)
    accounts, by = services_of(request).accounts, by_of(request)
    await asyncio.to_thread(accounts.set_preferences, account.id, wanted, by=by)
    return _back(request, fields, wanted.language)


def _wanted(now: Preferences, fields: Mapping[str, str]) -> Preferences:
    language, zone = fields.get("language", now.language), fields.get("zone", now.zone)
    if language and language not in LANGUAGES:
        raise InvalidInput(NO_LANGUAGE)
    if zone and zone_called(zone) is None:
        raise InvalidInput(
            later("there is no such time zone"), remedy=later("write it like Europe/Paris")
        )
    return Preferences(language=language, zone=zone)


def _back(
    request: Request[Any, Any, Any], fields: Mapping[str, str], language: str
) -> Response[str]:
    """Go back to the page that the form names, if it is one of ours."""
    page = fields.get("page", "")
    answer = see_other(page if OWN_PAGE.match(page) else HOME)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        language,
        path="/console",
        max_age=YEAR if language else 0,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


HANDLERS: Sequence[ControllerRouterHandler] = (choose_language, set_preferences)
"""Every address of this module."""
