"""Sentences: what was found, as a street officer says it - made from the figures and from nothing else.

Each takes the figures of `geo.hotspots.scan`, `autocorrelation` or `emerging` and a language, "zh" or "en". A figure
that is rounded is rounded towards the less striking side, so that no sentence says more than the figures do.
"""

import math
from datetime import date
from typing import Literal

Language = Literal["zh", "en"]

TIMES_FROM = 2.0  # from so many times what is expected on, "times"; below, per cent
PATTERNS: dict[str, tuple[str, str]] = {
    "new": ("本{unit}首次显著{high}", "significantly {high} this {unit} for the first time"),
    "consecutive": ("连续 {run} 个{unit}显著{high}", "significantly {high} for {run} {units} in a row"),
    "intensifying": ("{slices} 个{unit}中有 {count} 个显著{high}，且愈加明显",
                     "significantly {high} in {count} of {slices} {units}, and more and more so"),
    "persistent": ("{slices} 个{unit}中有 {count} 个显著{high}，没有变化趋势",
                   "significantly {high} in {count} of {slices} {units}, without a trend"),
    "diminishing": ("{slices} 个{unit}中有 {count} 个显著{high}，但逐渐缓和",
                    "significantly {high} in {count} of {slices} {units}, but less and less so"),
    "sporadic": ("时有时无：{slices} 个{unit}中有 {count} 个显著{high}，包括本{unit}",
                 "on and off: significantly {high} in {count} of {slices} {units}, this one among them"),
    "oscillating": ("起伏不定：{slices} 个{unit}中有 {count} 个显著{high}，也曾显著{low}",
                    "back and forth: significantly {high} in {count} of {slices} {units}, at times {low}"),
    "historical": ("以往 {slices} 个{unit}中有 {count} 个显著{high}，本{unit}已不再",
                   "significantly {high} in {count} of {slices} {units}, no longer now"),
}  # fmt: skip
UNITS = {"month": ("月", "month"), "week": ("周", "week"), "day": ("天", "day")}


def more_than_expected(observed: float, expected: float, language: Language) -> str:
    """Return how many more, or fewer, there are than is expected."""
    ratio = observed / expected
    if ratio >= TIMES_FROM:
        more = f"{math.floor((ratio - 1) * 10 + 1e-9) / 10:,.1f}".removesuffix(".0")
        return f"比预期多 {more} 倍" if language == "zh" else f"{more} times more than expected"
    share = math.floor(abs(ratio - 1) * 100 + 1e-9)
    if language == "zh":
        return f"比预期{'多' if ratio >= 1 else '少'} {share}%"
    return f"{share}% {'more' if ratio >= 1 else 'fewer'} than expected"


def by_chance(p: float, language: Language) -> str:
    """Return how likely that is by chance, as one in so many; never rarer than p."""
    one_in = math.floor(1 / p + 1e-9) if p > 0 else None
    if one_in is None or one_in >= 1_000_000:
        return "随机出现的可能不到百万分之一" if language == "zh" else "less than one in a million by chance"
    if one_in < 2:
        return "完全可能是随机出现" if language == "zh" else "quite possibly chance"
    return f"随机出现的可能为 1/{one_in}" if language == "zh" else f"by chance once in {one_in:,}"


def circle_sentence(
    place: str, observed: int, expected: float, p: float, *, language: Language, radius_m: float | None = None,
    first_on: date | None = None, last_on: date | None = None,
) -> str:  # fmt: skip
    """Return what a scan found: where, when, how many more than expected, and whether that may be chance."""
    more, chance = more_than_expected(observed, expected, language), by_chance(p, language)
    if language == "zh":
        when = f"{first_on:%Y-%m-%d} 至 {last_on:%Y-%m-%d}，" if first_on and last_on else ""
        where = f"{place}周围 {radius_m:.0f} 米" if radius_m else place
        return f"{when}{where}发生 {observed} 件，{more}，{chance}。"
    when = f"From {first_on:%Y-%m-%d} to {last_on:%Y-%m-%d}: " if first_on and last_on else ""
    where = f"within {radius_m:.0f} m of {place}" if radius_m else f"at {place}"
    return f"{when}{observed} {where}, {more}, {chance}."


def cells_sentence(hot: int, cold: int, cells: int, q_max: float, language: Language) -> str:
    """Return how many cells stand out of how many, and how many of those may be chance."""
    if hot + cold == 0:
        return "没有显著的热点或冷点。" if language == "zh" else "No cell is significantly hot or cold."
    share = f"{q_max:.0%}"
    if language == "zh":
        return f"{cells} 个格子中 {hot} 个显著偏高、{cold} 个显著偏低；其中误报预计不超过 {share}。"
    return f"Of {cells} cells {hot} are significantly high and {cold} low; some {share} of these at most may be chance."


def emerging_sentence(
    pattern: str, count: int, slices: int, *, run: int, unit: Literal["month", "week", "day"], language: Language
) -> str | None:
    """Return what a place has been over time; None for no pattern.

    Parameters
    ----------
    pattern
        A class of `geo.hotspots.emerging`, such as "new_hot".
    count, slices
        In how many of how many slices it was so.
    run
        How many slices up to now it was so without a break.
    """
    name, _, kind = pattern.partition("_")
    if name not in PATTERNS:
        return None
    zh, en = PATTERNS[name]
    told = UNITS[unit]
    if language == "zh":
        high, low = ("偏高", "偏低") if kind == "hot" else ("偏低", "偏高")
        return zh.format(unit=told[0], run=run, count=count, slices=slices, high=high, low=low) + "。"
    high, low = ("high", "low") if kind == "hot" else ("low", "high")
    words = en.format(unit=told[1], units=f"{told[1]}s", run=run, count=count, slices=slices, high=high, low=low)
    return words[0].upper() + words[1:] + "."
