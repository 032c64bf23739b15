"""One server process: uvicorn on a socket that is already open, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from tutela.errors import TutelaError
from tutela.interfaces.web.connection import Connection

APPLICATION = "tutela.app:create"
"""What uvicorn calls for the application. A name, because it stands above this row."""
READY = b"1"
"""What a worker tells its parent once it answers."""
FAILED = 2
"""Exit code of a process that could not start."""
BACKLOG = 2048
GRACE_SECONDS = 30.0
"""Time for requests that are under way when the server is told to stop."""
_STOPS = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """uvicorn, which ends without a trace when it was told to stop.

    Args:
        config: uvicorn's.
        ready: called once the server answers.
        parent: file descriptor that reads as ended when the parent process is gone, or None.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], object], parent: int | None = None
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on SIGTERM, on SIGINT and on the end of the parent; a second one hastens.

        uvicorn's own version raises the signal again at the end, so that a clean stop would look
        like a death.
        """
        loop = asyncio.get_running_loop()
        for number in _STOPS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        if self._parent is not None:
            loop.add_reader(self._parent, self._orphaned)
        try:
            yield
        finally:
            for number in _STOPS:
                loop.remove_signal_handler(number)
            if self._parent is not None:
                loop.remove_reader(self._parent)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._parent or 0)
        self._parent = None
        self.should_exit = True


def listen(host: str, port: int, *, several: bool = False) -> socket.socket:
    """Open a socket that listens.

    Args:
        host: address or name.
        port: port; 0 picks a free one.
        several: whether other sockets will listen at the same place.

    Raises:
        OSError: the address is taken or cannot be used.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if several:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 - the name that it has
    return listener


def place(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_on(
    listener: socket.socket, ready: Callable[[], object], parent: int | None = None
) -> bool:
    """Run the application on a socket until told to stop.

    Returns:
        Whether it ever answered.

    Raises:
        BadConfiguration: a setting or the policy cannot be used.
        Unavailable: the database cannot be reached.
    """
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        loop="uvloop",
        http=Connection,
        ws="none",
        interface="asgi3",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
    )
    # Here and not in the event loop: a stop while lists are loaded need not wait for anything.
    config.load()
    # What was loaded stays for good: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    server = Server(config, ready, parent)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    return server.started


def worker(listener: int, parent: int) -> int:
    """Be one of several server processes; `processes.py` starts them.

    Args:
        listener: file descriptor of the socket to listen on.
        parent: one end of a pair of sockets whose other end the parent holds.

    Returns:
        The exit code: 0 unless it could not start.
    """
    pair = socket.socket(fileno=parent)
    try:
        served = serve_on(socket.socket(fileno=listener), lambda: pair.send(READY), parent)
    except TutelaError as error:
        print(f"tutela: {error}", file=sys.stderr)  # noqa: T201 - there may be no log yet
        return FAILED
    return 0 if served else FAILED
