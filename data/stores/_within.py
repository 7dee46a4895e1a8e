"""Within: the part of the country a read is limited to, by the leading digits of its division code."""

from typing import Any

from sqlalchemy import ColumnElement, func, true

from geo.codes import scope_of

EVERYWHERE = "*"


def digits_of(within: str) -> str:
    """Return the leading digits that codes inside `within` share; a whole code gives its own level's digits."""
    return scope_of(within) if len(within) == 12 else within


def below(column: ColumnElement[Any], within: str) -> ColumnElement[bool]:
    """Return the condition that a division code lies within; ``"*"`` is everywhere."""
    return true() if within == EVERYWHERE else func.starts_with(column, digits_of(within))
