"""Actions: one file a verb, the only place where store and science meet.

An action reads frames through the stores, calls `geo`, and writes the result through the stores
in one transaction that it owns. It knows nothing of HTTP or of the command line.
"""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done."""


def silent(share: float, message: str) -> None:
    """Progress that nobody watches."""
