"""Log lines: for people or as JSON, never with content, fingerprints, keys or passwords.

`make_logger` builds a logger that is passed around; there is no global one. What other libraries
log through the standard library goes the same way, so that the same rules hold for it.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from tutela.errors import TutelaError

WITHHELD = "withheld"
"""Stands where something was that no log may hold."""

SENSITIVE_KEYS = frozenset(
    {
        "api_key",
        "authorization",
        "body",
        "code",
        "codes",
        "content",
        "contents",
        "cookie",
        "data",
        "digest",
        "entry",
        "entries",
        "filename",
        "hash",
        "hashes",
        "headers",
        "key",
        "password",
        "query",
        "secret",
        "session",
        "signal",
        "signals",
        "text",
        "token",
        "url",
        "value",
        "values",
    }
)
"""Names under which secrets and content are handed around: only numbers are written of these."""

IDENTITY_KEYS = frozenset({"event_id", "case_id", "request_id", "policy_version", "key_id"})
"""Names whose values may look like a fingerprint and are none."""

# MD5, SHA-1, SHA-256 and PDQ in text form, wherever they stand in a sentence.
_FINGERPRINT = re.compile(
    r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])"
)
_PASSWORD = re.compile(r"(?P<head>://[^/\s:@]*:)[^\s]*@")
_PLAIN = (bool, int, float, date, timedelta, type(None))
_DEEPEST = 4

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def make_logger(level: str, *, as_json: bool, stream: TextIO) -> FilteringBoundLogger:
    """The program's logger.

    Also sends what libraries log through the standard library to the same stream in the same
    form; that is the one process-wide thing it does, so call it once per process. Libraries that
    set up logging of their own must be told not to (uvicorn: `log_config=None`).

    Args:
        level: `debug`, `info`, `warning` or `error`.
        as_json: one JSON object per line instead of text for people.
        stream: where lines go, usually standard error.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    processors = _processors(as_json=as_json, stream=stream)
    _take_over_standard_logging(number, processors, stream)
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    return cast("FilteringBoundLogger", logger)


def withhold(_logger: WrappedLogger | None, _method: str, line: EventDict) -> EventDict:
    """Replace everything that no log may hold: a processor for structlog."""
    return {name: _safe(name, value, 0) for name, value in line.items()}


def name_failure(_logger: WrappedLogger | None, _method: str, line: EventDict) -> EventDict:
    """Turn exception information into type and places: a processor for structlog.

    The text of an exception may quote what was being worked on, so that only our own errors,
    which never do, keep theirs.
    """
    given = line.pop("exc_info", None)
    if given:
        failure = _exception(given)
        if failure is not None:
            line["failure"] = _described(failure)
            line["at"] = _frames(failure.__traceback__)
            cause = failure.__cause__ or failure.__context__
            if cause is not None:
                line["because"] = _described(cause)
                line["because_at"] = _frames(cause.__traceback__)
    return line


def _processors(*, as_json: bool, stream: TextIO) -> list[Processor]:
    render: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    return [
        structlog.processors.add_log_level,
        name_failure,
        withhold,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        render,
    ]


def _take_over_standard_logging(level: int, processors: list[Processor], stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries say much at lower levels that is of no use to an operator.
    root.setLevel(max(level, logging.INFO))
    logging.getLogger("alembic").setLevel(logging.WARNING)  # two lines at each start


def _name_library(_logger: WrappedLogger | None, _method: str, line: EventDict) -> EventDict:
    record = cast("logging.LogRecord", line["_record"])
    line["library"] = record.name
    return line


def _safe(name: str, value: object, depth: int) -> object:
    if isinstance(value, _PLAIN):
        return value
    if name in SENSITIVE_KEYS:
        return WITHHELD
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return _one_line(value) if name in IDENTITY_KEYS else _masked(value)
    if isinstance(value, BaseException):
        return _described(value)
    if isinstance(value, PurePath):
        return _masked(str(value))
    return _safe_several(value, depth)


def _safe_several(value: object, depth: int) -> object:
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_masked(str(k)): _safe(str(k), item, depth + 1) for k, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_safe("", item, depth + 1) for item in value]
    # Records, bytes, arrays and whatever comes: a type that is not known to be harmless is not.
    return f"{WITHHELD} ({type(value).__name__})"


def _masked(text: str) -> str:
    masked = _PASSWORD.sub(rf"\g<head>{WITHHELD}@", _FINGERPRINT.sub(WITHHELD, text))
    return _one_line(masked)


def _one_line(text: str) -> str:
    """Text that cannot pass for a line of its own, or move a terminal's cursor."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _exception(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return cast("_ExcInfo", given)[1]
    return sys.exception()


def _described(failure: BaseException) -> str:
    name = type(failure).__name__
    return f"{name}: {_masked(str(failure))}" if isinstance(failure, TutelaError) else name


def _frames(trace: TracebackType | None) -> list[str]:
    """Where it happened, outermost first: `file:line function`, without any values."""
    frames: list[Any] = list(traceback.extract_tb(trace))
    return [f"{PurePath(one.filename).name}:{one.lineno} {one.name}" for one in frames]
