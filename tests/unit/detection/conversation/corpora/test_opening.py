from __future__ import annotations

from pathlib import Path

import pytest

from tutela.detection.conversation.corpora.opening import Form, form_of, open_corpus
from tutela.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"conversation_id": "c", "messages": []}\n', Form.JSONL),
        ('{"conversation_id": "chats", "chats": [], "messages": []}', Form.PANC),
        ('{"conversation_id": "c", "messages": [{"text": "\\"chats\\""}]}\n{}', Form.JSONL),
        ('\ufeff{\n "chats": {}}', Form.PANC),
        ("\n<conversations><conversation", Form.PAN12),
        ('"conversation_id"\t"text"\n', Form.CSV),
    ],
)
def test_the_first_bytes_tell_the_form(tmp_path: Path, text: str, form: Form) -> None:
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    assert form_of(path) is form


@pytest.mark.parametrize("text", ["", "<html></html>", "[1, 2]", "\0\0\0"])
def test_a_file_of_no_known_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"bring JSON Lines"):
        form_of(path)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        open_corpus(tmp_path / "none")


def test_a_list_of_ids_belongs_to_one_form_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('{"conversation_id": "c", "messages": []}\n')
    with pytest.raises(InvalidInput, match="belongs to PAN12"):
        open_corpus(path, predators=path)


def test_progress_comes_to_the_size_and_walks_may_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('{"conversation_id": "c", "messages": []}\n' * 10_000)
    steps: list[int] = []
    corpus = open_corpus(path, progress=steps.append)
    assert len(list(corpus)) == len(list(corpus)) == corpus.summary().read == 10_000
    assert sum(steps) == 2 * corpus.size
