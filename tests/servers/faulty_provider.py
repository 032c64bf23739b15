"""A provider that can be told to misbehave: a real server with real signatures.

It checks what a good provider checks: the code is used once, and its proof (PKCE), the client and
the address must fit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "tutela", "a secret: with/signs"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k1"})
Claims = dict[str, Any]


class FaultyProvider:
    """What it does, which tests change.

    Attributes:
        metadata: changes of the discovery document; None leaves a member out.
        claims: changes of the ID token; None leaves a claim out.
        sign: how a token is made of claims.
        keys: the set of keys that it shows.
        answers: by path, an answer in place of the right one: status and body.
        slow: seconds before each answer.
        asked: the paths that were asked for.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.behave()

    def behave(self) -> None:
        """Do all as it should be done, and forget what was asked."""
        self.metadata: Claims = {}
        self.claims: Claims = {}
        self.sign: Callable[[Claims], str] = signed
        self.keys: Any = KeySet([KEY]).as_dict()
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.slow = 0.0
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def authorise(self, address: str) -> dict[str, str]:
        """Sign in at its page; what the browser goes back with."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        """The answer to a request."""
        self.asked.append(path)
        time.sleep(self.slow)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, _json(self._changed(self._document(), self.metadata))
        if path == "/keys/?v=2":
            return 200, _json(self.keys)
        if path == "/token/":
            return self._token(form, authorization)
        return 404, b""

    def _document(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token/",
            "jwks_uri": f"{self.issuer}/keys/?v=2",
            "something_else": {"which": ["nobody", 1, None]},
        }

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        asked = self._codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or not _is_client(form, authorization)
            or asked["code_challenge"] != base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return 400, _json({"error": "invalid_grant"})
        return 200, _json({"id_token": self.sign(self._claims(asked)), "token_type": "Bearer"})

    def _claims(self, asked: dict[str, str]) -> Claims:
        present = int(time.time())
        right = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": "s-1",
            "nonce": asked["nonce"],
            "iat": present,
            "exp": present + 300,
        }
        return self._changed(right, self.claims)

    @staticmethod
    def _changed(right: Claims, changes: Claims) -> Claims:
        return {name: value for name, value in {**right, **changes}.items() if value is not None}


def signed(claims: Claims, key: ECKey = KEY, kid: str = "k1") -> str:
    return jwt.encode({"alg": "ES256", "kid": kid}, claims, key)


def _is_client(form: dict[str, str], authorization: str) -> bool:
    if authorization:
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        return pair == f"{CLIENT}:a%20secret%3A%20with%2Fsigns"
    return form.get("client_id") == CLIENT and form.get("client_secret") in {None, SECRET}


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    provider: FaultyProvider

    def do_GET(self) -> None:
        self._send({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(dict(parse_qsl(body.decode())))

    def _send(self, form: dict[str, str]) -> None:
        provider = self.provider
        status, body = provider.answer(self.path, form, self.headers.get("Authorization", ""))
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the other side did not wait

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def faulty_provider() -> Iterator[FaultyProvider]:
    """Run one, which behaves until it is told otherwise."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider = FaultyProvider(f"http://127.0.0.1:{server.server_port}")
        handler.provider = provider  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
