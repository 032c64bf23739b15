"""`/v1/banks`: the lists that content is compared with, and what they are set to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import EmptyAnswer, JsonAnswer
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of
from tutela.model import Bank
from tutela.model.bank import BankName, Distance, Text
from tutela.model.record import Record


class NewBank(Record, frozen=True, kw_only=True):
    """A bank to be made; the members mean what they mean in `Bank`.

    Attributes:
        allow: whether it lists what is known to be harmless; this cannot be changed later.
        distance: 31 without it, or 10 for an allow bank.
    """

    name: BankName
    source: Text = ""
    trusted: bool = False
    allow: bool = False
    enabled: bool = True
    distance: Distance | None = None
    drill: bool = False


class BankChange(Record, frozen=True, kw_only=True):
    """What to change of a bank; whatever is left out stays."""

    name: BankName | None = None
    source: Text | None = None
    trusted: bool | None = None
    enabled: bool | None = None
    distance: Distance | None = None


class BanksAnswer(Record, frozen=True, kw_only=True):
    """Every bank, by name."""

    banks: Sequence[Bank]


_NEW = msgspec.json.Decoder(NewBank)
_CHANGE = msgspec.json.Decoder(BankChange)


@get(
    "/v1/banks",
    permission=Permission.BANKS_READ,
    about=About(summary="List the banks", gives=BanksAnswer),
)
async def list_banks(request: Request[Any, Any, Any]) -> ASGIApp:
    """List every bank with its settings and its number of entries."""
    banks = await asyncio.to_thread(services_of(request).banks.list)
    return JsonAnswer(BanksAnswer(banks=banks))


@post(
    "/v1/banks",
    permission=Permission.BANKS_CHANGE,
    about=About(summary="Create a bank", takes=NewBank, gives=Bank, status=201),
)
async def create_bank(request: Request[Any, Any, Any]) -> ASGIApp:
    """Create an empty bank."""
    services = services_of(request)
    new, by = await read_json(request, _NEW), by_of(request)

    def create() -> Bank:
        bank = services.banks.create(
            new.name,
            source=new.source,
            trusted=new.trusted,
            allow=new.allow,
            enabled=new.enabled,
            distance=new.distance,
            drill=new.drill,
            by=by,
        )
        services.sync.refresh()
        return bank

    return JsonAnswer(await asyncio.to_thread(create), status=201)


@get(
    "/v1/banks/{name:str}",
    permission=Permission.BANKS_READ,
    about=About(summary="Read one bank", gives=Bank),
)
async def read_bank(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Read the settings of a bank and its number of entries."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).banks.get, name))


@patch(
    "/v1/banks/{name:str}",
    permission=Permission.BANKS_CHANGE,
    about=About(summary="Change a bank", takes=BankChange, gives=Bank),
)
async def change_bank(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Rename, tune, trust or switch a bank. Takes effect within a second everywhere."""
    services = services_of(request)
    wanted, by = await read_json(request, _CHANGE), by_of(request)

    def change() -> Bank:
        bank = services.banks.change(
            name,
            new_name=wanted.name,
            enabled=wanted.enabled,
            distance=wanted.distance,
            trusted=wanted.trusted,
            source=wanted.source,
            by=by,
        )
        services.sync.refresh()
        return bank

    return JsonAnswer(await asyncio.to_thread(change))


@delete(
    "/v1/banks/{name:str}",
    status_code=200,
    permission=Permission.BANKS_CHANGE,
    about=About(summary="Delete a bank", status=204),
)
async def delete_bank(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Delete a bank with all of its entries; they stop matching within a second everywhere."""
    services, by = services_of(request), by_of(request)
    visit_of(request.scope).take_your_time()

    def erase() -> None:
        services.banks.delete(name, by=by)
        services.sync.refresh()

    await asyncio.to_thread(erase)
    return EmptyAnswer()
