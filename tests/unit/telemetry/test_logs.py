"""No log line holds content, a fingerprint, a key or a password, however it got there."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import FilteringBoundLogger

from tutela.errors import InvalidInput
from tutela.model import Content, EntryFacts, NewEntry, Signal, Verdict
from tutela.telemetry import make_logger
from tutela.telemetry.logs import SENSITIVE_KEYS

MD5 = "0123456789abcdef0123456789abcdef"
PDQ = MD5 * 2
SIGNAL = Signal(kind="md5", value=MD5)


class Log:
    """A logger and what it wrote."""

    def __init__(self, level: str = "info", *, as_json: bool = True) -> None:
        self._stream = io.StringIO()
        self.logger: FilteringBoundLogger = make_logger(level, as_json=as_json, stream=self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def standard_logging() -> Iterator[None]:
    """The one process-wide thing is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_says_what_happened_when_and_how_grave() -> None:
    log = Log()
    log.logger.info("started", port=8080, path=Path("/srv"), verdict=Verdict.CLEAR, none=None)
    (line,) = log.lines
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo == UTC
    assert line == {
        "event": "started",
        "level": "info",
        "port": 8080,
        "path": "/srv",
        "verdict": "clear",
        "none": None,
    }


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        SIGNAL,
        [SIGNAL],
        {"a": {"b": SIGNAL}},
        {MD5: 1},
        Content(signals=(SIGNAL,)),
        NewEntry(label=MD5, signals=(SIGNAL,)),
        EntryFacts(note=MD5),
        MD5.encode(),
        bytearray(MD5.encode()),
        memoryview(MD5.encode()),
        f"the hash {MD5.upper()} and {PDQ}",
        f"{MD5}",
        ValueError(MD5),
        RuntimeError(SIGNAL),
        InvalidInput(f"not so: {MD5}"),
        object,
        [[[[[[MD5]]]]]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_fingerprint_is_withheld_wherever_it_is(value: object, *, as_json: bool) -> None:
    log = Log(as_json=as_json)
    log.logger.warning("odd", thing=value, other=[value])
    log.logger.bind(thing=value).warning("odd")
    log.logger.warning("odd %s", value)
    assert log.text.count("odd") == 3
    assert "thing" in log.text
    assert MD5 not in log.text.lower()


@pytest.mark.parametrize("name", sorted(SENSITIVE_KEYS))
def test_what_goes_by_a_sensitive_name_is_withheld(name: str) -> None:
    log = Log()
    log.logger.info("x", **{name: "s3cret", "nested": {name: ["s3cret"]}})
    assert "s3cret" not in log.text
    assert log.lines[0][name] == "withheld"


def test_numbers_are_harmless_by_any_name() -> None:
    log = Log()
    log.logger.info("imported", entries=1000, signals=1200)
    assert (log.lines[0]["entries"], log.lines[0]["signals"]) == (1000, 1200)


def test_an_event_id_that_looks_like_a_fingerprint_is_kept() -> None:
    log = Log()
    log.logger.info("checked", event_id=MD5)
    assert log.lines[0]["event_id"] == MD5


def test_a_password_in_an_address_is_withheld() -> None:
    log = Log()
    log.logger.info("opened", database="postgresql://ann:s3cr@t@db/x", site="https://db:80/x")
    assert log.lines[0]["database"] == "postgresql://ann:withheld@db/x"
    assert log.lines[0]["site"] == "https://db:80/x"


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_can_pass_for_a_line_of_its_own(*, as_json: bool) -> None:
    log = Log(as_json=as_json)
    log.logger.info("seen", surface="a\n2026 [info] forged\x1b[2J", event_id="e\nforged")
    assert len(log.text.splitlines()) == 1
    assert "\x1b[2J" not in log.text


def fail() -> None:
    try:
        int(MD5 + "x")
    except ValueError as problem:
        raise RuntimeError(MD5) from problem


def test_a_failure_is_told_by_type_and_place_without_its_text() -> None:
    log = Log()
    try:
        fail()
    except RuntimeError:
        log.logger.exception("broken")
    (line,) = log.lines
    assert (line["failure"], line["because"]) == ("RuntimeError", "ValueError")
    assert line["at"][-1].startswith("test_logs.py:")
    assert line["at"][-1].endswith(" fail")
    assert MD5 not in log.text


def test_our_own_errors_keep_their_sentence() -> None:
    log = Log()
    problem = InvalidInput("this is no PDQ", where="line 3")
    log.logger.info("refused", why=problem, exc_info=problem)
    assert log.lines[0]["failure"] == "InvalidInput: line 3: this is no PDQ"
    assert log.lines[0]["why"] == "InvalidInput: line 3: this is no PDQ"


def test_what_libraries_log_goes_the_same_way() -> None:
    log = Log()
    library = logging.getLogger("some.library")
    library.warning("saw %s", MD5)
    try:
        fail()
    except RuntimeError:
        library.exception("broken")
    first, second = log.lines
    assert (first["event"], first["library"], first["level"]) == (
        "saw withheld",
        "some.library",
        "warning",
    )
    assert second["failure"] == "RuntimeError"
    assert MD5 not in log.text


def test_only_what_is_grave_enough_is_written() -> None:
    log = Log("warning")
    log.logger.info("no")
    logging.getLogger("some.library").info("no")
    log.logger.warning("yes")
    logging.getLogger("some.library").warning("yes")
    assert [line["event"] for line in log.lines] == ["yes", "yes"]


def test_libraries_never_say_more_than_information() -> None:
    log = Log("debug")
    log.logger.debug("yes")
    logging.getLogger("some.library").debug("no")
    assert [line["event"] for line in log.lines] == ["yes"]


def test_two_loggers_do_not_write_into_each_other() -> None:
    first, second = Log(), Log()
    first.logger.info("one")
    second.logger.info("two")
    assert [line["event"] for line in first.lines] == ["one"]
    assert [line["event"] for line in second.lines] == ["two"]
