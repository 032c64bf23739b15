"""Actions and destinations in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from rich.markup import escape
from rich.table import Table

from tutela.model import Delivery, DeliveryState, Destination
from tutela.response.alarms import ActionsState, is_overdue, span


def listed_lines(found: Sequence[Delivery], now: datetime) -> Iterator[str]:
    """A list of actions on their way, two lines each: ids are long, and made to be copied."""
    for one in found:
        yield f"{one.id}  {_state(one, now)}"
        action = f"  {spaced(one.message.action)} for {one.destination}"
        age = span((now - one.created_at).total_seconds())
        tries = f"{one.attempts} {'try' if one.attempts == 1 else 'tries'}"
        problem = f": {one.problem}" if one.problem else ""
        yield f"{action}, event {one.message.event_id}, {age} old, {tries}{problem}"


def delivery_lines(one: Delivery, now: datetime) -> Iterator[str]:
    """Everything about an action on its way: the message, what happened to it, the receipt."""
    yield f"{spaced(one.message.action)} for {one.destination}: {_state(one, now)}"
    yield f"  id           {one.id}"
    yield f"  event        {one.message.event_id}"
    yield f"  decided      {_instant(one.created_at)}"
    yield f"  confirm by   {_instant(one.confirm_by)}"
    yield f"  tries        {one.attempts}"
    if one.state is DeliveryState.WAITING and one.next_at is not None:
        yield f"  next try     {_instant(one.next_at)}"
    if one.sent_at is not None:
        yield f"  taken        {_instant(one.sent_at)}"
    if one.ended_at is not None:
        word = "given up" if one.state is DeliveryState.FAILED else "confirmed"
        yield f"  {word:<13}{_instant(one.ended_at)}"
    if one.problem:
        yield f"  problem      {one.problem}"
    if one.receipt is not None:
        yield f"  receipt      {'done' if one.receipt.done else 'taken, not done yet'}"
        if one.receipt.reference:
            yield f"  reference    {one.receipt.reference}"
        if one.receipt.note:
            yield f"  note         {one.receipt.note}"
    yield "  message"
    text = msgspec.json.format(msgspec.json.encode(one.message), indent=2).decode()
    yield from (f"    {line}" for line in text.splitlines())


def state_lines(state: ActionsState) -> Iterator[str]:
    """The counts and the alarms."""
    yield (
        f"{state.waiting:,} waiting, {state.sent:,} sent and not confirmed yet, "
        f"{state.overdue:,} of these overdue, {state.failed:,} given up."
    )
    if state.waiting:
        yield f"The oldest has waited for {span(state.oldest_waiting_seconds)}."
    for alarm in state.alarms:
        yield f"Alarm: {alarm.text}."
    if not state.alarms:
        yield "No alarm."


def destinations_table(found: Sequence[Destination]) -> Table:
    """A list of destinations, with their addresses."""
    table = Table(title="Destinations", title_justify="left")
    for name in ("name", "state", "address", "takes", "confirm within", "secret"):
        justify: Literal["left", "right"] = (
            "right" if name in {"confirm within", "secret"} else "left"
        )
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name in {"name", "state"})
    for one in found:
        table.add_row(
            one.name,
            "enabled" if one.enabled else "disabled",
            escape(one.url),
            takes(one),
            f"{one.confirm_seconds} s",
            str(one.generation),
        )
    return table


def destination_lines(one: Destination, now: datetime) -> Iterator[str]:
    """Everything about a destination but its secret."""
    yield f"{one.name}: {'enabled' if one.enabled else 'disabled'}"
    yield f"  address         {one.url}"
    yield f"  may be private  {'yes' if one.private else 'no'}"
    yield f"  takes           {takes(one)}"
    yield f"  confirm within  {one.confirm_seconds} s"
    yield f"  secret          {_secret(one, now)}"


def takes(one: Destination) -> str:
    """Which actions a destination takes, in words."""
    return ", ".join(map(spaced, one.actions)) or "only what a rule notifies it of"


def spaced(word: str) -> str:
    """A word of the model as people write it."""
    return str(word).replace("_", " ")


def _state(one: Delivery, now: datetime) -> str:
    return f"{one.state}, overdue" if is_overdue(one, now) else str(one.state)


def _secret(one: Destination, now: datetime) -> str:
    text = f"number {one.generation}"
    if one.overlap_until is not None and one.overlap_until > now:
        text += f"; number {one.generation - 1} signs along until {_instant(one.overlap_until)}"
    return text


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
