"""The people page: who answers for each grid on a day, what has nobody, how much each carries, who is away."""

from dataclasses import dataclass
from datetime import date

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class PeopleContext:
    """The day that is asked for; whether the visitor may change who answers, and see what residents say is wrong."""

    shell: Shell
    on: date
    can_write: bool
    can_settle: bool = False


def render(context: PeopleContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    data = {"on": context.on.isoformat(), "can_write": context.can_write, "can_settle": context.can_settle}
    return render_page(
        "people", context, context.shell, language=language, nonce=nonce, scripts=("people.js",), data=data
    )  # fmt: skip
