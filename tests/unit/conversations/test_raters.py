from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from tests.learned import model
from tests.talks import made_rater
from tests.unit.detection.conversation.learning.encoder.conftest import write

from tutela.conversations.raters import open_rater
from tutela.detection.conversation.learning.model import save
from tutela.detection.conversation.rater import Rater, rate
from tutela.errors import BadConfiguration
from tutela.model.conversation.message import Conversation, Message
from tutela.settings import Settings


def named(name: str, **more: object) -> Settings:
    told = {f"TUTELA_CONVERSATIONS_{key.upper()}": f"{value}" for key, value in more.items()}
    return Settings.load(env={"TUTELA_CONVERSATIONS_RATER": name, **told})


def test_the_shipped_cues_rate_unless_something_else_is_named() -> None:
    assert open_rater(Settings()).model.startswith("cues 1 (en")


def test_what_an_extension_adds_is_opened_by_its_name() -> None:
    rater = made_rater()
    assert open_rater(named("mine"), {"mine": lambda _: rater}) is rater


def test_a_name_that_there_is_not_is_refused() -> None:
    with pytest.raises(
        BadConfiguration, match=r"conversations\.rater: .*choose one of cues, learned, mine"
    ):
        open_rater(named("other"), {"mine": lambda _: made_rater()})


def test_a_learned_model_is_opened_from_its_folder(tmp_path: Path) -> None:
    save(model(), tmp_path / "model")
    rater = open_rater(named("learned", model_folder=tmp_path / "model"))
    assert rater.model.startswith("learned handmade (")


def test_a_learned_rater_without_a_folder_is_refused() -> None:
    with pytest.raises(BadConfiguration, match=r"conversations\.model_folder: no folder"):
        open_rater(named("learned"))


def test_an_encoder_goes_on_top_of_our_own_raters(tmp_path: Path) -> None:
    digest = write(tmp_path / "encoder")
    chosen = {"encoder_folder": tmp_path / "encoder", "encoder_sha256": digest}
    assert open_rater(named("cues", **chosen)).model.startswith("encoder words (")
    with pytest.raises(BadConfiguration, match="not the one pinned"):
        open_rater(named("cues", encoder_folder=tmp_path / "encoder"))


def test_an_encoder_on_top_of_something_else_is_refused(tmp_path: Path) -> None:
    other = cast("Rater", object())
    with pytest.raises(BadConfiguration, match="only be asked on top"):
        open_rater(named("mine", encoder_folder=tmp_path), {"mine": lambda _: other})


def test_what_emoji_stand_for_is_read_with_the_messages(tmp_path: Path) -> None:
    file = tmp_path / "emoji.yaml"
    file.write_text("emoji: 1\nowner: a\nversion: 1\ncodes:\n  \U0001f6a2: dont\n")
    plain, told = open_rater(named("cues")), open_rater(named("cues", emoji_file=file))
    talk = Conversation(
        id="a",
        language="en",
        messages=tuple(
            Message(author=author, text=text)
            for author, text in (("x", "hi"), ("y", "hello"), ("x", "\U0001f6a2 tell your parents"))
        ),
    )
    assert rate(plain, talk).value == 0
    assert {one.cue for one in rate(told, talk).reasons} == {"secrecy"}
    assert plain.model != told.model
    file.write_text("emoji: 1\nowner: a\nversion: 1\ncodes:\n  ab: word\n")
    with pytest.raises(BadConfiguration, match=r"emoji\.yaml:5:3: this is not one emoji"):
        open_rater(named("cues", emoji_file=file))
