"""The pages that people see. No script, no cookies but the session's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, FormMultiDict, UploadFile
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect

from meadow import people
from meadow.asking import Platform, check_contact, check_message, check_picture, contest, signals
from meadow.database import Row
from meadow.duties import LIMITS
from tutela.client import new_event_id
from tutela.model import ActionKind

SESSION = "meadow"
NO_WORDS = "I think that this is a mistake."
"""What is told of somebody who contests and writes nothing."""
Asking: TypeAlias = Request[Any, Any, Any]
Page: TypeAlias = Response[Any]
TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
AGES = {
    "adult": "adult",
    "from_13_to_15": "13 to 15 years",
    "from_16_to_17": "16 or 17 years",
    "under_13": "under 13 years",
    "unknown": "age not known",
}


@get("/sign-in")
async def sign_in_page(request: Asking) -> Page:
    """Choose who to be."""
    everybody = _platform(request).database.all("SELECT * FROM accounts ORDER BY name")
    return _page(request, "sign_in.html", None, everybody=everybody)


@post("/sign-in", status_code=303)
async def sign_in(request: Asking) -> Page:
    """Begin a session. There are no passwords: everybody here is invented."""
    chosen = str((await request.form()).get("account", ""))
    token = people.sign_in(_platform(request).database, chosen)
    if token is None:
        return _see("/sign-in")
    answer = _see("/")
    # Strict: no other site can make a browser act here, so that forms need no token.
    answer.set_cookie(Cookie(key=SESSION, value=token, httponly=True, samesite="strict"))
    return answer


@post("/sign-out", status_code=303)
async def sign_out(request: Asking) -> Page:
    """End the session."""
    _platform(request).database.run(
        "DELETE FROM sessions WHERE token = ?", request.cookies.get(SESSION, "")
    )
    return _see("/sign-in")


@get("/")
async def feed(request: Asking) -> Page:
    """The pictures that everybody may see, and one's own with what became of them."""
    if (me := _me(request)) is None:
        return _see("/sign-in")
    database = _platform(request).database
    posts = database.all(
        "SELECT posts.*, name FROM posts JOIN accounts ON accounts.id = author WHERE"
        " kind = 'picture' AND (state = 'shown' OR author = ?) ORDER BY sent_at DESC LIMIT 50",
        me["id"],
    )
    stopped, appeals = people.stopped(database, me["id"]), people.appeals(database, me["id"])
    return _page(request, "feed.html", me, posts=posts, stopped=stopped, appeals=appeals)


@post("/pictures", status_code=303)
async def upload(request: Asking) -> Page:
    """Take a picture, store it, check it; it is shown when that allows it."""
    if (me := _me(request)) is None:
        return _see("/sign-in")
    platform, form = _platform(request), await request.form()
    picture = await _picture(form)
    if picture is None or people.stopped(platform.database, me["id"]):
        return _see("/")
    event_id = _store(platform, "picture", me["id"], None, str(form.get("text", "")), picture)
    await asyncio.to_thread(check_picture, platform, event_id, me, picture)
    return _see("/")


@get("/pictures/{post_id:str}")
async def picture(request: Asking, post_id: FromPath[str]) -> Page:
    """The picture of a post, for those who may see it."""
    me, row = _me(request), _post(request, post_id)
    if me is None or row is None or row["picture"] is None or not _visible(row, me["id"]):
        return Response("There is no such picture.", status_code=404, media_type=MediaType.TEXT)
    data: bytes = row["picture"]
    found = (kind for start, kind in TYPES.items() if data.startswith(start))
    return Response(data, media_type=next(found, "application/octet-stream"))


@get("/people")
async def everybody(request: Asking) -> Page:
    """Who else is here, and how one is connected with them."""
    if (me := _me(request)) is None:
        return _see("/sign-in")
    database = _platform(request).database
    rows = people.others(database, me["id"])
    stopped = {row["id"]: people.stopped(database, me["id"], row["id"]) for row in rows}
    return _page(request, "people.html", me, rows=rows, stopped=stopped)


@post("/people/{other:str}/ask", status_code=303)
async def ask(request: Asking, other: FromPath[str]) -> Page:
    """Ask somebody to be connected. They see it when the answer allows it."""
    me, platform = _me(request), _platform(request)
    them = people.account(platform.database, other)
    if me is None or them is None or people.stopped(platform.database, me["id"], other):
        return _see("/people")
    event_id = _store(platform, "contact", me["id"], other, "", None)
    await asyncio.to_thread(check_contact, platform, event_id, me, them)
    return _see("/people")


@post("/people/{other:str}/agree", status_code=303)
async def agree(request: Asking, other: FromPath[str]) -> Page:
    """Agree to be connected with somebody who asks."""
    if (me := _me(request)) is not None:
        _platform(request).database.run(
            "INSERT OR IGNORE INTO contacts SELECT author, receiver FROM posts"
            " WHERE kind = 'contact' AND state = 'shown' AND author = ? AND receiver = ?",
            *(other, me["id"]),
        )
    return _see("/people")


@get("/chat/{other:str}")
async def chat(request: Asking, other: FromPath[str]) -> Page:
    """The conversation with somebody: what has arrived, and what is on its way and why."""
    me, database = _me(request), _platform(request).database
    them = people.account(database, other)
    if me is None or them is None:
        return _see("/people")
    posts = database.all(
        "SELECT * FROM posts WHERE kind = 'message' AND ((author = ? AND receiver = ?)"
        " OR (author = ? AND receiver = ? AND state = 'shown')) ORDER BY sent_at",
        *(me["id"], other, other, me["id"]),
    )
    notes = database.all(
        "SELECT notes.* FROM notes JOIN posts ON posts.id = event_id WHERE account = ?"
        " AND ? IN (author, receiver) ORDER BY at",
        *(me["id"], other),
    )
    stopped = people.stopped(database, me["id"], other)
    return _page(request, "chat.html", me, them=them, posts=posts, notes=notes, stopped=stopped)


@post("/chat/{other:str}", status_code=303)
async def write(request: Asking, other: FromPath[str]) -> Page:
    """Write to somebody. The text stays here; Tutela is told that there is a message."""
    me, platform = _me(request), _platform(request)
    them, form = people.account(platform.database, other), await request.form()
    text, picture = str(form.get("text", "")).strip(), await _picture(form)
    if me is None or them is None or not (text or picture):
        return _see(f"/chat/{other}")
    if not people.stopped(platform.database, me["id"], other):
        event_id = _store(platform, "message", me["id"], other, text, picture)
        await asyncio.to_thread(check_message, platform, event_id, me, them, picture)
    return _see(f"/chat/{other}")


@get("/account")
async def account(request: Asking) -> Page:
    """What holds for one's account, why, for how long, and how to contest it."""
    if (me := _me(request)) is None:
        return _see("/sign-in")
    database = _platform(request).database
    notes = database.all("SELECT * FROM notes WHERE account = ? ORDER BY at DESC", me["id"])
    told = signals(database, me)
    limits, appeals = people.limits(database, me["id"]), people.appeals(database, me["id"])
    more = {"limits": limits, "appeals": appeals, "words": LIMITS, "notes": notes, "told": told}
    return _page(request, "account.html", me, **more)


@post("/contest/{event_id:str}", status_code=303)
async def contest_it(request: Asking, event_id: FromPath[str]) -> Page:
    """Ask for a person to look again at what was decided about something of one's own."""
    me, row, form = _me(request), _post(request, event_id), await request.form()
    if me is None or row is None or me["id"] != row["author"]:
        return _see("/account")
    text = str(form.get("text", "")).strip()[:2000] or NO_WORDS
    await asyncio.to_thread(contest, _platform(request), me["id"], event_id, text)
    return _see("/" if row["kind"] == "picture" else "/account")


@get("/actions")
async def actions(request: Asking) -> Page:
    """What Tutela has asked for, and what was done: for whoever runs this platform."""
    if (me := _me(request)) is None:
        return _see("/sign-in")
    database = _platform(request).database
    rows = database.all("SELECT * FROM actions ORDER BY number DESC LIMIT 200")
    notes = database.all("SELECT * FROM notes WHERE account = '' ORDER BY at DESC LIMIT 50")
    return _page(request, "actions.html", me, rows=rows, notes=notes)


@get("/health")
async def health() -> dict[str, str]:
    """Meadow answers."""
    return {"status": "alive"}


ROUTES = (
    *(sign_in_page, sign_in, sign_out, feed, upload, picture, everybody, ask, agree),
    *(chat, write, account, contest_it, actions, health),
)


async def protected(response: Page) -> Page:
    """Add to every answer what keeps a page from doing more than it should."""
    response.headers.update(HEADERS)
    return response


def _platform(request: Asking) -> Platform:
    found: Platform = request.app.state.platform
    return found


def _me(request: Asking) -> Row | None:
    token = request.cookies.get(SESSION, "")
    return people.who(_platform(request).database, token) if token else None


def _see(path: str) -> Page:
    return Redirect(path, status_code=303)


def _page(request: Asking, name: str, me: Row | None, **values: object) -> Page:
    shown = {"me": me, "now": time.time(), "ages": AGES, "clock": _clock, **values}
    text = request.app.state.templates.get_template(name).render(shown)
    return Response(text, media_type=MediaType.HTML)


def _clock(moment: float) -> str:
    """A moment as people read it; with the day where that is not today."""
    when = datetime.fromtimestamp(moment, UTC)
    today = when.date() == datetime.now(UTC).date()
    return f"{when:%H:%M:%S} UTC" if today else f"{when:%H:%M} UTC on {when.day} {when:%B}"


async def _picture(form: Mapping[str, Any] | FormMultiDict) -> bytes | None:
    file = form.get("picture")
    return (await file.read() or None) if isinstance(file, UploadFile) else None


def _store(
    platform: Platform,
    kind: str,
    author: str,
    receiver: str | None,
    text: str,
    picture: bytes | None,
) -> str:
    """Store a post that nobody sees yet; its id, which is the event id that Tutela is told."""
    event_id, now = f"meadow-{new_event_id()}", time.time()
    slow = people.limited(platform.database, author, ActionKind.SLOW)
    pause = slow["seconds"] if slow and kind == "message" else 0
    platform.database.run(
        "INSERT INTO posts (id, kind, author, receiver, text, picture, sent_at, due_at, slowed,"
        " state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'checking')",
        *(event_id, kind, author, receiver, text[:2000], picture, now, now + pause, pause > 0),
    )
    return event_id


def _post(request: Asking, post_id: str) -> Row | None:
    return _platform(request).database.one("SELECT * FROM posts WHERE id = ?", post_id)


def _visible(row: Row, me: str) -> bool:
    """Whether somebody may see the picture of a post: never while it is held back or refused."""
    public = row["kind"] == "picture" or me in (row["author"], row["receiver"])
    arrived = me == row["author"] or row["due_at"] <= time.time()
    return row["state"] == "shown" and public and arrived
