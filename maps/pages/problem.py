"""The page of a refusal: 403, 404, 500 and their like, in the same look as the rest."""

from dataclasses import dataclass

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class ProblemContext:
    """HTTP status, title and detail as read; without a title the page finds words for the status."""

    shell: Shell
    status: int
    title: str = ""
    detail: str = ""


def render(context: ProblemContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("problem", context, context.shell, language=language, nonce=nonce)
