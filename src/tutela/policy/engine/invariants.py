"""What is so of all facts, whatever happened: how they are made leaves nothing else.

Used to tell that a rule can never hold, and that a test speaks of facts that there cannot be;
never to decide, so that odd facts get the same decision with the index as without it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from tutela.model import Verdict
from tutela.policy.engine.boxes import SIZE, Box, Boxes, Each, Path, both, contradiction, paths
from tutela.policy.engine.domain import Domain
from tutela.policy.facts import Facts

_NONE = Domain(only=frozenset({0}))
_SOME = Domain(low=1)
_COUNT = Domain(low=0)
_TRUE, _FALSE = Domain(only=frozenset({True})), Domain(only=frozenset({False}))


def _is(verdict: Verdict, *, matches: Domain, gaps: Domain) -> Box:
    tests: dict[Path, Domain] = {
        ("verdict",): Domain(only=frozenset({verdict})),
        ("match_count",): matches,
        ("matches", SIZE): matches,
        ("gaps", SIZE): gaps,
    }
    return Box(tests=tests)


def _counted(many: str, count: str) -> Boxes:
    """A list, and the number of all that might stand in it."""
    paths_of_both: tuple[Path, ...] = ((many, SIZE), (count,))
    return tuple(Box(tests=dict.fromkeys(paths_of_both, d)) for d in (_NONE, _SOME))


def _counts(record: str, *names: str, domain: Domain = _COUNT) -> dict[Path, Domain]:
    return {(record, name): domain for name in names}


_HISTORY = ("events_1d", "events_30d", "matches_30d", "blocks_30d", "cases_30d")

INVARIANTS: tuple[Boxes, ...] = (
    (
        _is(Verdict.MATCH, matches=_SOME, gaps=_COUNT),
        _is(Verdict.NOT_CHECKED, matches=_NONE, gaps=_SOME),
        _is(Verdict.CLEAR, matches=_NONE, gaps=_NONE),
    ),
    _counted("silenced", "silenced_count"),
    _counted("contents", "content_count"),
    (
        Box(tests={("event", "retrospective"): _FALSE, ("event", "age_seconds"): _NONE}),
        Box(tests={("event", "retrospective"): _TRUE, ("event", "age_seconds"): _COUNT}),
    ),
    (
        Box(tests={("history", "known"): _TRUE, **_counts("history", *_HISTORY)}),
        Box(tests={("history", "known"): _FALSE, **_counts("history", *_HISTORY, domain=_NONE)}),
    ),
    (Box(tests=_counts("contact", "receivers", "minor_receivers", "unknown_receivers")),),
    (
        Box(
            each=(
                Each(
                    ("matches",),
                    "@item",
                    (
                        Box(tests={("@item", "exact"): _TRUE, ("@item", "distance"): _NONE}),
                        Box(tests={("@item", "exact"): _FALSE, ("@item", "distance"): _COUNT}),
                    ),
                ),
            )
        ),
    ),
)
"""Each must hold: the facts lie in one of its boxes."""


def possible(needs: Boxes) -> bool:
    """Whether there may be facts that lie in one of the boxes."""
    spoken_of = paths(needs)
    for invariant in INVARIANTS:
        if spoken_of & paths(invariant):
            needs = both(needs, invariant)
    return not contradiction(needs)


def contradicted(facts: Facts) -> tuple[str, ...]:
    """Names of facts that contradict each other; empty where such facts may be."""
    for invariant in INVARIANTS:
        if not any(_lies_in(box, facts) for box in invariant):
            names = {".".join(part for part in path if part != SIZE) for path in paths(invariant)}
            return tuple(sorted(names))
    return ()


def _lies_in(box: Box, facts: Facts) -> bool:
    tested = all(domain.admits(_at(facts, path)) for path, domain in box.tests.items())
    return tested and all(_all_lie_in(each, facts) for each in box.each)


def _all_lie_in(each: Each, facts: Facts) -> bool:
    return all(
        any(
            all(domain.admits(_at(item, path[1:])) for path, domain in box.tests.items())
            for box in each.boxes
        )
        for item in attrgetter(".".join(each.over))(facts)
    )


def _at(record: object, path: Path) -> Any:  # noqa: ANN401 - the value of a field
    names = [name for name in path if name != SIZE]
    value = attrgetter(".".join(names))(record)
    return value if len(names) == len(path) else len(value)
