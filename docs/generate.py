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

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import inspect as types
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tutela.detection.conversation.cues.cue import BookedTo, Gate
from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.signals.registry import builtin_kinds
from tutela.extensions import POINTS
from tutela.interfaces.access import grants as access
from tutela.interfaces.api.documents import ABOUT, About
from tutela.interfaces.application import ROUTES
from tutela.interfaces.cli.main import COMMANDS, load_command
from tutela.interfaces.console import routes as console_router
from tutela.interfaces.web.guard import PERMISSION
from tutela.model.record import Record
from tutela.model.response import action
from tutela.policy import facts
from tutela.policy.asked import FELT, STRONGEST_FIRST, TIMED
from tutela.policy.guard import PUNISHING
from tutela.policy.law.loading import shipped
from tutela.policy.law.records import Item, members, shown
from tutela.settings import Settings
from tutela.storage import tables
from tutela.telemetry import Metrics

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
        level = permission.sensitivity
        yield f"### `{permission}`\n\n{prose[permission.name]}\n"
        yield f"Sensitivity: {level}. Held by: {who}.\n"


def roles(_: str) -> Iterator[str]:
    """Every role."""
    prose = member_prose(access, "Role")
    for role in access.Role:
        yield f"### `{role}`\n\n{prose[role.name]}\n"


def rights(_: str) -> Iterator[str]:
    """Every level of sensitivity, and who has which permission of it: rights, levels and roles."""
    prose = member_prose(access, "Sensitivity")
    yield table(
        ["sensitivity", "what is at stake"],
        ([str(level), prose[level.name]] for level in access.Sensitivity),
    )
    levels = list(access.Sensitivity)
    yield table(
        ["sensitivity", "permission", *access.Role],
        (
            [
                str(permission.sensitivity),
                f"[`{permission}`](#{anchor(permission)})",
                *("yes" if access.may(role, permission) else "" for role in access.Role),
            ]
            for permission in sorted(access.Permission, key=lambda p: levels.index(p.sensitivity))
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


def cues(_: str) -> Iterator[str]:
    """Every cue that is shipped, with an example in each language."""
    sets = [CueSet.shipped(language) for language in SHIPPED]
    examples = [
        {family.cue.id: family.fires[0].text for family in one.file.families} for one in sets
    ]
    for one in sets[0].families.values():
        who = "the others" if one.booked_to is BookedTo.OTHERS else "its author"
        gate = ", older to younger" if one.gate is Gate.GAP else ""
        stage = f"stage {one.stage}" if one.stage else "no stage"
        yield f"### `{one.id}`\n\n{sentence(one.title)}\n"
        yield (
            f"{one.points:+g} points, {one.cap:g} at most, {stage}; counts for {who}{gate}. Half "
            f"is left after {one.half_life_messages:g} messages or {one.half_life_days:g} days.\n"
        )
        lines = (
            f"{language}: {said[one.id]}" for language, said in zip(SHIPPED, examples, strict=True)
        )
        yield "```text\n" + "\n".join(lines) + "\n```\n"


def points(_: str) -> Iterator[str]:
    """Every extension point."""
    for point in POINTS:
        given = f"- called with: {point.given}\n" if point.given else ""
        yield (
            f"## {point.name}\n\n- group of entry points: `{point.group}`\n"
            f"- Protocol: `{point.protocol}`\n{given}- contract tests: `{point.contract}`\n"
        )


def fact(_: str) -> Iterator[str]:
    """Every fact that a rule may speak of, by record."""
    for record in (
        facts.Facts,
        facts.EventFacts,
        facts.ActorFacts,
        facts.ContactFacts,
        facts.RatingFacts,
        facts.AccountFacts,
        facts.HistoryFacts,
        facts.MatchFacts,
        facts.GapFacts,
        facts.ContentFacts,
        facts.SilencedFacts,
        facts.LawFacts,
    ):
        info = types.type_info(record)
        assert isinstance(info, types.StructType)  # noqa: S101 - a Record is a Struct
        yield f"### {record.__name__}\n\n{inspect.getdoc(record)}\n"
        yield table(["fact", "type", "meaning"], map(fact_row, info.fields))


def actions(_: str) -> Iterator[str]:
    """Every action, strongest first, and what a rule must heed that asks for it."""
    prose = member_prose(action, "ActionKind")
    yield table(
        ["action", "meaning", "details", "needs a notice", "for machines"],
        (
            [
                f"`{kind}`",
                prose[kind.name].rstrip("."),
                action_details(kind),
                "yes" if kind in FELT else "",
                "never" if kind in PUNISHING else "",
            ]
            for kind in STRONGEST_FIRST
        ),
    )


def action_details(kind: action.ActionKind) -> str:
    """The details that an action may have, as a rule writes them."""
    if kind is action.ActionKind.RESTORE:
        return "under `review:` only"
    if kind is action.ActionKind.NOTIFY:
        return "`{to: moderators}`, must"
    example = "{seconds: 30}" if kind is action.ActionKind.SLOW else "{days: 7}"
    return f"`{example}`" if kind in TIMED else ""


def fact_row(field: types.Field) -> list[str]:
    """The row of one fact."""
    assert isinstance(field.type, types.Metadata)  # noqa: S101 - every fact is declared
    schema = field.type.extra_json_schema or {}
    return [f"`{field.name}`", type_name(field.type.type), schema["description"]]


def type_name(kind: types.Type) -> str:
    """A type in words."""
    match kind:
        case types.Metadata():
            name = type_name(kind.type)
        case types.UnionType():
            name = " or ".join(type_name(one) for one in kind.types)
        case types.VarTupleType() | types.ListType() | types.CollectionType():
            name = f"list of {type_name(kind.item_type)}"
        case types.StructType():
            name = kind.cls.__name__
        case types.EnumType():
            name = " or ".join(f"`{one.value}`" for one in kind.cls)
        case _:
            name = type(kind).__name__.removesuffix("Type").lower()
    return name


def law(name: str) -> Iterator[str]:
    """Every value of a jurisdiction pack, with its source."""
    pack = next(pack for pack in shipped() if pack.id == name)
    yield f"{pack.about}\n"
    yield table(
        ["value", "says", "source", "checked", "status"],
        (
            [
                f"`{path}`",
                "<br>".join(law_members(item)),
                law_source(item),
                item.checked.isoformat(),
                item.status.value,
            ]
            for path, item in pack.items()
        ),
    )


def law_members(item: Item) -> Iterator[str]:
    """The members of a value, and its note, each in words."""
    for name in members(type(item)):
        if text := shown(getattr(item, name)):
            yield f"{name}: {text}"
    if item.note:
        yield f"note: {item.note}"


def law_source(item: Item) -> str:
    """The law of a value, linked where it has an address, with the section."""
    source = item.source
    title = f"[{source.title}]({source.url})" if source.url else source.title
    return ", ".join(filter(None, (title, item.section)))


def metrics(_: str) -> Iterator[str]:
    """Every metric, with its type and meaning."""
    text = Metrics.create({}).render().decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    for name, meaning in re.findall(r"^# HELP (\w+) (.+)$", text, re.MULTILINE):
        labels = label_names(text, name)
        shown = f", by {', '.join(f'`{label}`' for label in labels)}" if labels else ""
        yield f"### `{name}`\n\n{sentence(meaning)} A {kinds[name]}{shown}.\n"


def label_names(text: str, name: str) -> list[str]:
    """Labels of a metric, without the one that a histogram's buckets have."""
    found = re.findall(rf"^{name}\w*\{{(.+?)\}}", text, re.MULTILINE)
    names = {label for line in found for label in re.findall(r'(\w+)="', line)}
    return sorted(names - {"le"})


def routes(_: str) -> Iterator[str]:
    """Every route of the API."""
    for handler in api_handlers():
        about = handler.opt.get(ABOUT)
        permission = handler.opt[PERMISSION]
        for method, path in itertools.product(sorted(handler.http_methods), sorted(handler.paths)):
            yield f"## `{method} {shown_path(path)}`\n\n{inspect.getdoc(handler.fn)}\n"
            yield permission_line(permission)
            if isinstance(about, About):
                yield from exchange(about)


def api_handlers() -> Iterator[HTTPRouteHandler]:
    """Every route of the API."""
    return (handler for handler in ROUTES if isinstance(handler, HTTPRouteHandler))


def pages(_: str) -> Iterator[str]:
    """Every page and form of the console."""
    for route in console_router().routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in sorted({*handler.http_methods} - {"OPTIONS"}):
                yield f"### `{method} {shown_path(route.path)}`\n\n{inspect.getdoc(handler.fn)}\n"
                yield permission_line(handler.opt[PERMISSION])


def shown_path(path: str) -> str:
    """A path without the types of its parameters."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def permission_line(permission: access.Permission) -> str:
    """What a caller needs."""
    return f"Permission: [`{permission}`](permissions.md#{anchor(permission)}).\n"


def exchange(about: About) -> Iterator[str]:
    """What a route takes and gives."""
    lines = []
    if about.query is not None:
        lines.append(f"- query: {record_link(about.query)}")
    if about.takes is not None:
        each = f" of {' and '.join(map(record_link, about.holds))}" if about.holds else ""
        lines.append(f"- JSON body: {record_link(about.takes)}{each}")
    if about.form is not None:
        lines.append(f"- form: the file in `{about.form_file}`, {record_link(about.form)}")
    if about.uploads:
        lines.append(f"- body: a file ({', '.join(f'`{kind}`' for kind in about.uploads)})")
    given = record_link(about.gives) if about.gives else ""
    kinds = ", ".join(f"`{kind}`" for kind in about.media_types)
    lines.append(f"- answer: {about.status} {' as '.join(filter(None, (given, kinds)))}".rstrip())
    yield "\n".join(lines) + "\n"


def records(_: str) -> Iterator[str]:
    """Every record that a route takes or gives, with those inside them."""
    wanted = [
        part
        for handler in api_handlers()
        if isinstance(about := handler.opt.get(ABOUT), About)
        for part in (about.query, about.takes, *about.holds, about.form, about.gives)
        if inspect.isclass(part) and issubclass(part, Record)
    ]
    found: dict[str, types.StructType] = {}
    for record in wanted:
        collect(types.type_info(record), found)
    for name in sorted(found):
        prose, _, attributes = (inspect.getdoc(found[name].cls) or "").partition("Attributes:")
        yield f"### {name}\n\n{prose.strip()}\n"
        yield table(["member", "type", "default"], map(member_row, found[name].fields))
        if attributes:
            yield attribute_list(attributes)


def collect(info: types.Type, found: dict[str, types.StructType]) -> None:
    """Add the records inside a type."""
    if isinstance(info, types.StructType) and info.cls.__name__ not in found:
        found[info.cls.__name__] = info
        for field in info.fields:
            collect(field.type, found)
    for part in ("item_type", "type", "value_type"):
        if isinstance(inner := getattr(info, part, None), types.Type):
            collect(inner, found)
    for inner in getattr(info, "types", ()):
        collect(inner, found)


def member_row(field: types.Field) -> list[str]:
    """The row of a record's member."""
    required = field.required
    default = (
        "" if required or field.default in (None, "", (), msgspec.NODEFAULT) else f"{field.default}"
    )
    return [f"`{field.encode_name}`", type_name(field.type), "required" if required else default]


def attribute_list(text: str) -> str:
    """The attributes of a docstring as a list."""
    joined = re.sub(r"\n\s{8,}", " ", text)
    pairs = re.findall(r"^\s+([\w, ]+): (.+)$", joined, re.MULTILINE)
    return "\n".join(f"- {names_in_code(names)}: {meaning}" for names, meaning in pairs) + "\n"


def names_in_code(names: str) -> str:
    """`a, b` with each name in code marks."""
    return ", ".join(f"`{name.strip()}`" for name in names.split(","))


def record_link(record: type) -> str:
    """A link to a record's section."""
    name = getattr(record, "__name__", "object")
    known = inspect.isclass(record) and issubclass(record, Record)
    return f"[{name}](#{name.lower()})" if known else "a JSON object"


def anchor(heading: str) -> str:
    """The anchor that Markdown viewers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


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
    "rights": rights,
    "commands": commands,
    "columns": columns,
    "signals": signals,
    "cues": cues,
    "facts": fact,
    "actions": actions,
    "law": law,
    "points": points,
    "metrics": metrics,
    "routes": routes,
    "records": records,
    "pages": pages,
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
