"""Ids: what grids are called in somebody's column: the old ids where they are carried on, new ones elsewhere."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from data.readers.columns import Groups
from geo.errors import InputError

NUMBERED = re.compile(r"(.*?)(\d+)", re.DOTALL)


class BadIdTypeError(InputError):
    """A column cannot hold the ids of grids."""

    zh = "列 {column} 的类型是 {kind}，不能作为网格编号。请使用整数或文字列。"
    en = "The column {column} is of the type {kind}, which cannot hold ids of grids. Use whole numbers or text."


def grid_ids(carried: Sequence[int | None], old: Groups | None, column: str | None) -> pa.Array:
    """Return the id of each grid, 0..k-1.

    Parameters
    ----------
    carried
        Code of the old grid that each grid carries on, None for a new one.
    old
        The old grids of the column `column`; None where there are none: ids are 1..k then.

    Raises
    ------
    BadIdTypeError
        The column is neither whole numbers nor text.
    """
    if old is None:
        return pa.array(range(1, len(carried) + 1), type=pa.int64())
    fresh = iter(new_ids(old.values, sum(code is None for code in carried), column or ""))
    known = old.values.to_pylist()
    return pa.array([next(fresh) if code is None else known[code] for code in carried], type=old.values.type)


def new_ids(used: pa.Array, count: int, column: str) -> list[int] | list[float] | list[str]:
    """Return `count` ids of the type of `used`, none of which is in it: the numbers after the highest."""
    kind = used.type
    known = used.to_pylist()
    if pa.types.is_integer(kind):
        return _whole(known, count, int(np.iinfo(kind.to_pandas_dtype()).max))
    if pa.types.is_floating(kind):
        first = int(np.floor(max(known, default=0.0)))
        return [float(number) for number in _whole([first], count, 2**53)]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(known, count)
    raise BadIdTypeError(column=column, kind=str(kind))


def _whole(known: list[int], count: int, highest: int) -> list[int]:
    """Return the numbers after the highest; where the type ends before, the lowest free ones."""
    first = max([0, *known]) + 1
    if first + count - 1 <= highest:
        return list(range(first, first + count))
    taken, free = set(known), list[int]()
    number = 1
    while len(free) < count:
        if number not in taken:
            free.append(number)
        number += 1
    return free


def _texts(known: list[str], count: int) -> list[str]:
    """Return texts numbered on: G007 after G006; texts without a number at their end get one behind "new-"."""
    found = [NUMBERED.fullmatch(text) for text in known]
    told = [(match[1], match[2]) for match in found if match is not None]
    prefix, width, first = "new-", 1, 1
    if told and len(told) == len(known) and len({head for head, _ in told}) == 1:
        prefix, width = told[0][0], max(len(digits) for _, digits in told)
        first = max(int(digits) for _, digits in told) + 1
    taken, made = set(known), list[str]()
    while len(made) < count:
        text = f"{prefix}{first:0{width}d}"
        if text not in taken:
            made.append(text)
        first += 1
    return made
