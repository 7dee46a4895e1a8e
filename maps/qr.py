"""QR codes as the path of one small SVG: dark modules in whole units, the quiet zone around them included.

Source of the code: ISO/IEC 18004, drawn by segno. Error levels: L 7 %, M 15 %, Q 25 %, H 30 % of what may be lost.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import segno

QUIET = 4  # modules around it that the standard wants empty
ErrorLevel = Literal["L", "M", "Q", "H"]


@dataclass(frozen=True, slots=True)
class QrDrawing:
    """A QR code: `path` (SVG ``d``) in a box of `size` x `size` units, one unit a module, quiet zone included."""

    path: str
    size: int


def qr_svg(text: str, error: ErrorLevel = "Q") -> QrDrawing:
    """Return the code of a text at exactly this error level, as small as it can be.

    Raises
    ------
    ValueError
        The text is empty, or too long for any code (segno.DataOverflowError).
    """
    if not text:
        raise ValueError("a code of nothing")
    rows = [bytes(row) for row in segno.make_qr(text, error=error.lower(), boost_error=False).matrix]
    runs = [run for y, row in enumerate(rows) for run in _runs(row, y)]
    return QrDrawing("".join(runs), len(rows) + 2 * QUIET)


def _runs(row: bytes, y: int) -> list[str]:
    """Return each stretch of dark modules of a row as a bar one unit high."""
    runs, x = [], QUIET
    for is_dark, modules in groupby(row):
        length = len(list(modules))
        if is_dark:
            runs.append(f"M{x} {y + QUIET}h{length}v1h-{length}z")
        x += length
    return runs
