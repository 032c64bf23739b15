"""Somebody who uses a platform's pages as a browser without scripts does."""

from __future__ import annotations

import html
import http.client
import re
import secrets
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from urllib.parse import urlencode

from tutela.errors import Unavailable

WAIT_SECONDS = 30.0


class Visitor:
    """One person at one platform, with a cookie once they have signed in.

    Args:
        host, port: where the platform answers.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._cookie = ""

    def sign_in(self, account: str) -> None:
        """Choose who to be."""
        self.send("/sign-in", {"account": account})

    def page(self, path: str) -> str:
        """The words of a page, as they are read: no tags, single spaces."""
        text = self._exchange("GET", path, b"", {}).decode()
        body = re.sub(r"<[^>]*>", " ", text)
        return " ".join(html.unescape(body).split())

    def send(self, path: str, fields: Mapping[str, str], picture: bytes | None = None) -> None:
        """Send a form; with a picture where there is one."""
        if picture is None:
            kind, body = "application/x-www-form-urlencoded", urlencode(fields).encode()
        else:
            boundary = secrets.token_hex(16)
            kind, body = (
                f"multipart/form-data; boundary={boundary}",
                _form(boundary, fields, picture),
            )
        self._exchange("POST", path, body, {"Content-Type": kind})

    def contest(self, path: str, text: str) -> None:
        """Contest the first decision that a page offers to contest.

        Raises:
            Unavailable: the page offers none.
        """
        page = self._exchange("GET", path, b"", {}).decode()
        found = re.search(r'action="(/contest/[^"]+)"', page)
        if found is None:
            raise Unavailable("the page offers nothing to contest", where=path)
        self.send(html.unescape(found[1]), {"text": text})

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        own = {"Cookie": self._cookie} if self._cookie else {}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=WAIT_SECONDS)
        with closing(connection):
            try:
                connection.request(method, path, body, {**own, **headers})
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as problem:
                raise Unavailable(
                    f"the platform does not answer ({type(problem).__name__})",
                    where=f"{method} {path}",
                ) from problem
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Unavailable(f"the platform answered {answer.status}", where=f"{method} {path}")
        if cookie := answer.headers.get("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return content


def _form(boundary: str, fields: Mapping[str, str], picture: bytes) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="p.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return "".join(parts).encode() + picture + f"\r\n--{boundary}--\r\n".encode()
