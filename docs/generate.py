"""Write the parts of the manual that the code declares, or check that they are up to date.

A page in `docs/reference` holds blocks of this form; what lies inside is written here:

    <!-- from the code: settings -->
    ...
    <!-- end -->

Run by `make docs`; `--check` changes nothing and ends with 1 if a page differs from the code.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

from msgspec import inspect as types
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tutela.detection.signals.registry import builtin_kinds
from tutela.interfaces import access
from tutela.interfaces.cli.main import COMMANDS, load_command
from tutela.policy import facts
from tutela.settings import Settings
from tutela.storage import tables

REFERENCE = Path(__file__).parent / "reference"
BLOCK = re.compile(
    r"(?P<head><!-- from the code: (?P<name>[a-z]+)(?: (?P<argument>\w+))? -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def settings(_: str) -> Iterator[str]:
    """Every setting, by section."""
    section = ""
    for row in Settings.load(None, {}).explain():
        if section != (section := row.name.partition(".")[0]):
            group = type(getattr(Settings(), section))
            yield f"## {section}\n\n{inspect.getdoc(group)}\n"
        unit = f" Unit: {row.unit}." if row.unit else ""
        default = f"`{row.default}`" if row.default != "" else "empty"
        yield (
            f"### `{row.name}`\n\n{sentence(row.meaning)}\n\n"
            f"Default: {default}. Accepts {row.expects}.{unit} Environment: `{row.variable}`.\n"
        )


def permissions(_: str) -> Iterator[str]:
    """Every permission, with the roles that have it."""
    prose = member_prose(access, "Permission")
    for permission in access.Permission:
        roles = [f"`{role}`" for role in access.Role if access.may(role, permission)]
        who = "everybody" if permission is access.Permission.PUBLIC else ", ".join(roles)
        yield f"### `{permission}`\n\n{prose[permission.name]}\n\nHeld by: {who}.\n"


def roles(_: str) -> Iterator[str]:
    """Every role with its permissions, as a table."""
    prose = member_prose(access, "Role")
    for role in access.Role:
        yield f"### `{role}`\n\n{prose[role.name]}\n"
    yield table(
        ["permission", *access.Role],
        (
            [
                f"`{permission}`",
                *("yes" if access.may(role, permission) else "" for role in access.Role),
            ]
            for permission in access.Permission
            if permission is not access.Permission.PUBLIC
        ),
    )


def commands(_: str) -> Iterator[str]:
    """Every command with its arguments and options."""
    for row in COMMANDS:
        yield from command(f"tutela {row.name}", load_command(row))


def command(path: str, one: TyperCommand | TyperGroup) -> Iterator[str]:
    """One command, or a group with all that is in it."""
    yield f"## {path}\n\n{inspect.cleandoc(one.help or one.short_help or '')}\n"
    shown = [p for p in one.params if isinstance(p, TyperArgument | TyperOption)]
    if shown := [p for p in shown if p.name != "help"]:
        yield table(["argument", "meaning", "default"], map(argument, shown))
    if isinstance(one, TyperGroup):
        for name, child in one.commands.items():
            yield from command(f"{path} {name}", cast("TyperCommand", child))


def argument(parameter: TyperArgument | TyperOption) -> list[str]:
    """The row of an argument or option."""
    is_option = isinstance(parameter, TyperOption)
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name or ""]
    default = parameter.default
    shown = "" if default in (None, False, ()) or callable(default) else f"`{default}`"
    meaning = " ".join((parameter.help or "").split())
    return [", ".join(f"`{name}`" for name in names), meaning, shown]


def columns(name: str) -> Iterator[str]:
    """The columns of one database table."""
    found = tables.metadata.tables[name]
    yield table(
        ["column", "type", "null", "refers to"],
        (
            [
                f"`{column.name}`" + (" (key)" if column.primary_key else ""),
                type(column.type).__name__.lower(),
                "yes" if column.nullable else "",
                ", ".join(f"`{key.target_fullname}`" for key in column.foreign_keys),
            ]
            for column in found.columns
        ),
    )


def signals(_: str) -> Iterator[str]:
    """Every signal kind."""
    yield table(
        ["kind", "bits", "compared by", "principles"],
        (
            [
                f"`{kind.name}`",
                str(kind.bits),
                "equality" if kind.exact else "Hamming distance",
                ", ".join(map(str, kind.measure.principles)),
            ]
            for kind in builtin_kinds()
        ),
    )


def fact(_: str) -> Iterator[str]:
    """Every fact that a rule may speak of, by record."""
    for record in (
        facts.Facts,
        facts.EventFacts,
        facts.MatchFacts,
        facts.GapFacts,
        facts.ContentFacts,
    ):
        info = types.type_info(record)
        assert isinstance(info, types.StructType)  # noqa: S101 - a Record is a Struct
        yield f"### {record.__name__}\n\n{inspect.getdoc(record)}\n"
        yield table(["fact", "type", "meaning"], map(fact_row, info.fields))


def fact_row(field: types.Field) -> list[str]:
    """The row of one fact."""
    assert isinstance(field.type, types.Metadata)  # noqa: S101 - every fact is declared
    schema = field.type.extra_json_schema or {}
    return [f"`{field.name}`", type_name(field.type.type), schema["description"]]


def type_name(kind: types.Type) -> str:
    """A type in words."""
    match kind:
        case types.VarTupleType():
            return f"list of {type_name(kind.item_type)}"
        case types.StructType() | types.EnumType():
            return kind.cls.__name__
        case _:
            return type(kind).__name__.removesuffix("Type").lower()


def member_prose(module: ModuleType, name: str) -> dict[str, str]:
    """The sentence that stands under each member of an enumeration in the source."""
    tree = ast.parse(inspect.getsource(module))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    return {
        member.targets[0].id: inspect.cleandoc(prose.value.value)
        for member, prose in itertools.pairwise(body)
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name)
        if isinstance(prose, ast.Expr) and isinstance(prose.value, ast.Constant)
        if isinstance(prose.value.value, str)
    }


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def sentence(text: str) -> str:
    """A text with a capital and a full stop."""
    return text[0].upper() + text[1:] + "."


WRITERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "settings": settings,
    "permissions": permissions,
    "roles": roles,
    "commands": commands,
    "columns": columns,
    "signals": signals,
    "facts": fact,
}
"""What may stand in a block's mark."""


def renewed(page: str) -> str:
    """A page with all its blocks written anew."""

    def block(found: re.Match[str]) -> str:
        body = "\n".join(WRITERS[found["name"]](found["argument"] or ""))
        return f"{found['head']}\n{body}\n{found['end']}"

    return BLOCK.sub(block, page)


def main() -> int:
    """Write or check every page. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if a page differs")
    check = parser.parse_args().check
    stale = []
    for path in sorted(REFERENCE.glob("*.md")):
        old = path.read_text()
        new = renewed(old)
        if new != old:
            stale.append(path.name)
            if not check:
                path.write_text(new)
    for name in stale:
        print(
            f"docs/reference/{name} " + ("is out of date; run: make docs" if check else "written")
        )
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
