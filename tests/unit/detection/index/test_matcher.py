from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.index.matcher import BankState, Hit, Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import InvalidInput
from tutela.model import Signal

KINDS = builtin_kinds()
Octets = NDArray[np.uint8]


def octets(values: Iterable[bytes]) -> Octets:
    rows = [np.frombuffer(value, np.uint8) for value in values]
    return np.array(rows, np.uint8)


def flipped(value: bytes, bits: int) -> bytes:
    """The value with its first bits turned."""
    mask = ((1 << bits) - 1) << (len(value) * 8 - bits)
    return (int.from_bytes(value) ^ mask).to_bytes(len(value))


def md5(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def pdq(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def signal(kind: str, value: bytes) -> Signal:
    return Signal(kind=kind, value=value.hex())


def matcher_of(*banks: BankState) -> Matcher:
    matcher = Matcher(KINDS)
    matcher.set_banks(banks or [BankState(id=1, name="one")])
    return matcher


def add(matcher: Matcher, kind: str, rows: Sequence[tuple[bytes, int, int]]) -> None:
    """Add rows of value, entry and bank."""
    values, entries, banks = zip(*rows, strict=True)
    matcher.add(kind, octets(values), np.array(entries), np.array(banks))


def brief(hits: list[Hit]) -> list[tuple[int, int, int]]:
    return [(hit.signal, hit.entry_id, hit.distance) for hit in hits]


def test_a_signal_of_each_kind_finds_its_entry() -> None:
    matcher = matcher_of()
    values = {
        kind.name: hashlib.sha512(kind.name.encode()).digest()[: kind.bits // 8] for kind in KINDS
    }
    for entry, (kind, value) in enumerate(values.items()):
        add(matcher, kind, [(value, entry, 1)])
    signals = [signal(kind, value) for kind, value in values.items()]
    assert matcher.match(signals) == [
        Hit(entry_id=number, bank_id=1, kind=kind, distance=0, signal=number)
        for number, kind in enumerate(values)
    ]
    assert matcher.sizes() == dict.fromkeys(values, 1)


def test_nothing_is_found_without_signals_or_entries() -> None:
    assert matcher_of().match([]) == []
    assert Matcher(KINDS).match([signal("pdq", pdq("a")), signal("md5", md5("a"))]) == []


def test_results_are_in_the_order_of_the_signals_whatever_their_kinds() -> None:
    matcher = matcher_of()
    add(matcher, "pdq", [(flipped(pdq("p"), 9), 11, 1), (flipped(pdq("p"), 3), 12, 1)])
    add(matcher, "md5", [(md5("m"), 13, 1)])
    signals = [
        signal("pdq", pdq("other")),
        signal("md5", md5("m")),
        signal("pdq", pdq("p")),
        signal("md5", md5("m")),
    ]
    assert brief(matcher.match(signals)) == [(1, 13, 0), (2, 12, 3), (2, 11, 9), (3, 13, 0)]


def test_each_bank_has_its_own_distance() -> None:
    matcher = matcher_of(
        BankState(id=1, name="near", distance=10), BankState(id=2, name="far", distance=31)
    )
    add(matcher, "pdq", [(flipped(pdq("p"), 20), 11, 1), (flipped(pdq("p"), 20), 12, 2)])
    assert brief(matcher.match([signal("pdq", pdq("p"))])) == [(0, 12, 20)]
    matcher.set_banks(
        [BankState(id=1, name="near", distance=20), BankState(id=2, name="far", distance=19)]
    )
    assert brief(matcher.match([signal("pdq", pdq("p"))])) == [(0, 11, 20)]


def test_disabled_and_forgotten_banks_do_not_match() -> None:
    matcher = matcher_of(BankState(id=1, name="one"), BankState(id=2, name="two"))
    add(matcher, "md5", [(md5("m"), 11, 1), (md5("m"), 12, 2)])
    asked = [signal("md5", md5("m"))]
    assert brief(matcher.match(asked)) == [(0, 11, 0), (0, 12, 0)]
    matcher.set_banks([BankState(id=1, name="one", enabled=False), BankState(id=2, name="two")])
    assert brief(matcher.match(asked)) == [(0, 12, 0)]
    matcher.set_banks([BankState(id=1, name="one")])
    assert brief(matcher.match(asked)) == [(0, 11, 0)]
    assert list(matcher.banks) == [1]


def test_a_bank_counts_once_its_state_is_known() -> None:
    matcher = matcher_of(BankState(id=1, name="one"))
    add(matcher, "md5", [(md5("m"), 11, 7)])
    asked = [signal("md5", md5("m"))]
    assert matcher.match(asked) == []
    assert matcher.match(asked, banks=[7]) == []
    matcher.set_banks([BankState(id=7, name="seven")])
    assert brief(matcher.match(asked)) == [(0, 11, 0)]


def test_a_search_may_be_kept_to_some_banks() -> None:
    matcher = matcher_of(*(BankState(id=n, name=f"n{n}", enabled=n != 3) for n in range(1, 5)))
    add(matcher, "pdq", [(pdq("p"), 10 + n, n) for n in range(1, 5)])
    asked = [signal("pdq", pdq("p"))]
    assert [hit.bank_id for hit in matcher.match(asked)] == [1, 2, 4]
    assert [hit.bank_id for hit in matcher.match(asked, banks={2, 3, 99})] == [2]
    assert matcher.match(asked, banks=[]) == []


def test_entries_are_switched_and_removed_in_every_kind() -> None:
    matcher = matcher_of()
    add(matcher, "md5", [(md5("m"), 11, 1), (md5("m"), 12, 1)])
    add(matcher, "pdq", [(pdq("p"), 11, 1)])
    asked = [signal("md5", md5("m")), signal("pdq", pdq("p"))]
    matcher.set_enabled([11, 99], enabled=False)
    assert brief(matcher.match(asked)) == [(0, 12, 0)]
    matcher.set_enabled([11], enabled=True)
    assert brief(matcher.match(asked)) == [(0, 11, 0), (0, 12, 0), (1, 11, 0)]
    matcher.remove([11])
    assert brief(matcher.match(asked)) == [(0, 12, 0)]
    assert matcher.sizes()["pdq"] == 0


def test_an_entry_is_named_once_per_signal_with_its_closest_own() -> None:
    matcher = matcher_of()
    own = [(flipped(pdq("p"), bits), 11, 1) for bits in (7, 2, 5)]
    add(matcher, "pdq", [*own, (flipped(pdq("p"), 4), 12, 1)])
    asked = [signal("pdq", pdq("p")), signal("pdq", flipped(pdq("p"), 7))]
    assert brief(matcher.match(asked)) == [(0, 11, 2), (0, 12, 4), (1, 11, 0), (1, 12, 3)]


def test_the_limit_is_of_entries_per_signal() -> None:
    matcher = matcher_of()
    rows = [(flipped(pdq("p"), entry), entry, 1) for entry in range(1, 30)]
    add(matcher, "pdq", rows)
    asked = [signal("pdq", pdq("p"))] * 2
    assert brief(matcher.match(asked, limit=3)) == [
        (number, entry, entry) for number in (0, 1) for entry in (1, 2, 3)
    ]
    assert len(matcher.match(asked, limit=1000)) == 58


def test_an_entry_with_many_signals_does_not_crowd_out_others() -> None:
    matcher = matcher_of()
    add(matcher, "pdq", [(pdq("p"), 11, 1)] * 5000 + [(flipped(pdq("p"), 9), 12, 1)])
    assert brief(matcher.match([signal("pdq", pdq("p"))], limit=5)) == [(0, 11, 0), (0, 12, 9)]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        matcher_of().match([signal("pdq", pdq("p"))], limit=limit)


def test_what_is_no_signal_is_refused_without_repeating_it() -> None:
    matcher = matcher_of()
    for wrong in (Signal(kind="none", value="ab"), Signal(kind="md5", value="xyz")):
        with pytest.raises(InvalidInput) as caught:
            matcher.match([signal("md5", md5("m")), wrong])
        assert wrong.value not in str(caught.value)
    with pytest.raises(InvalidInput):
        matcher.add("none", np.zeros((1, 16), np.uint8), np.ones(1, int), np.ones(1, int))
    with pytest.raises(InvalidInput):
        matcher.load("md5", np.zeros((1, 20), np.uint8), np.ones(1, int), np.ones(1, int))
    with pytest.raises(InvalidInput):
        matcher.load("md5", np.zeros((2, 16), np.uint8), np.ones(2, int), np.ones(1, int))


@pytest.mark.parametrize("way", ["load", "add"])
def test_empty_content_never_matches(way: str) -> None:
    matcher = matcher_of()
    empty = {
        "md5": "d41d8cd98f00b204e9800998ecf8427e",
        "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    for kind, value in empty.items():
        other = bytes(KINDS[kind].bits // 8)
        codes = octets([bytes.fromhex(value), other])
        getattr(matcher, way)(kind, codes, np.array([11, 12]), np.array([1, 1]))
    asked = [Signal(kind=kind, value=value) for kind, value in empty.items()]
    others = [Signal(kind=kind, value="00" * (len(value) // 2)) for kind, value in empty.items()]
    assert brief(matcher.match([*asked, *others])) == [(3, 12, 0), (4, 12, 0), (5, 12, 0)]
    assert set(matcher.sizes().values()) == {0, 1}


def test_a_load_replaces_one_kind_and_certifies_it() -> None:
    matcher = matcher_of()
    add(matcher, "md5", [(md5("old"), 11, 1)])
    add(matcher, "pdq", [(pdq("p"), 11, 1)])
    matcher.load("md5", octets([md5("new")]), np.array([12]), np.array([1]))
    asked = [signal("md5", md5("old")), signal("md5", md5("new")), signal("pdq", pdq("p"))]
    assert brief(matcher.match(asked)) == [(1, 12, 0), (2, 11, 0)]
    assert [(proof.kind, proof.rows) for proof in matcher.certificates()] == [("md5", 1)]


def test_warming_leaves_nothing_behind() -> None:
    matcher = matcher_of()
    matcher.warm()
    assert set(matcher.sizes().values()) == {0}
    assert matcher.certificates() == ()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 6))
def test_every_answer_is_that_of_a_loop(seed: int, count: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    banks = [
        BankState(
            id=int(n) * 10, name=f"b{n}", distance=int(rng.integers(32)), enabled=rng.random() < 0.8
        )
        for n in range(4)
    ]
    matcher = matcher_of(*banks)
    entries = rng.integers(20, size=count)
    bank_ids = (entries % 4) * 10
    flips = rng.permuted(np.arange(256) < rng.integers(25, size=(count, 1)), axis=1)
    codes = np.packbits(flips, axis=1)
    half = count // 2
    matcher.load("pdq", codes[:half], entries[:half], bank_ids[:half])
    matcher.add("pdq", codes[half:], entries[half:], bank_ids[half:])
    off = [int(entry) for entry in np.unique(entries) if rng.random() < 0.2]
    matcher.set_enabled(off, enabled=False)
    chosen = None if rng.random() < 0.5 else {0, 20}
    asked = codes[rng.integers(count, size=5)]
    signals = [signal("pdq", code.tobytes()) for code in asked]
    wanted = []
    for number, query in enumerate(asked):
        closest: dict[int, int] = {}
        for code, entry, bank_id in zip(codes, entries.tolist(), bank_ids.tolist(), strict=True):
            apart = int(np.bitwise_count(code ^ query).sum())
            bank = banks[bank_id // 10]
            searched = bank.enabled and (chosen is None or bank_id in chosen)
            if searched and entry not in off and apart <= bank.distance:
                closest[entry] = min(apart, closest.get(entry, 999))
        ranked = sorted((apart, entry) for entry, apart in closest.items())
        wanted.append([(number, entry, apart) for apart, entry in ranked])
    hits = matcher.match(signals, banks=chosen, limit=1000)
    assert brief(hits) == list(chain(*wanted))
    assert all(hit.bank_id == (hit.entry_id % 4) * 10 for hit in hits)
    # Which of several at the same distance are left out is open.
    few = brief(matcher.match(signals, banks=chosen, limit=limit))
    assert [(hit[0], hit[2]) for hit in few] == [
        (hit[0], hit[2]) for hit in chain(*(own[:limit] for own in wanted))
    ]
    assert set(few) <= set(brief(hits))


def test_searches_go_on_while_banks_and_entries_come_and_go() -> None:
    matcher = matcher_of(BankState(id=0, name="b0"))
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        asked = [signal("pdq", pdq("p")), signal("md5", md5("m"))]
        try:
            while not done.is_set():
                for hit in matcher.match(asked, limit=50):
                    assert hit.bank_id == hit.entry_id
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        add(matcher, "pdq", [(flipped(pdq("p"), number % 20), number, number)])
        add(matcher, "md5", [(md5("m"), number, number)])
        matcher.set_banks(BankState(id=n, name=f"b{n}") for n in range(number // 2, number + 1))
        matcher.remove([number // 3])
    done.set()
    reader.join()
    assert errors == []
    found = {hit.entry_id for hit in matcher.match([signal("md5", md5("m"))], limit=1000)}
    assert found == set(range(99, 200))


def test_an_entry_may_have_a_distance_of_its_own() -> None:
    matcher = matcher_of(BankState(id=1, name="one", distance=10), BankState(id=2, name="two"))
    codes = octets([flipped(pdq("p"), bits) for bits in (20, 20, 5, 0)])
    distances = np.array([25, -1, 4, 0], np.int16)
    matcher.add("pdq", codes, np.array([11, 12, 13, 14]), np.array([1, 1, 1, 2]), distances)
    asked = [signal("pdq", pdq("p"))]
    assert brief(matcher.match(asked)) == [(0, 14, 0), (0, 11, 20)]
    matcher.set_distances([(11, None), (12, 20), (13, None)])
    assert brief(matcher.match(asked)) == [(0, 14, 0), (0, 13, 5), (0, 12, 20)]
    assert {hit.bank_id for hit in matcher.match(asked)} == {1, 2}
    matcher.set_enabled([12], False)
    matcher.set_distance(12, 31)
    assert 12 not in {hit.entry_id for hit in matcher.match(asked)}
    matcher.set_enabled([12], True)
    matcher.set_distance(14, 1)
    assert brief(matcher.match(asked, banks={1})) == [(0, 13, 5), (0, 12, 20)]
    with pytest.raises(InvalidInput):
        matcher.set_distance(12, 65)


def test_an_own_distance_does_not_bring_a_disabled_bank_back() -> None:
    matcher = matcher_of(BankState(id=1, name="one", enabled=False))
    one = np.ones(1, np.int64)
    matcher.add("pdq", octets([pdq("p")]), one, one, np.array([31], np.int16))
    matcher.set_distance(1, 30)
    assert matcher.match([signal("pdq", pdq("p"))]) == []


def test_what_is_cut_off_is_counted_in_entries() -> None:
    matcher = matcher_of()
    add(matcher, "pdq", [(flipped(pdq("p"), n % 20), n // 2, 1) for n in range(600)])
    add(matcher, "md5", [(md5("m"), 1, 1)])
    asked = [signal("pdq", pdq("p")), signal("md5", md5("m")), signal("pdq", pdq("other"))]
    answer = matcher.find(asked, limit=5)
    assert answer.totals == [300, 1, 0]
    assert answer.hits == matcher.match(asked, limit=5)
    assert len(answer.hits) == 6
    assert matcher.find(asked, limit=300).totals == [300, 1, 0]


def test_a_matcher_takes_the_place_of_another_at_once() -> None:
    old, new = matcher_of(), matcher_of(BankState(id=9, name="nine"))
    add(old, "pdq", [(pdq("p"), 11, 1)])
    add(new, "pdq", [(pdq("p"), 12, 9)])
    new.version = 7
    old.take_over(new)
    assert brief(old.match([signal("pdq", pdq("p"))])) == [(0, 12, 0)]
    assert (old.version, list(old.banks), old.sizes()["pdq"]) == (7, [9], 1)


@pytest.mark.parametrize("banks", [None, [1], [2, 3], []])
def test_many_searches_find_what_single_ones_find(banks: list[int] | None) -> None:
    matcher = matcher_of(
        BankState(id=1, name="one"),
        BankState(id=2, name="two", distance=3),
        BankState(id=3, name="off", enabled=False),
    )
    values = [flipped(pdq("a"), bits) for bits in (0, 2, 5, 31, 32)] + [pdq("b")]
    add(matcher, "pdq", [(value, n, 1 + n % 3) for n, value in enumerate(values * 2)])
    add(matcher, "md5", [(md5(str(n)), n, 1 + n % 3) for n in range(9)])
    for kind, asked in (("pdq", [*values, pdq("c")]), ("md5", [md5(str(n)) for n in range(12)])):
        hits = matcher.match([signal(kind, value) for value in asked], banks)
        found = matcher.match_many(kind, octets(asked), limit=100, threads=2, banks=banks)
        columns = zip(*(column.tolist() for column in found), strict=True)
        assert sorted(columns) == sorted(
            (hit.signal, hit.distance, hit.entry_id, hit.bank_id) for hit in hits
        )
        assert bool(hits) == (banks != [])


def test_many_searches_refuse_what_cannot_be_searched_for() -> None:
    matcher = matcher_of()
    codes = octets([pdq("a")])
    for limit, threads in ((0, 1), (1, 0)):
        with pytest.raises(InvalidInput, match="at least 1"):
            matcher.match_many("pdq", codes, limit=limit, threads=threads)
    with pytest.raises(InvalidInput, match="32 bytes each"):
        matcher.match_many("pdq", codes[:, :16], limit=1, threads=1)
    with pytest.raises(InvalidInput):
        matcher.match_many("none", codes, limit=1, threads=1)
