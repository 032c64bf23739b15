"""The OpenAPI document and a page that shows it, made from what the routes declare.

The framework could make both, but its document does not know bodies that are read as a stream, and
its pages load scripts from other people's servers.
"""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission, Role, may
from tutela.interfaces.api.documents import ABOUT, About
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import PERMISSION
from tutela.interfaces.web.problems import MEDIA_TYPE, ProblemDocument

REFERENCE = "#/components/schemas/{name}"
DOCUMENT = "openapi"
"""Where the document stands in the application's state."""
BINARY: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}

Json = dict[str, Any]
_PARAMETER = re.compile(r"\{(?P<name>\w+):(?P<type>\w+)\}")


@get(
    "/schema/openapi.json",
    permission=Permission.PUBLIC,
    about=About(summary="This document", gives=dict[str, Any]),
)
async def read_schema(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read the OpenAPI document of the API."""
    return JsonAnswer(_document_of(request.app))


@get("/schema", permission=Permission.PUBLIC)
async def show_schema(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the OpenAPI document as a page."""
    return Response(page(_document_of(request.app)), media_type="text/html")


def _document_of(app: Litestar) -> Json:
    """The document, made on the first request and kept with the application."""
    if DOCUMENT not in app.state:
        app.state[DOCUMENT] = openapi(app)
    document: Json = app.state[DOCUMENT]
    return document


def openapi(app: Litestar) -> Json:
    """The OpenAPI 3.1 document of every route that declares what it takes and gives."""
    routes = list(_declared(app))
    records = _records(about for _, _, _, about in routes)
    paths: dict[str, Json] = {}
    for method, path, handler, about in routes:
        operation = _operation(handler, about, path)
        paths.setdefault(_PARAMETER.sub(r"{\g<name>}", path), {})[method.lower()] = operation
    _, schemas = msgspec.json.schema_components(records, ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tutela",
            "version": metadata.version("tutela"),
            "description": "Compare what is uploaded with lists of known material, and decide.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _declared(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, About]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            about = handler.opt.get(ABOUT)
            if isinstance(about, About):
                for method in sorted(handler.http_methods):
                    yield method, route.path, handler, about


def _records(abouts: Iterable[About]) -> list[Any]:
    """Every record that the document refers to, once."""
    found: dict[Any, None] = {ProblemDocument: None}
    for about in abouts:
        for record in (about.takes, *about.holds, about.gives, about.query, about.form):
            if record is not None:
                found[record] = None
    return list(found)


def _schema(record: Any) -> Json:  # noqa: ANN401 - whatever msgspec knows
    (schema,), _ = msgspec.json.schema_components([record], ref_template=REFERENCE)
    return schema


def _operation(handler: HTTPRouteHandler, about: About, path: str) -> Json:
    permission: Permission = handler.opt[PERMISSION]
    operation: Json = {
        "operationId": handler.fn.__name__,
        "summary": about.summary,
        "description": _described(handler, permission),
        "tags": [path.removeprefix("/v1").split("/")[1]],
        "parameters": [*_path_parameters(path), *_query_parameters(about)],
        "responses": _responses(about, permission),
    }
    if permission is not Permission.PUBLIC:
        operation["security"] = [{"key": []}]
    if bodies := _bodies(about):
        # A body that is a file may be empty: an empty file is a file.
        operation["requestBody"] = {"required": not about.uploads, "content": bodies}
    return operation


def _described(handler: HTTPRouteHandler, permission: Permission) -> str:
    prose = inspect.getdoc(handler.fn) or ""
    if permission is Permission.PUBLIC:
        return f"{prose}\n\nNeeds no key."
    roles = ", ".join(role for role in Role if may(role, permission))
    return f"{prose}\n\nNeeds the permission `{permission}`: {roles}."


def _path_parameters(path: str) -> Iterator[Json]:
    types = {"int": {"type": "integer"}, "str": {"type": "string"}}
    for found in _PARAMETER.finditer(path):
        yield {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": types[found["type"]],
        }


def _query_parameters(about: About) -> Iterator[Json]:
    if about.query is None:
        return
    for name, schema in _members(about.query).items():
        yield {"name": name, "in": "query", "required": False, "schema": schema}


def _members(record: Any) -> dict[str, Json]:  # noqa: ANN401 - whatever msgspec knows
    _, components = msgspec.json.schema_components([record], ref_template=REFERENCE)
    members: dict[str, Json] = components[record.__name__]["properties"]
    return members


def _bodies(about: About) -> Json:
    content: Json = {}
    if about.takes is not None:
        content["application/json"] = {"schema": _schema(about.takes)}
    if about.form is not None:
        members = {about.form_file: BINARY, **_members(about.form)}
        schema = {"type": "object", "properties": members, "required": [about.form_file]}
        content["multipart/form-data"] = {"schema": schema}
    for media_type in about.uploads:
        content[media_type] = {}  # any bytes at all
    return content


def _responses(about: About, permission: Permission) -> Json:
    problem = {MEDIA_TYPE: {"schema": _schema(ProblemDocument)}}
    good: Json = {"description": about.summary}
    content: Json = {}
    for media_type in about.media_types or (("application/json",) if about.gives else ()):
        is_json = media_type == "application/json"
        content[media_type] = {"schema": _schema(about.gives)} if is_json else {}
    if content:
        good["content"] = content
    found: Json = {str(about.status): good}
    if permission is not Permission.PUBLIC:
        found["401"] = {"description": "No valid key", "content": problem}
        found["403"] = {"description": "The role lacks the permission", "content": problem}
    found["default"] = {"description": "Any other problem", "content": problem}
    return found


def page(document: Json) -> str:
    """The document as one HTML page, without a script and without anything from elsewhere."""
    rows = "\n".join(
        _row(method, path, operation)
        for path, operations in sorted(document["paths"].items())
        for method, operation in operations.items()
    )
    return PAGE.format(rows=rows, version=html.escape(document["info"]["version"]))


def _row(method: str, path: str, operation: Json) -> str:
    description = html.escape(operation["description"]).replace("\n\n", "</p><p>")
    return (
        f"<section><h2><code>{method.upper()} {html.escape(path)}</code></h2>"
        f"<h3>{html.escape(operation['summary'])}</h3><p>{description}</p></section>"
    )


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tutela: the API</title>
</head>
<body>
<main>
<h1>Tutela {version}: the API</h1>
<p>For programs: <a href="/schema/openapi.json">OpenAPI document</a>. Every error is a problem
document as in RFC 9457.</p>
{rows}
</main>
</body>
</html>
"""
