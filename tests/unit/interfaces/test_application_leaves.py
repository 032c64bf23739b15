"""Whatever a route changes or gives away stands in the audit log, with who asked for it.

A route that is new either has a step here or a reason among `SILENT`.
"""

from __future__ import annotations

import html
import json
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from litestar.exceptions import LitestarDeprecationWarning
from tests.conftest import read_leaves
from tests.unit.interfaces import deciding, keeping, protecting, reviewing, talking
from tests.unit.interfaces.acting import (
    LINES,
    NOTE,
    NUMBERS,
    PASSWORD,
    TOKEN,
    URL,
    Seat,
    World,
    code_of,
    policy,
    unexplained,
    value,
)
from tests.unit.interfaces.keyholder import SoftKey

from tutela.interfaces import console
from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.application import routed
from tutela.interfaces.services import Services
from tutela.interfaces.web.guard import declared
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.access.identities import Identity

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

SILENT: Mapping[str, str] = {
    "POST /v1/check": "the decision is a leaf of its own, by the program",
    "POST /v1/appeals": "the decision to open a case is a leaf of its own, by the program",
    "POST /v1/messages": "states are like signals; each decision is a leaf of its own",
    "POST /v1/conversations/rate": "rates what it is handed, and keeps nothing",
    "POST /v1/texts/rate": "rates what it is handed, and keeps nothing",
    "POST /v1/events": "each decision is a leaf of its own, by the program",
    "POST /v1/lookup": "asks, and stores nothing",
    "POST /v1/policy/check": "checks a text, and keeps nothing",
    "POST /console/policy/check": "checks a text, and keeps nothing",
    "POST /console/account/keys/ask": "asks the browser for a key, and keeps none yet",
    "POST /console/account/provider": "sends a browser out, and links nothing yet",
    "POST /console/language": "sets a cookie of a browser, and stores nothing",
    "POST /v1/destinations/{name:str}/test": "sends a message that asks for nothing",
    "POST /console/destinations/{name:str}/test": "sends a message that asks for nothing",
    **reviewing.SILENT,
    **deciding.SILENT,
}
"""Routes that are no reading and leave no leaf of their caller's, with the reason."""

Step = Callable[[World], "Answer"]


def _rotated(world: World, answer: Answer) -> Answer:
    world.secrets.add(answer.json["secret"])
    return answer


def _invited(world: World, answer: Answer) -> Answer:
    world.secrets |= {answer.json["code"], answer.json["account"]["name"]}
    return answer


def _with_authenticator(world: World) -> Answer:
    seat = world.person()
    world.secrets.add(Authenticators(world.services.secrets).secret(seat.account, 1))
    code = code_of(world.services, seat.account, 1)
    return world.submit_as(seat, "/account/authenticator", code=code)


def _asked(world: World, answer: Answer) -> tuple[str, str]:
    """What a page asks a security key, and the cookie of that step."""
    options = answer.body.decode().partition('data-options="')[2].partition('"')[0]
    step = answer.headers["set-cookie"].partition(";")[0]
    world.secrets.add(step.partition("=")[2])
    return json.loads(html.unescape(options))["challenge"], step


def _with_key(world: World, key: SoftKey | None = None) -> Answer:
    """Set a security key up, as a browser would with the two steps."""
    seat, key = world.person(), key or SoftKey()
    challenge, step = _asked(world, world.submit_as(seat, "/account/keys/ask", key_name=NOTE))
    both = Seat(seat.account, seat.csrf, {"cookie": f"{seat.cookie['cookie']}; {step}"})
    return world.submit_as(both, "/account/keys", answer=key.set_up(challenge))


def _by_key(world: World) -> Answer:
    key = SoftKey()
    _with_key(world, key)
    account_id = world.by.removeprefix("person:")
    accounts, hashed = world.services.accounts, world.services.passwords.hash(PASSWORD)
    name = accounts.set_password(account_id, hashed, by="").name
    nobody = Seat(account_id, "", {})
    asked = world.submit_as(nobody, "/sign-in", name=name, password=PASSWORD)
    challenge, step = _asked(world, asked)
    nobody = Seat(account_id, "", {"cookie": step})
    return world.submit_as(nobody, "/sign-in/key", answer=key.show(challenge))


def _without_key(world: World) -> Answer:
    seat, add = world.person(), world.services.security_keys.add
    keys = [f"key-{next(NUMBERS)}" for _ in range(2)]
    for key in keys:
        add(seat.account, key, NOTE, b"", 0, by="")
    return world.submit_as(seat, f"/account/keys/{keys[0]}/remove")


def _unlinked(world: World) -> Answer:
    seat, services = world.person(), world.services
    hashed = services.passwords.hash(PASSWORD)
    services.accounts.set_password(seat.account, hashed, by="", told=False)
    services.accounts.confirm_authenticator(seat.account, 1, 1, by="")
    identity = Identity(issuer=services.settings.oidc.issuer, subject=f"s-{next(NUMBERS)}")
    world.secrets.add(identity.subject)
    services.identities.link(seat.account, identity)
    return world.submit_as(seat, "/account/provider/remove", present=PASSWORD)


def _alone(world: World) -> Answer:
    seat, life = world.person(), timedelta(minutes=5)
    world.services.sessions.open("admin", idle=life, life=life, account_id=seat.account)
    return world.submit_as(seat, "/account/sessions/end")


def _made(world: World) -> Answer:
    new = {"name": f"platform-{next(NUMBERS)}", "url": URL, "private": True}
    return _rotated(world, world.post("/v1/destinations", new))


def _receipt(world: World) -> Answer:
    sent = world.delivery()
    said = {"id": sent, "done": True, "reference": NOTE, "note": NOTE}
    return world.post(f"/v1/actions/{sent}/receipt", said)


def _imported(world: World) -> Answer:
    listed, bank = value(), world.bank()
    world.secrets.add(listed)
    world.by = world.key
    return world.api.ask("POST", f"/v1/banks/{bank}/import", LINES % listed.encode())


def _uploaded(world: World) -> Answer:
    listed = value()
    world.secrets.add(listed)
    return world.upload(f"/banks/{world.bank()}/import", LINES % listed.encode())


def _media(world: World) -> Answer:
    bank = world.bank()
    world.by = world.key
    body, query = b"a harmless line %d" % next(NUMBERS), {"label": NOTE, "note": NOTE}
    path = f"/v1/banks/{bank}/media"
    return world.api.ask("POST", path, body, kind="application/octet-stream", query=query)


def _added(world: World) -> Answer:
    listed = value()
    world.secrets.add(listed)
    entry = {"label": NOTE, "signals": [{"kind": "md5", "value": listed}]}
    return world.post(f"/v1/banks/{world.bank()}/entries", {"entries": [entry]})


def _signed_out(world: World) -> Answer:
    """Somebody else leaves, so that the world's own session lives on."""
    other = World(world.api)
    answer = other.submit("/sign-out")
    world.by = other.session
    world.secrets |= other.secrets
    return answer


def _rolled_back(world: World) -> Answer:
    world.other_policy()
    return world.post("/v1/policy/rollback", {"note": NOTE})


def _retried(world: World) -> Answer:
    world.delivery(failed=True)
    return world.post("/v1/actions/retry")


def _retried_in_console(world: World) -> Answer:
    world.delivery(failed=True)
    return world.submit("/actions/retry")


def _deleted(world: World) -> Answer:
    name = world.destination()
    return world.submit(f"/destinations/{name}/delete", confirm=name)


def _got(world: World, path: str) -> Answer:
    world.by = world.key
    return world.api.get(path)


def _turned(what: str, *, paused: bool = False) -> tuple[Step, Step]:
    """The steps of the API and of the console."""
    return (
        lambda w: w.post(f"/v1/rescans/{w.rescan(paused=paused)}/{what}"),
        lambda w: w.submit(f"/rescans/{w.rescan(paused=paused)}/{what}"),
    )


def _reported(world: World) -> Answer:
    report = {"event_id": world.found().event_id, "at": "2026-11-30T00:00:00Z"}
    return world.post("/v1/evidence/reports", report | {"authority": NOTE, "reference": NOTE})


def _looked(world: World) -> Answer:
    # Why somebody looks stands in the log, word for word, and staff are told so.
    return world.post(f"/v1/evidence/{world.found().content}/look", {"reason": "a review"})


def _handed_in(world: World) -> Answer:
    found = world.found(given=False)
    world.by = world.key
    path = f"/v1/evidence/{found.content}/hand-in"
    return world.api.ask("POST", path, found.data, query={"name": NOTE})


def _released(world: World) -> Answer:
    hold = world.hold()
    return world.submit(f"/evidence/{hold.item_id}/release/{hold.id}", reason=NOTE)


def _merged(world: World) -> Answer:
    case = world.case()
    document = {"other": world.case(), "why": NOTE}
    return world.post_as(world.read_by(case), f"/v1/cases/{case}/merge", document)


def _split(world: World) -> Answer:
    case = world.case()
    document = {"others": [world.case(into=case)], "why": NOTE}
    return world.post_as(world.read_by(case), f"/v1/cases/{case}/split", document)


def _undone(world: World) -> Answer:
    case = world.case()
    world.case(into=case)
    (change,) = world.services.arranging.history(case)
    return world.post_as(world.read_by(case), f"/v1/cases/changes/{change.id}/undo")


def _ordered(world: World) -> Answer:
    names = [world.queue(), world.queue()]
    names += [one.name for one in world.services.queues.list() if one.name not in names]
    return world.post("/v1/queues/order", {"order": names})


PAUSE, RESUME, CANCEL = _turned("pause"), _turned("resume", paused=True), _turned("cancel")
FIELDS = {"url": f"http://127.0.0.1:2/{TOKEN}", "private": "on", "confirm_seconds": "9"}

STEPS: Mapping[str, Step] = {
    "POST /v1/banks": lambda w: w.post("/v1/banks", {"name": f"b-{next(NUMBERS)}", "source": NOTE}),
    "PATCH /v1/banks/{name:str}": lambda w: w.send(
        "PATCH", f"/v1/banks/{w.bank()}", {"distance": 7, "source": NOTE}
    ),
    "DELETE /v1/banks/{name:str}": lambda w: w.send("DELETE", f"/v1/banks/{w.bank()}"),
    "POST /v1/banks/{name:str}/entries": _added,
    "POST /v1/banks/{name:str}/import": _imported,
    "POST /v1/banks/{name:str}/media": _media,
    "GET /v1/banks/{name:str}/entries": lambda w: _got(w, f"/v1/banks/{w.listed()}/entries"),
    "GET /v1/banks/{name:str}/export": lambda w: _got(w, f"/v1/banks/{w.listed()}/export"),
    "GET /v1/entries/{entry_id:int}": lambda w: _got(w, f"/v1/entries/{w.entry()}"),
    "PATCH /v1/entries/{entry_id:int}": lambda w: w.send(
        "PATCH", f"/v1/entries/{w.entry()}", {"state": "disabled", "distance": 3}
    ),
    "DELETE /v1/entries/{entry_id:int}": lambda w: w.send("DELETE", f"/v1/entries/{w.entry()}"),
    "POST /v1/parkings/{parking_id:int}/decision": lambda w: w.post(
        f"/v1/parkings/{w.parking()}/decision", {"choice": "release", "note": NOTE}
    ),
    "POST /v1/evidence/{item_id:str}/holds": lambda w: w.post(
        f"/v1/evidence/{w.found().content}/holds", {"reason": NOTE, "authority": NOTE}
    ),
    "POST /v1/evidence/holds/{hold_id:int}/release": lambda w: w.post(
        f"/v1/evidence/holds/{w.hold().id}/release", {"reason": NOTE}
    ),
    "POST /v1/evidence/{item_id:str}/erase": lambda w: w.post(
        f"/v1/evidence/{w.found().content}/erase", {"reason": NOTE}
    ),
    "POST /v1/evidence/reports": _reported,
    "GET /v1/evidence/{item_id:str}/custody.pdf": lambda w: _got(
        w, f"/v1/evidence/{w.found().content}/custody.pdf"
    ),
    "GET /v1/evidence/{item_id:str}/custody.json": lambda w: _got(
        w, f"/v1/evidence/{w.found().content}/custody.json"
    ),
    "POST /console/evidence/{item_id:str}/export": lambda w: w.submit(
        f"/evidence/{w.found().content}/export", form="json"
    ),
    "POST /v1/evidence/{item_id:str}/look": _looked,
    "POST /v1/evidence/{item_id:str}/hand-in": _handed_in,
    "POST /console/evidence/{item_id:str}/hold": lambda w: w.submit(
        f"/evidence/{w.found().content}/hold", reason=NOTE, authority=NOTE
    ),
    "POST /console/evidence/{item_id:str}/release/{hold_id:int}": _released,
    "GET /v1/cases/export": lambda w: _got(w, "/v1/cases/export"),
    "POST /v1/cases/{case_id:str}/merge": _merged,
    "POST /v1/cases/{case_id:str}/split": _split,
    "POST /v1/cases/{case_id:str}/move": lambda w: w.post(
        f"/v1/cases/{w.case()}/move", {"queue": w.queue(), "why": NOTE}
    ),
    "POST /v1/cases/changes/{change_id:int}/undo": _undone,
    "PUT /v1/queues/{name:str}": lambda w: w.send("PUT", f"/v1/queues/q-{next(NUMBERS)}"),
    "DELETE /v1/queues/{name:str}": lambda w: w.send("DELETE", f"/v1/queues/{w.queue()}"),
    "POST /v1/queues/order": _ordered,
    "POST /v1/rescans": lambda w: w.post("/v1/rescans", {"bank": w.bank()}),
    "POST /v1/rescans/{number:int}/pause": PAUSE[0],
    "POST /v1/rescans/{number:int}/resume": RESUME[0],
    "POST /v1/rescans/{number:int}/cancel": CANCEL[0],
    "POST /v1/actions/{delivery_id:str}/receipt": _receipt,
    "POST /v1/actions/{delivery_id:str}/retry": lambda w: w.post(
        f"/v1/actions/{w.delivery()}/retry"
    ),
    "POST /v1/actions/retry": _retried,
    "POST /v1/destinations": _made,
    "PATCH /v1/destinations/{name:str}": lambda w: w.send(
        "PATCH", f"/v1/destinations/{w.destination()}", {"url": f"http://127.0.0.1:2/{TOKEN}"}
    ),
    "DELETE /v1/destinations/{name:str}": lambda w: w.send(
        "DELETE", f"/v1/destinations/{w.destination()}"
    ),
    "POST /v1/destinations/{name:str}/rotate": lambda w: _rotated(
        w, w.post(f"/v1/destinations/{w.destination()}/rotate")
    ),
    "POST /v1/accounts": lambda w: _invited(
        w, w.post("/v1/accounts", {"name": f"new-{next(NUMBERS)}", "role": "reviewer"})
    ),
    "PATCH /v1/accounts/{account_id:str}": lambda w: w.send(
        "PATCH", f"/v1/accounts/{w.person().account}", {"role": "auditor"}
    ),
    "POST /v1/accounts/{account_id:str}/invite": lambda w: _invited(
        w, w.post(f"/v1/accounts/{w.person().account}/invite")
    ),
    "POST /console/accounts": lambda w: w.submit(
        "/accounts", name=f"new-{next(NUMBERS)}", role="reviewer"
    ),
    "POST /console/accounts/{account_id:str}": lambda w: w.submit(
        f"/accounts/{w.person().account}", do="disable"
    ),
    "POST /console/accounts/{account_id:str}/invite": lambda w: w.submit(
        f"/accounts/{w.person().account}/invite"
    ),
    "POST /console/account/password": lambda w: w.submit_as(
        w.person(), "/account/password", new=PASSWORD, again=PASSWORD
    ),
    "POST /console/preferences": lambda w: w.submit_as(w.person(), "/preferences", language="fr"),
    "POST /console/account/authenticator": _with_authenticator,
    "POST /console/account/sessions/end": _alone,
    "POST /v1/policy/propose": lambda w: w.post("/v1/policy/propose", {"text": policy()}),
    "POST /console/conversations/bar": lambda w: w.submit(
        "/conversations/bar", threshold="7.5", live=w.services.policy.now().live.version
    ),
    "POST /console/policy/propose": lambda w: w.submit("/policy/propose", text=policy()),
    "POST /console/account/keys": _with_key,
    "POST /console/sign-in/key": _by_key,
    "POST /console/account/keys/{key_id:str}/remove": _without_key,
    "POST /console/account/provider/remove": _unlinked,
    "POST /v1/policy/activate": lambda w: w.post(
        "/v1/policy/activate", {"text": policy(), "note": NOTE}
    ),
    "POST /v1/policy/shadow": lambda w: w.post("/v1/policy/shadow", {"text": policy()}),
    "POST /v1/policy/rollback": _rolled_back,
    "POST /console/sign-in": World.sign_in,
    "POST /console/sign-out": _signed_out,
    "POST /console/banks": lambda w: w.submit("/banks", name=f"c-{next(NUMBERS)}", source=NOTE),
    "POST /console/banks/{name:str}/distance": lambda w: w.submit(
        f"/banks/{w.bank()}/distance", distance="6"
    ),
    "POST /console/banks/{name:str}/disable": lambda w: w.submit(f"/banks/{w.bank()}/disable"),
    "POST /console/banks/{name:str}/enable": lambda w: w.submit(
        f"/banks/{w.bank(enabled=False)}/enable"
    ),
    "POST /console/banks/{name:str}/import": _uploaded,
    "POST /console/entries/{entry_id:int}/distance": lambda w: w.submit(
        f"/entries/{w.entry()}/distance", distance="5"
    ),
    "POST /console/parkings/{parking_id:int}/decision": lambda w: w.submit(
        f"/parkings/{w.parking()}/decision", choice="disable", note=NOTE
    ),
    "POST /console/rescans": lambda w: w.submit("/rescans", bank=w.bank()),
    "POST /console/rescans/{number:int}/pause": PAUSE[1],
    "POST /console/rescans/{number:int}/resume": RESUME[1],
    "POST /console/rescans/{number:int}/cancel": CANCEL[1],
    "POST /console/actions/{delivery_id:str}/retry": lambda w: w.submit(
        f"/actions/{w.delivery()}/retry"
    ),
    "POST /console/actions/retry": _retried_in_console,
    "POST /console/destinations": lambda w: w.submit(
        "/destinations", name=f"d-{next(NUMBERS)}", **FIELDS
    ),
    "POST /console/destinations/{name:str}": lambda w: w.submit(
        f"/destinations/{w.destination()}", **FIELDS
    ),
    "POST /console/destinations/{name:str}/rotate": lambda w: w.submit(
        f"/destinations/{w.destination()}/rotate", overlap_hours="1"
    ),
    "POST /console/destinations/{name:str}/disable": lambda w: w.submit(
        f"/destinations/{w.destination()}/disable"
    ),
    "POST /console/destinations/{name:str}/enable": lambda w: w.submit(
        f"/destinations/{w.destination(enabled=False)}/enable"
    ),
    "POST /console/destinations/{name:str}/delete": _deleted,
    "POST /console/policy/activate": lambda w: w.submit(
        "/policy/activate", text=policy(), note=NOTE
    ),
    "POST /console/policy/shadow": lambda w: w.submit("/policy/shadow", text=policy()),
    "POST /console/policy/rollback": lambda w: w.submit("/policy/rollback", to=w.other_policy()),
    **deciding.STEPS,
    **reviewing.STEPS,
    **protecting.STEPS,
    **keeping.STEPS,
    **talking.STEPS,
}
"""How each other route is used with effect, and those that read and give signals away."""


class Told(NamedTuple):
    """What came of a step: who took it, the answer, and the leaves that it left."""

    by: str
    answer: Answer
    leaves: list[Leaf]


def take(world: World, step: Step, read: Callable[[], list[Leaf]]) -> Told:
    before = len(read())
    answer = step(world)
    return Told(world.by, answer, read()[before:])


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


@pytest.fixture(scope="module")
def read(services: Services) -> Callable[[], list[Leaf]]:
    return partial(read_leaves, services.database)


def test_no_route_is_forgotten(services: Services) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        app = routed(services, [console.routes()])
    known = {f"{method} {path}" for method, path, _ in declared(app)}
    changing = {one for one in known if one.split()[0] not in {"GET", "HEAD"}}
    assert changing - set(STEPS) - set(SILENT) == set(), "give it a step, or a reason"
    assert (set(STEPS) | set(SILENT)) - known == set()
    assert set(STEPS) & set(SILENT) == set()


@pytest.mark.parametrize("route", STEPS)
def test_what_a_route_does_is_told_of_whoever_asked(
    world: World, read: Callable[[], list[Leaf]], route: str
) -> None:
    told = take(world, STEPS[route], read)
    assert told.answer.status < 400, told.answer
    own = [one for one in told.leaves if one.by == told.by]
    assert own, told.leaves
    if route.startswith("GET"):
        assert {one.kind for one in own} == {AuditKind.EXPORT}


def test_the_manual_explains_each_leaf_and_none_holds_what_is_secret(
    world: World, read: Callable[[], list[Leaf]]
) -> None:
    for step in STEPS.values():
        take(world, step, read)
    assert unexplained(read()) == set()
    text = "\n".join(map(str, read()))
    assert len(world.secrets) > len(STEPS)
    assert [one for one in world.secrets if one in text] == []
