"""What is in force follows the rules that the manual states, whatever happens in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tutela.errors import Conflict, InvalidInput
from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf
from tutela.storage.database import Database
from tutela.storage.rules.policies import Policies
from tutela.storage.rules.switches import LONGEST_NOTE, Switches, SwitchSource, Version

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


def test_what_is_in_force_is_told_with_what_was(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    switches = Switches(database)
    switches.configured(version("v1"), SwitchSource.SHIPPED)
    switches.configured(version("v1"), SwitchSource.SHIPPED)
    switches.activate(version("v2"), by="key:1", note="a note of mine")
    switches.activate(version("v2"), by="key:2")  # it is already
    switches.cast(version("v3"), by="key:3")
    switches.cast(None, by="key:4")
    switches.cast(None, by="key:5")  # none is there already
    assert {(one.kind, one.subject) for one in leaves()} == {(AuditKind.POLICY, "policy")}
    assert [(one.by, one.data) for one in leaves()] == [
        (
            PROGRAM,
            {
                "did": "switched",
                "live": "v1",
                "live_before": None,
                "source": "shipped",
                "kept": "v1",
            },
        ),
        (
            "key:1",
            {
                "did": "switched",
                "live": "v2",
                "live_before": "v1",
                "source": "person",
                "kept": "v2",
            },
        ),
        (
            "key:3",
            {
                "did": "switched",
                "shadow": "v3",
                "shadow_before": None,
                "source": "person",
                "kept": "v3",
            },
        ),
        (
            "key:4",
            {"did": "switched", "shadow": None, "shadow_before": "v3", "source": "person"},
        ),
    ]
    assert "a note of mine" not in str(leaves())


def test_a_version_that_is_only_kept_is_told(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    switches = Switches(database)
    switches.configured(version("v1"), SwitchSource.SHIPPED)
    switches.activate(version("v2"), by="key:1")
    # An upgrade of the shipped policy, while a person's choice is in force.
    switches.configured(version("v3"), SwitchSource.SHIPPED)
    assert (leaves()[-1].by, leaves()[-1].data) == (PROGRAM, {"did": "kept", "kept": "v3"})
    policies = Policies(database)
    policies.keep("v4", "the text of v4", "key:2")
    policies.keep("v4", "the text of v4", "key:3")
    assert (leaves()[-1].by, leaves()[-1].data) == ("key:2", {"did": "kept", "kept": "v4"})
    policies.keep("v5", "the text of v5", origin="an old folder")
    assert leaves()[-1].by == PROGRAM
    assert policies.get("v5").added_by == "an old folder"
    assert policies.get("v4").added_by == "key:2"


def test_what_is_refused_is_not_told(database: Database, leaves: Callable[[], list[Leaf]]) -> None:
    switches = Switches(database)
    switches.configured(version("v1"), SwitchSource.SHIPPED)
    told = leaves()
    with pytest.raises(InvalidInput):
        switches.activate(version("v2"), by="key:1", note="x" * (LONGEST_NOTE + 1))
    with pytest.raises(Conflict):
        switches.activate(version("v2"), by="key:1", after=99)
    with pytest.raises(Conflict):
        switches.activate(Version(version="v1", text="another"), by="key:1")
    with pytest.raises(InvalidInput):
        switches.cast(version("v1"), by="key:1")
    assert leaves() == told
