from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tutela.drill.server import Server, free_port
from tutela.errors import Unavailable

HOST = "127.0.0.1"


def test_a_server_that_ends_at_once_shows_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such setting'); raise SystemExit(2)"]
    server = Server(command, os.environ, HOST, free_port(HOST, 0), tmp_path / "log")
    with pytest.raises(Unavailable, match=r"ended.*\n.*no such setting"), server:
        pass


def test_a_server_that_is_left_has_stopped(tmp_path: Path) -> None:
    port = free_port(HOST, 0)
    script = (
        "import http.server, sys\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.send_header('Content-Length', '15')\n"
        "        self.end_headers(); self.wfile.write(b'{\"ready\": true}')\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()\n"
    )
    command = [sys.executable, "-c", script, str(port)]
    with Server(command, os.environ, HOST, port, tmp_path / "log") as server:
        assert server.running
        with server.client("") as client:
            assert client.get("/") == {"ready": True}
    assert not server.running


def test_a_port_that_is_taken_is_not_used() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(HOST, port) not in {port, 0}
    assert free_port(HOST, port) == port
