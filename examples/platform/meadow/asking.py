"""What Meadow tells Tutela about each event, and what it does with the answer."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Unpack

from meadow.database import DAY, Connection, Database, Row
from meadow.duties import Asked, carry_out
from tutela.client import Answer, EventArguments, KeyRefused, Refused, Tutela, new_event_id
from tutela.errors import TutelaError
from tutela.model import AccountSignals, ActionKind, Actor, AgeBand, AgeSource, EventKind

DONE_BY_TUTELA = frozenset({ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK, ActionKind.NOTIFY})
"""What an answer names and does not ask of us: `notify` comes by webhook to whom it is for."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What every page works with."""

    database: Database
    tutela: Tutela


def check_picture(platform: Platform, event_id: str, author: Row, picture: bytes) -> None:
    """A picture for the feed. It has been stored, and is shown when the answer allows it."""
    _check(platform, author, (), event_id=event_id, media=picture, surface="feed")


def check_message(
    platform: Platform, event_id: str, author: Row, receiver: Row, picture: bytes | None
) -> None:
    """A message. Its text stays here: Tutela is told who writes to whom, and any picture."""
    _check(
        platform,
        author,
        (receiver,),
        event_id=event_id,
        media=picture,
        kind=EventKind.MESSAGE,
        surface="chat",
        conversation=conversation(author["id"], receiver["id"]),
        account=signals(platform.database, author),
    )


def check_contact(platform: Platform, event_id: str, author: Row, receiver: Row) -> None:
    """A request for contact: there is no content, and the rules decide about who asks whom."""
    _check(
        platform,
        author,
        (receiver,),
        event_id=event_id,
        kind=EventKind.CONTACT,
        surface="contacts",
        account=signals(platform.database, author),
    )


def contest(platform: Platform, account: str, event_id: str, text: str) -> None:
    """Contest what was decided about something, once. The text is kept here until it is taken."""
    platform.database.run(
        "INSERT OR IGNORE INTO appeals (id, event_id, account, text, at) VALUES (?, ?, ?, ?, ?)",
        *(f"meadow-appeal-{new_event_id()}", event_id, account, text, time.time()),
    )
    send_appeals(platform)


def send_appeals(platform: Platform) -> None:
    """Send the appeals that Tutela has not taken yet; what it does not take now is tried again."""
    for row in platform.database.all("SELECT * FROM appeals WHERE sent_at IS NULL"):
        outcome = statement = ""
        try:
            platform.tutela.appeal(
                id=row["id"], event_id=row["event_id"], actor=row["account"], text=row["text"]
            )
        except KeyRefused:
            return
        except Refused as refused:
            # It will not be taken later either: the person is told.
            outcome, statement = "refused", f"It cannot be contested: {refused.what}."
        except TutelaError:
            return
        platform.database.run(
            "UPDATE appeals SET sent_at = ?, outcome = iif(outcome = '', ?, outcome),"
            " statement = iif(statement = '', ?, statement) WHERE id = ?",
            *(time.time(), outcome, statement, row["id"]),
        )


def obey(platform: Platform, answer: Answer) -> None:
    """Do at once what an answer asks for. The webhook will ask for the same, and confirm it."""
    with platform.database.begin() as connection:
        post = connection.execute("SELECT * FROM posts WHERE id = ?", (answer.event_id,)).fetchone()
        if post is None:
            return
        if answer.spooled:
            _wait(connection, answer)
            return
        for kind in answer.actions:
            if kind not in DONE_BY_TUTELA:
                carry_out(connection, _asked(kind, answer, post))


def _check(
    platform: Platform, author: Row, them: tuple[Row, ...], **event: Unpack[EventArguments]
) -> None:
    """Ask Tutela and obey. Without an answer the post stays `checking`, and nobody sees it."""
    event["actor"] = actor(author)
    event["receivers"] = [actor(receiver) for receiver in them]
    event["drill"] = True  # everything on this platform is invented and harmless
    try:
        answer = platform.tutela.check(**event)
    except TutelaError as problem:
        logging.getLogger("meadow").warning("not checked: %s", problem)
        return
    obey(platform, answer)


def _asked(kind: str, answer: Answer, post: Row) -> Asked:
    return Asked(
        kind=kind,
        event_id=answer.event_id,
        actor=post["author"],
        receivers=(post["receiver"],) if post["receiver"] else (),
        seconds=answer.seconds(kind),
        notices=answer.notices_for(kind),
    )


def _wait(connection: Connection, answer: Answer) -> None:
    """Tutela was not reached; the event waits in the spool, and the post with it."""
    connection.execute(
        "UPDATE posts SET state = 'waiting', why = ? WHERE id = ? AND state = 'checking'",
        (" ".join(answer.notices), answer.event_id),
    )


def actor(account: Row) -> Actor:
    """An account as Tutela is told of it: our id, and the age as far as we know it. No name."""
    age, source = AgeBand(account["age"]), AgeSource(account["age_source"])
    return Actor(id=account["id"], age=age, age_source=source)


def conversation(one: str, other: str) -> str:
    """The id of the conversation of two people."""
    return "-".join(sorted((one, other)))


def signals(database: Database, account: Row) -> AccountSignals:
    """What Meadow counts about an account."""
    now, who = time.time(), account["id"]
    row = database.one(
        """
        SELECT COUNT(DISTINCT receiver) FILTER (WHERE sent_at > ?2) AS week,
            COUNT(DISTINCT receiver) AS month
        FROM posts JOIN accounts ON accounts.id = receiver
        WHERE author = ?1 AND accounts.age != 'adult' AND sent_at > ?3
        """,
        *(who, now - 7 * DAY, now - 30 * DAY),
    )
    return AccountSignals(
        age_days=int((now - account["joined_at"]) / DAY),
        minors_contacted_7d=row["week"] if row else 0,
        minors_contacted_30d=row["month"] if row else 0,
    )
