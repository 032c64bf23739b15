"""A real server, its real worker, and the example platform: what is decided happens there, once."""

from __future__ import annotations

import http.client
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tutela.client import Tutela
from tutela.client.webhooks import headers
from tutela.drill.photographs import listed, unrelated
from tutela.drill.scene import connect_platform, platform_process, play
from tutela.drill.server import Server, free_port
from tutela.drill.visitor import Visitor
from tutela.interfaces.access import Role
from tutela.model import ActionKind, ActionMessage, EventKind, Receipt
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.keys import Keys
from tutela.storage.database import Database

HOST = "127.0.0.1"
SCRIPT = Path(__file__).parents[2] / "examples/platform/serve.py"
SERVE = [sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()", "serve"]
PATIENCE_SECONDS = 60.0
KNOWN = next(one.data for one in listed() if one.name == "mountain-lake")
UNKNOWN = next(one.data for one in unrelated() if one.name == "coffee")


class Gate:
    """A door in front of a server: open, shut, or with something said before or after.

    Attributes:
        open: whether requests are let through; else their connection is closed.
        before: statuses to answer with, without letting the request through.
        after: statuses to answer with once the request went through and was answered.
        passed: requests that went through.
    """

    def __init__(self) -> None:
        self.target = 0
        self.open = True
        self.before: list[int] = []
        self.after: list[int] = []
        self.passed = 0
        self.port = 0


def forwarding(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not gate.open:
                self.close_connection = True
                return
            if gate.before:
                self.tell(gate.before.pop(), b"", {})
                return
            status, content, found = self.forward(body)
            if status:
                self.tell(gate.after.pop() if gate.after else status, content, found)

        def forward(self, body: bytes) -> tuple[int, bytes, Mapping[str, str]]:
            with closing(http.client.HTTPConnection(HOST, gate.target, timeout=60)) as connection:
                try:
                    connection.request("POST", self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    gate.passed += 1
                    return answer.status, answer.read(), dict(answer.headers)
                except OSError:
                    self.close_connection = True
                    return 0, b"", {}

        def tell(self, status: int, content: bytes, found: Mapping[str, str]) -> None:
            self.send_response(status)
            kept = {n: v for n, v in found.items() if n.lower() in {"content-type", "retry-after"}}
            for name, value in {**kept, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def gate_before(target: int = 0) -> Iterator[Gate]:
    gate = Gate()
    gate.target = target
    with ThreadingHTTPServer((HOST, 0), forwarding(gate)) as server:
        gate.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield gate
        server.shutdown()
        thread.join()


@dataclass
class Stage:
    """A server with a bank of one photograph and a destination, and a gate before each side."""

    client: Tutela
    reader: Tutela
    webhooks: Gate
    api: Gate
    env: Mapping[str, str]
    secret: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    port = free_port(HOST, 0)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    env = kept | {
        "TUTELA_DATA_FOLDER": str(folder / "data"),
        "TUTELA_SERVER_HOST": HOST,
        "TUTELA_SERVER_PORT": str(port),
        "TUTELA_SERVER_WORKERS": "1",
        "TUTELA_DECODER_CHILDREN": "1",
        "TUTELA_ACTIONS_RETRY_FIRST": "0.1",
        "TUTELA_ACTIONS_RETRY_LONGEST": "0.4",
        "TUTELA_REVIEW_UNDO_SECONDS": "0",
    }
    admin, uploader, person = new_keys(folder / "data")
    with (
        Server(SERVE, env, HOST, port, folder / "log") as server,
        server.client(admin) as client,
        server.client(person) as reader,
        gate_before() as webhooks,
        gate_before(port) as api,
    ):
        fill(client)
        secret = connect_platform(client, f"http://{HOST}:{webhooks.port}")
        given = kept | {
            "TUTELA_URL": f"http://{HOST}:{api.port}",
            "TUTELA_KEY": uploader,
            "TUTELA_WEBHOOK_SECRET": secret,
        }
        yield Stage(client, reader, webhooks, api, given, secret)


def new_keys(data: Path) -> tuple[str, str, str]:
    data.mkdir()
    database = Database.open(f"sqlite:///{data / 'tutela.db'}")
    try:
        database.migrate()
        keys = Keys(database)
        reader = Accounts(database).create("reader", Role.REVIEWER)
        return (
            keys.create("test", Role.ADMIN)[1],
            keys.create("platform", Role.UPLOADER)[1],
            keys.create("reader", Role.REVIEWER, account_id=reader.id)[1],
        )
    finally:
        database.close()


def fill(client: Tutela) -> None:
    client.post("/v1/banks", {"name": "drill", "trusted": True, "drill": True})
    version = client.upload("/v1/banks/drill/media", {}, KNOWN, "a.jpg")["version"]
    eventually(lambda: client.ready().list_version >= version)


@dataclass
class Platform:
    """The platform, as a process that can be stopped and started again."""

    stage: Stage
    folder: Path
    port: int
    process: Server = field(init=False)

    def start(self) -> None:
        self.process = platform_process(SCRIPT, self.stage.env, HOST, self.port, self.folder)
        self.process.__enter__()

    def stop(self) -> None:
        self.process.__exit__(None, None, None)

    def visit(self, account: str) -> Visitor:
        visitor = Visitor(HOST, self.port)
        visitor.sign_in(account)
        return visitor

    def rows(self, statement: str, *values: str) -> list[Any]:
        """What stands in its database."""
        path = self.folder / "platform" / "meadow.db"
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            return connection.execute(statement, values).fetchall()

    def post_of(self, text: str) -> str:
        """The event id of a post."""
        found: str = self.rows("SELECT id FROM posts WHERE text = ?", text)[0][0]
        return found


@pytest.fixture
def platform(stage: Stage, tmp_path: Path) -> Iterator[Platform]:
    """A fresh platform on the stage, with both gates open."""
    found = Platform(stage, tmp_path, free_port(HOST, 0))
    stage.webhooks.target = found.port
    stage.webhooks.open = stage.api.open = True
    found.start()
    yield found
    if found.process.running:
        found.stop()


def eventually(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def states(stage: Stage, event_id: str) -> dict[str, str]:
    """Our word for each action of an event, as anybody with the permission reads it."""
    found = stage.client.get(f"/v1/actions?event={event_id}")["actions"]
    return {one["message"]["action"]: one["state"] for one in found}


def confirmed(stage: Stage, event_id: str) -> bool:
    found = states(stage, event_id)
    return bool(found) and set(found.values()) == {"done"}


def test_what_is_decided_happens_on_the_platform_and_its_receipts_are_ours(
    stage: Stage, platform: Platform
) -> None:
    scene = play(stage.client, stage.reader, HOST, platform.port, lambda _: None)
    assert [sight.text for sight in scene.sights if not sight.seen] == []
    assert scene.sound
    refused = stage.client.get(f"/v1/actions?event={platform.post_of('A lake')}")["actions"]
    assert {one["message"]["action"] for one in refused} == {"block", "preserve", "restore"}
    # What was contested was read by somebody, once, and the platform knows what came of it.
    ((appeal_id, outcome, statement),) = platform.rows("SELECT id, outcome, statement FROM appeals")
    appeal = stage.client.appealed(appeal_id)
    assert (appeal.outcome, outcome, appeal.statement) == ("granted", "granted", statement)
    assert states(stage, appeal_id) == {"answer": "done"}
    ours = {one["id"]: one["receipt"]["reference"] for one in refused}
    theirs = platform.rows("SELECT id, 'meadow-' || number FROM actions WHERE times = 1")
    assert ours.items() <= dict(theirs).items()
    (limit,) = platform.rows("SELECT account, ends_at - begun_at FROM limits WHERE kind = ?", RC)
    assert limit[0] == "robin"
    assert limit[1] == pytest.approx(7 * 86_400)
    # A receipt may come again, and by the client, too.
    again = Receipt(id=refused[0]["id"], done=True, reference=ours[refused[0]["id"]])
    assert stage.client.confirm(again).state == "done"
    # What people write to each other has never left the platform.
    message = stage.client.get(f"/v1/events/{platform.post_of('Hello! I saw your model trains.')}")
    assert "trains" not in str(message)


def test_a_platform_that_was_away_gets_every_action_once(stage: Stage, platform: Platform) -> None:
    stage.webhooks.open = False
    platform.visit("ada").send("/pictures", {"text": "A lake, while away"}, KNOWN)
    event_id = platform.post_of("A lake, while away")
    platform.stop()
    eventually(lambda: attempts(stage, event_id) >= 4)
    assert set(states(stage, event_id).values()) == {"waiting"}
    platform.start()
    stage.webhooks.open = True
    eventually(lambda: confirmed(stage, event_id))
    taken = platform.rows("SELECT action, times FROM actions WHERE event_id = ?", event_id)
    assert sorted(taken) == [("block", 1), ("preserve", 1)]
    assert "Not published." in platform.visit("ada").page("/")


@pytest.mark.parametrize(("where", "times"), [("before", 1), ("after", 2)])
def test_a_platform_that_answers_500_first_does_it_once(
    stage: Stage, platform: Platform, where: str, times: int
) -> None:
    """Before it was done, or after, when only the receipt was lost."""
    setattr(stage.webhooks, where, [500, 500])
    platform.visit("ada").send("/pictures", {"text": f"A lake, 500 {where}"}, KNOWN)
    event_id = platform.post_of(f"A lake, 500 {where}")
    eventually(lambda: confirmed(stage, event_id))
    assert getattr(stage.webhooks, where) == []
    taken = platform.rows("SELECT action, times FROM actions WHERE event_id = ?", event_id)
    assert {action for action, _ in taken} == {"block", "preserve"}
    # Both may have hit the same action; what counts is that each was carried out once.
    assert sum(count for _, count in taken) == 2 * times
    assert len(platform.rows("SELECT DISTINCT note FROM actions WHERE event_id = ?", event_id)) == 2


def test_while_the_server_is_away_uploads_wait_and_are_shown_later(
    stage: Stage, platform: Platform
) -> None:
    stage.api.open = False
    ada = platform.visit("ada")
    ada.send("/pictures", {"text": "A cup, while away"}, UNKNOWN)
    assert "Not shown yet:" in ada.page("/")
    assert "A cup, while away" not in platform.visit("mika").page("/")
    stage.api.open = True
    eventually(lambda: "A cup, while away" in platform.visit("mika").page("/"))
    eventually(lambda: confirmed(stage, platform.post_of("A cup, while away")))


def test_an_appeal_waits_while_the_server_is_away_and_loses_no_word(
    stage: Stage, platform: Platform
) -> None:
    ada = platform.visit("ada")
    ada.send("/pictures", {"text": "A lake, contested"}, KNOWN)
    event_id = platform.post_of("A lake, contested")
    eventually(lambda: confirmed(stage, event_id))
    stage.api.open = False
    # Nobody contests for somebody else, and a second press is the same appeal.
    platform.visit("mika").send(f"/contest/{event_id}", {"text": "Not mine."})
    for _ in range(2):
        ada.send(f"/contest/{event_id}", {"text": "<b>My</b> own lake."})
    ((appeal_id, account, text),) = platform.rows("SELECT id, account, text FROM appeals")
    assert (account, text) == ("ada", "<b>My</b> own lake.")
    assert "You have contested this." in ada.page("/")
    stage.api.open = True
    eventually(lambda: platform.rows("SELECT 1 FROM appeals WHERE sent_at IS NOT NULL"))
    assert stage.client.appealed(appeal_id).contests == event_id


def test_what_is_listed_later_is_taken_away(stage: Stage, platform: Platform) -> None:
    ada, cliff = platform.visit("ada"), next(one.data for one in unrelated() if one.name == "cliff")
    ada.send("/pictures", {"text": "A cliff by the sea"}, cliff)
    event_id = platform.post_of("A cliff by the sea")
    eventually(lambda: confirmed(stage, event_id))
    assert "A cliff by the sea" in platform.visit("mika").page("/")
    stage.client.upload("/v1/banks/drill/media", {"label": "cliff"}, cliff, "c.jpg")
    eventually(lambda: "Taken away." in ada.page("/"))
    eventually(lambda: confirmed(stage, event_id))
    assert "Taken away." in ada.page("/")
    assert "Something that you shared earlier was removed" in ada.page("/")
    assert "A cliff by the sea" not in platform.visit("mika").page("/")
    taken = "SELECT action FROM actions WHERE event_id = ? AND action = 'quarantine' AND times = 1"
    assert platform.rows(taken, event_id) == [("quarantine",)]


def test_what_was_not_signed_by_the_server_changes_nothing(
    stage: Stage, platform: Platform
) -> None:
    platform.visit("ada").send("/pictures", {"text": "A cup"}, UNKNOWN)
    event_id = platform.post_of("A cup")
    eventually(lambda: confirmed(stage, event_id))
    body = msgspec.json.encode(action(event_id, "act-forged"))
    now = int(time.time())
    other = "whsec_" + "b3RoZXI" * 4
    for given in (
        {},
        headers([other], "act-forged", now, body),
        headers([stage.secret], "act-forged", now - 3600, body),
        headers([stage.secret], "act-another", now, body),
        headers([stage.secret], "act-forged", now, body + b" "),
    ):
        assert told(platform, body, given)[0] == 400
    assert platform.rows("SELECT * FROM actions WHERE id LIKE 'act-forged'") == []
    assert "A cup" in platform.visit("mika").page("/")


def test_an_action_that_comes_twice_has_the_same_receipt(stage: Stage, platform: Platform) -> None:
    platform.visit("ada").send("/pictures", {"text": "A cup"}, UNKNOWN)
    event_id = platform.post_of("A cup")
    eventually(lambda: confirmed(stage, event_id))
    assert tell(stage, platform, event_id, ActionKind.BLUR).note == "the post is covered"
    assert "A picture that is covered. Show it" in platform.visit("mika").page("/")
    body = msgspec.json.encode(action(event_id, "act-twice"))
    receipts = []
    for _ in range(2):
        given = headers([stage.secret], "act-twice", int(time.time()), body)
        status, answer = told(platform, body, given)
        assert status == 200
        receipts.append(msgspec.json.decode(answer, type=Receipt))
    assert receipts[0] == receipts[1]
    assert receipts[0].done
    assert receipts[0].note == "the post is removed"
    assert "A cup" not in platform.visit("mika").page("/")


def test_every_action_that_can_be_asked_for_is_known_there(
    stage: Stage, platform: Platform
) -> None:
    done_by_tutela = {ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK}
    asked_for = set(ActionKind) - done_by_tutela - {ActionKind.RESTORE}
    for kind in (ActionKind.RESTORE, *asked_for):  # first: it lifts what the others do
        receipt = tell(stage, platform, "meadow-none", kind)
        assert receipt.done
        assert "unknown" not in receipt.note, kind
    assert "Your account is closed for now" in platform.visit("ada").page("/account")


RC = ActionKind.RESTRICT_CONTACT.value


def action(event_id: str, name: str, kind: ActionKind = ActionKind.QUARANTINE) -> ActionMessage:
    now = datetime.now(UTC)
    return ActionMessage(
        id=name,
        action=kind,
        event_id=event_id,
        event_kind=EventKind.UPLOAD,
        received_at=now,
        decided_at=now,
        policy_version="test",
        actor="ada",
        drill=True,
    )


def tell(stage: Stage, platform: Platform, event_id: str, kind: ActionKind) -> Receipt:
    """Ask the platform for an action, as the server would; its receipt."""
    name = f"act-{kind}-{event_id}"
    body = msgspec.json.encode(action(event_id, name, kind))
    status, answer = told(platform, body, headers([stage.secret], name, int(time.time()), body))
    assert status == 200
    return msgspec.json.decode(answer, type=Receipt)


def told(platform: Platform, body: bytes, given: Mapping[str, str]) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(HOST, platform.port, timeout=60)) as connection:
        connection.request("POST", "/tutela", body, dict(given))
        answer = connection.getresponse()
        return answer.status, answer.read()


def attempts(stage: Stage, event_id: str) -> int:
    found = stage.client.get(f"/v1/actions?event={event_id}")["actions"]
    return sum(one["attempts"] for one in found)
