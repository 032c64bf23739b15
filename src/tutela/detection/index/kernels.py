"""The loops of the match engine, compiled by numba. `twins.py` says in NumPy what each must give.

All release the GIL and are cached on disk; `shapes.py` says what they take and give. None checks
its arguments: the callers do. Constants that they use stand here, because numba compiles anew only
when this file has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from tutela.detection.index.shapes import (
    Found,
    Integer,
    Integers,
    Numbers,
    Probing,
    Question,
    Reach,
    Rows,
    Tables,
    Words,
)
from tutela.detection.kernels import kernel

# Columns of `Tables.layout`; from MASKS on, where the masks of threshold 0, 1, ... begin.
FIRST, WIDTH, BITMAP, MASKS = range(4)
SPILLED = np.uint32(1 << 31)
LINE_WORDS = 8
REST_SHIFT = np.uint32(28)
FLIPS = np.uint32((1 << 28) - 1)

# How to prefetch: see the reference of LLVM's intrinsic.
FOR_READING, INTO_SECOND, OF_DATA = 0, 2, 1

# Fields of the tally of one query.
COUNT, TOTAL = range(2)

ZERO, ONE, ROW_BITS = np.uint64(0), np.uint64(1), np.uint64(32)
ROW = np.uint64(0xFFFFFFFF)
WORD_BITS, IN_WORD = np.uint64(6), np.uint64(63)
BLOCK = np.uint64(64)
LINE_SHIFT = np.uint32(3)
SPILL_SHIFT = np.uint32(31)


def _popcount(_context: Any, word: Any) -> Any:  # noqa: ANN401 - numba's own types
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(args[0])

    return (types.uint64(types.uint64), generate) if word == types.uint64 else None


popcount = cast("Callable[[Any], Any]", intrinsic(_popcount))
"""Set bits of a uint64 as uint64: LLVM's ctpop, one instruction where the CPU has one."""


def _prefetch(_context: Any, array: Any, index: Any) -> Any:  # noqa: ANN401 - numba's own types
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        kind = signature.args[0]
        column = context.make_array(kind)(context, builder, args[0])
        place = [builder.zext(args[1], ir.IntType(64))]
        place += [ir.Constant(ir.IntType(64), 0)] * (kind.ndim - 1)
        item = cgutils.get_item_pointer(
            context, builder, kind, column, place, wraparound=False, boundscheck=False
        )
        octet, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [octet, number, number, number]),
            "llvm.prefetch.p0",
        )
        how = [ir.Constant(number, value) for value in (FOR_READING, INTO_SECOND, OF_DATA)]
        builder.call(prefetch, [builder.bitcast(item, octet), *how])
        return context.get_dummy_value()

    return types.void(array, index), generate


prefetch = cast("Callable[[Any, Any], None]", intrinsic(_prefetch))
"""Ask for the item (a row of a matrix) at a uint32 index, so that it is there when it is read.

Into the second cache: its queue is longer than that of the first, where a search among ten million
codes took 55 µs for asking its bitmap words, against 19 µs this way and 59 µs without asking ahead.
"""


class Scratch(NamedTuple):
    """What is known so far about one query: `ends` says how much of it is from each table."""

    ends: Integers
    words: Numbers
    full: Words
    places: Numbers


class Best(NamedTuple):
    """The closest hits of the query at hand: a heap once `top` is full, which has the limit's size.

    Attributes:
        tally: int64, see COUNT and TOTAL.
    """

    top: Words
    tally: Integers


@kernel
def substring(code: Words, first: int, width: int) -> Any:  # noqa: ANN401 - a uint64
    """Bits `first` to `first + width` of a code as a number; width is 1 to 63."""
    word, offset = first >> 6, first & 63
    bits = code[word] << np.uint64(offset)
    if offset + width > 64:  # noqa: PLR2004 - bits of a word
        bits |= code[word + 1] >> np.uint64(64 - offset)
    return bits >> np.uint64(64 - width)


@kernel
def _distance(query: Words, code: Words) -> Any:  # noqa: ANN401 - a uint64
    apart = ZERO
    for word in range(query.size):
        apart += popcount(query[word] ^ code[word])
    return apart


@kernel
def _clear(best: Best) -> None:
    best.tally[COUNT] = best.tally[TOTAL] = 0


@kernel
def _sift(heap: Words, size: int, place: int) -> None:
    """Let the hit at a place sink until none below it is farther."""
    hit, child = heap[place], 2 * place + 1
    while child < size:
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= hit:
            break
        heap[place] = heap[child]
        place, child = child, 2 * child + 1
    heap[place] = hit


@kernel
def _pile(heap: Words, size: int) -> None:
    """Make a heap: the farthest hit comes first. numba's own sort takes seconds to compile."""
    for place in range(size // 2 - 1, -1, -1):
        _sift(heap, size, place)


@kernel
def _offer(rows: Rows, code: Integer, distance: Integer, reach: Reach, best: Best) -> None:
    """Keep the rows of a code that may match at this distance, if they are among the closest."""
    top, tally = best.top, best.tally
    for row in range(rows.starts[code], rows.starts[code + 1]):
        group = rows.groups[row]
        if group < 0 or group >= reach.size or reach[group] < distance:
            continue
        tally[TOTAL] += 1
        hit = (np.uint64(distance) << ROW_BITS) | np.uint64(row)
        if tally[COUNT] < top.size:
            top[tally[COUNT]] = hit
            tally[COUNT] += 1
            if tally[COUNT] == top.size:
                _pile(top, top.size)
        elif hit < top[0]:
            top[0] = hit
            _sift(top, top.size, 0)


@kernel
def _any_near(query: Words, codes: Words, begin: Any, end: Any, within: Any) -> Any:  # noqa: ANN401
    """Whether two words leave it open that one of some codes is within a radius.

    Without a branch, so that it is done for many codes at once: 0.8 ns each, not 1.0.
    """
    if query.size == 1:
        return True
    first, second, near = query[0], query[1], ZERO
    for code in range(begin, end):
        apart = popcount(first ^ codes[code, 0]) + popcount(second ^ codes[code, 1])
        near += np.uint64(apart <= within)
    return near > ZERO


@kernel
def _compare(query: Words, rows: Rows, count: int, radius: int, reach: Reach, best: Best) -> None:
    """Compare a query with the first `count` codes. Two words mostly tell that one is too far."""
    _clear(best)
    codes, within, last = rows.codes, np.uint64(radius), np.uint64(min(1, query.size - 1))
    for begin in range(ZERO, np.uint64(count), BLOCK):
        end = min(begin + BLOCK, np.uint64(count))
        if _any_near(query, codes, begin, end, within):
            for code in range(begin, end):
                apart = popcount(query[0] ^ codes[code, 0])
                if last:
                    apart += popcount(query[last] ^ codes[code, last])
                if apart <= within:
                    apart = _distance(query, codes[code])
                    if apart <= within:
                        _offer(rows, np.int64(code), np.int64(apart), reach, best)


@kernel
def _keep(number: int, found: Found, best: Best) -> Found:
    """Note the best hits of query `number`; returns `found`, whose room for hits may have grown."""
    hits, used = found.hits, found.ends[number - 1] if number else 0
    top, count = best.top, best.tally[COUNT]
    if used + count > hits.size:
        hits = np.empty(2 * (used + count), np.uint64)
        for place in range(used):  # a slice would take seconds to compile
            hits[place] = found.hits[place]
    _pile(top, count)
    for rest in range(count - 1, -1, -1):
        hits[used + rest] = top[0]
        top[0] = top[rest]
        _sift(top, rest, 0)
    found.ends[number], found.totals[number] = used + count, best.tally[TOTAL]
    return Found(hits, found.ends, found.totals)


@kernel
def _room(question: Question) -> tuple[Found, Best]:
    count = question.queries.shape[0]
    found = Found(np.empty(count, np.uint64), np.empty(count, np.int64), np.empty(count, np.int64))
    return found, Best(np.empty(question.limit, np.uint64), np.empty(2, np.int64))


@kernel
def _trim(found: Found) -> Found:
    used = found.ends[-1] if found.ends.size else 0
    return Found(found.hits[:used], found.ends, found.totals)


@kernel
def scan(question: Question, rows: Rows, count: int) -> Found:
    """Compare each query with each of the first `count` codes."""
    found, best = _room(question)
    for number in range(question.queries.shape[0]):
        query = question.queries[number]
        _compare(query, rows, count, question.radius, question.reach, best)
        found = _keep(number, found, best)
    return _trim(found)


@kernel
def _order(left: Words, right: Words) -> int:
    for word in range(left.size):
        if left[word] != right[word]:
            return -1 if left[word] < right[word] else 1
    return 0


@kernel
def find(question: Question, rows: Rows, directory: Numbers, shift: int) -> Found:
    """Look up the codes that equal a query.

    Args:
        rows: their codes are sorted and no two are equal.
        directory: `directory[word >> shift]` is the first code whose first word begins with
            these bits, or a higher one; one more item stands at the end.
    """
    found, best = _room(question)
    for number in range(question.queries.shape[0]):
        query = question.queries[number]
        _clear(best)
        leading = query[0] >> np.uint64(shift)
        low, high = directory[leading], directory[leading + ONE]
        while low < high:
            middle = (low + high) // np.uint32(2)
            order = _order(rows.codes[middle], query)
            if order == 0:
                _offer(rows, np.int64(middle), np.int64(0), question.reach, best)
                break
            if order < 0:
                low = middle + np.uint32(1)
            else:
                high = middle
        found = _keep(number, found, best)
    return _trim(found)


@kernel
def _ask(query: Words, tables: Tables, table: int, threshold: int) -> None:
    """Prefetch the words that `_full_words` will read. It pays to be a whole table ahead."""
    layout, bitmap, masks = tables.layout, tables.bitmap, tables.masks
    bucket = substring(query, layout[table, FIRST], layout[table, WIDTH])
    begin, high = np.uint32(layout[table, BITMAP]), np.uint32(bucket >> WORD_BITS)
    first, end = layout[table, MASKS + threshold], layout[table, MASKS + threshold + 1]
    for mask in range(np.uint64(first), np.uint64(end)):
        prefetch(bitmap, begin + (high ^ (masks[mask] & FLIPS)))


@kernel
def _full_words(
    query: Words, tables: Tables, thresholds: NDArray[np.int8], scratch: Scratch
) -> Any:  # noqa: ANN401 - a uint64
    """Note the bitmap words that have full buckets within the threshold of the query's bucket.

    A word is 64 buckets that differ in their lowest six bits. A mask says which of the bits above
    to flip, and how much of the threshold is left for those six. Returns the number of buckets.
    """
    layout, bitmap, masks, near = tables.layout, tables.bitmap, tables.masks, tables.near
    words, full = scratch.words, scratch.full
    count = ZERO
    if thresholds[0] >= 0:
        _ask(query, tables, 0, thresholds[0])
    for table in range(thresholds.size):
        if table + 1 < thresholds.size and thresholds[table + 1] >= 0:
            _ask(query, tables, table + 1, thresholds[table + 1])
        if thresholds[table] >= 0:
            bucket = substring(query, layout[table, FIRST], layout[table, WIDTH])
            begin = np.uint32(layout[table, BITMAP])
            high, low = np.uint32(bucket >> WORD_BITS), bucket & IN_WORD
            first = layout[table, MASKS + thresholds[table]]
            end = layout[table, MASKS + thresholds[table] + 1]
            for mask in range(np.uint64(first), np.uint64(end)):
                word = begin + (high ^ (masks[mask] & FLIPS))
                found = bitmap[word] & near[masks[mask] >> REST_SHIFT, low]
                # Always written, counted if full: no branch for the CPU to guess wrong.
                words[count], full[count] = word, found
                count += np.uint64(found != ZERO)
        scratch.ends[table] = count
    buckets = ZERO
    for number in range(count):
        prefetch(tables.ranks, words[number] >> LINE_SHIFT)
        buckets += popcount(full[number])
    return buckets


@kernel
def _places(tables: Tables, scratch: Scratch) -> None:
    """Number the full buckets of those words in the order of the bitmap."""
    bitmap, ranks = tables.bitmap, tables.ranks
    ends, words, full, places = scratch.ends, scratch.words, scratch.full, scratch.places
    placed = number = ZERO
    for table in range(ends.size):
        while number < np.uint64(ends[table]):
            word, found = words[number], full[number]
            line = word >> LINE_SHIFT
            before = np.uint64(ranks[line])
            for earlier in range(np.uint64(line << LINE_SHIFT), np.uint64(word)):
                before += popcount(bitmap[earlier])
            while found:
                bit = found & (~found + ONE)
                place = np.uint32(before + popcount(bitmap[word] & (bit - ONE)))
                places[placed] = place
                prefetch(tables.heads, place)
                placed += ONE
                found ^= bit
            number += ONE
        ends[table] = placed


@kernel
def _heads(rows: Rows, tables: Tables, scratch: Scratch) -> Any:  # noqa: ANN401 - a uint64
    """Read the heads into `places`; returns how many codes those buckets hold."""
    heads, spill, places, crowds = tables.heads, tables.spill, scratch.places, scratch.words
    buckets, crowded = np.uint64(scratch.ends[-1]), ZERO
    for number in range(buckets):
        head = heads[places[number]]
        places[number] = head
        crowds[crowded] = head & ~SPILLED
        if head & SPILLED:
            prefetch(spill, head & ~SPILLED)
        else:
            prefetch(rows.codes, head)
        crowded += np.uint64(head >> SPILL_SHIFT)
    count = buckets - crowded
    for number in range(crowded):
        count += np.uint64(spill[crowds[number]])
    return count


@kernel
def _codes(rows: Rows, tables: Tables, scratch: Scratch, codes: Numbers) -> None:
    """Gather the codes of those buckets; there is room for all."""
    spill, ends, places = tables.spill, scratch.ends, scratch.places
    count = number = ZERO
    for table in range(ends.size):
        while number < np.uint64(ends[table]):
            head = places[number]
            number += ONE
            if head & SPILLED:
                first = np.uint64(head & ~SPILLED) + ONE
                for member in range(first, first + np.uint64(spill[head & ~SPILLED])):
                    codes[count] = spill[member]
                    prefetch(rows.codes, spill[member])
                    count += ONE
            else:
                codes[count] = head
                count += ONE
        ends[table] = count


@kernel
def _is_new(
    query: Words, code: Words, tables: Tables, thresholds: NDArray[np.int8], table: int
) -> bool:
    """Whether no earlier table has found this code."""
    for earlier in range(table):
        if thresholds[earlier] >= 0:
            first, width = tables.layout[earlier, FIRST], tables.layout[earlier, WIDTH]
            apart = popcount(substring(query, first, width) ^ substring(code, first, width))
            if apart <= np.uint64(thresholds[earlier]):
                return False
    return True


@kernel
def _verify(
    query: Words,
    question: Question,
    rows: Rows,
    tables: Tables,
    thresholds: NDArray[np.int8],
    ends: Integers,
    codes: Numbers,
    best: Best,
) -> None:
    """Compare the query with the codes that were gathered. See `_compare`."""
    known, within, last = rows.codes, np.uint64(question.radius), np.uint64(min(1, query.size - 1))
    number = ZERO
    for table in range(ends.size):
        while number < np.uint64(ends[table]):
            code = codes[number]
            number += ONE
            apart = popcount(query[0] ^ known[code, 0])
            if last:
                apart += popcount(query[last] ^ known[code, last])
            if apart > within:
                continue
            apart = _distance(query, known[code])
            if apart <= within and _is_new(query, known[code], tables, thresholds, table):
                _offer(rows, np.int64(code), np.int64(apart), question.reach, best)


@kernel
def probe(question: Question, rows: Rows, tables: Tables, probing: Probing) -> Found:
    """Find by multi-index hashing what `scan` would find in all codes."""
    found, best = _room(question)
    scratch = Scratch(
        np.empty(probing.thresholds.size, np.int64),
        np.empty(probing.room, np.uint32),
        np.empty(probing.room, np.uint64),
        np.empty(probing.room, np.uint32),
    )
    codes, patience = np.empty(probing.room, np.uint32), np.uint64(probing.patience)
    for number in range(question.queries.shape[0]):
        query = question.queries[number]
        _clear(best)
        count = _full_words(query, tables, probing.thresholds, scratch)
        # Each bucket holds a code at least: often enough to know before any of them is looked up.
        if count <= patience:
            _places(tables, scratch)
            count = _heads(rows, tables, scratch)
        if count > patience:
            _compare(query, rows, rows.codes.shape[0], question.radius, question.reach, best)
        else:
            if count > np.uint64(codes.size):
                codes = np.empty(probing.patience, np.uint32)
            _codes(rows, tables, scratch, codes)
            _verify(query, question, rows, tables, probing.thresholds, scratch.ends, codes, best)
        found = _keep(number, found, best)
    return _trim(found)
