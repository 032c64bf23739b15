"""The manual has a heading for everything that a user can name, and is up to date with the code."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from typer.core import TyperGroup

from tutela.extensions import POINTS, signal_kinds
from tutela.interfaces.access import Permission, Role
from tutela.interfaces.application import ROUTES
from tutela.interfaces.cli.main import COMMANDS, load_command
from tutela.interfaces.console import routes as console_router
from tutela.model import ActionKind, GapReason, Verdict
from tutela.model.custody.leaf import AuditKind
from tutela.settings import Settings
from tutela.storage.tables import metadata
from tutela.telemetry import Metrics


def headings(root: Path, page: str) -> set[str]:
    text = (root / "docs/reference" / page).read_text()
    return {h.strip("` ") for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def blocks(root: Path, language: str) -> Iterable[tuple[str, str]]:
    """Code blocks of one language in the manual, with the page that they stand in."""
    for page in sorted((root / "docs").rglob("*.md")):
        for block in re.findall(
            rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            yield str(page.relative_to(root)), block


def test_generated_parts_are_up_to_date(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "docs/generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_has_a_heading(root: Path) -> None:
    names = {row.name for row in Settings.load(None, {}).explain()}
    assert names
    assert names - headings(root, "settings.md") == set()


def test_every_kind_of_leaf_has_a_heading(root: Path) -> None:
    assert set(AuditKind) == headings(root, "audit-kinds.md") - {"Leaves of the audit log"}


def test_every_route_has_a_heading(root: Path) -> None:
    routes = {
        f"{method} {shown(path)}"
        for handler in ROUTES
        if isinstance(handler, HTTPRouteHandler)
        for method in handler.http_methods
        for path in handler.paths
    }
    assert len(routes) >= len(ROUTES)
    assert routes - headings(root, "api.md") == set()


def test_every_page_of_the_console_has_a_heading(root: Path) -> None:
    pages = {
        f"{method} {shown(route.path)}"
        for route in console_router().routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }
    assert pages
    assert pages - headings(root, "console.md") == set()


def shown(path: str) -> str:
    """A path without the types of its parameters."""
    return re.sub(r":[a-z]+}", "}", path)


def test_every_command_has_a_heading(root: Path) -> None:
    commands = set()
    for row in COMMANDS:
        commands.add(f"tutela {row.name}")
        command = load_command(row)
        if isinstance(command, TyperGroup):
            commands |= {f"tutela {row.name} {name}" for name in command.commands}
    assert commands - headings(root, "commands.md") == set()


def test_every_permission_and_role_has_a_heading(root: Path) -> None:
    assert {*Permission, *Role} - headings(root, "permissions.md") == set()


def test_every_extension_point_has_a_heading(root: Path) -> None:
    assert {point.name for point in POINTS} - headings(root, "extension-points.md") == set()
    assert all((root / point.contract).exists() for point in POINTS)


def test_every_signal_kind_has_a_heading(root: Path) -> None:
    assert {kind.name for kind in signal_kinds(())} - headings(root, "signals.md") == set()


def test_every_table_has_a_heading(root: Path) -> None:
    assert set(metadata.tables) == headings(root, "database.md") - {"Database"}


def test_every_metric_has_a_heading(root: Path) -> None:
    names = set(re.findall(r"^# HELP (\w+)", Metrics.create({}).render().decode(), re.MULTILINE))
    assert names
    assert names - headings(root, "metrics.md") == set()


def test_every_verdict_gap_and_action_is_explained(root: Path) -> None:
    assert set(Verdict) - headings(root, "verdicts.md") == set()
    for page, words in (("verdicts.md", GapReason), ("policy.md", ActionKind)):
        text = (root / "docs/reference" / page).read_text()
        assert [word for word in words if f"| `{word}` |" not in text] == []


def test_make_targets_in_the_manual_exist(root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    for page, block in blocks(root, ""):
        named = set(re.findall(r"^make ([a-z]+)", block, re.MULTILINE))
        assert named <= targets, page


def test_settings_in_the_manual_are_accepted(root: Path, tmp_path: Path) -> None:
    found = 0
    for number, (_, block) in enumerate(blocks(root, "toml")):
        if set(tomllib.loads(block)) <= set(Settings.__struct_fields__):
            path = tmp_path / f"{number}.toml"
            path.write_text(block)
            assert Settings.load(path, {}).origins
            found += 1
    assert found


@pytest.mark.parametrize("command", [row.name for row in COMMANDS])
def test_every_command_shows_its_help(command: str) -> None:
    start = "from tutela.interfaces.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", start, command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
