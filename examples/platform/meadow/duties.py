"""How Meadow carries out each action that Tutela asks for.

The same action may be asked for twice: in the answer to a check and by the webhook, or by a webhook
that comes again. So each duty sets a state, and none adds to one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meadow.database import Connection
from tutela.model import ActionKind

SLOW_SECONDS = 20
"""Pause between messages where Tutela names none."""
LIMITS = MappingProxyType(
    {
        ActionKind.SLOW: "Your messages arrive after a pause",
        ActionKind.RESTRICT_CONTACT: "You can write to people you are connected with only",
        ActionKind.SUSPEND: "Your account is closed for now",
    }
)
"""What can be limited, as the person concerned reads it."""
LIMITED: Mapping[str, str] = MappingProxyType(
    {
        ActionKind.SLOW: "is slowed down",
        ActionKind.RESTRICT_CONTACT: "reaches connected people only",
        ActionKind.SUSPEND: "is suspended",
    }
)
"""The same, as the receipt says it."""
UNSETTLED = ("checking", "waiting", "held")
"""States of a post that nobody sees, and that may still be shown."""
NO_REASON = "This service's rules, and the law, ask for it."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One action, whichever way it came.

    Attributes:
        kind: what is to be done.
        event_id: id of the post or contact request that it is about.
        actor, receivers: whose it is, and who receives it.
        seconds: for how long, or how slow.
        notices: why, in words for the people concerned.
        answer: of an appeal that is decided, what came of it.
    """

    kind: str
    event_id: str
    actor: str | None = None
    receivers: tuple[str, ...] = ()
    seconds: int | None = None
    notices: tuple[str, ...] = ()
    answer: str = ""

    @property
    def why(self) -> str:
        """The reasons in one text."""
        return " ".join(self.notices) or NO_REASON


def carry_out(connection: Connection, asked: Asked) -> str:
    """Do what is asked for, in the caller's transaction; says in one sentence what was done."""
    duty = DUTIES.get(asked.kind)
    if duty is None:
        # An action of a newer Tutela: let a person of ours see it rather than pretend.
        note(connection, asked, "", f"An action that this platform does not know: {asked.kind}")
        return "unknown here; a moderator was told"
    return duty(connection, asked)


def hold(connection: Connection, asked: Asked) -> str:
    """Keep a post back."""
    return _place(connection, asked, "held", ("checking", "waiting", "shown"))


def block(connection: Connection, asked: Asked) -> str:
    """Refuse a post. One that was removed stays so: the order of actions does not matter."""
    return _place(connection, asked, "refused", (*UNSETTLED, "shown"))


def quarantine(connection: Connection, asked: Asked) -> str:
    """Take a post out of everybody's reach, without destroying it."""
    return _place(connection, asked, "removed", (*UNSETTLED, "shown", "refused"))


def allow(connection: Connection, asked: Asked) -> str:
    """Show a post that waits for it. One that was refused or removed stays so."""
    return _place(connection, asked, "shown", UNSETTLED)


def restore(connection: Connection, asked: Asked) -> str:
    """Put back what was done because of a post: a person found it harmless."""
    connection.execute("DELETE FROM limits WHERE event_id = ?", (asked.event_id,))
    connection.execute("UPDATE posts SET blurred = 0 WHERE id = ?", (asked.event_id,))
    if asked.actor is not None and asked.notices:
        note(connection, asked, asked.actor, asked.why)
    return _place(connection, asked, "shown", (*UNSETTLED, "refused", "removed"))


def blur(connection: Connection, asked: Asked) -> str:
    """Cover the picture of a post until a viewer opens it."""
    return _mark(connection, asked, "blurred", "covered")


def preserve(connection: Connection, asked: Asked) -> str:
    """Keep a post from being deleted."""
    return _mark(connection, asked, "preserved", "kept from being deleted")


def limit(connection: Connection, asked: Asked) -> str:
    """Limit what the account may do, once for each event, with a reason and an end."""
    if asked.actor is None:
        return "no account was named"
    now = time.time()
    slow = asked.kind == ActionKind.SLOW
    seconds = (asked.seconds or SLOW_SECONDS) if slow else asked.seconds
    ends_at = now + seconds if seconds and not slow else None
    connection.execute(
        "INSERT OR IGNORE INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)",
        (asked.event_id, asked.kind, asked.actor, seconds, asked.why, now, ends_at),
    )
    if slow:
        _delay(connection, asked, seconds or 0)
    return f"{asked.actor} {LIMITED[asked.kind]}"


def warn_sender(connection: Connection, asked: Asked) -> str:
    """Tell the person who did it."""
    if asked.actor is None:
        return "no account was named"
    note(connection, asked, asked.actor, asked.why)
    return f"{asked.actor} was told"


def warn_receiver(connection: Connection, asked: Asked) -> str:
    """Tell those who receive it, calmly, and where to find help."""
    for receiver in asked.receivers:
        note(connection, asked, receiver, asked.why)
    return f"{', '.join(asked.receivers) or 'nobody'} was told"


def notify(connection: Connection, asked: Asked) -> str:
    """Tell the moderators."""
    note(connection, asked, "", " ".join(asked.notices) or "Tutela asks you to take notice.")
    return "the moderators were told"


def answer(connection: Connection, asked: Asked) -> str:
    """Tell whoever contested a decision what came of it. What is undone comes as a `restore`."""
    changed = connection.execute(
        "UPDATE appeals SET outcome = ?, statement = ?, answered_at = ? WHERE id = ?",
        (asked.answer, asked.why, time.time(), asked.event_id),
    )
    return "the appeal is answered" if changed.rowcount else "no appeal has this id: nothing to do"


def stop_stream(connection: Connection, asked: Asked) -> str:
    """Meadow has no livestreams."""
    del connection, asked
    return "there are no livestreams here"


def note(connection: Connection, asked: Asked, account: str, text: str) -> None:
    """Leave a note for an account, once for each event and action."""
    values = (asked.event_id, account, asked.kind, text, time.time())
    connection.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?, ?)", values)


Duty = Callable[[Connection, Asked], str]
DUTIES: Mapping[str, Duty] = MappingProxyType(
    {
        ActionKind.ALLOW: allow,
        ActionKind.HOLD: hold,
        ActionKind.BLOCK: block,
        ActionKind.QUARANTINE: quarantine,
        ActionKind.BLUR: blur,
        ActionKind.PRESERVE: preserve,
        ActionKind.SLOW: limit,
        ActionKind.RESTRICT_CONTACT: limit,
        ActionKind.SUSPEND: limit,
        ActionKind.WARN_SENDER: warn_sender,
        ActionKind.WARN_RECEIVER: warn_receiver,
        ActionKind.NOTIFY: notify,
        ActionKind.STOP_STREAM: stop_stream,
        ActionKind.RESTORE: restore,
        ActionKind.ANSWER: answer,
    }
)
"""One function for each action that can be asked of a platform."""


def _place(connection: Connection, asked: Asked, state: str, from_states: tuple[str, ...]) -> str:
    """Put a post into a state, unless it is in one that outweighs it."""
    marks = ",".join("?" * len(from_states))
    changed = connection.execute(
        f"UPDATE posts SET state = ?, why = ? WHERE id = ? AND state IN ({marks})",  # noqa: S608 - marks only
        (state, "" if state == "shown" else asked.why, asked.event_id, *from_states),
    )
    if changed.rowcount:
        return f"the post is {state}"
    row = connection.execute("SELECT state FROM posts WHERE id = ?", (asked.event_id,)).fetchone()
    if row is None:
        return "no post has this id: nothing to do"
    return f"the post is {row['state']}" + ("" if row["state"] == state else " and stays so")


def _mark(connection: Connection, asked: Asked, column: str, word: str) -> str:
    statement = f"UPDATE posts SET {column} = 1 WHERE id = ?"  # noqa: S608 - a name of ours
    changed = connection.execute(statement, (asked.event_id,))
    return f"the post is {word}" if changed.rowcount else "no post has this id: nothing to do"


def _delay(connection: Connection, asked: Asked, seconds: int) -> None:
    """Let the message that it is about arrive after the pause, and say so to both."""
    connection.execute(
        "UPDATE posts SET due_at = sent_at + ?, slowed = 1 WHERE id = ? AND kind = 'message'",
        (seconds, asked.event_id),
    )
