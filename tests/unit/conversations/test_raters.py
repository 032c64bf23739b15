from __future__ import annotations

import pytest
from tests.talks import made_rater

from tutela.conversations.raters import open_rater
from tutela.errors import BadConfiguration
from tutela.settings import Settings


def named(name: str) -> Settings:
    return Settings.load(env={"TUTELA_CONVERSATIONS_RATER": name})


def test_the_shipped_cues_rate_unless_something_else_is_named() -> None:
    assert open_rater(Settings()).model.startswith("cues 1 (en")


def test_what_an_extension_adds_is_opened_by_its_name() -> None:
    rater = made_rater()
    assert open_rater(named("mine"), {"mine": lambda _: rater}) is rater


def test_a_name_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadConfiguration, match=r"conversations\.rater: .*choose one of cues, mine"):
        open_rater(named("other"), {"mine": lambda _: made_rater()})
