"""The little of HTTP that a drill needs to speak to its own server on this machine."""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import msgspec

from tutela.errors import Unavailable

ATTEMPTS = 30
"""Enough to sit out a server that is busy or still loading."""
WAIT_SECONDS = 60.0
"""Longest wait for an answer."""
_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Client:
    """One connection to the server, for one thread.

    Args:
        host, port: where the server listens.
        key: API key.
        attempts: how often a request is sent that the server says to send again.
    """

    def __init__(self, host: str, port: int, key: str = "", *, attempts: int = ATTEMPTS) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=WAIT_SECONDS)
        self._attempts = attempts
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __enter__(self) -> Self:
        """Use the client as a context that closes its connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for JSON."""
        return self._json("GET", path, b"", {})

    def post(self, path: str, document: object) -> Any:  # noqa: ANN401 - JSON
        """Send JSON and get JSON."""
        headers = {"Content-Type": "application/json"}
        return self._json("POST", path, msgspec.json.encode(document), headers)

    def upload(self, path: str, fields: Mapping[str, str], file: bytes, name: str) -> Any:  # noqa: ANN401 - JSON
        """Send a file with fields, as a web form does, and get JSON."""
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._json("POST", path, form(boundary, fields, file, name), headers)

    def _json(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401
        for _ in range(self._attempts):
            status, after, answer = self._exchange(method, path, body, headers)
            if status not in _AGAIN:
                break
            time.sleep(min(after, 5.0))
        if status >= HTTPStatus.BAD_REQUEST:
            raise Unavailable(
                f"the server answered {status}: {answer.decode(errors='replace')}",
                where=f"{method} {path}",
            )
        return msgspec.json.decode(answer) if answer else None

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, float, bytes]:
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            response = self._connection.getresponse()
            after = float(response.headers.get("Retry-After") or 1.0)
            return response.status, after, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unavailable(
                f"the server does not answer ({type(error).__name__})", where=f"{method} {path}"
            ) from error


def form(boundary: str, fields: Mapping[str, str], file: bytes, name: str) -> bytes:
    """Write the body of a web form; the file is named `name` and claims to be a JPEG."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return "".join(parts).encode() + file + f"\r\n--{boundary}--\r\n".encode()
