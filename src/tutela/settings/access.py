"""Settings of signing in."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class AccessSettings(Section, frozen=True, kw_only=True):
    """How people sign in."""

    second_factor: Annotated[
        str,
        setting(
            "whether a password alone is enough for an account without a second factor",
            one_of=("required", "optional"),
        ),
    ] = "required"
    origin: Annotated[
        str,
        setting(
            "address of the console as browsers see it, such as https://review.example.org; where "
            "it is empty, the address that each request names",
            pattern=r"^(https?://[^/?#@\s]+)?\Z",
            form="http:// or https:// and a host, without a path",
        ),
    ] = ""
    invitation_minutes: Annotated[
        int,
        setting("time for which an invitation can be used", "minutes", ge=5, le=43_200),
    ] = 1440
    idle_minutes: Annotated[
        int,
        setting("time without a request after which a session ends", "minutes", ge=1, le=1440),
    ] = 60
    tries_per_minute: Annotated[
        int,
        setting(
            "wrong passwords, codes and keys that may come from one address to sign in; 0 sets no "
            "limit",
            "tries/min",
            ge=0,
            le=6000,
        ),
    ] = 10
    proxies: Annotated[
        str,
        setting(
            "addresses or networks of the proxies in front of the server, whose X-Forwarded-For is "
            "believed when tries are counted"
        ),
    ] = "127.0.0.1 ::1"
