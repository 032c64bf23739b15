"""Evidence and the vault in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tutela.model.custody.evidence import Hold, Item, Step
from tutela.model.custody.names import shown
from tutela.storage.evidence.standing import Standing
from tutela.workflows.custody.rewrapping import Drilled, KeyStanding
from tutela.workflows.custody.verifying import Verified


def listed_lines(found: Sequence[Item]) -> Iterator[str]:
    """A list of items, two lines each: ids are long, and made to be copied."""
    for one in found:
        drill = ", drill" if one.drill else ""
        held = ", held" if one.held else ""
        yield f"{one.id}  {one.kind.value}, {one.state.value}{held}{drill}"
        case = f", case {one.case_id}" if one.case_id else ""
        yield f"  event {one.event_id}{case}, {_ending(one)}"


def item_lines(item: Item, holds: Sequence[Hold]) -> Iterator[str]:
    """Everything about an item but its bytes."""
    drill = " (drill)" if item.drill else ""
    yield f"{item.id}: {item.kind.value}, {item.state.value}{drill}"
    yield f"  event        {item.event_id}"
    if item.case_id:
        yield f"  case         {item.case_id}"
    yield f"  detected     {_instant(item.detected_at)}"
    yield f"  taken in     {_instant(item.created_at)}"
    if item.problem:
        yield f"  problem      {item.problem}"
    yield from _term_lines(item)
    yield from _facts_lines(item)
    for hold in holds:
        yield from _hold_lines(hold)


def _term_lines(item: Item) -> Iterator[str]:
    term = item.term
    yield f"  kept for     {term.keep} ({term.bound.value}) after {term.after.value}"
    if term.window:
        yield f"  window       {term.window} before the event"
    if term.source:
        yield f"  source       {term.source}"
    if term.pack:
        yield f"  pack         {term.pack}"
    yield f"  clock        {_instant(item.clock_at) if item.clock_at else 'has not begun'}"
    if item.destroyed_at:
        yield f"  destroyed    {_instant(item.destroyed_at)}"
    elif item.expires_at:
        yield f"  expires      {_instant(item.expires_at)}{' (held)' if item.held else ''}"


def _facts_lines(item: Item) -> Iterator[str]:
    facts = item.facts
    if item.destroyed_at:
        return
    if facts.name:
        yield f"  name         {shown(facts.name)}"
    yield f"  type         {facts.media_type}, {facts.size:,} bytes"
    for name, value in facts.digests.items():
        yield f"  {name:<13}{value}"
    for step in facts.chain:
        yield f"  {step.kind.value:<13}{_step(step)}"
    if facts.tools:
        tools = ", ".join(f"{name} {version}" for name, version in facts.tools.items())
        yield f"  tools        {tools}"


def _step(step: Step) -> str:
    at = _instant(step.at) if step.at else ""
    return " ".join(filter(None, (shown(step.name), at))) or "-"


def _hold_lines(hold: Hold) -> Iterator[str]:
    yield f"  hold {hold.id} by {hold.placed_by}, {_instant(hold.placed_at)}"
    yield f"    why        {shown(hold.reason)}"
    if hold.authority:
        yield f"    authority  {shown(hold.authority)}"
    if hold.released_at:
        yield f"    lifted     {_instant(hold.released_at)} by {hold.released_by}"
        yield f"    why        {shown(hold.release_reason)}"


def verified_lines(found: Verified) -> Iterator[str]:
    """What a look at the whole vault found."""
    yield f"{found.objects:,} objects were read, {found.bytes:,} bytes."
    for fault in found.faults:
        yield f"{fault.object_id}  {fault.code}: {fault.what}"
        for item in fault.items:
            yield f"  {item}"
    yield f"{len(found.faults):,} are not as they were." if found.faults else "All are sound."


def vault_lines(
    store: str, service: str, standing: Standing, keys: Sequence[KeyStanding]
) -> Iterator[str]:
    """What is in the vault, and its keys."""
    yield f"Store {store}: {standing.objects:,} objects, {standing.bytes:,} bytes."
    states = ", ".join(f"{count:,} {state.value}" for state, count in standing.items.items())
    yield f"Items: {states}; {standing.held:,} held, {standing.overdue:,} overdue."
    if standing.next_expiry:
        yield f"The next term ends on {_instant(standing.next_expiry)}."
    yield f"Keys of the service {service}, oldest first:"
    for key in keys:
        word = "current" if key.current else "old" if key.known else "MISSING"
        yield f"  {key.id}  {word:<8} {key.objects:,} objects"


def drilled_lines(found: Drilled) -> Iterator[str]:
    """What a copy of the keys would open."""
    yield f"{found.opened:,} objects would be opened."
    for key, count in found.lost.items():
        yield f"{count:,} objects would be lost: they are wrapped with key {key}."


def _ending(item: Item) -> str:
    if item.destroyed_at:
        return f"destroyed {_instant(item.destroyed_at)}"
    if item.expires_at is None:
        return "no end"
    waits = "" if item.clock_at else ", no report yet"
    return f"until {_instant(item.expires_at)}{waits}"


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
