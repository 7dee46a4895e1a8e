"""The people page: who answers for each grid on a day, what has nobody, how much each carries, who is away."""

from dataclasses import dataclass
from datetime import date

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class PeopleContext:
    """The day that is asked for, and whether the visitor may change who answers."""

    shell: Shell
    on: date
    can_write: bool


def render(context: PeopleContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    data = {"on": context.on.isoformat(), "can_write": context.can_write}
    return render_page(
        "people", context, context.shell, language=language, nonce=nonce, scripts=("people.js",), data=data
    )  # fmt: skip
