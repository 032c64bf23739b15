from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


def test_the_scoreboard_has_eleven_rows_with_counts(api: Api) -> None:
    api.post("/v1/check", {"signals": [{"kind": "md5", "value": "ab" * 16}]})
    rows = api.get("/v1/principles", role="uploader").json["principles"]
    assert [row["number"] for row in rows] == list(range(1, 12))
    counts = {measure["counter"]: measure["count"] for measure in rows[0]["measures"]}
    assert counts["events"] == api.services.counts.counts()["events"] > 0
