"""A short scene on the reference platform: what happens on its pages, and what was confirmed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tutela.client import Tutela
from tutela.drill.photographs import Photograph, listed, unrelated
from tutela.drill.server import Server
from tutela.drill.visitor import Visitor
from tutela.errors import Unavailable
from tutela.model import ActionKind
from tutela.model.record import Record

DESTINATION = "meadow"
CONFIRM_SECONDS = 30.0
"""Longest wait until the platform has confirmed everything; it takes about a second."""
NOT_SENT = frozenset({ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK, ActionKind.NOTIFY})
"""What is done by Tutela itself, or goes only where a rule names it."""
NEEDED = (
    ActionKind.BLOCK,
    ActionKind.RESTRICT_CONTACT,
    ActionKind.SLOW,
    ActionKind.WARN_RECEIVER,
    ActionKind.RESTORE,
    ActionKind.ANSWER,
)
"""What the scene must bring about with the policy that ships."""

BEFORE_THE_APPEAL = tuple(
    kind for kind in NEEDED if kind not in {ActionKind.RESTORE, ActionKind.ANSWER}
)
APPEAL = "It is a lake in the mountains, where I was on holiday."
LIMIT = "You can write to people you are connected with only"


class Confirmation(Record, frozen=True, kw_only=True):
    """One action of the scene.

    Attributes:
        action: what was asked for.
        about: of which account.
        done: what the platform said that it did.
        receipt: what the platform calls it.
        state: how far it has come: `done` is confirmed.
    """

    action: str
    about: str
    done: str
    receipt: str
    state: str


class Sight(Record, frozen=True, kw_only=True):
    """Something that a page of the platform must show."""

    text: str
    seen: bool


class Scene(Record, frozen=True, kw_only=True):
    """What came of a scene."""

    confirmations: tuple[Confirmation, ...]
    sights: tuple[Sight, ...]

    @property
    def sound(self) -> bool:
        """Whether everything was shown, asked for and confirmed."""
        asked = {one.action for one in self.confirmations}
        return (
            all(sight.seen for sight in self.sights)
            and all(one.state == "done" for one in self.confirmations)
            and asked.issuperset(NEEDED)
        )

    def line(self) -> str:
        """One line for people."""
        done = sum(one.state == "done" for one in self.confirmations)
        return f"platform: {len(self.confirmations)} actions asked for, {done} confirmed"


def connect_platform(client: Tutela, address: str) -> str:
    """Make the destination for a platform on this machine; gives the secret of its messages."""
    actions = [kind.value for kind in ActionKind if kind not in NOT_SENT]
    made = client.post(
        "/v1/destinations",
        {"name": DESTINATION, "url": f"{address}/tutela", "actions": actions, "private": True},
    )
    secret: str = made["secret"]
    return secret


def platform_process(
    script: Path, env: Mapping[str, str], host: str, port: int, folder: Path
) -> Server:
    """The process of a platform; `env` is what it needs besides its place and folder."""
    place = {
        "MEADOW_HOST": host,
        "MEADOW_PORT": str(port),
        "MEADOW_FOLDER": str(folder / "platform"),
    }
    command = [sys.executable, str(script)]
    return Server(command, {**env, **place}, host, port, folder / "platform.log", alive)


def alive(host: str, port: int) -> bool:
    """Whether a platform answers at an address."""
    try:
        Visitor(host, port).page("/health")
    except Unavailable:
        return False
    return True


def play(
    client: Tutela, reader: Tutela, host: str, port: int, begins: Callable[[str], object]
) -> Scene:
    """Play the scene through the platform's pages, and wait until everything is confirmed.

    Args:
        client: a client of the server, with the key of an admin.
        reader: another, with the key of a person who reviews cases.
        host, port: where the platform answers.
        begins: called with one sentence before each step.
    """
    robin, mika, ada = (_somebody(host, port, name) for name in ("robin", "mika", "ada"))
    begins("Ada publishes a photograph that no list knows.")
    ada.send("/pictures", {"text": "A cup of coffee"}, _photograph(unrelated(), "coffee"))
    begins("Robin publishes a photograph that the drill bank lists.")
    robin.send("/pictures", {"text": "A lake"}, _photograph(listed(), "mountain-lake"))
    begins("Robin writes to Mika, who is 15.")
    robin.send("/chat/mika", {"text": "Hello! I saw your model trains."})
    begins("Robin asks Mika to be connected, and goes on writing.")
    robin.send("/people/mika/ask", {})
    _confirmed(client, BEFORE_THE_APPEAL)
    robin.send("/chat/mika", {"text": "Are you there?"})
    sights = (
        _sight("Mika sees Ada's photograph", mika, "/", "A cup of coffee"),
        _sight("Robin reads that the lake is not published, and why", robin, "/", "Not published."),
        _sight("Mika does not see the lake", mika, "/", "A lake", there=False),
        _sight(
            "Robin reads that the message arrives after a pause",
            robin,
            "/chat/mika",
            "after a pause",
        ),
        _sight("Mika reads that, too", mika, "/chat/robin", "after a pause"),
        _sight("Mika reads that nobody has to answer", mika, "/chat/robin", "A word of caution."),
        _sight("Mika does not see Robin's request", mika, "/people", "who asks", there=False),
        _sight("Robin reads what is restricted, and why", robin, "/account", LIMIT),
        _sight("Robin can contest it", robin, "/account", "Contest:"),
        _sight("Robin cannot go on writing", robin, "/chat/mika", "This is not possible for now."),
        _sight("Mika got no second message", mika, "/chat/robin", "Are you there?", there=False),
    )
    begins("Robin contests that the lake is not published. Somebody reads that, and puts it back.")
    robin.contest("/", APPEAL)
    waits = _sight("Robin reads that it will be read", robin, "/", "You have contested this.")
    _grant(client, reader)
    confirmations = _confirmed(client, NEEDED)
    ends = (
        _sight("Robin reads that it was a mistake", robin, "/", "You were right"),
        _sight("Mika sees the lake", mika, "/", "A lake"),
    )
    return Scene(confirmations=confirmations, sights=(*sights, waits, *ends))


def _grant(client: Tutela, reader: Tutela) -> None:
    """Read the appeal as somebody who had no part in the decision, and grant it."""
    (found,) = client.get("/v1/cases?kind=appeal&state=open&limit=1")["cases"]
    case_id = found["case"]["id"]
    claim = reader.post(f"/v1/cases/{case_id}/claim", {})
    said = {"claim": claim["token"], "revision": claim["revision"], "outcome": "harmless"}
    reader.post(f"/v1/cases/{case_id}/readings", said)


def _somebody(host: str, port: int, account: str) -> Visitor:
    visitor = Visitor(host, port)
    visitor.sign_in(account)
    return visitor


def _photograph(photographs: tuple[Photograph, ...], name: str) -> bytes:
    return next(one.data for one in photographs if one.name == name)


def _sight(text: str, who: Visitor, path: str, words: str, *, there: bool = True) -> Sight:
    return Sight(text=text, seen=(words in who.page(path)) is there)


def _confirmed(client: Tutela, needed: Sequence[str]) -> tuple[Confirmation, ...]:
    """Every action that was asked of the platform, once all are settled or the time is over."""
    until = time.monotonic() + CONFIRM_SECONDS
    while True:
        found = client.get(f"/v1/actions?destination={DESTINATION}&limit=500")["actions"]
        kinds = {one["message"]["action"] for one in found}
        settled = kinds.issuperset(needed) and all(one["state"] == "done" for one in found)
        if settled or time.monotonic() > until:
            return tuple(_confirmation(one) for one in reversed(found))
        time.sleep(0.1)


def _confirmation(delivery: Mapping[str, Any]) -> Confirmation:
    receipt = delivery["receipt"] or {}
    return Confirmation(
        action=delivery["message"]["action"],
        about=delivery["message"].get("actor", ""),
        done=receipt.get("note", ""),
        receipt=receipt.get("reference", ""),
        state=delivery["state"],
    )
