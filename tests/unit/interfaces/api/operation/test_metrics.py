from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tutela.interfaces.application import audit_numbers
from tutela.interfaces.services import Services
from tutela.storage.audit.reading import Checkpoint

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_requests_events_and_lookups_are_counted(api: Api) -> None:
    before = api.get("/metrics").body.decode()
    signals = [{"kind": "md5", "value": "ab" * 16}]
    api.post("/v1/check", {"signals": signals})
    api.post("/v1/lookup", {"signals": signals})
    api.get("/v1/events/some-id-that-nobody-has")
    api.get("/nowhere/with-a-secret")
    answer = api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    after = answer.body.decode()
    for name in (
        'tutela_http_requests_total{method="POST",route="/v1/check",status="200"}',
        'tutela_http_requests_total{method="POST",route="/v1/lookup",status="200"}',
        'tutela_http_requests_total{method="GET",route="/v1/events/{event_id}",status="404"}',
        'tutela_http_requests_total{method="GET",route="unknown",status="404"}',
        'tutela_checks_total{verdict="clear"}',
        'tutela_lookups_total{found="no"}',
    ):
        assert value(after, name) == value(before, name) + 1, name
    assert "secret" not in after
    assert "nobody" not in after


def test_the_log_and_what_nobody_has_signed_of_it(api: Api, services: Services) -> None:
    api.post("/v1/banks", {"name": "told-of", "drill": True})
    numbers = audit_numbers(services)
    size = services.audit_log.head().size
    assert (numbers["audit_leaves"], numbers["audit_unsigned_leaves"]) == (size, size)
    assert 0 <= numbers["audit_age_seconds"] < 3600
    signed = Checkpoint(size=size - 1, at=datetime.now(UTC), note="a note")
    services.audit_log.keep_checkpoint(signed)
    assert audit_numbers(services)["audit_unsigned_leaves"] == 1
    services.metrics.audit_state(audit_numbers(services))
    shown = api.get("/metrics").body.decode()
    assert value(shown, "tutela_audit_leaves") >= size
    assert value(shown, "tutela_audit_unsigned_leaves") == 1
