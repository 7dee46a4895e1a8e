"""Codes: 12-digit division codes, and the 15-digit grid codes that stand on them.

A division code names province (2 digits), city (4), county (6), street (9) and community (12);
shorter ones are filled with zeros. A grid code is its community's 12 digits and a sequence of
three. Source: GB/T 10114-2003 (divisions below county); the grid part is this service's scheme.
"""

from collections.abc import Iterable

from geo.errors import BadCodeError

LEVELS = ("province", "city", "county", "street", "community")
LEVEL_DIGITS = dict(zip(LEVELS, (2, 4, 6, 9, 12), strict=True))
SEQUENCE_DIGITS = 3


def check_area_code(code: str) -> str:
    """Return `code` if it is twelve digits; raise BadCodeError if not."""
    if len(code) != 12 or not code.isascii() or not code.isdigit():
        raise BadCodeError(code=code, reason="a division code has 12 digits", reason_zh="区划代码应为 12 位数字")
    return code


def area_level(code: str) -> str:
    """Return the level a division code names, e.g. ``"street"`` for 520113001000."""
    code = check_area_code(code)
    for level in LEVELS:
        if set(code[LEVEL_DIGITS[level] :]) <= {"0"}:
            return level
    return "community"


def scope_of(code: str) -> str:
    """Return the digits of a division code that every code below it begins with."""
    return check_area_code(code)[: LEVEL_DIGITS[area_level(code)]]


def parent_code(code: str) -> str | None:
    """Return the code one level up, or None for a province."""
    above = LEVELS.index(area_level(code)) - 1
    return None if above < 0 else code[: LEVEL_DIGITS[LEVELS[above]]].ljust(12, "0")


def grid_code(community_code: str, sequence: int) -> str:
    """Return the grid code of a community's `sequence`-th grid (1 to 999)."""
    if not 1 <= sequence < 10**SEQUENCE_DIGITS:
        raise BadCodeError(
            code=f"{community_code}+{sequence}",
            reason="a community has at most 999 grid codes, and they begin at 1",
            reason_zh="一个社区最多 999 个网格编码，从 1 开始",
        )
    return f"{check_area_code(community_code)}{sequence:0{SEQUENCE_DIGITS}d}"


def next_grid_codes(community_code: str, count: int, *, used: Iterable[str]) -> list[str]:
    """Return `count` fresh grid codes after the highest one ever used: codes are never reused."""
    taken = [int(code[12:]) for code in used if code.startswith(community_code)]
    first = max(taken, default=0) + 1
    return [grid_code(community_code, first + step) for step in range(count)]
