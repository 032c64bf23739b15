"""Numbers are written out where they are meant, and nowhere else."""

from __future__ import annotations

from tutela.policy.engine.constants import names_of, written_out
from tutela.policy.engine.syntax import Call, Const, Field, Items, Loop, Name

BAR = Field(Name("thresholds"), "bar")
VALUES = {"bar": 7.0}


def loop(item: str) -> Loop:
    total = Name("@total")
    step = Call("_||_", (total, Call("_>_", (Field(Name("r"), "value"), BAR))))
    return Loop(item, Name("ratings"), "@total", Const(value=False), Const(value=True), step, total)


def test_a_number_stands_where_its_name_stood() -> None:
    tree = Call("_&&_", (Items((BAR, Name("x"))), Field(Call("f", (BAR,)), "y")))
    expected = Call("_&&_", (Items((Const(7.0), Name("x"))), Field(Call("f", (Const(7.0),)), "y")))
    assert written_out(tree, "thresholds", VALUES) == expected
    assert names_of(tree, "thresholds") == {"bar"}


def test_what_is_only_asked_for_or_unknown_stays() -> None:
    for node in (Field(BAR.of, "bar", asked=True), Field(BAR.of, "more"), Name("thresholds")):
        assert written_out(node, "thresholds", VALUES) == node
    assert names_of(Field(BAR.of, "bar", asked=True), "thresholds") == frozenset()


def test_a_loop_whose_variable_has_the_name_hides_it() -> None:
    inside = loop("r")
    step = Call("_||_", (Name("@total"), Call("_>_", (Field(Name("r"), "value"), Const(7.0)))))
    found = written_out(inside, "thresholds", VALUES)
    assert isinstance(found, Loop)
    assert (found.step, found.over, found.item) == (step, inside.over, inside.item)
    assert names_of(inside, "thresholds") == {"bar"}
    hidden = loop("thresholds")
    assert written_out(hidden, "thresholds", VALUES) == hidden
    assert names_of(hidden, "thresholds") == frozenset()
