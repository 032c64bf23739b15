"""Facts in, a decision out: every rule that holds gives its reason and its actions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import msgspec

from tutela.errors import BadConfiguration
from tutela.model import ActionKind, Decision, Reason, Verdict
from tutela.policy.asked import STRONGEST_FIRST, strongest, together
from tutela.policy.engine.checks import check
from tutela.policy.engine.compiled import compiled
from tutela.policy.engine.evaluator import Evaluator, Fired
from tutela.policy.explaining.explanation import Became, Explanation, facts_seen, rules_seen
from tutela.policy.expression import ConditionFailed, Language
from tutela.policy.facts import Facts
from tutela.policy.guard import guarded, read_for
from tutela.policy.probes import PROBES
from tutela.policy.rules import LARGEST, RESERVED, PolicyText
from tutela.policy.trials.trial import TrialResult, refused, result

__all__ = ["CAUTION", "STRONGEST_FIRST", "Policy"]

CAUTION = frozenset({ActionKind.HOLD, ActionKind.OPEN_CASE})
"""What is done where a policy gives no answer: hold, and let a person look."""

_NO_RULE = "no-rule"


class Policy:
    """A policy that was loaded: checked, compiled, and ready to decide. Thread-safe.

    Attributes:
        name: its name, from its text.
        version: name and short digest of its text: the same text is the same version for ever.
        text: the text that the digest was made of.
        rules: its rules in order.
        thresholds: the numbers that it names, by name, in the order in which they are written.
        review: what follows from what people decide.
        reads: dotted paths of the facts that any rule reads, items of lists under the list's own
            path: `event.surface`, `matches`, `matches.trusted`.
    """

    def __init__(self, text: PolicyText, canonical: str) -> None:
        self.name = text.name
        self.text = canonical
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        self.version = f"{text.name}-{digest[:12]}"
        self.rules = text.rules
        self.review = text.review
        self.thresholds = {one.name: one.value for one in text.thresholds.values()}
        language = Language(Facts, self.thresholds)
        rules = [compiled(rule, text, language) for rule in text.rules]
        check(rules, text, language, PROBES)
        self.reads = frozenset[str]().union(*(rule.condition.reads for rule in rules))
        self._evaluator = Evaluator(rules, language)
        self._text = text

    @classmethod
    def load(cls, text: str | bytes, name: str, *, tested: bool = True) -> Policy:
        """Check and compile a policy, and run the tests that it carries.

        Args:
            text: the whole file; bytes must be UTF-8.
            name: what to call the file in errors.
            tested: whether a test that fails refuses it; else `test` tells of each.

        Raises:
            BadConfiguration: with `file:line:column` and what to do.
        """
        canonical = _canonical(text, name)
        policy = cls(PolicyText(canonical, name), canonical)
        failed = next((one for one in policy.test() if not one.passed), None) if tested else None
        if failed:
            raise refused(failed)
        return policy

    @classmethod
    def read(cls, path: Path, *, tested: bool = True) -> Policy:
        """Load a policy file; `tested` as for `load`.

        Raises:
            BadConfiguration: it cannot be read, or is not a policy.
        """
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except OSError as problem:
            what = f"the policy cannot be read ({problem.strerror})"
            raise BadConfiguration(what, where=str(path)) from None
        return cls.load(raw, str(path), tested=tested)

    @classmethod
    def default(cls) -> Policy:
        """The policy that ships."""
        file = resources.files("tutela.policy") / "default.yaml"
        return cls.load(file.read_bytes(), "default.yaml")

    @classmethod
    def in_force(cls, file: str) -> Policy:
        """The policy that the setting `policy.file` names: the one that ships where it is empty.

        Raises:
            BadConfiguration: the file cannot be read, or is not a policy.
        """
        return cls.read(Path(file)) if file else cls.default()

    def test(self) -> Iterator[TrialResult]:
        """What becomes of each test that the policy carries."""
        for trial in self._text.tests:
            yield result(trial, self.decide(trial.facts), self._text.source)

    def decide(self, facts: Facts) -> Decision:
        """What to do about an event. The same facts always give the same decision.

        A rule that cannot be evaluated never passes in silence: it counts as a rule that asks
        to hold and to open a case.
        """
        return self._decided(self._evaluator.fired(facts), facts)

    def explain(self, facts: Facts, unknown: frozenset[str] = frozenset()) -> Explanation:
        """Why it decides as it does.

        Args:
            facts: what is decided about.
            unknown: those of the facts that this policy decides by which are not known, because
                they were not stored with an event; then nothing is guessed.
        """
        seen = self._evaluator.look(facts)
        fired = [Fired(one.rule, one.problem) for one in seen if one.held or one.problem]
        decision = self._decided(fired, facts)
        own = {reason.rule for reason in decision.reasons} & set(RESERVED)
        asked = _asked(fired)
        rules = rules_seen(seen, unknown)
        lost = {name for rule in rules if rule.became is Became.UNKNOWN for name in rule.by}
        lost |= unknown & read_for(asked)
        return Explanation(
            policy_version=self.version,
            facts=facts_seen(facts, self.reads | lost, unknown),
            rules=rules,
            asked=strongest(set(asked)) if asked else (),
            changes=tuple(reason for reason in decision.reasons if reason.rule in own),
            decision=None if lost else decision,
            unknown=tuple(sorted(lost)),
        )

    def decide_by_all(self, facts: Facts) -> Decision:
        """The same decision, with every rule evaluated; for measurements and tests."""
        return self._decided(self._evaluator.fired_of_all(facts), facts)

    def _decided(self, fired: list[Fired], facts: Facts) -> Decision:
        reasons = [_failed(r.reason, problem) if problem else r.reason for r, problem in fired]
        orders = [order for rule, problem in fired if not problem for order in rule.rule.orders]
        actions = _asked(fired)
        if not reasons:
            reasons, actions = [_no_rule(facts)], _without_rules(facts)
        allowed, changes = guarded(actions, facts)
        kinds = strongest(allowed)
        return Decision(
            policy_version=self.version,
            actions=kinds,
            reasons=(*reasons, *changes),
            orders=together(orders, kinds) if orders else (),
        )


def _canonical(text: str | bytes, name: str) -> str:
    """The text that is digested and kept: no mark at its start, plain line ends."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > LARGEST:
        raise BadConfiguration(f"a policy may have {LARGEST:,} bytes", where=f"{name}:1:1")
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line_start = raw.rfind(b"\n", 0, problem.start) + 1
        line = raw.count(b"\n", 0, problem.start) + 1
        where = f"{name}:{line}:{problem.start - line_start + 1}"
        raise BadConfiguration("the file is not UTF-8", where=where) from None
    return decoded.replace("\r\n", "\n").rstrip() + "\n"


def _asked(fired: list[Fired]) -> set[ActionKind]:
    """What rules ask for together; one without an answer asks for caution."""
    actions: set[ActionKind] = set()
    for rule, problem in fired:
        actions |= CAUTION if problem else rule.actions
    return actions


def _failed(reason: Reason, problem: ConditionFailed) -> Reason:
    text = f"Rule {reason.rule} could not be evaluated ({problem}). Held for a person to look at."
    return msgspec.structs.replace(reason, text=text, notice="")


def _no_rule(facts: Facts) -> Reason:
    what = "nothing matched" if facts.verdict is Verdict.CLEAR else "held for a person to look at"
    return Reason(rule=_NO_RULE, text=f"No rule of the policy applied; {what}.")


def _without_rules(facts: Facts) -> set[ActionKind]:
    return {ActionKind.ALLOW} if facts.verdict is Verdict.CLEAR else set(CAUTION)
