"""The public's figures: how many incidents there were, by kind and by community; none that tells of a single one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its name, its count, and how long its bar is beside the longest (0-1).

    `count` is None where it, or what it would give away, is below what may be told.
    """

    label: str
    count: int | None
    length_share: float


@dataclass(frozen=True, slots=True)
class FiguresContext:
    """Counts of whole months; rows most first, those that are not told last."""

    shell: Shell
    first_on: date
    last_on: date
    least: int
    categories: tuple[Bar, ...]
    communities: tuple[Bar, ...]


def figures_from(shell: Shell, body: Mapping[str, Any]) -> FiguresContext:
    """Return the page of an answer of ``GET /api/v1/incidents/public``."""
    return FiguresContext(
        shell, body["first_on"], body["last_on"], body["least"],
        bars((row["label"], row["count"]) for row in body["categories"]),
        bars((row["name"], row["count"]) for row in body["communities"]),
    )  # fmt: skip


def bars(rows: Iterable[tuple[str, int | None]]) -> tuple[Bar, ...]:
    """Return rows of (label, count or None), most first; equal ones as they came, untold ones last."""
    given = list(rows)
    most = max((count for _, count in given if count is not None), default=0)
    ordered = sorted(given, key=lambda row: (row[1] is None, -(row[1] or 0)))
    return tuple(Bar(label, count, (count or 0) / most if most else 0.0) for label, count in ordered)


def render(context: FiguresContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("figures", context, context.shell, language=language, nonce=nonce)
