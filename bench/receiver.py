"""A receiver of actions for `outbox.py`: checks each signature, answers with a receipt.

    python bench/receiver.py < SECRET

Prints its port. As quick as asyncio makes it, so that it is not what is measured.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec

from tutela.client.webhooks import verify
from tutela.model import Receipt

SECRET = sys.stdin.readline().strip()


class Conversation(asyncio.Protocol):
    """One connection, which is kept open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - tells mypy
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answer each message once it is whole."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].decode("latin-1").split("\r\n")[1:]
            headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in head)}
            whole = end + 4 + int(headers["content-length"])
            if len(self._received) < whole:
                return
            body, self._received = self._received[end + 4 : whole], self._received[whole:]
            self._answer(headers, body)

    def _answer(self, headers: dict[str, str], body: bytes) -> None:
        message = verify(SECRET, headers, body)
        receipt = msgspec.json.encode(Receipt(id=message.id, done=True))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(receipt) + receipt)


async def main() -> None:
    """Listen until ended."""
    server = await asyncio.get_running_loop().create_server(Conversation, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
