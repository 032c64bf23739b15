"""A policy's text with other values of its thresholds, and not another character changed."""

from __future__ import annotations

from collections.abc import Mapping

from tutela.errors import NotFound
from tutela.policy.rules import PolicyText


def with_thresholds(text: str, name: str, values: Mapping[str, float]) -> str:
    """The same policy with other values of some thresholds.

    Args:
        text: a policy that loads; what it says beside those values stays as it is, comments too.
        name: what to call the text in errors.
        values: by the name of the threshold.

    Raises:
        NotFound: the policy has no such threshold.
        BadConfiguration: the text is no policy.
    """
    known = PolicyText(text, name).thresholds
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        raise NotFound(
            f"the policy has no threshold {unknown[0]}",
            where="thresholds",
            remedy="add it to the policy's text, with a rule that reads it",
        )
    changed = [(known[one].node, value) for one, value in values.items()]
    for node, value in sorted(changed, key=lambda one: one[0].start_mark.index, reverse=True):
        text = text[: node.start_mark.index] + _written(value) + text[node.end_mark.index :]
    return text


def _written(value: float) -> str:
    """A number in YAML and CEL: always with a point, so that it stays one with a fraction."""
    return repr(round(float(value), 4))
