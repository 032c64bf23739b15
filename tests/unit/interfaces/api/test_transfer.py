from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

NAMES = (f"transfer-{number}" for number in itertools.count())
ROWS = 2500


@pytest.fixture
def bank(api: Api) -> str:
    name = next(NAMES)
    api.post("/v1/banks", {"name": name, "drill": True})
    return name


def table(rows: int = ROWS) -> bytes:
    lines = [f"md5,{number:032x},label {number}" for number in range(1, rows + 1)]
    return "\n".join(["type,value,label", *lines]).encode()


def bring(api: Api, bank: str, data: bytes, *, accept: str = "", **query: str) -> Answer:
    headers = {"accept": accept} if accept else {}
    path = f"/v1/banks/{bank}/import"
    return api.ask("POST", path, data, query=query, headers=headers, role="curator")


def lines(answer: Answer) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in answer.body.splitlines()]


def size(api: Api, bank: str) -> int:
    number: int = api.get(f"/v1/banks/{bank}").json["entries"]
    return number


def test_a_table_comes_in(api: Api, bank: str) -> None:
    answer = bring(api, bank, table())
    assert answer.status == 201
    assert (answer.json["added"], answer.json["left_out"]) == (ROWS, {})
    assert size(api, bank) == ROWS
    document = {"signals": [{"kind": "md5", "value": f"{ROWS:032x}"}], "banks": [bank]}
    matches = api.post("/v1/lookup", document).json["results"][0]["matches"]
    assert matches[0]["label"] == f"label {ROWS}"


def test_progress_line_by_line(api: Api, bank: str) -> None:
    answer = bring(api, bank, table(), accept="application/x-ndjson")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    *progress, last = lines(answer)
    assert all(line["total"] == ROWS for line in progress)
    assert [line["stored"] for line in progress] == sorted(line["stored"] for line in progress)
    assert last["result"]["added"] == ROWS
    assert size(api, bank) == ROWS


@pytest.mark.parametrize("accept", ["", "application/x-ndjson"])
def test_bad_rows_are_listed_and_nothing_comes_in(api: Api, bank: str, accept: str) -> None:
    data = table() + b"\nmd5,secretsecret,x\nmd5,also bad,y"
    answer = bring(api, bank, data, accept=accept)
    assert (answer.status, answer.code) == (422, "bad-bank-file")
    assert [row["line"] for row in answer.json["problems"]] == [ROWS + 2, ROWS + 3]
    assert answer.json["total"] == 2
    assert "secret" not in answer.body.decode()
    assert size(api, bank) == 0


def test_bare_values_need_a_kind(api: Api, bank: str) -> None:
    data = b"\n".join(b"%064x" % number for number in range(1, 4))
    assert bring(api, bank, data).status == 422
    assert bring(api, bank, data, kind="pdq").json["added"] == 3


def test_what_is_left_out_is_told(api: Api, bank: str) -> None:
    empty = b"type,value\nmd5,d41d8cd98f00b204e9800998ecf8427e\nmd5," + b"ab" * 16
    answer = bring(api, bank, empty)
    assert answer.json["added"] == 1
    assert sum(answer.json["left_out"].values()) == 1


@pytest.mark.parametrize(
    ("data", "query", "status"),
    [
        (b"PK\3\4\0\0", {}, 400),
        (table(1), {"format": "xml"}, 400),
        (table(1), {"kind": "nothing"}, 400),
        (table(1), {"unknown": "1"}, 400),
    ],
)
def test_what_is_no_bank_file(
    api: Api, bank: str, data: bytes, query: dict[str, str], status: int
) -> None:
    assert bring(api, bank, data, **query).status == status
    assert size(api, bank) == 0


def test_no_such_bank(api: Api) -> None:
    assert bring(api, "nowhere", table(1)).status == 404
    assert api.get("/v1/banks/nowhere/export").status == 404


@pytest.mark.parametrize("form", ["csv", "snapshot"])
def test_what_goes_out_comes_in_again(api: Api, bank: str, form: str) -> None:
    bring(api, bank, table())
    exported = api.get(f"/v1/banks/{bank}/export", format=form, role="curator")
    assert exported.status == 200
    assert exported.headers["content-disposition"].startswith(f'attachment; filename="{bank}.')
    other = next(NAMES)
    api.post("/v1/banks", {"name": other})
    assert bring(api, other, exported.body).json["added"] == ROWS
    again = api.get(f"/v1/banks/{other}/export", format="csv")
    assert again.body == api.get(f"/v1/banks/{bank}/export").body


def test_lines_for_programs(api: Api, bank: str) -> None:
    bring(api, bank, table(3))
    answer = api.get(f"/v1/banks/{bank}/export", format="ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [line["label"] for line in lines(answer)] == ["label 1", "label 2", "label 3"]


def test_an_empty_bank_goes_out(api: Api, bank: str) -> None:
    assert (
        api.get(f"/v1/banks/{bank}/export").body
        == b"type,value,label,category,scheme,source,note,distance\r\n"
    )
    assert api.get(f"/v1/banks/{bank}/export", format="ndjson").body == b""
    assert api.get(f"/v1/banks/{bank}/export", format="snapshot").body.startswith(b"\x89TUTELA")


def test_texts_with_every_trap_survive(api: Api, bank: str) -> None:
    label = 'comma, "quote"\nnew line; tab\tand é'
    entry = {"label": label, "signals": [{"kind": "md5", "value": "ab" * 16}]}
    api.post(f"/v1/banks/{bank}/entries", {"entries": [entry]})
    exported = api.get(f"/v1/banks/{bank}/export").body
    other = next(NAMES)
    api.post("/v1/banks", {"name": other})
    assert bring(api, other, exported).status == 201
    assert api.get(f"/v1/banks/{other}/entries").json["entries"][0]["label"] == label


def test_unknown_formats(api: Api, bank: str) -> None:
    assert api.get(f"/v1/banks/{bank}/export", format="xml").status == 400
