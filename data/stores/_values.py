"""Values: one column's values as text for COPY, and back from a query as a typed column.

Text comes back as object columns with None, nullable integers as Int64, moments as UTC, days as `date`.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Column, Date, DateTime, Float, Integer, String
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range

from geo.errors import InputError

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

# PostgreSQL's own numbers of its types, as a cursor tells them.
_INTEGERS, _FLOATS, _BOOLEAN, _MOMENT = (20, 21, 23), (700, 701, 1700), 16, 1184


def plain_json(value: Any) -> Any:
    """Return a value as JSON can hold it: moments as text, numpy numbers as numbers, what is no number as null."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain_json(part) for part in value]
    if value is pd.NA or value is pd.NaT:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


class RefusedRowsError(InputError):
    """The database, or its column types, cannot take some rows; nothing of the write was kept."""

    zh = "{what}无法写入：{reason}（{where}）。请修正后重试，本次没有写入任何内容。"
    en = "{what} cannot be stored: {reason} ({where}). Mend it and try again; nothing was written."


# -- out: values into text --------------------------------------------------------------------


def as_text(column: Column[Any], values: pd.Series) -> list[str]:
    r"""Return a column's values as COPY reads them: escaped, missing ones as ``\N``.

    Raises
    ------
    RefusedRowsError
        The column's type cannot hold a value exactly.
    """
    convert = next((convert for kinds, convert in _CONVERTERS if isinstance(column.type, kinds)), None)
    if convert is None:
        raise TypeError(f"{column} has a type that frames do not carry")
    texts = np.full(len(values), NULL, dtype=object)
    present = ~values.isna().to_numpy(dtype=bool)
    texts[present] = convert(column, values[present])
    return list(texts)


def _refuse(column: Column[Any], values: pd.Series, bad: Any, reason: str) -> None:
    bad = np.asarray(bad, dtype=bool)
    if bad.any():
        some = ", ".join(repr(value) for value in values[bad].iloc[:3])
        raise RefusedRowsError(what=f"{column.table.name}.{column.name}", reason=reason, where=some)


def _shapes(column: Column[Any], values: pd.Series) -> Any:
    shapes = shapely.force_2d(np.array(list(values), dtype=object))
    kind = column.type.geometry_type  # type: ignore[attr-defined]  # only geometry columns come here
    if kind == "MULTIPOLYGON":
        single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
        shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    if kind != "GEOMETRY":
        wrong = shapely.get_type_id(shapes) != shapely.GeometryType[kind].value
        _refuse(column, values, wrong, f"the column holds {kind}")
    return shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True)


def _integers(column: Column[Any], values: pd.Series) -> Any:
    numbers = pd.to_numeric(values, errors="coerce")
    whole = numbers.notna() & (numbers % 1 == 0)  # infinity leaves no zero either
    _refuse(column, values, ~whole.to_numpy(dtype=bool), "not a whole number")
    return [str(int(number)) for number in numbers.tolist()]


def _floats(column: Column[Any], values: pd.Series) -> Any:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64")
    _refuse(column, values, ~np.isfinite(numbers), "not a finite number")
    return list(map(repr, numbers.tolist()))


def _booleans(column: Column[Any], values: pd.Series) -> Any:
    _refuse(column, values, [not isinstance(value, bool | np.bool_) for value in values], "not true or false")
    return ["t" if value else "f" for value in values]


def _words(column: Column[Any], values: pd.Series) -> Any:
    found = values.tolist()
    if not {type(value) for value in found} <= {str, int}:
        is_text = [isinstance(value, str | int) and not isinstance(value, bool) for value in found]
        _refuse(column, values, np.logical_not(is_text), "not text")
    texts = list(map(str, found))
    # Asked of all at once: hardly ever is one of them no good or to be escaped.
    everything = "".join(texts)
    if not _is_storable(everything):
        _refuse(column, values, [not _is_storable(one) for one in texts], "not valid text")
    if any(chr(sign) in everything for sign in _ESCAPES):
        return [one.translate(_ESCAPES) for one in texts]
    return texts


def _is_storable(value: str) -> bool:
    """PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def _moments(column: Column[Any], values: pd.Series) -> Any:
    aware = [isinstance(value, datetime) and value.tzinfo is not None for value in values]
    _refuse(column, values, np.logical_not(aware), "a moment without its time zone")
    return [value.isoformat() for value in values]


def _days(column: Column[Any], values: pd.Series) -> Any:
    _refuse(column, values, [not isinstance(value, date) for value in values], "not a date")
    return [value.strftime("%Y-%m-%d") for value in values]


def _day_ranges(column: Column[Any], values: pd.Series) -> Any:
    _refuse(column, values, [not isinstance(value, Range) for value in values], "not a range of days")
    return [f"[{value.lower or ''},{value.upper or ''})" for value in values]


def _documents(_column: Column[Any], values: pd.Series) -> Any:
    return [json.dumps(plain_json(value), ensure_ascii=False).translate(_ESCAPES) for value in values]


_CONVERTERS: tuple[tuple[Any, Callable[[Column[Any], pd.Series], Any]], ...] = (
    (Geometry, _shapes),
    (Boolean, _booleans),
    (Integer, _integers),
    (Float, _floats),
    (DateTime, _moments),
    (Date, _days),
    (DATERANGE, _day_ranges),
    (JSONB, _documents),
    (String, _words),
)


# -- in: query results into columns -----------------------------------------------------------


def as_column(values: Sequence[Any], *, type_code: int, is_nullable: bool | None) -> Any:
    """Return one column of a result as an array whose type does not hang on the rows that came.

    Parameters
    ----------
    type_code
        PostgreSQL's number of the type.
    is_nullable
        Whether the column may be null; None where the query does not tell, then the rows decide.
    """
    if is_nullable is None:
        is_nullable = any(value is None for value in values)
    if type_code in _INTEGERS:
        return pd.array(list(values), dtype="Int64") if is_nullable else np.array(values, dtype="int64")
    if type_code in _FLOATS:
        return np.array([np.nan if value is None else float(value) for value in values], dtype="float64")
    if type_code == _BOOLEAN:
        return pd.array(list(values), dtype="boolean") if is_nullable else np.array(values, dtype="bool")
    if type_code == _MOMENT:
        return pd.DatetimeIndex(pd.to_datetime(list(values), utc=True)).as_unit("us")
    return pd.Series(list(values), dtype=object)  # a bare array would be taken for text, its None for nan


def as_shapes(values: Sequence[Any]) -> Any:
    """Return shapely geometries of a result's WKB column."""
    return shapely.from_wkb(np.array([None if value is None else bytes(value) for value in values], dtype=object))
