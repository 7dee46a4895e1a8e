"""The staff's page of notice boards: every grid's web board and posters, and those of a street in one file."""

from dataclasses import dataclass
from datetime import date

from maps.board import SIZES
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class BoardsContext:
    """The day that is asked for, and whether the visitor may have a street's posters printed."""

    shell: Shell
    on: date
    can_print: bool


def render(context: BoardsContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    data = {"on": context.on.isoformat(), "can_print": context.can_print, "sizes": SIZES}
    return render_page(
        "boards", context, context.shell, language=language, nonce=nonce, scripts=("boards.js",), data=data
    )  # fmt: skip
