"""PDQ's thumbnail in numba: 64 by 64 brightnesses, equal bit for bit to those of `twins.py`.

A box filter is a running sum, whose float32 roundings depend on all samples before, so it can
neither be cut into pieces nor be done another way. But the rows of a picture are independent of
each other when the filter runs along them, and its columns when it runs down. So every filter here
does 32 rows or 32 columns at a time in vector registers, and between two filters a tile of 32 by
32 samples is transposed. A tile goes through all steps while it is in the first cache: of the
blurred picture only as many rows are kept as the next filter looks back, and nothing is as large
as the picture.

1600 x 1004 RGB pixels take 1.15 ms on one core (EPYC 9004 series; 1.45 ms with AVX2, 2.9 ms with
SSE2 only), the whole of `pdqhash` takes 27 ms.

Positions go on beyond the picture's end: a filter that looks `ahead` samples ahead gives its last
mean that much after the last sample entered. Tiles that reach over an edge hold numbers there that
no later step uses. Nothing may be fused or moved, or a hash will differ in a bit one day:
`fastmath` stays off.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model
from numpy.typing import NDArray

from tutela.detection.kernels import inlined, kernel

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Lanes = Any
"""32 float32 in vector registers; inside of kernels only."""
Code = Any
"""What llvmlite and numba write code with: builders, values, types. They have no names for mypy."""

_SIDE = 64
_LANES = 32
_GREY = 1

# numba has no vectors of its own, and its loops over 32 samples kept running sums in memory: they
# took 1.3 ms for the brightness of 1600 x 1004 pixels alone. So this file begins with a type for
# 32 float32 and the few instructions on it, in the words of LLVM, which makes of them what the
# processor at hand has.


class _LanesType(types.Type):
    """What `Lanes` are for numba."""


_lanes = _LanesType(name="lanes")
_floats = ir.VectorType(ir.FloatType(), _LANES)
_words = ir.VectorType(ir.IntType(32), _LANES)
_byte = ir.IntType(8)


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Code, lanes: Code) -> None:
        super().__init__(manager, lanes, _floats)  # type: ignore[no-untyped-call]


def _instruction(result: Code) -> Callable[[Callable[..., Code]], Callable[..., Any]]:
    """An instruction for kernels, of a function that writes its code.

    That function gets LLVM's builder and the arguments, for a flat array the pointer to its data.
    """

    def made(write: Callable[..., Code]) -> Callable[..., Any]:
        @wraps(write)
        def define(_typing: Code, *arguments: Code) -> Code:
            def lower(context: Code, builder: Code, signature: Code, values: Code) -> Code:
                pairs = zip(signature.args, values, strict=True)
                plain = [_plain(context, builder, kind, value) for kind, value in pairs]
                written = write(builder, *plain)
                return context.get_dummy_value() if written is None else written

            return result(*map(types.unliteral, arguments)), lower

        return cast("Callable[..., Any]", intrinsic(define))

    return made


def _plain(context: Code, builder: Code, kind: Code, value: Code) -> Code:
    if not isinstance(kind, types.Array):
        return value
    proxy = cgutils.create_struct_proxy(kind)
    return proxy(context, builder, value=value).data


def _at(builder: Code, data: Code, index: Code, vector: Code) -> Code:
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _read(builder: Code, data: Code, index: Code, vector: Code) -> Code:
    loaded = builder.load(_at(builder, data, index, vector))
    loaded.align = 1
    return loaded


def _write(builder: Code, data: Code, index: Code, value: Code) -> None:
    builder.store(value, _at(builder, data, index, value.type)).align = 1


def _whole(number: int) -> Code:
    return ir.Constant(ir.IntType(64), number)


def _same(number: float, vector: Code) -> Code:
    return ir.Constant(vector, [number] * vector.count)


def _shuffle(builder: Code, left: Code, right: Code, order: Sequence[int]) -> Code:
    places = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), list(order))
    return builder.shuffle_vector(left, right, places)


@_instruction(_lanes)
def _load(builder: Code, floats: Code, index: Code) -> Code:
    """The 32 float32 of a flat array that begin at an index."""
    return _read(builder, floats, index, _floats)


@_instruction(types.void)
def _store(builder: Code, floats: Code, index: Code, value: Code) -> None:
    """Write 32 float32 into a flat array from an index on."""
    _write(builder, floats, index, value)


@_instruction(_lanes)
def _all(builder: Code, value: Code) -> Code:
    """One float32 in all lanes."""
    nothing = ir.Constant(_floats, ir.Undefined)
    one = builder.insert_element(nothing, value, _whole(0))
    return _shuffle(builder, one, nothing, [0] * _LANES)


def _lanewise(function: Callable[..., Any], instruction: str) -> None:
    """Give lanes an operator: the same instruction in each lane."""

    @_instruction(_lanes)
    def calculated(builder: Code, left: Code, right: Code) -> Code:
        return getattr(builder, instruction)(left, right)

    def call(left: Lanes, right: Lanes) -> Lanes:
        return calculated(left, right)

    @overload(function)
    def choose(left: Lanes, right: Lanes) -> Lanes:
        return call if isinstance(left, _LanesType) and isinstance(right, _LanesType) else None


_lanewise(operator.add, "fadd")
_lanewise(operator.sub, "fsub")
_lanewise(operator.truediv, "fdiv")


@_instruction(_lanes)
def _grey(builder: Code, pixels: Code, index: Code) -> Code:
    """Brightness of the 32 grey pixels that begin at an index of a flat array of bytes."""
    return builder.uitofp(_read(builder, pixels, index, ir.VectorType(_byte, _LANES)), _floats)


@_instruction(_lanes)
def _rgb(builder: Code, pixels: Code, index: Code) -> Code:
    """Brightness of the 32 RGB pixels that begin at an index of a flat array of bytes.

    (299 r + 587 g + 114 b) / 1000, the sum whole and the division in float32. That is the double
    precision sum of the twin rounded to float32: both are the float32 next to the true value,
    because a true value that lies between two float32 would need more than three decimals.
    """
    words = _rgb_words(builder, pixels, index)
    total = _same(0, _words)
    for channel, weight in enumerate((299, 587, 114)):
        shifted = builder.lshr(words, _same(8 * channel, _words))
        part = builder.and_(shifted, _same(255, _words))
        total = builder.add(total, builder.mul(part, _same(weight, _words)))
    return builder.fdiv(builder.sitofp(total, _floats), _same(1000.0, _floats))


def _rgb_words(builder: Code, pixels: Code, index: Code) -> Code:
    """32 RGB pixels as 32-bit words, red lowest.

    Loaded by fours, 12 bytes of 16 used: a shuffle within 16 bytes is one instruction everywhere,
    one over all 96 bytes took twice the time. The last load begins early, to end with the pixels.
    """
    words = []
    sixteen = ir.VectorType(_byte, 16)
    for first in range(0, 3 * _LANES, 12):
        start = min(first, 3 * _LANES - 16)
        loaded = _read(builder, pixels, builder.add(index, _whole(start)), sixteen)
        reds = range(first - start, first - start + 12, 3)
        order = [place for red in reds for place in (red, red + 1, red + 2, 16)]
        four = _shuffle(builder, loaded, _same(0, sixteen), order)
        words.append(builder.bitcast(four, ir.VectorType(ir.IntType(32), 4)))
    while len(words) > 1:
        both = range(2 * words[0].type.count)
        pairs = zip(words[::2], words[1::2], strict=True)
        words = [_shuffle(builder, left, right, both) for left, right in pairs]
    return words[0]


@_instruction(types.void)
def _transpose_16(builder: Code, floats: Code, start: Code, into: Code, stride: Code) -> None:
    """Transpose 16 by 16 samples of a tile, from `start` on, to `into` with rows `stride` apart.

    In four steps, swapping the off-diagonal quarters of blocks of 2, 4, 8 and 16 rows.
    """
    vector = ir.VectorType(ir.FloatType(), 16)
    places = [builder.add(start, _whole(_LANES * number)) for number in range(16)]
    rows = [_read(builder, floats, place, vector) for place in places]
    for bit in (1, 2, 4, 8):
        upper = [16 + (lane ^ bit) if lane & bit else lane for lane in range(16)]
        lower = [16 + lane if lane & bit else lane | bit for lane in range(16)]
        pairs = [(rows[n & ~bit], rows[n | bit], lower if n & bit else upper) for n in range(16)]
        rows = [_shuffle(builder, first, second, order) for first, second, order in pairs]
    for number, row in enumerate(rows):
        place = builder.add(into, builder.mul(stride, _whole(number)))
        _write(builder, floats, place, row)


@inlined
def _transpose(memory: Floats, tile: int, into: int, stride: int) -> None:
    """Transpose the 32 by 32 samples at `tile` to `into`, with rows `stride` apart."""
    for y in range(0, _LANES, 16):
        for x in range(0, _LANES, 16):
            _transpose_16(memory, tile + y * _LANES + x, into + x * stride + y, stride)


class _Axis(NamedTuple):
    """One direction: `window` and `ahead` as in the twin, `slots` samples in a ring."""

    length: int
    window: int
    ahead: int
    slots: int


@inlined
def _axis(length: int) -> _Axis:
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    slots = (window + _LANES - 1) // _LANES * _LANES + _LANES
    return _Axis(length, window, window // 2, slots)


@inlined
def _centre(axis: _Axis, found: int) -> int:
    """Which sample is taken after `found` others, or -1 when there are 64."""
    return (2 * found + 1) * axis.length // (2 * _SIDE) if found < _SIDE else -1


@inlined
def _at_edge(
    total: Lanes, memory: Floats, enter: int, leave: int, axis: _Axis, entering: int
) -> tuple[Lanes, int]:
    """One step of a box filter where samples may be missing: the new sum, and of how many."""
    leaving = entering - axis.window
    if 0 <= entering < axis.length:
        total = total + _load(memory, enter)
    if leaving >= 0:
        total = total - _load(memory, leave)
    return total, min(entering, axis.length - 1) - max(leaving, -1)


@inlined
def _box(total: Lanes, memory: Floats, ring: int, axis: _Axis, entering: int, tile: int) -> Lanes:
    """Move a box filter on by 32 samples, write the means to `tile`, return the new sum.

    `ring` holds the sample n at slot n modulo slots.
    """
    enter = ring + entering % axis.slots * _LANES
    leave = ring + (entering - axis.window) % axis.slots * _LANES
    end = ring + axis.slots * _LANES
    inside = entering >= axis.window and entering + _LANES <= axis.length
    whole = _all(np.float32(axis.window))
    for step in range(_LANES):
        if inside:
            total = total + _load(memory, enter) - _load(memory, leave)
            _store(memory, tile, total / whole)
        else:
            total, count = _at_edge(total, memory, enter, leave, axis, entering + step)
            if count > 0:
                _store(memory, tile, total / _all(np.float32(count)))
        enter += _LANES
        tile += _LANES
        leave += _LANES
        if leave == end:
            leave = ring
    return total


@inlined
def _sampled_box(
    total: Lanes, memory: Floats, at: _Layout, axis: _Axis, entering: int, found: int
) -> tuple[Lanes, int]:
    """As `_box` over `blurred`, but only the means that are sampled, written to `samples`.

    The ring holds the sample n at slot n + ahead modulo slots, as the filter before left it.
    Returns the new sum, and how many samples were found.
    """
    enter = at.blurred + (entering + axis.ahead) % axis.slots * _LANES
    leave = at.blurred + (entering + axis.ahead - axis.window) % axis.slots * _LANES
    end = at.blurred + axis.slots * _LANES
    inside = entering >= axis.window and entering + _LANES <= axis.length
    centre = _centre(axis, found) + axis.ahead
    for sample in range(entering, entering + _LANES):
        count = axis.window
        if inside:
            total = total + _load(memory, enter) - _load(memory, leave)
        else:
            total, count = _at_edge(total, memory, enter, leave, axis, sample)
        while sample == centre and found < _SIDE:
            _store(memory, at.samples + found * _LANES, total / _all(np.float32(count)))
            found += 1
            centre = _centre(axis, found) + axis.ahead
        enter += _LANES
        leave += _LANES
        if leave == end:
            leave = at.blurred
    return total, found


class _Layout(NamedTuple):
    """Where the things between the filters lie in the kernel's memory, in float32.

    tile: 32 samples of 32 lanes, as everything is unless said otherwise.
    bright: ring of columns of one strip, before the first filter.
    history: for each tile across, a ring of rows between the first filter and the second.
    sums: for each tile across, the running sum of the second filter.
    blurred: ring of columns of one strip, between the second filter and the third.
    samples: the 64 sampled columns of one strip, after the third filter.
    lines: ring of rows of 64 numbers, between the third filter and the fourth.
    last: the running sum of the fourth filter, 64 numbers.
    """

    tile: int
    bright: int
    history: int
    sums: int
    blurred: int
    samples: int
    lines: int
    last: int
    end: int


@inlined
def _layout(along: _Axis, down: _Axis) -> _Layout:
    tiles = (along.length + along.ahead + _LANES - 1) // _LANES
    bright = _LANES * _LANES
    history = bright + along.slots * _LANES
    sums = history + tiles * down.slots * _LANES
    blurred = sums + tiles * _LANES
    samples = blurred + along.slots * _LANES
    lines = samples + _SIDE * _LANES
    last = lines + down.slots * _SIDE
    return _Layout(0, bright, history, sums, blurred, samples, lines, last, last + _SIDE)


class _Picture(NamedTuple):
    """Pixels as a flat array, row by row, with 1 or 3 channels; `edge` has room for 32."""

    pixels: Bytes
    rows: int
    columns: int
    channels: int
    edge: Bytes


@inlined
def _bright(pixels: Bytes, start: int, channels: int) -> Lanes:
    return _grey(pixels, start) if channels == _GREY else _rgb(pixels, start)


@inlined
def _brightness(picture: _Picture, row: int, column: int, memory: Floats, tile: int) -> None:
    """Brightness of the tile from (row, column) on; beyond an edge the last pixel is repeated."""
    pixels, rows, columns, channels, edge = picture
    for y in range(_LANES):
        line = min(row + y, rows - 1) * columns
        if column + _LANES <= columns:
            value = _bright(pixels, (line + column) * channels, channels)
        else:
            for x in range(_LANES):
                pixel = (line + min(column + x, columns - 1)) * channels
                for channel in range(channels):
                    edge[x * channels + channel] = pixels[pixel + channel]
            value = _bright(edge, 0, channels)
        _store(memory, tile + y * _LANES, value)


@inlined
def _blur_tile(
    total: Lanes,
    picture: _Picture,
    row: int,
    column: int,
    axes: tuple[_Axis, _Axis],
    memory: Floats,
    at: _Layout,
) -> Lanes:
    """First and second filter over one tile, into `blurred`; returns the first filter's sum."""
    along, down = axes
    history = at.history + column * down.slots
    if row < picture.rows:
        if column < picture.columns:
            _brightness(picture, row, column, memory, at.tile)
            _transpose(memory, at.tile, at.bright + column % along.slots * _LANES, _LANES)
        total = _box(total, memory, at.bright, along, column, at.tile)
        _transpose(memory, at.tile, history + row % down.slots * _LANES, _LANES)
    sums = _load(memory, at.sums + column)
    _store(memory, at.sums + column, _box(sums, memory, history, down, row, at.tile))
    _transpose(memory, at.tile, at.blurred + column % along.slots * _LANES, _LANES)
    return total


@inlined
def _blur_strip(
    picture: _Picture, row: int, axes: tuple[_Axis, _Axis], memory: Floats, at: _Layout
) -> None:
    """First three filters over 32 rows, into `lines`."""
    along, down = axes
    total = _all(np.float32(0))
    sampled = _all(np.float32(0))
    found = 0
    for column in range(0, picture.columns + 2 * along.ahead, _LANES):
        if row < picture.rows + down.ahead and column < picture.columns + along.ahead:
            total = _blur_tile(total, picture, row, column, axes, memory, at)
        sampled, found = _sampled_box(sampled, memory, at, along, column - along.ahead, found)
    for half in range(0, _SIDE, _LANES):
        into = at.lines + row % down.slots * _SIDE + half
        _transpose(memory, at.samples + half * _LANES, into, _SIDE)


@inlined
def _finish_strip(
    row: int, down: _Axis, found: int, memory: Floats, at: _Layout, thumb: Floats
) -> int:
    """Fourth filter down 32 rows of `lines`, into `thumb`; returns how many rows are finished."""
    for step in range(row, row + _LANES):
        entering = step - down.ahead
        enter = at.lines + step % down.slots * _SIDE
        leave = at.lines + (step - down.window) % down.slots * _SIDE
        count = 0
        for half in range(0, _SIDE, _LANES):
            total = _load(memory, at.last + half)
            total, count = _at_edge(total, memory, enter + half, leave + half, down, entering)
            _store(memory, at.last + half, total)
        while _centre(down, found) == entering - down.ahead:
            for half in range(0, _SIDE, _LANES):
                mean = _load(memory, at.last + half) / _all(np.float32(count))
                _store(thumb, found * _SIDE + half, mean)
            found += 1
    return found


@inlined
def _as_it_is(picture: _Picture, memory: Floats, at: _Layout, thumb: Floats) -> None:
    for row in range(0, _SIDE, _LANES):
        for column in range(0, _SIDE, _LANES):
            _brightness(picture, row, column, memory, at.tile)
            for y in range(_LANES):
                line = _load(memory, at.tile + y * _LANES)
                _store(thumb, (row + y) * _SIDE + column, line)


@kernel
def _thumbnail(pixels: Bytes, rows: int, columns: int, channels: int, blur: bool) -> Floats:  # noqa: FBT001
    picture = _Picture(pixels, rows, columns, channels, np.empty(3 * _LANES, np.uint8))
    along, down = _axis(columns), _axis(rows)
    at = _layout(along, down)
    memory = np.zeros(at.end, np.float32)
    thumb = np.empty(_SIDE * _SIDE, np.float32)
    if blur:
        found = 0
        for row in range(0, rows + 2 * down.ahead, _LANES):
            _blur_strip(picture, row, (along, down), memory, at)
            found = _finish_strip(row, down, found, memory, at, thumb)
    else:
        _as_it_is(picture, memory, at, thumb)
    return thumb.reshape(_SIDE, _SIDE)


def thumbnail(pixels: Bytes, *, blur: bool) -> Floats:
    """The picture as (64, 64) brightness: blurred twice in each direction, then sampled.

    Args:
        pixels: (h, w, 3) RGB or (h, w) grey, uint8, at least 1 by 1; copied if not in C order.
        blur: False takes a picture of 64 by 64 pixels as it is.
    """
    rows, columns = pixels.shape[:2]
    # One layout, always read-only, so that the kernel is compiled for one type and no other.
    flat = np.ascontiguousarray(pixels).reshape(-1)
    flat.flags.writeable = False
    return _thumbnail(flat, rows, columns, flat.size // (rows * columns), blur)
