"""A whole application without a network: real parts, real database, real decoder."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from litestar.exceptions import LitestarDeprecationWarning
from litestar.types import ASGIApp

from tutela.app import open_services
from tutela.interfaces import console
from tutela.interfaces.access import Role
from tutela.interfaces.application import application
from tutela.interfaces.services import Services
from tutela.settings import Settings
from tutela.telemetry import make_logger

NOWHERE = {
    "TUTELA_OIDC_ISSUER": "http://127.0.0.1:9",
    "TUTELA_OIDC_CLIENT_ID": "tutela",
    "TUTELA_OIDC_PRIVATE": "true",
}
"""A provider that does not answer."""
LAKE = "0123456789abcdef" * 4
"""A PDQ hash that no picture has."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.json["status"] == self.status
        code: str = self.json["code"]
        return code


@dataclass
class Api:
    """A client of an application in the same process."""

    app: ASGIApp
    services: Services
    keys: Mapping[str, str]
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        role: str = "admin",
        kind: str = "",
        query: Mapping[str, str] | None = None,
        raw_query: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with the key of a role (none for an empty one)."""
        sent = {"host": "test", **(headers or {})}
        if role:
            sent["authorization"] = f"Bearer {self.keys[role]}"
        if kind:
            sent["content-type"] = kind
        line = raw_query or urlencode(query or {}).encode()
        return self.runner.run(_exchange(self.app, method, path, line, sent, body))

    def get(self, path: str, *, role: str = "admin", **query: str) -> Answer:
        return self.ask("GET", path, role=role, query=query)

    def send(
        self, method: str, path: str, document: object, *, role: str = "admin", **query: str
    ) -> Answer:
        """Send JSON."""
        body = msgspec.json.encode(document)
        return self.ask(method, path, body, role=role, kind="application/json", query=query)

    def post(self, path: str, document: object, *, role: str = "admin") -> Answer:
        return self.send("POST", path, document, role=role)


async def _exchange(
    app: ASGIApp,
    method: str,
    path: str,
    query: bytes,
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "scheme": "http",
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "state": {},
    }
    parts = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]
    sent: list[Any] = []

    async def receive() -> Any:  # noqa: ANN401 - a message
        if not parts:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:  # noqa: ANN401 - a message
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    return Answer(
        status=start["status"],
        headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
        body=b"".join(message.get("body", b"") for message in rest),
        cookies=tuple(v.decode() for n, v in start["headers"] if n.lower() == b"set-cookie"),
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Every part of a server process on a fresh data folder."""
    folder: Path = tmp_path_factory.mktemp("data")
    env = {"TUTELA_DATA_FOLDER": str(folder), "TUTELA_DECODER_CHILDREN": "1", **NOWHERE}
    env["TUTELA_ACCESS_TRIES_PER_MINUTE"] = "600"  # all people of a test sit at one address
    log = make_logger("error", as_json=True, stream=sys.stderr)
    with open_services(Settings.load(None, env), log) as services:
        yield services


@pytest.fixture(scope="module")
def api(services: Services) -> Iterator[Api]:
    """The application with one key for each role."""
    keys = {role.value: services.keys.create(f"the {role}", role)[1] for role in Role}
    with warnings.catch_warnings():
        # The console's path parameters are declared in a style that the framework will drop.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        api = Api(application(services, [console.routes()]), services, keys)
    with api.runner:
        yield api
