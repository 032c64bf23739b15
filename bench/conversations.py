"""Messages rated per second, one after the other as they come, and bytes of state per conversation.

    python bench/conversations.py [--conversations N] [--seconds S] [--json]

The conversations are synthetic, harmless ones and ones with strewn cue lines, in English; all go on
at the same time, and after each message the value is asked for. No figure here says how good a
rating is. Rated are the same messages: by declared cues, with the language told by the platform and
with the language heard; by a model that was trained on as many other conversations; and by a
pipeline of scikit-learn with n-grams of the same kinds, asked about one message at a time and
without any state. All on one core; seconds are those of the processor, and ways take turns.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from machine import Machine, describe
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.learning.card import Choices
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.training.preparing import Pile
from tutela.detection.conversation.learning.training.trainer import train
from tutela.detection.conversation.rater import Rater
from tutela.detection.conversation.shipped import shipped_rater
from tutela.model.conversation.message import Labelled, Message
from tutela.model.record import Record

BUCKETS = 2**18
POSITIVES = 0.2
PIPELINE = "scikit-learn, per message"

Way = Callable[[Sequence[tuple[int, Message]]], None]


class Row(Record, frozen=True, kw_only=True):
    """What one way came to.

    Attributes:
        messages: per second of processor time.
        state_mean, state_p99: bytes of state of a conversation at its end; None without one.
        stored: microseconds to store a state and go on from it; None likewise.
    """

    way: str
    messages: float
    state_mean: float | None = None
    state_p99: float | None = None
    stored: float | None = None


class Measurement(Record, frozen=True, kw_only=True):
    """A whole run."""

    machine: Machine
    conversations: int
    messages: int
    characters: float
    rows: tuple[Row, ...]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="messages rated per second")
    parser.add_argument("--conversations", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=2.0, help="of the processor, each way")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.conversations, options.seconds)
    if options.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        print("\n".join(lines(found)))


def measure(conversations: int, seconds: float) -> Measurement:
    """All ways about the same messages."""
    talks = list(synthesise(Plan(conversations=conversations, positives=POSITIVES, seed=1)))
    others = list(synthesise(Plan(conversations=conversations, positives=POSITIVES, seed=2)))
    stream = list(interleaved(talks))
    cues = shipped_rater()
    learned = learned_from(others)
    ways: dict[str, Way] = {
        "cues, language told": lambda part: rated(cues, talks, "en", part),
        "cues, language heard": lambda part: rated(cues, talks, "", part),
        "learned, language told": lambda part: rated(learned, talks, "en", part),
    }
    pipeline = fitted(others)
    ways[PIPELINE] = lambda part: asked(pipeline, part)
    speeds = in_turns(ways, stream, seconds)
    rows = (
        with_state("cues, language told", speeds, cues, "en", talks),
        with_state("cues, language heard", speeds, cues, "", talks),
        with_state("learned, language told", speeds, learned, "en", talks),
        Row(way=PIPELINE, messages=speeds[PIPELINE]),
    )
    return Measurement(
        machine=describe(),
        conversations=len(talks),
        messages=len(stream),
        characters=float(np.mean([len(message.text) for _, message in stream])),
        rows=rows,
    )


def interleaved(talks: Sequence[Labelled]) -> Iterator[tuple[int, Message]]:
    """The messages of all conversations as they come when all go on at once."""
    longest = max(len(talk.conversation.messages) for talk in talks)
    for turn in range(longest):
        for place, talk in enumerate(talks):
            if turn < len(talk.conversation.messages):
                yield place, talk.conversation.messages[turn]


def rated(
    rater: Rater, talks: Sequence[Labelled], language: str, stream: Sequence[tuple[int, Message]]
) -> None:
    """Rate a stream, and ask for the value after each message."""
    running = [
        rater.begin(talk.conversation.id, talk.conversation.participants, language)
        for talk in talks
    ]
    for place, message in stream:
        one = running[place]
        one.add(message)
        one.value()


def asked(pipeline: Any, stream: Sequence[tuple[int, Message]]) -> None:  # noqa: ANN401 - untyped
    """Ask scikit-learn about one message at a time."""
    for _, message in stream:
        pipeline.predict_proba([message.text])


def in_turns(
    ways: dict[str, Way], stream: Sequence[tuple[int, Message]], seconds: float
) -> dict[str, float]:
    """Messages per second of each way; what is slow gets a part of the stream."""
    sizes = {}
    for name, way in ways.items():
        way(stream[:200])
        started = time.process_time()
        way(stream[:400])
        each = (time.process_time() - started) / 400
        sizes[name] = max(400, min(len(stream), int(seconds / 3 / each)))
    spent, done = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0)
    while any(spent[name] < seconds for name in ways):
        for name, way in ways.items():
            if spent[name] < seconds:
                started = time.process_time()
                way(stream[: sizes[name]])
                spent[name] += time.process_time() - started
                done[name] += sizes[name]
    return {name: done[name] / spent[name] for name in ways}


def with_state(
    name: str,
    speeds: dict[str, float],
    rater: Rater,
    language: str,
    talks: Sequence[Labelled],
) -> Row:
    """What the state of each conversation takes at its end."""
    sizes, spent = [], 0.0
    for talk in talks:
        running = rater.begin(talk.conversation.id, talk.conversation.participants, language)
        for message in talk.conversation.messages:
            running.add(message)
        started = time.process_time()
        state = running.dump()
        rater.resume(state)
        spent += time.process_time() - started
        sizes.append(len(state))
    return Row(
        way=name,
        messages=speeds[name],
        state_mean=float(np.mean(sizes)),
        state_p99=float(np.percentile(sizes, 99)),
        stored=spent / len(talks) * 1e6,
    )


def learned_from(talks: Sequence[Labelled]) -> LearnedRater:
    """A model that was trained on conversations."""
    reader = shipped_rater()
    pile = Pile(reader)
    pile.read(talks)
    model = train(pile, "measured", {}, Choices(), damaged=0, step=lambda _: None)
    return LearnedRater(reader, model)


def fitted(talks: Sequence[Labelled]) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """The same n-grams in scikit-learn: hashed characters 2 to 4 and words 1 to 2."""
    grams = make_union(
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=BUCKETS),
        HashingVectorizer(analyzer="word", ngram_range=(1, 2), n_features=BUCKETS),
    )
    pipeline = make_pipeline(grams, LogisticRegression(solver="liblinear"))
    texts = [" ".join(line.text for line in talk.conversation.messages) for talk in talks]
    pipeline.fit(texts, [bool(talk.label) for talk in talks])
    return pipeline


def lines(found: Measurement) -> Iterator[str]:
    """The measurement for people."""
    yield found.machine.heading()
    yield (
        f"{found.messages:,} messages of {found.conversations:,} synthetic conversations, "
        f"{found.characters:.0f} characters each"
    )
    yield ""
    yield f"{'way':<28}{'messages/s':>12}{'state':>9}{'p99':>9}{'store, go on':>15}"
    for row in found.rows:
        state = "" if row.state_mean is None else f"{row.state_mean:,.0f} B"
        largest = "" if row.state_p99 is None else f"{row.state_p99:,.0f} B"
        stored = "" if row.stored is None else f"{row.stored:.0f} µs"
        yield f"{row.way:<28}{row.messages:>12,.0f}{state:>9}{largest:>9}{stored:>15}"


if __name__ == "__main__":
    main()
