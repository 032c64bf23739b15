"""Conditions in CEL, the Common Expression Language: the one module that imports its library.

A condition is compiled against the types of the facts, so that a wrong name or type is refused
when a policy is loaded. At run time the library stops an expression after 10,000 steps of its
loops, and its regular expressions (RE2) take time in proportion to the text.

Source: https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from cel_expr_python import cel

from tutela.declarations.wording import Complaint, complaint, failure, type_in_words
from tutela.model.record import Record
from tutela.policy.engine.constants import names_of, written_out
from tutela.policy.engine.reads import facts_read
from tutela.policy.engine.syntax import Node, Syntax
from tutela.policy.messages import PACKAGE, THRESHOLDS, Messages, Variable

LONGEST = 4000
"""Characters that a condition may have."""

_SCALARS = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
}


class WrongExpression(Exception):
    """A condition that cannot be compiled; `complaint` says what, where in it, and the remedy."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint
        super().__init__(complaint.what)


class ConditionFailed(Exception):
    """A condition that has no answer for these facts; the text never quotes them."""


class Bound:
    """Facts in the form that conditions read; made once per decision."""

    __slots__ = ("activation",)

    def __init__(self, activation: cel.Activation) -> None:
        self.activation = activation


Bind: TypeAlias = Callable[[Record], Bound]


class Condition:
    """A compiled condition. Thread-safe.

    Attributes:
        tree: its syntax, thresholds written out as numbers.
        reads: dotted paths of the facts that it reads; `path.*` for a record as a whole.
        thresholds: names of the thresholds that it compares with.
    """

    __slots__ = ("_expression", "reads", "thresholds", "tree")

    def __init__(
        self,
        expression: cel.Expression,
        tree: Node,
        reads: frozenset[str],
        thresholds: frozenset[str] = frozenset(),
    ) -> None:
        self._expression = expression
        self.tree = tree
        self.reads = reads
        self.thresholds = thresholds

    def holds(self, bound: Bound) -> bool:
        """Whether the condition is true of the facts.

        Raises:
            ConditionFailed: there is no answer; it says why in words.
        """
        try:
            answer = self._expression.eval(bound.activation).value()
        except RuntimeError as problem:
            raise ConditionFailed(failure(str(problem))) from None
        if isinstance(answer, bool):
            return answer
        raise ConditionFailed(failure(str(answer)))


class Language:
    """The expression language over one record of facts.

    Args:
        facts: the record; its fields are the variables of the language.
        thresholds: numbers by name: `thresholds.grooming`.

    Attributes:
        shape: of the record.
    """

    def __init__(
        self, facts: type[Record], thresholds: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        self._messages = Messages(facts, thresholds)
        self._thresholds = thresholds
        self._syntax = Syntax()
        self.shape = self._messages.shape
        self._environment = cel.NewEnv(
            descriptor_pool=self._messages.pool,
            variables={name: _type(one) for name, one in self._messages.variables.items()},
            container=PACKAGE,
        )

    def bind(self, facts: Record) -> Bound:
        """Make facts readable for conditions."""
        return Bound(self._environment.Activation(self._messages.bind(facts)))

    def binding(self, reads: frozenset[str]) -> Bind:
        """A `bind` for conditions that read no other facts than these."""
        bind = self._messages.binder(reads)
        activation = self._environment.Activation
        return lambda facts: Bound(activation(bind(facts)))

    def compile(self, text: str) -> Condition:
        """Compile a condition.

        Raises:
            WrongExpression: with the position in the text and what to do.
        """
        if len(text) > LONGEST:
            what = f"a condition may have {LONGEST:,} characters"
            raise WrongExpression(Complaint(what=what, remedy="make it several rules"))
        try:
            expression = self._environment.compile(text)
        except RuntimeError as problem:
            raise WrongExpression(complaint(str(problem), text, self._messages.names)) from None
        _refuse_other_than_bool(expression.return_type())
        read = self._syntax.read(expression.serialize())
        tree = written_out(read, THRESHOLDS, self._thresholds)
        named = names_of(read, THRESHOLDS)
        return Condition(expression, tree, facts_read(tree, self.shape), named)


def _refuse_other_than_bool(kind: cel.Type) -> None:
    if kind != cel.Type.BOOL:
        what = f"a condition is true or false, but this is {type_in_words(kind.name())}"
        raise WrongExpression(Complaint(what=what, remedy="compare it with something"))


def _type(variable: Variable) -> cel.Type:
    one = _SCALARS.get(variable.type) or cel.Type(variable.type)
    return cel.Type.List(one) if variable.repeated else one
