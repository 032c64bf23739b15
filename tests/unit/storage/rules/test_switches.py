"""What is in force follows the rules that the manual states, whatever happens in whatever order."""

from __future__ import annotations

import random

import pytest

from tutela.errors import InvalidInput
from tutela.storage.database import Database
from tutela.storage.rules.switches import Switches, SwitchSource, Version

STEPS = 150


class Manual:
    """The rules of docs/how-to/change-a-policy.md, as one would carry them out by hand."""

    def __init__(self) -> None:
        self.live = ""
        self.shadow: str | None = None
        self.named = ""
        self.source = SwitchSource.SHIPPED
        self.lives: list[str] = []

    def start(self, version: str, source: SwitchSource) -> None:
        if version == self.named:
            return
        both_shipped = source is self.source is SwitchSource.SHIPPED
        if self.named and both_shipped and self.live != self.named:
            return  # an upgrade of the shipped policy, while another is in force
        self.named, self.source = version, source
        self.put(version)

    def put(self, version: str) -> None:
        self.live = version
        self.lives.append(version)
        if self.shadow == version:
            self.shadow = None

    @property
    def before(self) -> str | None:
        return next((one for one in reversed(self.lives) if one != self.live), None)


def version(name: str) -> Version:
    return Version(version=name, text=f"the text of {name}")


@pytest.mark.parametrize("seed", range(4))
def test_every_order_of_starts_and_changes(database: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order of events, no secret
    switches, manual = Switches(database), Manual()
    for _ in range(STEPS):
        name = f"v{chance.randint(1, 5)}-0"
        act = chance.choice(["file", "shipped", "person", "back", "shadow", "off"])
        if act in {"file", "shipped"}:
            switches.configured(version(name), SwitchSource(act))
            manual.start(name, SwitchSource(act))
        elif act == "person":
            switches.activate(version(name), by="a")
            if manual.live != name:
                manual.put(name)
        elif act == "back" and manual.before:
            found = switches.live_before()
            assert found is not None
            assert found.live == manual.before
            switches.activate(version(found.live), by="a")
            manual.put(manual.before)
        elif act == "shadow" and manual.live:
            if name == manual.live:
                with pytest.raises(InvalidInput):
                    switches.cast(version(name), by="a")
            else:
                switches.cast(version(name), by="a")
                manual.shadow = name
        elif act == "off" and manual.live:
            switches.cast(None, by="a")
            manual.shadow = None
        latest = switches.latest()
        stands = (latest.live, latest.shadow) if latest else ("", None)
        assert stands == (manual.live, manual.shadow)
