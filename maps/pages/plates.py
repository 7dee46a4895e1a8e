"""The plates page: what must be made anew, batches to print, every plate that hangs."""

from dataclasses import dataclass

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class PlatesContext:
    """The page asks for all it shows itself."""

    shell: Shell


def render(context: PlatesContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("plates", context, context.shell, language=language, nonce=nonce, scripts=("plates.js",))
