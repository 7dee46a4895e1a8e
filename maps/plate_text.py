"""Text on a plate: as large as fits, on as many lines as there is room for; never wider than its box.

Widths are reckoned, not measured: a Han character is as wide as the type is high, others as wide as the widest of
their kind in the faces we print with. What is reckoned is at least what is drawn (tests measure it).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Shares of the type's height.
WIDE, CAPITAL, DIGIT, SMALL, NARROW = 1.0, 0.76, 0.6, 0.63, 0.4
_WIDEST = {"W": 0.95, "M": 0.93, "m": 0.95, "w": 0.86, "@": 1.0, "%": 0.95}
_NARROW = frozenset(" .,:;'!|()[]-ijlIftr/")
# What may not begin a line.
_CLOSING = frozenset("，。、；：！？）》」』】%)")
ELLIPSIS = "…"
LEADING = 1.22
# A number stays with what it counts: 3栋, 12单元.
_TOKEN = re.compile(r"[A-Za-z0-9#&+./_-]+(?:号楼|单元|[栋幢号座楼期室层])?|\s+|.")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of text at a size, in the units the box was given in."""

    size: float
    lines: tuple[str, ...]


def width_of(text: str) -> float:
    """Return how wide a text is at most, in heights of its type."""
    return sum(map(_width, text))


def fit(
    text: str, width: float, *, sizes: Sequence[float], height: float | None = None, alone_from: float = 0.0
) -> Fitted:
    """Return a text as large as fits a box: on one line at a size from `alone_from` on, else on several.

    Parameters
    ----------
    sizes
        From the largest to the smallest; what does not fit even in the smallest is cut, and ends in an ellipsis.
    height
        Of the box; None is one line, whatever its height.
    """
    plain = " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())
    for size in sizes:
        if size >= alone_from and width_of(plain) * size <= width:
            return Fitted(size, (plain,))
    rooms = [1 if height is None else max(1, int(height / (size * LEADING))) for size in sizes]
    for size, room in zip(sizes, rooms, strict=True):
        lines = _broken(plain, width / size)
        if len(lines) <= room:
            return Fitted(size, tuple(_even(plain, width / size, len(lines))))
    lines = _broken(plain, width / sizes[-1])[: rooms[-1]]
    return Fitted(sizes[-1], (*lines[:-1], _cut(lines[-1], width / sizes[-1])))


def _even(text: str, width: float, count: int) -> list[str]:
    """Break a text into as many lines as it needs, none much shorter than the others."""
    lines = _broken(text, width)
    while width > 2 and len(narrower := _broken(text, width - 0.5)) == count:
        lines, width = narrower, width - 0.5
    return lines


def _broken(text: str, width: float) -> list[str]:
    """Break a text into lines: between Han characters, and between words of other letters where they fit."""
    lines, line = list[str](), ""
    for token in _tokens(text, width):
        if line and width_of((line + token).rstrip()) > width:
            lines.append(line.rstrip())
            line = token.lstrip()
        else:
            line += token
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _tokens(text: str, width: float) -> list[str]:
    """What a line may be broken between; a word wider than a line is broken into its letters."""
    tokens = list[str]()
    for token in _TOKEN.findall(text):
        if tokens and token[0] in _CLOSING:
            tokens[-1] += token
        elif width_of(token) > width:
            tokens.extend(token)
        else:
            tokens.append(token)
    return tokens


def _cut(line: str, width: float) -> str:
    while line and width_of(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WFA":
        return WIDE
    if letter in _WIDEST:
        return _WIDEST[letter]
    if letter in _NARROW:
        return NARROW
    if letter.isdigit():
        return DIGIT
    return CAPITAL if letter.isupper() or not letter.isascii() else SMALL
