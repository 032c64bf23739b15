"""What is kept in the repository: nothing heavy, nothing private, nothing that leads nowhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

FILE_BYTES = 400_000
PICTURE_BYTES = 250_000
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}")
HOME = re.compile(r"/(?:home|Users)/[a-z]+/|/root/|[A-Z]:\\Users")
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def heading_anchor(heading: str) -> str:
    """The anchor that Markdown viewers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """Files that git knows."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    names = listing.stdout.decode().split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[Path, str]:
    texts = {}
    for path in tracked:
        data = path.read_bytes()
        if b"\0" not in data:
            texts[path] = data.decode("utf-8", errors="replace")
    return texts


def test_no_file_is_heavy(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.stat().st_size > FILE_BYTES] == []


def test_no_secret_and_no_home(texts: dict[Path, str]) -> None:
    found = [path for path, text in texts.items() if SECRET.search(text) or HOME.search(text)]
    assert [path for path in found if path != Path(__file__)] == []


def test_every_picture_has_its_provenance(root: Path) -> None:
    drill = root / "src/tutela/drill"
    table = (drill / "PROVENANCE.md").read_text()
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| (CC0-1\.0|public domain) \|.*`(\w{64})` \|$", table, re.MULTILINE
    )
    stated = {name: digest for name, _, digest in rows}
    shipped = {
        str(path.relative_to(drill)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in drill.rglob("*.jpg")
    }
    assert stated == shipped
    assert all((drill / name).stat().st_size <= PICTURE_BYTES for name in shipped)


def test_links_in_the_manual_lead_somewhere(root: Path, texts: dict[Path, str]) -> None:
    broken = []
    for path, text in texts.items():
        if path.suffix != ".md":
            continue
        for target, anchor in LINK.findall(text):
            if "://" in target or target.startswith("mailto:"):
                continue
            file = (path.parent / target).resolve()
            if not file.exists():
                broken.append(f"{path.relative_to(root)}: {target}")
            elif anchor and file.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
                if anchor.removeprefix("#") not in {heading_anchor(h) for h in headings}:
                    broken.append(f"{path.relative_to(root)}: {target}{anchor}")
    assert broken == []


def test_paths_named_in_the_manual_exist(root: Path, texts: dict[Path, str]) -> None:
    lost = [
        f"{path.relative_to(root)}: {named}"
        for path, text in texts.items()
        if path.suffix == ".md"
        for named in re.findall(r"`((?:src|tests|docs|bench)/[\w/.-]*)`", text)
        if not (root / named).exists()
    ]
    assert lost == []


def test_every_page_is_in_the_index(root: Path) -> None:
    index = (root / "docs/index.md").read_text()
    pages = {str(p.relative_to(root / "docs")) for p in (root / "docs").rglob("*.md")}
    assert {page for page in pages if f"]({page})" not in index} == {"index.md"}


def test_the_change_log_begins_with_this_version(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].startswith(("Unreleased", version))


def test_pythons_are_the_same_everywhere(root: Path) -> None:
    """The versions that the package claims are the ones that CI runs."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    claimed = re.findall(r":: Python :: (3\.\d+)", " ".join(project["classifiers"]))
    workflow = (root / ".github/workflows/ci.yml").read_text()
    run = re.findall(r'"(3\.\d+)"', workflow)
    assert claimed == run
    assert project["requires-python"] == f">={claimed[0]}"
