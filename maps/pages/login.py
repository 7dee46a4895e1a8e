"""The log-in page of the staff."""

from dataclasses import dataclass

from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class LoginContext:
    """Where to go afterwards (a path of this service), and what went wrong the last time, as read."""

    shell: Shell
    next_path: str = "/"
    problem: str = ""


def render(context: LoginContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("login", context, context.shell, language=language, nonce=nonce, scripts=("login.js",))
