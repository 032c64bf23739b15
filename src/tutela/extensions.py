"""What other packages may add, and where it is found: entry points, each with a Protocol.

A package adds a signal kind by declaring, in its own pyproject.toml:

    [project.entry-points."tutela.signal_kinds"]
    my_kind = "my_package:MyKind"

`MyKind` is an object that fits the Protocol, or is called without arguments to make one. Nothing
registers itself on import, and an extension that cannot be loaded stops the program: a detector
that is silently missing would be worse.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from tutela.detection.signals.kind import SignalKind
from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.errors import BadConfiguration
from tutela.model.record import Record


class ExtensionPoint(Record, frozen=True, kw_only=True):
    """One thing that can be extended.

    Attributes:
        name: what it is, in the words of the model.
        group: entry-point group in which extensions are declared.
        protocol: what an extension must be, as `module:name`.
        contract: the test suite that every implementation passes.
    """

    name: str
    group: str
    protocol: str
    contract: str


SIGNAL_KINDS = ExtensionPoint(
    name="signal kind",
    group="tutela.signal_kinds",
    protocol="tutela.detection.signals.kind:SignalKind",
    contract="tests/contract/test_signal_kinds.py",
)

POINTS = (SIGNAL_KINDS,)
"""Every extension point there is today."""


def signal_kinds(found: Iterable[EntryPoint] | None = None) -> SignalKinds:
    """The built-in signal kinds and those that installed packages add.

    Args:
        found: entry points; None means those of the installed packages.

    Raises:
        BadConfiguration: an extension cannot be loaded or is no signal kind.
    """
    points = entry_points(group=SIGNAL_KINDS.group) if found is None else found
    return SignalKinds((*builtin_kinds(), *(_signal_kind(point) for point in points)))


def _signal_kind(point: EntryPoint) -> SignalKind:
    where = f"{point.group}: {point.name}"
    try:
        loaded = point.load()
        kind = loaded() if isinstance(loaded, type) else loaded
    except Exception as problem:
        raise BadConfiguration(
            f"the extension cannot be loaded ({type(problem).__name__})",
            where=where,
            remedy="mend or uninstall the package that declares it",
        ) from problem
    missing = [name for name in ("name", "bits", "exact", "measure") if not hasattr(kind, name)]
    if missing:
        raise BadConfiguration(f"the extension has no {missing[0]}", where=where)
    return cast("SignalKind", kind)
