"""What other packages may add, and where it is found: entry points, each with a Protocol.

A package adds a signal kind by declaring, in its own pyproject.toml:

    [project.entry-points."tutela.signal_kinds"]
    my_kind = "my_package:MyKind"

`MyKind` is an object that fits the Protocol, or is called without arguments to make one; what the
settings name, such as a store, is called with them instead. Nothing registers itself on import, and
an extension that cannot be loaded stops the program: a detector that is silently missing would be
worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from tutela.conversations.raters import RaterMaker
from tutela.detection.conversation.rater import Rater
from tutela.detection.signals.kind import SignalKind
from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.errors import BadConfiguration, TutelaError
from tutela.evidence.keys.service import KeyService
from tutela.evidence.opening import Makers
from tutela.evidence.vault.store import BlobStore
from tutela.model.record import Record
from tutela.settings import Settings


class ExtensionPoint(Record, frozen=True, kw_only=True):
    """One thing that can be extended.

    Attributes:
        name: what it is, in the words of the model.
        group: entry-point group in which extensions are declared.
        protocol: what an extension must be, as `module:name`.
        given: what an extension is called with; empty where it may be the thing itself.
        contract: the test suite that every implementation passes.
    """

    name: str
    group: str
    protocol: str
    contract: str
    given: str = ""


SIGNAL_KINDS = ExtensionPoint(
    name="signal kind",
    group="tutela.signal_kinds",
    protocol="tutela.detection.signals.kind:SignalKind",
    contract="tests/contract/test_signal_kinds.py",
)

BLOB_STORES = ExtensionPoint(
    name="blob store",
    group="tutela.blob_stores",
    protocol="tutela.evidence.vault.store:BlobStore",
    contract="tests/contract/test_blob_stores.py",
    given="the settings",
)

KEY_SERVICES = ExtensionPoint(
    name="key service",
    group="tutela.key_services",
    protocol="tutela.evidence.keys.service:KeyService",
    contract="tests/contract/test_key_services.py",
    given="the settings",
)

RATERS = ExtensionPoint(
    name="rater",
    group="tutela.raters",
    protocol="tutela.detection.conversation.rater:Rater",
    contract="tests/contract/test_raters.py",
    given="the settings",
)

POINTS = (SIGNAL_KINDS, BLOB_STORES, KEY_SERVICES, RATERS)
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


def vault_makers(
    stores: Iterable[EntryPoint] | None = None, services: Iterable[EntryPoint] | None = None
) -> Makers:
    """What installed packages add to the stores and key services of the vault.

    Args:
        stores: entry points of stores; None means those of the installed packages.
        services: of key services, likewise.

    Raises:
        BadConfiguration: an extension cannot be loaded, or opens nothing that is one.
    """
    found = entry_points(group=BLOB_STORES.group) if stores is None else stores
    more = entry_points(group=KEY_SERVICES.group) if services is None else services
    return Makers(
        stores={point.name: cast("_OpenStore", _opener(point, _STORE)) for point in found},
        keys={point.name: cast("_OpenKeys", _opener(point, _SERVICE)) for point in more},
    )


def rater_makers(found: Iterable[EntryPoint] | None = None) -> dict[str, RaterMaker]:
    """What installed packages add to the raters of conversations, by name.

    Args:
        found: entry points; None means those of the installed packages.

    Raises:
        BadConfiguration: an extension cannot be loaded, or opens nothing that is a rater.
    """
    points = entry_points(group=RATERS.group) if found is None else found
    return {point.name: cast("_OpenRater", _opener(point, _RATER)) for point in points}


_OpenRater = Callable[[Settings], Rater]
_OpenStore = Callable[[Settings], BlobStore]
_OpenKeys = Callable[[Settings], KeyService]
_KIND = ("name", "bits", "exact", "measure")
_RATER = ("model", "begin", "resume")
_STORE = ("name", "put", "get", "delete", "list", "tidy", "close")
_SERVICE = (
    "name",
    "current",
    "key_ids",
    "wrap",
    "unwrap",
    "derive",
    "rotate",
    "retire",
    "close",
)


def _signal_kind(point: EntryPoint) -> SignalKind:
    loaded = _loaded(point)
    with _telling(point):
        kind = loaded() if isinstance(loaded, type) else loaded
    return cast("SignalKind", _complete(point, kind, _KIND))


def _opener(point: EntryPoint, members: tuple[str, ...]) -> Callable[[Settings], object]:
    """What opens an extension that settings may name: it is loaded now, and called when named."""
    loaded = _loaded(point)
    if not callable(loaded):
        raise BadConfiguration("the extension cannot be called", where=_where(point))

    def opened(settings: Settings) -> object:
        with _telling(point):
            made = loaded(settings)
        return _complete(point, made, members)

    return opened


def _loaded(point: EntryPoint) -> Any:  # noqa: ANN401 - whatever another package declares
    with _telling(point):
        return point.load()


@contextmanager
def _telling(point: EntryPoint) -> Iterator[None]:
    """Tell which extension it is that fails. What it says itself in our words stays so."""
    try:
        yield
    except TutelaError:
        raise
    except Exception as problem:
        raise BadConfiguration(
            f"the extension cannot be loaded ({type(problem).__name__})",
            where=_where(point),
            remedy="mend or uninstall the package that declares it",
        ) from problem


def _complete(point: EntryPoint, made: object, members: tuple[str, ...]) -> object:
    missing = [name for name in members if not hasattr(made, name)]
    if missing:
        raise BadConfiguration(f"the extension has no {missing[0]}", where=_where(point))
    return made


def _where(point: EntryPoint) -> str:
    return f"{point.group}: {point.name}"
