"""`tutela policy check` and `test`: look at a policy before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.interfaces.cli.policy.opening import JsonOption, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tutela.policy.trials.trial import TrialResult

FileArgument = Annotated[Path, typer.Argument(help="The policy file.", show_default=False)]


def check(file: FileArgument) -> None:
    """Check a policy file: every mistake is named with its line and column.

    The tests that it carries are run, too. Exit codes: 0 it can be used, 2 it is refused.
    """
    # The expression engine takes a moment to load: not for `--help`.
    from tutela.policy.policy import Policy  # noqa: PLC0415

    policy = Policy.read(file)
    passed = len(list(policy.test()))
    tests = "no tests" if not passed else _counted(passed, "test passed", "tests passed")
    typer.echo(f"{file}: {len(policy.rules):,} rules, version {policy.version}, {tests}")


def run_tests(file: FileArgument, *, as_json: JsonOption = False) -> None:
    """Run the tests that a policy file carries, and show each with its result.

    Exit codes: 0 every test passed, 1 one did not, 2 the policy is refused.
    """
    from tutela.policy.policy import Policy  # noqa: PLC0415 - as above

    results = list(Policy.read(file, tested=False).test())
    if as_json:
        print_json(results)
    else:
        typer.echo("\n".join(_lines(results)))
    if not all(one.passed for one in results):
        raise typer.Exit(1)


def _lines(results: Sequence[TrialResult]) -> Iterator[str]:
    for one in results:
        yield f"{'passed' if one.passed else 'FAILED'}  {one.name}"
        if not one.passed:
            yield f"        {one.where}"
            yield f"        expected: {one.expected}"
            yield f"        got:      {one.got}"
    failed = sum(not one.passed for one in results)
    if not results:
        yield "This policy carries no tests. docs/how-to/write-a-policy.md shows how to write some."
    elif failed:
        yield f"{failed:,} of {_counted(len(results), 'test', 'tests')} failed"
    else:
        yield _counted(len(results), "test passed", "tests passed")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
