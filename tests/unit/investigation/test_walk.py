from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tutela.investigation.walk import Obstacle, OpenFile, Regular, Walk, kernel_devices
from tutela.model import GapReason


def paths(*roots: Path) -> list[str]:
    return [item.path for item in Walk([str(root) for root in roots]).names()]


def opened(walk: Walk) -> Iterator[tuple[str, bytes]]:
    for item in walk:
        assert isinstance(item, OpenFile), item
        try:
            yield item.path, os.read(item.descriptor, 100)
        finally:
            os.close(item.descriptor)


def obstacle(path: Path) -> Obstacle:
    (item,) = Walk([str(path)])
    assert isinstance(item, Obstacle)
    return item


def test_files_are_opened_folder_by_folder_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "b/0/x", "c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    walk = Walk([str(tmp_path), str(tmp_path / "a")])
    names = ["a", "b/0/x", "b/1", "b/2", "c", "a"]
    assert list(opened(walk)) == [(f"{tmp_path}/{name}", name.encode()) for name in names]
    assert walk.folders == 3


def test_paths_are_shown_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("")
    monkeypatch.chdir(tmp_path)
    assert [item.path for item in Walk([".", "./x", "x"]).names()] == ["./x", "./x", "x"]


def test_links_are_counted_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "to-folder").symlink_to(outside)
    (inside / "to-file").symlink_to(outside / "file")
    (inside / "to-nothing").symlink_to("nowhere")
    (inside / "to-itself").symlink_to(inside)
    walk = Walk([str(inside)])
    assert list(walk.names()) == []
    assert walk.links == 4


def test_a_link_that_was_named_is_an_obstacle_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    found = obstacle(tmp_path / "link")
    assert found.reason is GapReason.LINK
    assert found.detail == "a link; links are not followed: name its target"


def test_a_folder_that_becomes_a_link_is_not_entered(tmp_path: Path) -> None:
    """Between reading the names of a folder and entering them, a link may take a name's place."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("")
    tree = tmp_path / "tree"
    (tree / "b").mkdir(parents=True)
    (tree / "a").write_text("")
    (tree / "c").write_text("")
    found = []
    for item in Walk([str(tree)]).names():
        found.append(item)
        if item.path.endswith("/a"):
            (tree / "b").rmdir()
            (tree / "b").symlink_to(outside)
    assert [(item.path.rpartition("/")[2], type(item)) for item in found] == [
        ("a", Regular),
        ("b", Obstacle),
        ("c", Regular),
    ]


def test_a_file_that_becomes_a_link_or_a_pipe_is_not_opened(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).write_text(name)
    found = []
    for item in Walk([str(tmp_path)]):
        found.append(item)
        if item.path.endswith("/a"):
            (tmp_path / "b").unlink()
            (tmp_path / "b").symlink_to("/etc/hostname")
            (tmp_path / "c").unlink()
            os.mkfifo(tmp_path / "c")
            (tmp_path / "d").unlink()
    reasons = [item.reason if isinstance(item, Obstacle) else None for item in found]
    assert reasons == [
        None,
        GapReason.UNREADABLE,
        GapReason.SPECIAL_FILE,
        GapReason.UNREADABLE,
    ]
    os.close(found[0].descriptor)  # type: ignore[union-attr]


def test_special_files_are_obstacles_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        found = list(Walk([str(tmp_path), "/dev/null"]))
    assert [(item.path.rpartition("/")[2], item.reason) for item in found] == [  # type: ignore[union-attr]
        ("pipe", GapReason.SPECIAL_FILE),
        ("socket", GapReason.SPECIAL_FILE),
        ("null", GapReason.SPECIAL_FILE),
    ]


def test_files_that_the_program_writes_are_passed_over(tmp_path: Path) -> None:
    for name in ("report", "file"):
        (tmp_path / name).write_text(name)
    own = [(tmp_path / "report").stat()]
    assert list(opened(Walk([str(tmp_path)], own))) == [(f"{tmp_path}/file", b"file")]


def test_what_is_missing_is_an_obstacle(tmp_path: Path) -> None:
    assert obstacle(tmp_path / "none") == Obstacle(
        f"{tmp_path}/none", GapReason.UNREADABLE, "No such file or directory"
    )


def test_names_that_are_not_utf8_are_found(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    with open(name, "wb") as stream:  # noqa: PTH123 - a name that pathlib cannot write
        stream.write(b"coffee")
    ((path, data),) = opened(Walk([str(tmp_path)]))
    assert (os.fsencode(path), data) == (name, b"coffee")


def test_files_deeper_than_a_path_may_be_long_are_found(tmp_path: Path) -> None:
    name = "d" * 200
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("deep", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    ((path, _),) = opened(Walk([str(tmp_path)]))
    assert len(path) > 4096
    assert path.endswith("/deep")


def test_a_walk_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("")
    before = set(Path("/proc/self/fd").iterdir())
    names = Walk([str(tmp_path)]).names()
    assert next(names).path.endswith("/c")
    names.close()  # type: ignore[attr-defined]
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_the_kernels_own_files_are_not_looked_at() -> None:
    found = obstacle(Path("/proc"))
    assert found.reason is GapReason.SPECIAL_FILE
    assert found.detail == "a file system of the kernel (proc)"


def test_kernel_devices_are_read_from_mounts() -> None:
    lines = [
        "22 1 0:21 / /proc rw,nosuid shared:14 - proc proc rw",
        "25 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "28 25 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    ]
    assert kernel_devices(lines) == {os.makedev(0, 21): "proc", os.makedev(0, 25): "cgroup2"}


def test_access_times_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("content")
    os.utime(path, ns=(0, 1))
    os.utime(tmp_path, ns=(0, 1))
    assert [data for _, data in opened(Walk([str(tmp_path)]))] == [b"content"]
    assert path.stat().st_atime_ns == 0
    assert tmp_path.stat().st_atime_ns == 0


@contextmanager
def somebody_else(folder: Path) -> Iterator[None]:
    """Root may read everything: where the tests run as root, look as another user for a while."""
    if os.geteuid() != 0:
        yield
        return
    ways = [each for each in (folder, *folder.parents) if each.stat().st_mode & 0o005 != 0o005]
    modes = [each.stat().st_mode for each in ways]
    for each in ways:
        each.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for each, mode in zip(ways, modes, strict=True):
            each.chmod(mode)


def test_files_of_others_are_read_and_locked_ones_are_obstacles(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "open").write_text("")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "private").write_text("")
    for name in ("locked", "private"):
        (tmp_path / name).chmod(0)
    with somebody_else(tmp_path):
        found = {item.path.rpartition("/")[2]: item for item in Walk([str(tmp_path)])}
    assert isinstance(found["open"], OpenFile)
    os.close(found["open"].descriptor)
    for name in ("locked", "private"):
        assert found[name] == Obstacle(
            f"{tmp_path}/{name}", GapReason.UNREADABLE, "Permission denied"
        )
