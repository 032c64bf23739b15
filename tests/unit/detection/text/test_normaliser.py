"""What the normaliser undoes, what it leaves alone, and that each place leads back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.characters import GONE
from tutela.detection.text.draft import Draft
from tutela.detection.text.normaliser import NAMED_EMOJI, Normaliser, _spelling_in

ODD = "\u200b\u202e\u0301\u0336\ud800\udfff\x00\x1f\u00ad \n\t0134a@$snap.-_\u0430\u0441\U0001f47b"


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Are you HOME alone?", "are you home alone?"),
        ("don\u2019t tell", "don't tell"),
        ("Tu as quel \u00e2ge, s\u0153ur ?", "tu as quel age, soeur ?"),
        ("e\u0301cole", "ecole"),
        ("s\u200bn\u2060a\u00adp", "snap"),
        ("\u202eabc\u202c", "abc"),
        ("\uff33\uff2e\uff21\uff30", "snap"),
        ("\U0001d4fc\U0001d4f7\U0001d4ea\U0001d4f9", "snap"),
        ("\u24e2\u24dd\u24d0\u24df", "snap"),
        ("\U0001f182\U0001f17d\U0001f170\U0001f17f", "snap"),
        ("\U0001f1f8\U0001f1f3\U0001f1e6\U0001f1f5", "snap"),
        ("\u1d04\u0280\u026a\u0299", "crib"),
        ("z\u0338\u0353\u030e\u0334a\u0321\u0313\u0337lgo", "zalgo"),
        ("h0me al0ne", "home alone"),
        ("k1k or s3cret", "kik or secret"),
        ("te11ing my p@rents", "telling my parents"),
        ("pa$$word", "password"),
        ("n0, hell0, 0nly", "no, hello, only"),
        ("heyyyyyy!!!!", "heyy!!"),
        ("one\n\n  two\u00a0\u2003three", "one two three"),
        ("add me: s n a p", "add me: snap"),
        ("k.i.k me", "kik me"),
        ("hi\U0001f600", "hi:grinning_face:"),
        ("\U0001f44d\U0001f3fd", ":thumbs_up_sign:"),
        ("a\x00b\x07c", "abc"),
        ("\ud800x", "\ufffdx"),
        ("", ""),
    ],
)
def test_what_is_undone(normaliser: Normaliser, written: str, meant: str) -> None:
    assert normaliser.normalise(written).text == meant


@pytest.mark.parametrize(
    "written",
    [
        "i'm 13",
        "im13 13yo 14f im14f u11s u13s f15",
        "m8 gr8 2nite b4 l8r 4ever b4u",
        "1st 2nd 3rd 4th grade at 5pm",
        "call 0600000000 or 1000",
        "mp3 and ps5s",
        "me@example.com",
        "r u a boy",
        "y a t il un bus",
        "it's $5 at 7h30",
        "5f3a9c0e1b",
    ],
)
def test_what_means_what_it_says_stays(normaliser: Normaliser, written: str) -> None:
    found = normaliser.normalise(written)
    assert found.text == written
    assert found.hidden == 0


def test_letters_of_another_script_change_in_mixed_words_only(normaliser: Normaliser) -> None:
    mixed = normaliser.normalise("\u0441all me on sn\u0430p")
    assert mixed.text == "call me on snap"
    assert mixed.hidden == 2
    for whole in ("\u0441\u043e\u0440\u043e\u043a \u0440\u0430\u0437", "\u03b1\u03bd\u03ac"):
        plain = normaliser.normalise(whole)
        assert not any(map(str.isascii, plain.text.replace(" ", "")))
        assert plain.hidden == 0


def test_what_was_hidden_is_counted(normaliser: Normaliser) -> None:
    assert normaliser.normalise("\u00c0 quelle heure, H\u00e9l\u00e8ne ?").hidden == 0
    assert normaliser.normalise("s\u200bn\u200bap").hidden == 2
    assert normaliser.normalise("h0me").hidden == 1
    assert normaliser.normalise("s n a p").hidden == 3
    assert normaliser.normalise("\u24e2nap").hidden == 1


def test_a_code_stands_for_its_word() -> None:
    normaliser = Normaliser({"\U0001f47b": "ghostly"})
    assert (
        normaliser.normalise("my \U0001f47b\U0001f47b\U0001f47b is").text == "my ghostly ghostly is"
    )


def test_emoji_without_end_stay_short(normaliser: Normaliser) -> None:
    many = normaliser.normalise("\U0001f600\U0001f601" * 100_000)
    assert len(many.text) < 200_000 + 40 * NAMED_EMOJI
    assert len(normaliser.normalise("\U0001f600" * 100_000).text) == 2 * len(":grinning_face:")


def test_the_way_back_leads_to_what_was_written(normaliser: Normaliser) -> None:
    written = "ok  \u200b add me: s.n.a.p \U0001f600 h0me"
    found = normaliser.normalise(written)
    for word, original in (
        ("snap", "s.n.a.p"),
        (":grinning_face:", "\U0001f600"),
        ("home", "h0me"),
    ):
        start = found.text.index(word)
        left, right = found.span(start, start + len(word))
        assert written[left:right] == original


@given(st.text() | st.text(ODD))
def test_every_place_leads_back(text: str) -> None:
    found = Normaliser().normalise(text)
    found.text.encode()
    assert not GONE.search(found.text)
    assert "  " not in found.text
    spans = [found.span(place, place + 1) for place in range(len(found.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert [end for _, end in spans] == sorted(end for _, end in spans)
    if found.text and not found.starts:
        assert len(found.text) == len(text)


@given(st.text("abcr u01345$@ .-_'Zz"))
def test_the_short_way_gives_what_the_long_way_gives(text: str) -> None:
    draft = Draft(text)
    Normaliser()._characters_in(draft)
    _spelling_in(draft)
    slow, fast = draft.finish(), Normaliser().normalise(text)
    assert (slow.text, slow.hidden) == (fast.text, fast.hidden)
    places = range(len(fast.text))
    assert [slow.span(at, at + 1) for at in places] == [fast.span(at, at + 1) for at in places]


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_how_it_was_composed_makes_no_difference(text: str) -> None:
    normaliser = Normaliser()
    composed = normaliser.normalise(unicodedata.normalize("NFC", text)).text
    assert composed == normaliser.normalise(unicodedata.normalize("NFD", text)).text


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a b ",
        "a.",
        "ab",
        "h0",
        "aaab",
        "\ud800",
        "a\x00",
        "\ufdfa",
        "a" + "\u0301" * 30,
        "\u0441n\u0430p ",
        "\U0001f600\U0001f601",
        "\u202e\u202d",
    ],
)
def test_long_messages_take_time_linear_in_their_length(normaliser: Normaliser, piece: str) -> None:
    """No timing: what is quadratic would not end within the limit of a test."""
    text = piece * (400_000 // len(piece.encode("utf-8", "surrogatepass")))
    found = normaliser.normalise(text)
    assert len(found.text) <= 18 * len(text)
