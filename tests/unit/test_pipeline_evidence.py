"""What the pipeline hands to the vault: the bytes of matches, and not one byte else."""

from __future__ import annotations

import asyncio
import io
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutela.app import open_services
from tutela.drill.photographs import listed, unrelated
from tutela.evidence.vault.vault import Vault
from tutela.interfaces.services import Services
from tutela.model import Actor, NewEntry, Outcome, Verdict
from tutela.model.custody.evidence import EvidenceKind, ItemState, Sealed, StepKind
from tutela.pipeline import Pipeline, Submission
from tutela.response.preserving import Preservation
from tutela.response.recording import Recording
from tutela.settings import Settings
from tutela.storage.past.people import People
from tutela.telemetry import make_logger

KNOWN, UNKNOWN = listed()[0].data, unrelated()[0].data


class Watched(Vault):
    """A vault that tells what plain bytes it was given."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault._store, vault._keys)
        self.given: list[bytes] = []

    def seal(self, source: int | bytes, *, sha256: str | None = None) -> Sealed:
        assert isinstance(source, bytes)
        self.given.append(source)
        return super().seal(source, sha256=sha256)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    env = {
        "TUTELA_DATA_FOLDER": str(tmp_path_factory.mktemp("data")),
        "TUTELA_DECODER_CHILDREN": "1",
        "TUTELA_VAULT_DEFAULT_DAYS": "90",
    }
    log = make_logger("critical", as_json=False, stream=sys.stderr)
    with open_services(Settings.load(None, env), log) as opened:
        opened.banks.create("lake", trusted=True, drill=True, source="a test")
        contents = opened.decoder.submit(KNOWN).result()
        opened.entries.add("lake", [NewEntry(label="a lake", signals=contents[0].signals)])
        opened.sync.refresh()
        yield opened


def submitted(event_id: str, source: bytes, *, actor: bool = False, name: str = "") -> Submission:
    return Submission(
        event_id=event_id,
        digest=event_id,
        source=source,
        drill=True,
        actor=Actor(id="actor 7") if actor else None,
        name=name,
    )


def check(services: Services, submission: Submission) -> Outcome:
    return asyncio.run(services.pipeline.check(submission))


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.jpg", data)
    return file.getvalue()


def read(services: Services, item_id: str) -> bytes:
    stored = services.custody.items.object_of(item_id)
    assert stored is not None
    return b"".join(bytes(piece) for piece in services.custody.vault.vault().read(stored))


def test_a_match_is_kept_with_its_case(services: Services) -> None:
    outcome = check(services, submitted("kept", KNOWN, actor=True, name="lake.jpg"))
    assert [(one.kind, one.state) for one in outcome.evidence] == [
        (EvidenceKind.CONTENT, ItemState.KEPT),
        (EvidenceKind.USER_DATA, ItemState.KEPT),
    ]
    item = services.custody.items.get(outcome.evidence[0].id)
    assert (item.case_id, item.facts.name) == (outcome.case_id, "lake.jpg")
    assert item.facts.media_type == "image/jpeg"
    assert item.expires_at == outcome.received_at + timedelta(days=90)
    assert read(services, item.id) == KNOWN
    assert services.settings.vault_key_file.stat().st_mode & 0o777 == 0o600


def test_the_way_through_an_archive_is_told(services: Services) -> None:
    outcome = check(services, submitted("zip", zipped(plain=UNKNOWN, lake=KNOWN), name="z.zip"))
    item = services.custody.items.get(outcome.evidence[0].id)
    assert [(step.kind, step.name) for step in item.facts.chain] == [
        (StepKind.UPLOAD, "z.zip"),
        (StepKind.MEMBER, "lake.jpg"),
    ]
    assert set(item.facts.chain[1].digests) == {"md5", "sha1", "sha256"}


def test_clear_content_never_reaches_the_vault(services: Services) -> None:
    watched = Watched(services.custody.vault.vault())
    preservation = Preservation(
        vault=lambda: watched,
        items=services.custody.items,
        people=People(services.database),
        terms=services.custody.terms,
        log=services.log,
    )
    pipeline = Pipeline(
        decoder=services.decoder,
        matching=services.matching,
        policy=services.policy.now,
        recording=Recording(services.journal, preservation),
    )
    matching, sources = (
        set[bytes](),
        {
            "clear": UNKNOWN,
            "known": KNOWN,
            "text": b"a harmless line",
            "half": UNKNOWN[: len(UNKNOWN) // 2],
            "empty": b"",
            "clear-zip": zipped(one=UNKNOWN, two=UNKNOWN),
            "known-zip": zipped(one=UNKNOWN, two=KNOWN),
        },
    )
    for name, source in sources.items():
        outcome = asyncio.run(pipeline.check(submitted(f"spy-{name}", source)))
        assert outcome.evidence or outcome.verdict is not Verdict.MATCH
        if outcome.verdict is Verdict.MATCH:
            matching.add(source)
        else:
            assert outcome.evidence == ()
    assert matching == {KNOWN, sources["known-zip"]}
    assert set(watched.given) == matching
