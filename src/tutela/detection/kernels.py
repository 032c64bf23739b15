"""How kernels are compiled: by numba, for the processor at hand, without the GIL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile at the first call, or load what an earlier process compiled and wrote to disk.

    numba writes beside the source file or, where that is not allowed, to `NUMBA_CACHE_DIR` or the
    user's cache folder. Where nothing can be written, every process compiles for itself: slower to
    start, but never a reason to refuse work. Division by zero gives what NumPy gives.
    """
    try:
        compiled = njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:
        compiled = njit(nogil=True, error_model="numpy")(function)
    return cast("Function", compiled)


def inlined(function: Function) -> Function:
    """Compile into the kernels of the same file that call it.

    Of the same file only: numba compiles a kernel anew when its own file has changed, and would
    not see that another has. Inlined always, because otherwise each call counts references to
    arrays up and down.
    """
    return cast("Function", njit(nogil=True, forceinline=True, error_model="numpy")(function))
