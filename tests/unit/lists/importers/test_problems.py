from __future__ import annotations

import pytest

from tutela.errors import InvalidInput
from tutela.lists.importers.problems import BankFileError, Problem, ProblemLog, ReadingStopped


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(line=4, column="value", what="is bad"), "line 4, column value: is bad"),
        (Problem(line=4, what="is bad"), "line 4: is bad"),
        (Problem(line=0, what="is bad"), "is bad"),
        (
            Problem(line=2, column="MD5", what="is bad", unit="record"),
            "record 2, member MD5: is bad",
        ),
    ],
)
def test_a_problem_says_where_it_is(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_no_problem_no_error() -> None:
    ProblemLog().raise_if_any("list.csv")


def test_one_problem_is_not_called_problems() -> None:
    log = ProblemLog()
    with pytest.raises(ReadingStopped):
        log.stop(3, "", "ends here")
    with pytest.raises(BankFileError) as caught:
        log.raise_if_any("list.csv")
    assert isinstance(caught.value, InvalidInput)
    assert str(caught.value) == (
        "list.csv: the bank file has one problem, so nothing of it was used; mend the file and try "
        "again\n  line 3: ends here"
    )
