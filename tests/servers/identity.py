"""A real identity provider (OpenID Connect), in a process of its own, and somebody at its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit

LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@contextmanager
def provider_process(*people: Mapping[str, object]) -> Iterator[str]:
    """Run a provider that knows these people; its issuer."""
    options = [word for one in people for word in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", "0", "--require-nonce", "true"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        reader = threading.Thread(target=process.stderr.read)
        try:
            found = None
            while found is None:
                line = process.stderr.readline()
                assert line, "the provider did not start"
                found = LISTENS.search(line)
            reader.start()  # so that it can go on writing
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
            reader.join(30)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing: where it leads is what is looked for."""


def sign_in_at(address: str, subject: str) -> dict[str, str]:
    """Sign in at the provider's page as somebody; the query that the browser goes back with."""
    return _pressed(address, {"sub": subject})


def refuse_at(address: str) -> dict[str, str]:
    """Press its other button."""
    return _pressed(address, {"action": "deny"})


def _pressed(address: str, form: Mapping[str, str]) -> dict[str, str]:
    opener = urllib.request.build_opener(_Stay)
    try:
        opener.open(address, urlencode(form).encode(), timeout=10)
    except HTTPError as answer:
        location = answer.headers["Location"]
        answer.close()
        return dict(parse_qsl(urlsplit(location).query))
    raise AssertionError("the provider sends nobody back")
