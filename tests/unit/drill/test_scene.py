from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutela.drill.scene import NEEDED, Confirmation, Scene, Sight, platform_process
from tutela.drill.server import free_port
from tutela.errors import Unavailable

SEEN = (Sight(text="it is shown", seen=True),)
DONE = tuple(
    Confirmation(action=kind, about="robin", done="done", receipt=f"m-{n}", state="done")
    for n, kind in enumerate(NEEDED)
)


def test_a_scene_is_sound_when_all_was_shown_asked_for_and_confirmed() -> None:
    assert Scene(confirmations=DONE, sights=SEEN).sound


@pytest.mark.parametrize("missing", range(len(NEEDED)))
def test_an_action_that_was_not_asked_for_is_noticed(missing: int) -> None:
    rest = DONE[:missing] + DONE[missing + 1 :]
    assert not Scene(confirmations=rest, sights=SEEN).sound


@pytest.mark.parametrize("state", ["waiting", "sent", "failed"])
def test_an_action_that_was_not_confirmed_is_noticed(state: str) -> None:
    late = Confirmation(action="preserve", about="robin", done="", receipt="", state=state)
    scene = Scene(confirmations=(*DONE, late), sights=SEEN)
    assert not scene.sound
    assert scene.line() == f"platform: {len(NEEDED) + 1} actions asked for, {len(NEEDED)} confirmed"


def test_what_a_page_did_not_show_is_noticed() -> None:
    unseen = Sight(text="it is shown", seen=False)
    assert not Scene(confirmations=DONE, sights=(*SEEN, unseen)).sound


def test_a_platform_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('there is no database')")
    port = free_port("127.0.0.1", 0)
    process = platform_process(script, os.environ, "127.0.0.1", port, tmp_path)
    with pytest.raises(Unavailable, match="there is no database"), process:
        pass
