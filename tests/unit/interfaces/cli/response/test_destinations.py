from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.interfaces.cli.response.destinations import app
from tutela.response.secrets import Secrets

RUNNER = CliRunner()
TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for a token in the path of an address
URL = f"https://platform.example/hooks/{TOKEN}"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    return tmp_path


def run(*words: str, code: int = 0) -> tuple[str, str]:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def read(*words: str) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json")[0])


def test_the_secret_alone_goes_to_standard_output(data: Path) -> None:
    out, err = run("create", "platform", "--url", URL, "--action", "slow", "--action", "suspend")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]+\n", out)
    secret = out.strip()
    assert secret == Secrets.open(data / "actions.key").secret("platform", 1)
    assert "not shown again" in err
    assert "slow, suspend" in err
    assert secret not in err
    for words in (
        ("list",),
        ("list", "--json"),
        ("show", "platform"),
        ("show", "platform", "--json"),
    ):
        assert secret not in "".join(run(*words))
    assert secret.encode() not in (data / "tutela.db").read_bytes()


def test_the_life_of_a_destination() -> None:
    assert "No destination yet." in run("list")[0]
    made = read("create", "platform", "--url", URL)
    assert made["destination"]["actions"] == []
    changed = read("change", "platform", "--action", "block", "--confirm-seconds", "60")
    assert (changed["actions"], changed["confirm_seconds"]) == (["block"], 60)
    assert changed["url"] == URL
    assert "platform is disabled" in run("disable", "platform")[0]
    assert read("show", "platform")["enabled"] is False
    assert "platform is enabled" in run("enable", "platform")[0]
    assert read("change", "platform", "--no-action")["actions"] == []
    rotated = read("rotate", "platform", "--overlap-hours", "2")
    assert rotated["secret"] != made["secret"]
    assert rotated["destination"]["generation"] == 2
    assert "number 1 signs along until" in run("show", "platform")[0]
    again, _ = run("rotate", "platform", "--overlap-hours", "0")
    assert again.startswith("whsec_")
    assert "platform" in run("list")[0]
    assert "platform is deleted" in run("delete", "platform")[0]
    for words in (("show",), ("enable",), ("rotate",), ("delete",), ("change",), ("test",)):
        with pytest.raises(NotFound):
            run(*words, "platform")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("platform", "--url", f"http://platform.example/{TOKEN}"), "in the clear"),
        (("platform", "--url", f"ftp://platform.example/{TOKEN}"), "not one of http"),
        (("platform", "--url", f"https://127.0.0.1/{TOKEN}"), "private or reserved"),
        (("platform", "--url", ""), "1 to 2,000 characters"),
        (("No Name", "--url", URL), "small letters"),
        (("platform", "--url", URL, "--action", "open_case"), "never sent"),
        (("platform", "--url", URL, "--action", "notify"), "where a rule says"),
    ],
)
def test_what_cannot_be_a_destination(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        run("create", *words)
    assert TOKEN not in str(refused.value)
    assert read("list") == []


def test_what_contradicts() -> None:
    run("create", "platform", "--url", URL)
    with pytest.raises(Conflict):
        run("create", "platform", "--url", URL)
    with pytest.raises(InvalidInput, match="contradict"):
        run("change", "platform", "--action", "slow", "--no-action")
    near = "http://127.0.0.1:1/hook"
    with pytest.raises(InvalidInput, match="private"):
        run("change", "platform", "--url", near)
    assert read("change", "platform", "--url", near, "--private")["private"] is True
    with pytest.raises(InvalidInput, match="private"):
        run("change", "platform", "--public")


def test_an_address_that_holds_a_token_need_not_be_typed() -> None:
    words = ["create", "platform", "--url", "-"]
    done = RUNNER.invoke(app, words, input=f"{URL}\n", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert read("show", "platform")["url"] == URL
    RUNNER.invoke(app, ["change", "platform", "--url", "-"], input="https://a.example/\n")
    assert read("show", "platform")["url"] == "https://a.example/"


def test_a_test_says_what_came_back() -> None:
    run("create", "platform", "--url", "http://127.0.0.1:1/hook", "--private")
    told = run("test", "platform", code=1)[0]
    assert told == "platform: no answer came: the address could not be connected to.\n"
    done = RUNNER.invoke(app, ["test", "platform", "--json"], catch_exceptions=False)
    tried = msgspec.json.decode(done.stdout)
    assert (tried["destination"], tried["confirmed"]) == ("platform", False)
    assert tried["id"].startswith("test-")
