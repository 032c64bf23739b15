"""What the database holds, in numbers, for the scoreboard and the metrics."""

from __future__ import annotations

from tutela.storage.database import Database

NAMES = (
    "events",
    "events_match",
    "events_clear",
    "events_not_checked",
    "decisions",
    "actions_allow",
    "actions_hold",
    "actions_block",
    "actions_open_case",
    "matches_md5",
    "matches_sha1",
    "matches_sha256",
    "matches_pdq",
    "cases",
    "cases_open",
    "signals_kept",
    "banks",
    "entries",
)


class Counts:
    """The counters of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[str, int]:
        """Every name in `NAMES` (and one `matches_<kind>` for each further kind); cheap."""
        raise NotImplementedError
