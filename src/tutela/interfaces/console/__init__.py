"""The console: server-rendered pages for the people who run and review."""

from __future__ import annotations

from litestar import Router

from tutela.interfaces.console import (
    access,
    banks,
    conversations,
    custody,
    defence,
    entries,
    events,
    law,
    leading,
    places,
    protection,
    rescans,
    response,
    review,
    rules,
    sign_in,
)
from tutela.interfaces.console.answers import PAGES, respond
from tutela.interfaces.console.pages import Pages
from tutela.interfaces.console.shell import preferring
from tutela.interfaces.console.sign_in import by_session
from tutela.interfaces.language import OPT, Languages
from tutela.interfaces.web.guard import IDENTIFY


def routes() -> Router:
    """Every page under `/console`; callers are known by their session."""
    return Router(
        path="/console",
        route_handlers=[
            sign_in.show_sign_in,
            sign_in.sign_in,
            sign_in.sign_in_with_key,
            sign_in.sign_out,
            places.show_home,
            *access.HANDLERS,
            *review.HANDLERS,
            *leading.HANDLERS,
            *protection.HANDLERS,
            *conversations.HANDLERS,
            *custody.HANDLERS,
            *response.HANDLERS,
            *rules.HANDLERS,
            *preferring.HANDLERS,
            places.show_principles,
            places.show_static,
            places.show_nothing,
            events.show_event,
            rescans.list_rescans,
            rescans.start_rescan,
            rescans.show_rescan,
            rescans.pause_rescan,
            rescans.resume_rescan,
            rescans.cancel_rescan,
            banks.list_banks,
            banks.create_bank,
            banks.show_bank,
            banks.set_distance,
            banks.enable_bank,
            banks.disable_bank,
            banks.import_file,
            defence.show_defence,
            defence.decide_parking,
            defence.show_preview,
            law.list_packs,
            law.show_pack,
            entries.list_entries,
            entries.show_entry,
            entries.set_entry_distance,
        ],
        exception_handlers={Exception: respond},
        opt={IDENTIFY: by_session, PAGES: Pages(), OPT: Languages()},
        include_in_schema=False,
    )
