"""The web application: everything is built here, once."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.datastructures import State
from litestar.static_files import create_static_files_router

from meadow import pages
from meadow.asking import Platform, obey, send_appeals
from meadow.database import Database
from meadow.receiver import receive
from meadow.settings import Settings
from tutela.client import Tutela

HERE = Path(__file__).parent
LARGEST = 10_000_000
"""Bytes of a form."""
FLUSH_SECONDS = 2.0
"""Pause between attempts to send what waits while Tutela is away."""


def make_app(settings: Settings) -> Litestar:
    """Build Meadow."""
    database = Database(settings.folder)
    tutela = Tutela(
        settings.tutela,
        settings.key,
        timeout=10,
        deadline=10,
        spool=settings.folder / "spool",
        on_trouble="closed",
    )
    platform = Platform(database=database, tutela=tutela)

    def resend(stop: threading.Event) -> None:
        while not stop.wait(FLUSH_SECONDS):
            send_appeals(platform)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        """Send what waits in the spool for as long as the platform runs."""
        stop = threading.Event()
        told = partial(obey, platform)
        thread = threading.Thread(
            target=tutela.keep_flushing, args=(stop, told), kwargs={"every": FLUSH_SECONDS}
        )
        appeals = threading.Thread(target=resend, args=(stop,))
        thread.start()
        appeals.start()
        yield
        stop.set()
        thread.join()
        appeals.join()
        tutela.close()

    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    static = create_static_files_router("/static", directories=[HERE / "static"])
    return Litestar(
        [receive, static, *pages.ROUTES],
        state=State({"platform": platform, "secrets": settings.secrets, "templates": templates}),
        lifespan=[running],
        request_max_body_size=LARGEST,
        after_request=pages.protected,
        openapi_config=None,
    )
