"""The client reads what the server says of conversations, also what it does not know yet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest

from tutela.client import BadAnswer, Complaint, NewMessage, NewReport, Participant, Tutela

MESSAGE = NewMessage(conversation="c/1", number=1, author=Participant(id="kim", age=34), text="hi")
REPORT = NewReport(actor="kim", by="lea", kind=Complaint.BLOCK)
TALK = {"conversation": "c/1", "messages": 1, "value": 0.5, "peak": 0.5, "mood": "new"}


class Server(BaseHTTPRequestHandler):
    """Answers with what it is told to, and notes what it was asked."""

    def __init__(self, asked: list[Any], answer: object, *arguments: Any) -> None:  # noqa: ANN401
        self.asked, self.answer = asked, answer
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((self.path, msgspec.json.decode(body) if body else None))
        sent = msgspec.json.encode(self.answer)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST  # noqa: N815 - the name that the library calls

    def log_message(self, *_: object) -> None:
        """It tells nobody."""


Ask = Callable[[Tutela], Any]


def exchange(answer: object, ask: Ask) -> tuple[Any, list[Any]]:
    """What the client makes of an answer, and what it had asked."""
    asked: list[Any] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, asked, answer))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        with Tutela(f"http://127.0.0.1:{server.server_port}", "tut_key", retries=0) as client:
            return ask(client), asked
    finally:
        server.shutdown()
        server.server_close()


def test_messages_and_reports_are_sent_as_the_server_takes_them() -> None:
    told = {
        "results": [{"status": "refused", "why": "time: mend it"}],
        "reports": [{"status": "rated"}],
        "conversations": [TALK],
    }
    answer, [(path, sent)] = exchange(told, lambda client: client.messages([MESSAGE], [REPORT]))
    assert path == "/v1/messages"
    assert msgspec.convert(sent["messages"], list[NewMessage]) == [MESSAGE]
    assert msgspec.convert(sent["reports"], list[NewReport]) == [REPORT]
    assert (answer.results[0].done, answer.reports[0].done) == (False, True)
    assert answer.conversations[0].outcome is None


def test_an_answer_about_other_messages_is_none() -> None:
    with pytest.raises(BadAnswer):
        exchange({"results": []}, lambda client: client.messages([MESSAGE]))


def test_a_whole_conversation_is_rated() -> None:
    record = {"conversation_id": "c/1", "messages": []}
    missing = {"reason": "no_text", "detail": "no message has a text"}
    rating = {"value": 0.0, "not_enough_evidence": missing, "later": 1}
    ask: Ask = lambda client: client.rate(record, region="US")  # noqa: E731 - one of several
    answer, [(path, sent)] = exchange({"rating": rating}, ask)
    assert (path, sent) == ("/v1/conversations/rate?region=US&surface=", record)
    assert answer.rating.not_enough_evidence.reason == "no_text"


def test_a_conversation_is_read_by_its_id() -> None:
    ask: Ask = lambda client: client.conversation("c/1", drill=True)  # noqa: E731 - as above
    answer, [(path, _)] = exchange({**TALK, "rating": None}, ask)
    assert path == "/v1/conversations/c%2F1/rating?drill=true"
    assert (answer.messages, answer.rating) == (1, None)
