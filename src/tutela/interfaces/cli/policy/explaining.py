"""`tutela policy explain`: why something was decided, or would be, about a stored event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tutela.errors import NotFound
from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    open_database,
    policy_of,
    print_json,
    versions_in,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tutela.model import ActionKind, Decision
    from tutela.policy.explaining.explanation import Explanation, RuleSeen
    from tutela.policy.policy import Policy
    from tutela.policy.versions import PolicyVersions

_ITEMS = 10
_RULED_OUT = 100
_WORDS = {
    "held": "held",
    "false": "did not hold",
    "ruled_out": "ruled out",
    "failed": "no answer",
    "unknown": "not known",
}


def explain(
    event_id: Annotated[str, typer.Argument(help="Id of an event.", show_default=False)],
    *,
    policy: Annotated[
        str,
        typer.Option(
            metavar="FILE|VERSION|current", help="Another policy than the one that decided then."
        ),
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show why a policy decides as it does about a stored event; changes nothing.

    Shown are the facts that its rules read, each rule and whether it held, what the guard changed,
    and the actions. A fact that was not stored with the event is said to be unknown.
    """
    # Here and not above: SQL and the engine take a while to load, which `--help` need not.
    from tutela.policy.current import facts_needed  # noqa: PLC0415
    from tutela.policy.facts import Facts  # noqa: PLC0415
    from tutela.storage.past.origins import Past  # noqa: PLC0415

    settings = Settings.load(config)
    with open_database(settings) as database:
        decided = Past(database).decided_one(event_id)
        event, then = decided.file.event, decided.file.outcome
        versions = versions_in(database, settings)
        wanted = _policy(versions, policy or then.decision.policy_version, settings)
    facts = Facts.of(event, then.verdict, then.matches, then.gaps, then.silenced, then.law)
    found = wanted.explain(facts, decided.unknown(facts_needed(wanted)))
    if as_json:
        print_json({"event_id": event_id, "then": then.decision, "now": found})
    else:
        typer.echo("\n".join(_lines(event_id, then.decision, found)))


def _policy(versions: PolicyVersions, named: str, settings: Settings) -> Policy:
    if named == "current":
        return versions.load(versions.begun(settings.policy.file).live)
    try:
        return policy_of(versions, named)
    except NotFound as missing:
        remedy = "name another with --policy; tutela policy versions lists them"
        raise NotFound(missing.what, where=missing.where, remedy=remedy) from None


def _lines(event_id: str, then: Decision, found: Explanation) -> Iterator[str]:
    yield f"Event {event_id}, by policy {found.policy_version}"
    yield "\nFacts that count"
    for fact in found.facts:
        unknown = "" if fact.known else "   (not stored with this event)"
        value = "unknown" if fact.value is None else _value(fact.value)
        yield f"  {fact.name} = {value}{unknown}"
    yield "\nRules"
    yield from _rules(found.rules)
    yield "\nDecision"
    yield from _decision(then, found)


def _rules(rules: Sequence[RuleSeen]) -> Iterator[str]:
    """Each rule in a line; of very many that were ruled out only how many they are."""
    out = [rule for rule in rules if rule.became == "ruled_out"]
    few = len(out) <= _RULED_OUT
    shown = [rule for rule in rules if few or rule.became != "ruled_out"]
    width = max((len(rule.rule) for rule in shown), default=0)
    for rule in shown:
        yield f"  {rule.rule:<{width}}  {_became(rule)}"
    if not few:
        facts = sorted({name for rule in out for name in rule.by})
        yield f"  {len(out):,} more rules ruled out by {', '.join(facts)}; --json lists each"


def _became(rule: RuleSeen) -> str:
    words = _WORDS[rule.became]
    if rule.became == "held":
        return f"{words}: {', '.join(rule.actions)}; {rule.reason}"
    if rule.became == "failed":
        return f"{words}: {rule.problem}; counts as hold, open_case"
    if rule.by:
        return f"{words}{' by' if rule.became == 'ruled_out' else ':'} {', '.join(rule.by)}"
    return words


def _decision(then: Decision, found: Explanation) -> Iterator[str]:
    if found.decision is None:
        yield f"  cannot be told: not stored with this event: {', '.join(found.unknown)}"
    else:
        yield f"  rules ask for: {', '.join(found.asked) or 'nothing'}"
        for change in found.changes:
            yield f"  {change.rule}: {change.text}"
        yield f"  actions: {_actions(found.decision)}"
    same = found.decision is not None and (then.actions, then.orders) == (
        found.decision.actions,
        found.decision.orders,
    )
    told = "the same" if same else _actions(then)
    yield f"  decided then by {then.policy_version}: {told}"


def _actions(decision: Decision) -> str:
    return ", ".join(f"{kind}{_details(kind, decision)}" for kind in decision.actions)


def _details(kind: ActionKind, decision: Decision) -> str:
    orders = [order for order in decision.orders if order.kind is kind]
    words = [f"to {one.to}" if one.to else f"{one.seconds:,} seconds" for one in orders]
    return f" ({', '.join(words)})" if words else ""


def _value(value: Any) -> str:  # noqa: ANN401 - as in JSON
    if not isinstance(value, list):
        return msgspec.json.encode(value).decode()
    shown = msgspec.json.encode(value[:_ITEMS]).decode()
    more = len(value) - _ITEMS
    return f"{shown} and {more:,} more" if more > 0 else shown
