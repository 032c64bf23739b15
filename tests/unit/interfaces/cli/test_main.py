from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

from tutela.interfaces.cli.main import COMMANDS, Command, build_app, load_command

RUN = "from tutela.interfaces.cli.main import run; run()"
HEAVY = {"numpy", "numba", "PIL", "av", "litestar", "sqlalchemy", "msgspec", "jinja2", "httpx2"}

LOADED = f"""
import sys
from tutela.interfaces.cli.main import run
try:
    run()
finally:
    print("heavy:", sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)
"""

FAILING = """
import sys
from tutela.errors import InvalidInput
from tutela.interfaces.cli import main
from tutela.interfaces.cli.offline import scanning
def fail(options):
    raise {error}
scanning.run_scan = fail
main.run()
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "100", "PATH": "/usr/bin:/bin"},
    )


def test_the_help_lists_every_command_with_its_line() -> None:
    done = run(RUN, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for row in COMMANDS:
        assert f"{row.name} " in done.stdout
        assert row.line in done.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("scan", "--help"), ("pack", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """What `--help` takes is what it imports; a test that measured seconds would be no test."""
    done = run(LOADED, *arguments)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_every_row_leads_to_a_command(row: Command) -> None:
    command = load_command(row)
    assert command.name == row.name
    assert command.help


def test_the_version_is_that_of_the_package() -> None:
    done = run(RUN, "--version")
    assert (done.returncode, done.stdout) == (0, f"tutela {metadata.version('tutela')}\n")


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    done = run(RUN, "princples")
    assert done.returncode == 2
    assert "No such command 'princples'. Did you mean 'principles'?" in done.stderr


def test_an_error_of_ours_is_one_text_on_stderr_and_exit_2() -> None:
    code = FAILING.format(error='InvalidInput("it is wrong", where="a/b", remedy="mend it")')
    done = run(code, "scan", "x", "--bank", "y")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tutela: a/b: it is wrong; mend it\n"


def test_ctrl_c_ends_a_command_with_130_and_no_trace() -> None:
    done = run(FAILING.format(error="KeyboardInterrupt"), "scan", "x", "--bank", "y")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_error_that_nobody_expected_shows_no_values() -> None:
    code = FAILING.format(error='ValueError("bug")')
    done = run(code, "scan", "x", "--bank", "secret-value")
    assert done.returncode == 1
    assert "ValueError: bug" in done.stderr
    assert "secret-value" not in done.stderr


def test_other_commands_can_be_declared() -> None:
    app = build_app((Command("scan", "scan:scan", "One line."),))
    assert len(app.registered_commands) == 1
