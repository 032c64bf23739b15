"""Ratings of conversations for people: one HTML page that needs no other file and runs nothing.

It holds ids, points and places, and no word of what was written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO

import jinja2

from tutela.detection.conversation import explaining
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.interfaces.cli.conversations.rows import Highest
from tutela.interfaces.cli.conversations.view import NOTE, because, plain, summary


def write_page(
    stream: BinaryIO, title: str, model: str, highest: Highest, read: ReadingSummary
) -> None:
    """Write the page.

    Args:
        stream: takes it as UTF-8.
        title: what was rated, in the user's words.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tutela.interfaces.cli.conversations", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": plain, "because": because}
    page = environment.get_template("page.html.j2").stream(
        title=title,
        model=model,
        note=NOTE,
        rows=highest.rows(),
        counted=summary(highest, read),
        synthetic=highest.synthetic,
        bands=explaining.BANDS,
        stages=explaining.STAGES,
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    page.enable_buffering(100)
    page.dump(stream, encoding="utf-8", errors="xmlcharrefreplace")
