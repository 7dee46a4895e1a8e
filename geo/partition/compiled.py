"""Compiling: the one door to numba, so that loops over cells cost nanoseconds.

Machine code is kept on disk beside the module: only the very first call of a fresh install pays.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

# A whole number: an int in Python, an int64 or int32 in machine code.
Whole = Any

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Return `function` as machine code, compiled at its first call and kept on disk."""
    return cast(Function, numba.njit(cache=True, nogil=True)(function))
