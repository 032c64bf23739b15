from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import Unavailable
from tutela.evidence.keys.service import KeyUnavailable
from tutela.evidence.vault.store import StoreUnavailable, blob_name
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.storage.audit.reading import AuditLog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.finding import Found

Find = Callable[..., "Found"]
Leaves = Callable[[str], list[Leaf]]
WHY = {"reason": "review of the case"}


def blob_of(api: Api, item_id: str) -> Path:
    stored = api.services.custody.items.object_of(item_id)
    assert stored is not None
    name = blob_name(stored.address, stored.id)
    (path,) = api.services.settings.vault_folder.rglob(name)
    return path


def test_bytes_are_shown_and_the_look_is_written_down_first(
    api: Api, find: Find, leaves: Leaves
) -> None:
    found = find()
    answer = api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert (answer.status, answer.body) == (200, found.data)
    headers = answer.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["cache-control"] == "no-store"
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-length"] == str(len(found.data))
    last = leaves(found.content)[-1]
    assert (last.kind, last.data["reason"]) == (AuditKind.LOOK, "review of the case")
    assert last.by.startswith("key:")
    assert last.data["event"] == found.event_id


def test_a_look_needs_a_reason(api: Api, find: Find, leaves: Leaves) -> None:
    found = find()
    for bad in ({}, {"reason": ""}, {"reason": "\n"}, {"reason": "a" * 501}):
        assert api.post(f"/v1/evidence/{found.content}/look", bad).status == 400
    assert [leaf.kind for leaf in leaves(found.content)] == [AuditKind.PRESERVE]


def test_nothing_is_shown_that_the_log_does_not_take(
    api: Api, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find()

    def full(_: AuditLog, __: Sequence[NewLeaf]) -> int:
        raise Unavailable("the database is full")

    monkeypatch.setattr(AuditLog, "write", full)
    answer = api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert found.data[:20] not in answer.body


def test_the_look_stands_though_whoever_serves_dies_before_the_first_byte(
    api: Api, find: Find, leaves: Leaves, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find()
    vault, seen = api.services.custody.vault.vault(), list[AuditKind]()

    def dies(*_: object, **__: object) -> None:
        seen.extend(leaf.kind for leaf in leaves(found.content))
        raise KeyboardInterrupt

    monkeypatch.setattr(vault._store, "get", dies)
    with pytest.raises(KeyboardInterrupt):
        api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert seen[-1] is AuditKind.LOOK


def test_what_is_not_there_is_not_shown(api: Api, find: Find, leaves: Leaves) -> None:
    found = find(given=False)
    answer = api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert (answer.status, answer.code) == (409, "conflict")
    assert api.post("/v1/evidence/item-none/look", WHY).status == 404
    assert AuditKind.LOOK not in {leaf.kind for leaf in leaves(found.content)}


@pytest.mark.parametrize("code", ["damaged", "blob-missing"])
def test_what_is_damaged_or_gone_is_told_as_such(api: Api, find: Find, code: str) -> None:
    found = find()
    blob = blob_of(api, found.content)
    data = blob.read_bytes()
    blob.unlink()
    if code == "damaged":
        blob.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    answer = api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert (answer.status, answer.code) == (502, code)
    assert found.data[:20] not in answer.body


@pytest.mark.parametrize("error", [KeyUnavailable, StoreUnavailable])
def test_a_vault_that_is_away_is_told_as_such(
    api: Api, find: Find, monkeypatch: pytest.MonkeyPatch, error: type[KeyUnavailable]
) -> None:
    found = find()

    def away() -> None:
        raise error("the vault does not answer")

    monkeypatch.setattr(type(api.services.custody.vault), "vault", lambda _: away())
    answer = api.post(f"/v1/evidence/{found.content}/look", WHY)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_the_platform_hands_in_what_it_has(api: Api, find: Find, leaves: Leaves) -> None:
    found = find(given=False)
    path = f"/v1/evidence/{found.content}/hand-in"
    wrong = api.ask("POST", path, b"other bytes", role="uploader")
    assert (wrong.status, wrong.code) == (400, "invalid-input")
    assert api.get(f"/v1/evidence/{found.content}").json["item"]["state"] == "elsewhere"
    right = api.ask("POST", path, found.data, role="uploader", query={"name": "late.txt"})
    assert (right.status, right.json["state"]) == (200, "kept")
    assert right.json["facts"]["chain"][0]["name"] == "late.txt"
    assert api.post(f"/v1/evidence/{found.content}/look", WHY).body == found.data
    assert [leaf.kind for leaf in leaves(found.content)][:2] == [AuditKind.PRESERVE] * 2
    assert api.ask("POST", path, found.data, role="uploader").status == 200
    assert api.ask("POST", "/v1/evidence/item-none/hand-in", b"a").status == 404


def test_large_bytes_that_are_others_are_refused(api: Api, find: Find) -> None:
    found = find(given=False)
    large = b"a harmless line\n" * 200_000
    answer = api.ask("POST", f"/v1/evidence/{found.content}/hand-in", large, role="uploader")
    assert answer.status == 400


def test_user_data_are_evidence_too(api: Api, find: Find) -> None:
    found = find()
    told = api.post(f"/v1/evidence/{found.user_data}/look", WHY)
    assert msgspec.json.decode(told.body)["actor"]["id"] == "actor 7"
    handed = api.ask("POST", f"/v1/evidence/{found.user_data}/hand-in", b'{"records": []}')
    assert handed.code == "conflict"
