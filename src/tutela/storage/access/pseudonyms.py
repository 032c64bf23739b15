"""Pseudonyms: what people are called where their names are nobody's business."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

FIRST = (
    *("amber", "ashen", "autumn", "bright", "calm", "clear", "cloudy", "coastal", "copper"),
    *("early", "even", "gentle", "golden", "green", "grey", "hazel", "high", "ivory"),
    *("late", "level", "light", "misty", "northern", "open", "pale", "quiet", "river"),
    *("silver", "slow", "southern", "steady", "still", "summer", "tall", "upland", "winter"),
)
SECOND = (
    *("alder", "aspen", "basalt", "beech", "birch", "cedar", "chalk", "cliff", "curlew"),
    *("dune", "elm", "fern", "finch", "flint", "granite", "harbour", "heath", "heron"),
    *("island", "jasper", "juniper", "lark", "linden", "maple", "marble", "meadow", "oak"),
    *("pebble", "plover", "quartz", "ridge", "rowan", "slate", "swift", "thrush", "willow"),
)
TRIES = 1000


def pseudonyms() -> Iterator[str]:
    """Pseudonyms at random, such as `quiet-heron-42`, for whoever looks for one that is free."""
    for _ in range(TRIES):
        number = secrets.randbelow(90) + 10
        yield f"{secrets.choice(FIRST)}-{secrets.choice(SECOND)}-{number}"
