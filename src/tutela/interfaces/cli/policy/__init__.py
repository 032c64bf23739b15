"""`tutela policy`: check a policy before it is used, show the one in force, list what was kept."""

from __future__ import annotations

import typer

from tutela.interfaces.cli.policy import (
    checking,
    comparing,
    diffing,
    explaining,
    keeping,
    replaying,
    switching,
)

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(checking.check)
app.command("test")(checking.run_tests)
app.command()(diffing.diff)
app.command()(explaining.explain)
app.command()(keeping.show)
app.command()(keeping.versions)
app.command()(keeping.history)
app.command()(switching.activate)
app.command()(switching.shadow)
app.command()(switching.rollback)
app.command()(comparing.compare)
app.command()(replaying.replay)
