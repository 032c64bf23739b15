"""What RE2 finds of a phrase is what the plainest reading of the notation finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.conversation.cues.cue import CueFamily
from tutela.detection.conversation.cues.matching import Matcher
from tutela.detection.conversation.cues.phrase import Notation
from tutela.detection.conversation.cues.reading import CueFile, Family
from tutela.detection.text.normaliser import Normaliser

WORDS = ("red", "kite", "boat", "kitesurf", "reddish")


class Item(NamedTuple):
    """Words of which one stands there, or any (`_`), or up to three (`...`)."""

    words: tuple[str, ...]
    optional: bool = False
    gap: bool = False
    stem: bool = False

    def written(self) -> str:
        if self.gap:
            return "..."
        if self.stem:
            return f"{self.words[0]}*"
        if not self.words:
            return "_"
        return f"({'|'.join(self.words)})" + ("?" if self.optional else "")

    def fits(self, word: str) -> bool:
        if self.stem:
            return word.startswith(self.words[0])
        return not self.words or word in self.words


word = st.sampled_from(WORDS)
named = st.lists(word, min_size=1, max_size=2, unique=True).map(tuple)
item = st.one_of(
    named.map(Item),
    named.map(lambda words: Item(words, optional=True)),
    word.map(lambda one: Item((one,), stem=True)),
    st.just(Item(())),
    st.just(Item((), optional=True, gap=True)),
)
phrase = st.lists(item, min_size=1, max_size=5).filter(
    lambda items: any(one.words and not one.optional for one in items)
)


def ends(items: Sequence[Item], text: Sequence[str], at: int) -> set[int]:
    """Where a phrase that begins at a word may end."""
    if not items:
        return {at}
    first, rest = items[0], items[1:]
    if first.gap:
        return {
            end
            for more in range(4)
            if at + more <= len(text)
            for end in ends(rest, text, at + more)
        }
    found = ends(rest, text, at) if first.optional else set()
    if at < len(text) and first.fits(text[at]):
        found |= ends(rest, text, at + 1)
    return found


def matcher(written: str) -> Matcher:
    cue = CueFamily(id="x", title="x", points=1, cap=1, half_life_messages=1.0, half_life_days=1.0)
    expression = Notation(str.casefold, {}).expression(written)
    family = Family(cue=cue, phrases=(expression,))
    return Matcher(CueFile(language="en", version="1", families=(family,)))


@settings(max_examples=150, deadline=None)
@given(items=phrase, text=st.lists(word, max_size=12))
def test_finds_are_those_of_the_notation_read_plainly(items: list[Item], text: list[str]) -> None:
    message = Normaliser().normalise(" ".join(text))
    hits = matcher(" ".join(one.written() for one in items)).find(message)
    expected = {at: ends(items, text, at) for at in range(len(text))}
    starts = [at for at, found in expected.items() if found]
    assert bool(hits) == bool(starts)
    for hit in hits:
        begun = len(message.original[: hit.start].split())
        count = len(message.original[hit.start : hit.end].split())
        assert begun + count in expected[begun]
    if hits:
        assert len(message.original[: hits[0].start].split()) == starts[0]
