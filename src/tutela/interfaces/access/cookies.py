"""The cookies of the console: strict, out of reach for scripts, and bound to the site by name.

Over HTTPS their names begin with `__Host-`: a browser takes such a cookie from this very host
alone, so that no neighbouring site can slip somebody a session.
"""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.connection import ASGIConnection

PREFIX = "__Host-"
SESSION, STEP, ABROAD = "tutela_session", "tutela_step", "tutela_abroad"
"""Cookies of a session, of signing in that has begun, and of a browser sent to a provider."""


def origin_of(connection: ASGIConnection[Any, Any, Any, Any], configured: str) -> str:
    """The address of the site as browsers name it: as it is configured, or else as was asked."""
    return configured or f"{connection.url.scheme}://{connection.headers.get('host', '')}"


def read(connection: ASGIConnection[Any, Any, Any, Any], name: str, origin: str) -> str:
    """The value of one of our cookies; empty where there is none."""
    return connection.cookies.get(_full(name, origin), "")


def write(answer: Response[Any], name: str, value: str, origin: str, *, seconds: int) -> None:
    """Set one of our cookies; with no seconds it is forgotten at once.

    A browser that comes back from a provider comes from another site, and brings no strict cookie:
    what it was given on the way out is the one that it may bring.
    """
    answer.set_cookie(
        _full(name, origin),
        value,
        path="/" if _encrypted(origin) else "/console",
        max_age=seconds,
        httponly=True,
        samesite="lax" if name == ABROAD else "strict",
        secure=_encrypted(origin),
    )


def _full(name: str, origin: str) -> str:
    return f"{PREFIX}{name}" if _encrypted(origin) else name


def _encrypted(origin: str) -> bool:
    return origin.startswith("https://")
