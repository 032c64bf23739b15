"""Signing in and out: a one-time code or an API key becomes a session in a strict cookie.

A code or key travels in the body of a form, never in a URL. The cookie holds a random token whose
digest is in the database; forms carry the session's second token, so that no other site can send
them.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, NotAllowed, NotSignedIn, TooLarge, TooMany
from tutela.interfaces.access import Permission, cookies
from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.access.security_keys import Site
from tutela.interfaces.access.signing_in import KeyWanted, Refused, SignIn
from tutela.interfaces.console.alarm import look
from tutela.interfaces.console.answers import UNATTENDED, page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.shell.navigation import home_of
from tutela.interfaces.language import PREFERENCES, later, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.bodies import pieces
from tutela.interfaces.web.guard import Caller, Connection
from tutela.model.review.account import Account, AccountState, Preferences
from tutela.storage.access.sessions import Session

COOKIE = cookies.SESSION
SESSION = "tutela.session"
"""Where the session stands in the scope."""
FORM_BYTES = 65_536
"""Largest form without a file."""
SENT_HERE = (None, "none", "same-origin")
"""What `Sec-Fetch-Site` says of a form of ours; older browsers, and programs, say nothing."""
KEY_STEP = "security key"
STEP_LIFE = timedelta(minutes=5)
"""How long somebody may look for their security key."""
WRONG = later("This is not right. After several wrong tries, nothing is tried for a while.")
UNKNOWN = later("This code or key is not known, was used already, or has expired.")
TOO_LATE = later("That took too long, or was sent twice. Sign in again.")
NO_FACTOR = later("This account needs a second factor. Ask an administrator for a one-time code.")


async def by_session(connection: Connection) -> Caller:
    """Know a caller by the session cookie.

    Raises:
        NotSignedIn: there is no session, or it has ended.
        NotAllowed: it is a form that another site has sent.
    """
    if connection.scope.get("method") != "GET":
        check_origin(connection)
    token = token_of(connection)
    services = services_of(connection)
    seen = UNATTENDED not in connection.headers
    found = await asyncio.to_thread(_found, services, token, seen=seen) if token else None
    if found is None:
        raise NotSignedIn("your session has ended", remedy="sign in again")
    session, preferences = found
    connection.scope[SESSION] = session  # type: ignore[literal-required]
    connection.scope[PREFERENCES] = preferences  # type: ignore[literal-required]
    await look(connection, session.role)
    return Caller(
        id=f"session-{session.id}",
        role=session.role,
        by=session.name,
        account=session.account_id or "",
    )


def _found(services: Services, token: str, *, seen: bool) -> tuple[Session, Preferences] | None:
    """A session that has not ended, with what its person prefers. Blocks."""
    session = services.sessions.find(token, seen=seen)
    if session is None:
        return None
    if session.account_id is None:
        return session, Preferences()
    return session, services.accounts.get(session.account_id).preferences


def session_of(request: Request[Any, Any, Any]) -> Session:
    """The session that the guard found."""
    session: Session = request.scope[SESSION]  # type: ignore[literal-required]
    return session


def check_csrf(request: Request[Any, Any, Any], fields: Mapping[str, str]) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        NotAllowed: its token is missing or another's.
    """
    given, own = fields.get("csrf", ""), session_of(request).csrf
    if not secrets.compare_digest(given.encode(), own.encode()):
        raise NotAllowed("this form is not of your session", remedy="open the page again")


async def read_fields(request: Request[Any, Any, Any], *, most: int = FORM_BYTES) -> dict[str, str]:
    """The fields of a form without a file.

    Args:
        request: the form.
        most: bytes that it may have.

    Raises:
        TooLarge: the form is larger than any of ours.
        InvalidInput: it is not a form.
    """
    body = bytearray()
    async for piece in pieces(request):
        body += piece
        if len(body) > most:
            raise TooLarge("the form is too large")
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=64))
    except ValueError as problem:
        raise InvalidInput("the form cannot be read") from problem


@get("/sign-in", permission=Permission.PUBLIC)
async def show_sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    """The page to sign in on."""
    return sign_in_page(request, left="left" in request.query_params)


@post("/sign-in", permission=Permission.PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    """Turn a code or key into a session."""
    services = services_of(request)
    check_origin(request)
    fields = await read_fields(request)
    try:
        services.tries.take(request)
    except TooMany as problem:
        return _wait(request, problem.retry_after, fields.get("name", ""))
    opened = await asyncio.to_thread(_opened, services, fields)
    if not isinstance(opened, str):
        services.tries.give_back(request)
    if isinstance(opened, KeyWanted):
        return await _ask_for_key(request, opened.account)
    return await _admit(request, opened, fields.get("name", ""))


@post("/sign-in/key", permission=Permission.PUBLIC)
async def sign_in_with_key(request: Request[Any, Any, Any]) -> Response[str]:
    """Turn the answer of a security key into a session, after the password was right."""
    services, origin = services_of(request), site_of(request).origin
    check_origin(request)
    take_turn(request)
    shown = (await read_fields(request)).get("answer", "")
    token = cookies.read(request, cookies.STEP, origin)
    opened = await asyncio.to_thread(_by_key, services, Site(origin), token, shown)
    return await _admit(request, opened)


@post("/sign-out", permission=Permission.PRINCIPLES_READ)
async def sign_out(request: Request[Any, Any, Any]) -> Response[str]:
    """End the session."""
    check_csrf(request, await read_fields(request))
    await asyncio.to_thread(services_of(request).sessions.close, token_of(request))
    answer = see_other("/console/sign-in?left")
    cookies.write(answer, COOKIE, "", site_of(request).origin, seconds=0)
    return answer


def sign_in_page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    problem: Problem | None = None,
    typed: str = "",
    left: bool = False,
) -> Response[str]:
    """The page to sign in on.

    Args:
        request: who asks.
        status: of the answer.
        problem: what did not work.
        typed: the name that was typed.
        left: whether somebody has just signed out.
    """
    single = services_of(request).single_sign_on
    title = "" if single is None else single.title
    view = {"problem": problem, "typed": typed, "provider": title, "left": left}
    return page(request, "sign_in.html", status=status, **view)


def site_of(connection: Connection) -> Site:
    """The site that the console is on, as its readers know it."""
    configured = services_of(connection).settings.access.origin
    return Site(cookies.origin_of(connection, configured))


def token_of(connection: Connection) -> str:
    """What names the session; empty where there is none."""
    return cookies.read(connection, COOKIE, site_of(connection).origin)


async def _admit(
    request: Request[Any, Any, Any], opened: tuple[Session, str] | str, typed: str = ""
) -> Response[str]:
    """Let somebody in with a new session, in place of any that the browser had; or say why not."""
    if isinstance(opened, str):
        return sign_in_page(request, status=403, problem=Problem(text=opened), typed=typed)
    services, (session, token) = services_of(request), opened
    await asyncio.to_thread(services.sessions.close, token_of(request))
    answer = see_other(await asyncio.to_thread(first_page, services, session))
    life = services.settings.console.session_minutes * 60
    cookies.write(answer, COOKIE, token, site_of(request).origin, seconds=life)
    return answer


def _wait(request: Request[Any, Any, Any], seconds: float, typed: str) -> Response[str]:
    """The page that asks for patience: many tries were wrong, of whoever is at this address."""
    whole = max(1, math.ceil(seconds))
    problem = translator_of(request).ngettext(
        "Many tries from this address were wrong. Wait %(num)s second, then try again.",
        "Many tries from this address were wrong. Wait %(num)s seconds, then try again.",
        whole,
    ) % {"num": whole}
    answer = sign_in_page(request, status=429, problem=Problem(text=problem), typed=typed)
    answer.headers["Retry-After"] = str(whole)
    return answer


async def _ask_for_key(request: Request[Any, Any, Any], account: Account) -> Response[str]:
    """The page that asks for a security key."""
    services, site = services_of(request), site_of(request)
    known = await asyncio.to_thread(services.security_keys.of, account.id)
    asked = site.ask_for(known)
    facts = {"challenge": asked.challenge}
    begin = services.steps.begin
    token = await asyncio.to_thread(begin, KEY_STEP, facts, STEP_LIFE, account.id)
    answer = page(request, "access/show_key.html", options=asked.options)
    seconds = int(STEP_LIFE.total_seconds())
    cookies.write(answer, cookies.STEP, token, site.origin, seconds=seconds)
    return answer


def _opened(services: Services, fields: Mapping[str, str]) -> tuple[Session, str] | KeyWanted | str:
    """A session with its token, or what is wanted or was wrong, in words. Blocks."""
    if "password" in fields:
        return _by_password(services, fields)
    opened = _by_secret(services, fields.get("secret", "").strip())
    return opened or UNKNOWN


def _by_password(
    services: Services, fields: Mapping[str, str]
) -> tuple[Session, str] | KeyWanted | str:
    name, password, code = (fields.get(part, "") for part in ("name", "password", "code"))
    found = sign_in_of(services).sign_in(name, password, code)
    return found if isinstance(found, KeyWanted) else _for(services, found)


def _by_key(services: Services, site: Site, token: str, answer: str) -> tuple[Session, str] | str:
    """A session for whoever shows the key that was asked for. Blocks."""
    step = services.steps.take(KEY_STEP, token) if token else None
    if step is None or step.account_id is None:
        return TOO_LATE
    challenge = step.facts["challenge"]
    return _for(services, sign_in_of(services).shown(step.account_id, site, answer, challenge))


def _for(services: Services, found: Account | Refused) -> tuple[Session, str] | str:
    """A session for somebody who has shown all that is asked for, or what was wrong."""
    if found is Refused.WRONG:
        return WRONG
    if found is Refused.NO_FACTOR:
        return NO_FACTOR
    assert isinstance(found, Account)  # noqa: S101 - the other two are above
    idle, life = spans(services)
    return services.sessions.open(found.role, idle=idle, life=life, account_id=found.id)


def _by_secret(services: Services, secret: str) -> tuple[Session, str] | None:
    """A session for a valid key or code.

    A key that is limited to scopes opens none: a session has all that its role has.
    """
    (idle, life), sessions = spans(services), services.sessions
    if secret.startswith("tut_"):
        key = services.keys.verify(secret)
        if key is None or key.scopes is not None:
            return None
        if key.account_role not in (None, key.role):
            return None  # it may do less than its role says, and a session would not know
        account = key.account_id
        return sessions.open(key.role, idle=idle, life=life, key_id=key.id, account_id=account)
    code = sessions.redeem(secret)
    if code is None:
        return None
    role = services.accounts.get(code.account_id).role if code.account_id else code.role
    return sessions.open(role, idle=idle, life=life, code=code, account_id=code.account_id)


def take_turn(request: Request[Any, Any, Any]) -> None:
    """Slow down whoever tries to sign in again and again; raises `TooMany`."""
    services = services_of(request)
    services.rates.take("sign-in " + services.tries.address_of(request))


def sign_in_of(services: Services) -> SignIn:
    """What signs people in with a password."""
    return SignIn(
        services.accounts,
        services.security_keys,
        services.passwords,
        Authenticators(services.secrets),
        services.settings.access.second_factor == "required",
    )


def spans(services: Services) -> tuple[timedelta, timedelta]:
    """How long a session may be idle, and how long it may last."""
    settings = services.settings
    life = timedelta(minutes=settings.console.session_minutes)
    return min(timedelta(minutes=settings.access.idle_minutes), life), life


def first_page(services: Services, session: Session) -> str:
    """Where somebody begins: who was invited sets up the account first."""
    if session.account_id:
        account = services.accounts.get(session.account_id)
        if account.state is AccountState.INVITED:
            return "/console/account"
    return home_of(session.role)


def check_origin(connection: Connection) -> None:
    """Take no form from another site: browsers name the site that sends one.

    Raises:
        NotAllowed: it comes from elsewhere, a neighbouring site included.
    """
    origin, sent = connection.headers.get("origin"), connection.headers.get("sec-fetch-site")
    own = {connection.headers.get("host"), urlsplit(site_of(connection).origin).netloc}
    if sent not in SENT_HERE or (origin is not None and urlsplit(origin).netloc not in own):
        raise NotAllowed("this form was sent by another site", remedy="open the console itself")
