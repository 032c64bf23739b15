"""Facts in, a decision out: every rule that holds gives its reason and its actions."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

from tutela.errors import BadConfiguration
from tutela.model import ActionKind, Decision, Reason, Verdict
from tutela.policy.expression import Bound, Condition, ConditionFailed, Language, WrongExpression
from tutela.policy.facts import Facts
from tutela.policy.guard import guarded
from tutela.policy.probes import PROBES
from tutela.policy.rules import ASKS, LARGEST, PolicyText, Rule

STRONGEST_FIRST = (
    ActionKind.BLOCK,
    ActionKind.QUARANTINE,
    ActionKind.STOP_STREAM,
    ActionKind.SUSPEND,
    ActionKind.RESTRICT_CONTACT,
    ActionKind.HOLD,
    ActionKind.BLUR,
    ActionKind.SLOW,
    ActionKind.WARN_SENDER,
    ActionKind.WARN_RECEIVER,
    ActionKind.PRESERVE,
    ActionKind.OPEN_CASE,
    ActionKind.SECOND_LOOK,
    ActionKind.NOTIFY,
    ActionKind.ALLOW,
)
"""Order of the actions in a decision."""

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
    """

    def __init__(self, text: PolicyText, canonical: str) -> None:
        self.name = text.name
        self.text = canonical
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        self.version = f"{text.name}-{digest[:12]}"
        self.rules = text.rules
        self._language = Language(Facts)
        self._compiled = tuple(
            (_reason(rule), frozenset(rule.actions), self._compile(rule, text))
            for rule in text.rules
        )

    @classmethod
    def load(cls, text: str | bytes, name: str) -> Policy:
        """Check and compile a policy.

        Args:
            text: the whole file; bytes must be UTF-8.
            name: what to call the file in errors.

        Raises:
            BadConfiguration: with `file:line:column` and what to do.
        """
        canonical = _canonical(text, name)
        return cls(PolicyText(canonical, name), canonical)

    @classmethod
    def read(cls, path: Path) -> Policy:
        """Load a policy file.

        Raises:
            BadConfiguration: it cannot be read, or is not a policy.
        """
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except OSError as problem:
            what = f"the policy cannot be read ({problem.strerror})"
            raise BadConfiguration(what, where=str(path)) from None
        return cls.load(raw, str(path))

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

    def decide(self, facts: Facts) -> Decision:
        """What to do about an event. The same facts always give the same decision.

        A rule that cannot be evaluated never passes in silence: it counts as a rule that asks
        to hold and to open a case.
        """
        bound = self._language.bind(facts)
        reasons: list[Reason] = []
        actions: set[ActionKind] = set()
        for reason, wanted, condition in self._compiled:
            try:
                if condition.holds(bound):
                    reasons.append(reason)
                    actions |= wanted
            except ConditionFailed as problem:
                reasons.append(_failed(reason, problem))
                actions |= CAUTION
        if not reasons:
            reasons, actions = [_no_rule(facts)], _without_rules(facts)
        allowed, changes = guarded(actions, facts)
        return Decision(
            policy_version=self.version,
            actions=_strongest_first(allowed),
            reasons=(*reasons, *changes),
        )

    def _compile(self, rule: Rule, text: PolicyText) -> Condition:
        try:
            condition = self._language.compile(rule.when)
        except WrongExpression as problem:
            wrong = problem.complaint
            raise text.error_in(
                wrong.what, rule.node, line=wrong.line, column=wrong.column, remedy=wrong.remedy
            ) from None
        for name, facts in PROBES.items():
            self._try(condition, self._language.bind(facts), rule, text, name)
        return condition

    def _try(
        self, condition: Condition, bound: Bound, rule: Rule, text: PolicyText, probe: str
    ) -> None:
        """Refuse a condition that fails for facts as ordinary as a clear upload."""
        try:
            condition.holds(bound)
        except ConditionFailed as problem:
            what = f"this condition fails for {probe}: {problem}"
            raise text.error(what, rule.node, "use exists, or look at size first") from None


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


def _reason(rule: Rule) -> Reason:
    return Reason(rule=rule.name, text=rule.reason, principles=rule.principles)


def _failed(reason: Reason, problem: ConditionFailed) -> Reason:
    text = f"Rule {reason.rule} could not be evaluated ({problem}). Held for a person to look at."
    return Reason(rule=reason.rule, text=text, principles=reason.principles)


def _no_rule(facts: Facts) -> Reason:
    what = "nothing matched" if facts.verdict is Verdict.CLEAR else "held for a person to look at"
    return Reason(rule=_NO_RULE, text=f"No rule of the policy applied; {what}.")


def _without_rules(facts: Facts) -> set[ActionKind]:
    return {ActionKind.ALLOW} if facts.verdict is Verdict.CLEAR else set(CAUTION)


def _strongest_first(actions: set[ActionKind]) -> tuple[ActionKind, ...]:
    """The actions in order; of what is asked of the platform only the strongest."""
    strongest = next(ask for ask in ASKS if ask in actions)
    kept = actions - set(ASKS) | {strongest}
    return tuple(action for action in STRONGEST_FIRST if action in kept)
