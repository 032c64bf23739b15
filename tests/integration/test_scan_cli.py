"""`tutela scan` and `tutela pack` as real processes on real files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from tutela import drill

PROGRAM = [sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()"]
PICTURES = Path(drill.__file__).parent / "pictures"
UNRELATED = Path(drill.__file__).parent / "unrelated"
SECONDS = 120
ONE_JOB = ("--jobs", "1")
"""For scans of little: a second decoder would only cost its start."""


def tutela(*arguments: str | Path | bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, check=False, timeout=SECONDS, cwd="/"
    )


def scan_json(*arguments: str | Path | bytes, code: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files by their path, and the summary."""
    done = tutela("scan", "--json", *arguments)
    assert done.returncode == code, done.stderr.decode()
    assert done.stderr == b""
    *files, summary = (json.loads(line) for line in done.stdout.splitlines())
    assert {file["type"] for file in files} <= {"file"}
    assert summary["type"] == "summary"
    return {file["path"]: file for file in files}, summary


def digest(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324 - a format of the field


@pytest.fixture(scope="module")
def pdq_of() -> dict[str, str]:
    """PDQ of each listed photograph, computed by a scan of an own list of nothing in common."""
    from tutela.detection.media.limits import Limits  # noqa: PLC0415
    from tutela.detection.media.pool import DecoderPool  # noqa: PLC0415

    with DecoderPool(children=1, limits=Limits()) as pool:
        return {
            path.name: signal.value
            for path in PICTURES.iterdir()
            for signal in pool.submit(path.read_bytes()).result()[0].signals
            if signal.kind == "pdq"
        }


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, pdq_of: dict[str, str]) -> Path:
    """Two photographs by PDQ, two by MD5."""
    path = tmp_path_factory.mktemp("banks") / "drill.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["type", "value", "label", "category", "scheme"])
        for name in ("otter.jpg", "mountain-lake.jpg"):
            writer.writerow(["pdq", pdq_of[name], name, "1", "DRILL"])
        for name in ("colosseum.jpg", "wren-on-rock.jpg"):
            writer.writerow(["md5", digest(PICTURES / name), name, "", ""])
    return path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that a disk may hold."""
    root = tmp_path_factory.mktemp("disk")
    (root / "known").mkdir()
    shutil.copy(PICTURES / "otter.jpg", root / "known")
    shutil.copy(PICTURES / "otter.jpg", root / "known" / "again.png")
    with Image.open(PICTURES / "mountain-lake.jpg") as picture:
        half = picture.resize((picture.width // 2, picture.height // 2))
        half.save(root / "known" / "half.webp", quality=60)
        ImageOps.mirror(picture).save(root / "known" / "mirrored.jpg", quality=90)
    with open(os.fsencode(root) + b"/known/caf\xe9.jpg", "wb") as stream:  # noqa: PTH123
        stream.write((PICTURES / "colosseum.jpg").read_bytes())
    shutil.copytree(UNRELATED, root / "other")
    with zipfile.ZipFile(root / "album.zip", "w") as archive:
        archive.write(PICTURES / "colosseum.jpg", "album/one.jpg")
        archive.write(UNRELATED / "coffee.jpg", "album/two.jpg")
    with tarfile.open(root / "nested.tar", "w") as archive:
        archive.add(root / "album.zip", "album.zip")
    (root / "text.jpg").write_text("this is no picture\n")
    (root / "empty.jpg").write_bytes(b"")
    (root / "cut.jpg").write_bytes((PICTURES / "courtyard.jpg").read_bytes()[:3000])
    Image.new("RGB", (200, 200), "white").save(root / "flat.png")
    os.mkfifo(root / "pipe")
    (root / "link.jpg").symlink_to(PICTURES / "otter.jpg")
    (root / "loop").symlink_to(root)
    return root


@pytest.fixture(scope="module")
def scanned(tree: Path, bank: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """One scan of everything, shared by the tests that look at its parts."""
    before = _times(tree)
    result = scan_json(tree, "--bank", bank, "--all", code=1)
    assert _times(tree) == before
    return result


def _times(tree: Path) -> dict[str, tuple[int, int]]:
    found = [tree, *tree.rglob("*")]
    return {
        os.fsencode(path).hex(): (path.lstat().st_atime_ns, path.lstat().st_mtime_ns)
        for path in found
        if path.is_file() and not path.is_symlink()
    }


def test_every_file_gets_its_verdict(tree: Path, scanned: tuple[Any, Any]) -> None:
    files, _ = scanned
    verdicts = {path.removeprefix(f"{tree}/"): file["verdict"] for path, file in files.items()}
    assert verdicts == {
        "album.zip": "match",
        "cut.jpg": "not_checked",
        "empty.jpg": "not_checked",
        "flat.png": "not_checked",
        "known/again.png": "match",
        "known/caf\\xe9.jpg": "match",
        "known/half.webp": "match",
        "known/mirrored.jpg": "clear",
        "known/otter.jpg": "match",
        "nested.tar": "match",
        "pipe": "not_checked",
        "text.jpg": "not_checked",
        **{f"other/{path.name}": "clear" for path in UNRELATED.iterdir()},
    }


def test_gaps_say_why(tree: Path, scanned: tuple[Any, Any]) -> None:
    files, _ = scanned
    reasons = {
        name: [gap["reason"] for gap in files[f"{tree}/{name}"]["gaps"]]
        for name in ("cut.jpg", "empty.jpg", "flat.png", "pipe", "text.jpg")
    }
    assert reasons == {
        "cut.jpg": ["damaged"],
        "empty.jpg": ["empty"],
        "flat.png": ["flat"],
        "pipe": ["special_file"],
        "text.jpg": ["unsupported_type"],
    }


def test_matches_say_what_and_how_near(tree: Path, scanned: tuple[Any, Any]) -> None:
    files, _ = scanned
    (exact,) = files[f"{tree}/known/otter.jpg"]["matches"]
    assert (exact["bank"], exact["entry_id"], exact["label"]) == ("drill.csv", 1, "otter.jpg")
    assert (exact["kind"], exact["distance"], exact["exact"]) == ("pdq", 0, False)
    assert (exact["category"], exact["scheme"]) == ("1", "DRILL")
    (near,) = files[f"{tree}/known/half.webp"]["matches"]
    assert (near["entry_id"], near["kind"]) == (2, "pdq")
    assert 0 <= near["distance"] <= 31
    assert files[f"{tree}/known/again.png"]["media_type"] == "image/jpeg"


def test_archives_are_looked_into(tree: Path, scanned: tuple[Any, Any]) -> None:
    files, _ = scanned
    zipped, nested = files[f"{tree}/album.zip"], files[f"{tree}/nested.tar"]
    assert zipped["members"] == 2
    assert [match["path"] for match in zipped["matches"]] == [["album/one.jpg"]]
    assert [match["path"] for match in nested["matches"]] == [["album.zip", "album/one.jpg"]]
    assert zipped["gaps"] == nested["gaps"] == []


def test_names_that_are_not_utf8_are_shown_and_kept(tree: Path, scanned: tuple[Any, Any]) -> None:
    files, _ = scanned
    raw = bytes.fromhex(files[f"{tree}/known/caf\\xe9.jpg"]["path_bytes"])
    assert raw == os.fsencode(tree) + b"/known/caf\xe9.jpg"


def test_files_are_reported_in_order_and_counted(bank: Path, scanned: tuple[Any, Any]) -> None:
    files, summary = scanned
    # "known" and "other" are entered where their names stand.
    assert list(files) == sorted(files, key=lambda path: path.split("/"))
    assert summary["complete"] is True
    assert summary["files"] == len(files) == 12 + len(list(UNRELATED.iterdir()))
    assert (summary["matched"], summary["not_checked"]) == (6, 5)
    assert summary["clear"] == summary["files"] - 11
    assert sum(summary["not_checked_reasons"].values()) == 5
    assert (summary["links"], summary["folders"], summary["members"]) == (2, 3, 5)
    assert summary["bytes"] == sum(file["size"] for file in files.values())
    assert summary["banks"] == [
        {
            "name": "drill.csv",
            "file": str(bank),
            "entries": 4,
            "left_out": {},
            "allow": False,
        }
    ]


def test_tables_csv_and_html_say_the_same(tree: Path, bank: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "out.csv", tmp_path / "out.html"
    done = tutela("scan", tree, "-b", bank, "--csv", table, "--html", page)
    assert done.returncode == 1, done.stderr.decode()
    assert done.stderr == b""
    shown = done.stdout.decode()
    rows = list(csv.DictReader(io.StringIO(table.read_text(), newline="")))
    assert len([row for row in rows if row["verdict"] == "match"]) == 6
    assert len([row for row in rows if row["verdict"] == "not_checked"]) == 5
    html = page.read_text()
    for row in rows:
        name = row["path"].rpartition("/")[2]
        assert name in shown
        assert name in html
    assert "mountain-lake.jpg" in shown
    assert "album.zip > album/one.jpg" in shown
    assert "not a picture that can be decoded" in shown
    assert "coffee.jpg" not in shown + html + table.read_text()
    assert "<script" not in html
    assert page.stat().st_mode & 0o077 == 0


def test_reports_in_the_folder_that_is_scanned_are_not_scanned(bank: Path, tmp_path: Path) -> None:
    shutil.copy(PICTURES / "otter.jpg", tmp_path)
    with (tmp_path / "out.jsonl").open("wb") as lines:
        done = subprocess.run(
            [*PROGRAM, "scan", ".", "-b", bank, "--json", "--csv", "out.csv", "--html", "out.html"],
            cwd=tmp_path,
            stdout=lines,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 1
    *files, summary = (
        json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()
    )
    assert [file["path"] for file in files] == ["./otter.jpg"]
    assert summary["files"] == 1


def test_nothing_found_is_0_and_quiet_is_silent(bank: Path) -> None:
    done = tutela("scan", UNRELATED, "--bank", bank, "--quiet", *ONE_JOB)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_dihedral_finds_mirrored_pictures(tree: Path, bank: Path) -> None:
    mirrored = tree / "known" / "mirrored.jpg"
    files, _ = scan_json(mirrored, "--bank", bank, *ONE_JOB, "--dihedral", code=1)
    (match,) = files[str(mirrored)]["matches"]
    assert match["label"] == "mountain-lake.jpg"
    assert match["part"]


def test_the_distance_is_obeyed(bank: Path, tmp_path: Path) -> None:
    cropped = tmp_path / "cropped.png"
    with Image.open(PICTURES / "otter.jpg") as picture:
        picture.crop((8, 8, picture.width - 8, picture.height - 8)).save(cropped)
    files, _ = scan_json(cropped, "--bank", bank, *ONE_JOB, code=1)
    distance = files[str(cropped)]["matches"][0]["distance"]
    assert distance > 0
    scan_json(cropped, "-b", bank, *ONE_JOB, "--distance", str(distance), code=1)
    scan_json(cropped, "-b", bank, *ONE_JOB, "--distance", str(distance - 1), code=0)


def test_archives_can_be_left_closed(tree: Path, bank: Path) -> None:
    files, _ = scan_json(tree / "album.zip", "--bank", bank, *ONE_JOB, "--no-archives", code=0)
    assert files[f"{tree}/album.zip"]["verdict"] == "not_checked"


def test_a_link_that_was_named_says_so(tree: Path, bank: Path) -> None:
    files, summary = scan_json(tree / "link.jpg", tree / "loop", "--bank", bank, *ONE_JOB, code=0)
    assert [file["gaps"][0]["reason"] for file in files.values()] == ["link", "link"]
    assert "name its target" in files[f"{tree}/link.jpg"]["gaps"][0]["detail"]
    assert summary["not_checked"] == 2


def test_identical_files_all_match(tmp_path: Path, bank: Path) -> None:
    """Copies of one file are matched in the same search; each must be found."""
    for number in range(150):
        shutil.copy(PICTURES / "otter.jpg", tmp_path / f"{number}.jpg")
    files, summary = scan_json(tmp_path, "--bank", bank, code=1)
    assert summary["matched"] == 150
    assert {len(file["matches"]) for file in files.values()} == {1}


def test_a_packed_list_finds_the_same(
    tree: Path, bank: Path, tmp_path: Path, scanned: tuple[Any, Any]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text(f"md5 {digest(UNRELATED / 'coffee.jpg')}\n")
    out = tmp_path / "both.tutela"
    done = tutela("pack", bank, other, "--out", out)
    assert done.returncode == 0, done.stderr.decode()
    assert f"packed 5 entries with 5 signals from 2 banks into {out}" in done.stdout.decode()
    files, summary = scan_json(tree, "--bank", out, code=1)
    known, _ = scanned
    for path, file in known.items():
        if file["verdict"] == "match" and "album" not in path and "nested" not in path:
            assert files[path] == file
    assert files[f"{tree}/other/coffee.jpg"]["matches"][0]["bank"] == "other.txt"
    assert [bank["name"] for bank in summary["banks"]] == ["drill.csv", "other.txt"]


def test_a_vics_file_is_a_bank(tmp_path: Path) -> None:
    media = [
        {"MediaID": 1, "Category": 2, "MD5": digest(PICTURES / "otter.jpg").upper()},
        {"MediaID": 2, "Category": 0, "MD5": digest(PICTURES / "colosseum.jpg")},
    ]
    context = "http://example.org/DataModels/2.0.xml/US/$metadata#Media"
    bank = tmp_path / "set.json"
    bank.write_text(json.dumps({"@odata.context": context, "value": media}), "utf-16")
    files, summary = scan_json(PICTURES, "--bank", bank, *ONE_JOB, code=1)
    ((path, file),) = [item for item in files.items() if item[1]["verdict"] == "match"]
    assert path.endswith("otter.jpg")
    match = file["matches"][0]
    assert (match["category"], match["scheme"], match["label"]) == ("2", "US", "MediaID 1")
    assert summary["banks"][0]["left_out"] == {"category 0 or none: never taken as positive": 1}


BAD_BANK = """\
type,value,label
md5,0123456789abcdef0123456789abcdef,a good row
md5,123,too short
tmk,0123456789abcdef0123456789abcdef,unknown kind
pdq,,nothing
"""

BAD_BANK_TEXT = """\
tutela: {path}: the bank file has 3 problems, so nothing of it was used; mend the file and try again
  line 3, column value: expected an MD5 fingerprint: 32 hexadecimal digits
  line 4, column type: is not a signal kind; known are md5, pdq, sha1, sha256
  line 5, column value: is empty
"""


def test_a_bad_bank_file_stops_everything(tree: Path, bank: Path, tmp_path: Path) -> None:
    path, table = tmp_path / "bad.csv", tmp_path / "out.csv"
    path.write_text(BAD_BANK)
    table.write_text("from an earlier scan")
    done = tutela("scan", tree, "--bank", bank, "--bank", path, "--csv", table)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == BAD_BANK_TEXT.format(path=path)
    assert table.read_text() == "from an earlier scan"
    packed = tmp_path / "x.tutela"
    done = tutela("pack", bank, path, "--out", packed)
    assert done.returncode == 2
    assert done.stderr.decode() == BAD_BANK_TEXT.format(path=path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.csv", "out.csv"]


def test_what_cannot_run_is_2(tree: Path, bank: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.txt"
    bare.write_text("ab" * 32 + "\n")
    for arguments, text in (
        ((tree / "none", "--bank", bank), "there is no such file or folder"),
        ((tree, "--bank", tmp_path / "none"), "the bank file cannot be read"),
        ((tree, "--bank", bare), "a bare value of 64 digits may be pdq or sha256"),
        ((tree, "--bank", bank, "--csv", tmp_path / "no" / "x.csv"), "cannot be written"),
        ((tree,), "'--bank'"),
        ((tree, "--bank", bank, "--distance", "32"), "'--distance'"),
    ):
        done = tutela("scan", *arguments)
        assert done.returncode == 2, arguments
        assert text in done.stderr.decode()


def test_an_allow_bank_silences_and_everything_says_so(
    tree: Path, bank: Path, pdq_of: dict[str, str], tmp_path: Path
) -> None:
    allow = tmp_path / "harmless.csv"
    allow.write_text(f"type,value,label\npdq,{pdq_of['otter.jpg']},our otter\n")
    out = tmp_path / "out.csv"
    page = tmp_path / "out.html"
    words = ("--bank", bank, "--allow", allow, "--csv", out, "--html", page)
    files, summary = scan_json(tree / "known", *words, code=1)
    otter = files[str(tree / "known" / "otter.jpg")]
    assert (otter["verdict"], otter["matches"]) == ("clear", [])
    (silenced,) = otter["silenced"]
    assert (silenced["reason"], silenced["match"]["entry_id"]) == ("allowed", 1)
    assert (silenced["by"]["bank"], silenced["by"]["entry_id"]) == ("harmless.csv", 1)
    assert "our otter" in silenced["by"]["label"]
    assert files[str(tree / "known" / "half.webp")]["verdict"] == "match"
    assert summary["silenced"] == 2
    assert [one["allow"] for one in summary["banks"]] == [False, True]
    table = csv.DictReader(out.read_text().splitlines())
    rows = [row for row in table if row["reason"] == "allowed"]
    assert {row["path"] for row in rows} == {
        str(tree / "known" / name) for name in ("otter.jpg", "again.png")
    }
    assert "allow bank: silences" in page.read_text()
    assert "known to be harmless" in page.read_text()
    done = tutela("scan", tree / "known", "--bank", bank, "--allow", allow)
    assert b"Silenced matches" in done.stdout
