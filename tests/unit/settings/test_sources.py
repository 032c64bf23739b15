"""What is wrong with a setting is said with its place: file and line, or variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.settings import Settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("tutela.toml")


def refusal(path: Path | None, env: dict[str, str] | None = None) -> str:
    with pytest.raises(BadConfiguration) as caught:
        Settings.load(path, env or {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[server]\n# a comment\nprot = 80\n",
            "tutela.toml:3: unknown setting server.prot; did you mean server.port?",
        ),
        (
            "[server]\n[log]\njson = true\nzzz = 1\n",
            "tutela.toml:4: unknown setting log.zzz; tutela settings lists what there is",
        ),
        ("\n[sever]\nport = 1\n", "tutela.toml:2: unknown section sever; did you mean server?"),
        ("port = 80\n", "tutela.toml:1: unknown section port; did you mean [server] port?"),
        ("server = 80\n", "tutela.toml:1: server is a section, not a value"),
        (
            "[log]\n[server]\n'port' = 70000\n",
            "tutela.toml:3: server.port expects a whole number from 0 to 65,535, but is 70000",
        ),
        (
            "server.port = '80'\n",
            "tutela.toml:1: server.port expects a whole number from 0 to 65,535, but is '80'",
        ),
        (
            "[decoder]\narchives = 1\n",
            "tutela.toml:2: decoder.archives expects true or false, but is 1",
        ),
        (
            "[fetch]\ntimeout = nan\n",
            "tutela.toml:2: fetch.timeout expects a number from 0.01 to 600 (seconds), but is nan",
        ),
        (
            "[log]\nlevel = 'loud'\n",
            "tutela.toml:2: log.level expects one of debug, info, warning, error, but is 'loud'",
        ),
        ("[server\n", "tutela.toml:1: this is not TOML: Expected ']' at the end of a table"),
        ("[server]\nport =\n", "tutela.toml:2: this is not TOML: Invalid value"),
        ("[server]\nport = 1\nport = 2\n", "tutela.toml:3: this is not TOML: Cannot overwrite"),
    ],
)
def test_a_mistake_in_a_file(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert refusal(file).startswith(said)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "TUTELA_SERVER_PORT",
            "http",
            "TUTELA_SERVER_PORT: server.port expects a whole number from 0 to 65,535, but",
        ),
        (
            "TUTELA_DECODER_ARCHIVES",
            "perhaps",
            "TUTELA_DECODER_ARCHIVES: decoder.archives expects true or false, but is 'perhaps'",
        ),
        (
            "TUTELA_SERVER_PROT",
            "80",
            "TUTELA_SERVER_PROT: this variable sets nothing; did you mean TUTELA_SERVER_PORT?",
        ),
        (
            "TUTELA_CONFIGURATION",
            "x",
            "TUTELA_CONFIGURATION: this variable sets nothing; did you mean TUTELA_CONFIG?",
        ),
        (
            "TUTELA_SERVER_REQUEST_SECONDS",
            "inf",
            "TUTELA_SERVER_REQUEST_SECONDS: server.request_seconds expects a number",
        ),
    ],
)
def test_a_mistake_in_a_variable(variable: str, value: str, said: str) -> None:
    assert refusal(None, {variable: value}).startswith(said)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TUTELA_STORAGE_URL", "mysql://u:s3cret@h/x"),
        ("TUTELA_SERVER_PORT", "postgresql+psycopg://u:s3cret@h/x"),
        ("TUTELA_DATA_FOLDER", ""),
    ],
)
def test_an_error_never_quotes_what_may_be_a_secret(variable: str, value: str) -> None:
    assert "s3cret" not in refusal(None, {variable: value})


def test_a_secret_in_a_file_is_not_quoted(file: Path) -> None:
    file.write_text("[storage]\nurl = 'mysql://u:s3cret@h/x'\n")
    said = refusal(file)
    assert said.startswith("tutela.toml:2: storage.url expects an address that begins with sqlite")
    assert "s3cret" not in said


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.toml")
    assert "Is a directory" in refusal(tmp_path)


def test_a_file_that_is_not_utf8(file: Path) -> None:
    file.write_bytes(b"[server]\nhost = '\xff'\n")
    assert refusal(file) == "tutela.toml:2: the file is not UTF-8"


def test_a_huge_file(file: Path) -> None:
    file.write_text("#" * 1_000_001)
    assert "1,000,000 bytes" in refusal(file)


def test_a_mark_at_the_start_is_no_part_of_the_file(file: Path) -> None:
    file.write_text("\ufeff[server]\nport = 80\n")
    assert Settings.load(file, {}).server.port == 80


@pytest.mark.parametrize(
    "variable",
    [
        "TUTELA_SERVICE_HOST",
        "TUTELA_SERVICE_PORT",
        "TUTELA_SERVICE_PORT_HTTP",
        "TUTELA_PORT",
        "TUTELA_PORT_8080_TCP",
        "TUTELA_PORT_8080_TCP_ADDR",
        "TUTELA_CONSOLE_SERVICE_HOST",
        "TUTELA_API_KEY",
    ],
)
def test_variables_that_others_set_are_let_be(variable: str) -> None:
    assert Settings.load(None, {variable: "tcp://10.0.0.1:8080"}) == Settings()
