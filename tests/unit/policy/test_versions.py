"""A policy version that was used can always be read again, as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tutela.errors import BadConfiguration, NotFound
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions

DEFAULT = Policy.default()


def test_a_kept_version_is_read_again_and_decides_alike(tmp_path: Path) -> None:
    versions = PolicyVersions(tmp_path / "policies")
    assert versions.list() == ()
    path = versions.keep(DEFAULT)
    assert path == tmp_path / "policies" / f"{DEFAULT.version}.yaml"
    text = versions.read(DEFAULT.version)
    assert Policy.load(text, "kept").version == DEFAULT.version
    assert versions.list() == (DEFAULT.version,)


def test_keeping_again_changes_nothing(tmp_path: Path) -> None:
    versions = PolicyVersions(tmp_path)
    before = versions.keep(DEFAULT).stat()
    after = versions.keep(DEFAULT).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in tmp_path.iterdir()] == [f"{DEFAULT.version}.yaml"]


def test_a_changed_file_is_never_overwritten_and_raises_an_alarm(tmp_path: Path) -> None:
    versions = PolicyVersions(tmp_path)
    path = versions.keep(DEFAULT)
    path.chmod(0o644)
    path.write_text("policy: other\n")
    with pytest.raises(BadConfiguration, match="not what was kept"):
        versions.keep(DEFAULT)
    assert path.read_text() == "policy: other\n"


def test_several_processes_may_keep_the_same_at_once(tmp_path: Path) -> None:
    versions = PolicyVersions(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        paths = set(threads.map(lambda _: versions.keep(DEFAULT), range(64)))
    assert paths == {tmp_path / f"{DEFAULT.version}.yaml"}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("version", ["none-000000000000", "../secret", "a/b", "", "x" * 100])
def test_what_was_not_kept_is_not_found(tmp_path: Path, version: str) -> None:
    (tmp_path / "secret.yaml").write_text("x")
    with pytest.raises(NotFound):
        PolicyVersions(tmp_path / "policies").read(version)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("a file")
    with pytest.raises(BadConfiguration, match="cannot be kept"):
        PolicyVersions(tmp_path / "policies").keep(DEFAULT)
