"""The command line: `wangge <noun> <verb>`; `--help` reads like a table of contents.

Writing commands are dry runs unless `--commit`. Exit codes: 0 done, 1 failed, 2 wrong use,
3 input rejected in part.
"""

import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import NamedTuple

import typer

from geo.errors import WanggeError


class Entry(NamedTuple):
    """Where a command stands in the table of contents, and its module; its function, where it is no group."""

    panel: str
    module: str
    function: str | None = None


START, RUN, MAKE, READ, FILES = (
    "Start here", "Run the service", "Make a town", "Read and redraw it", "Analyse files, without a database",
)  # fmt: skip
COMMANDS = {
    "demo": Entry(START, "demo", "demo"),
    "serve": Entry(RUN, "serve", "serve"),
    "work": Entry(RUN, "serve", "work"),
    "openapi": Entry(RUN, "serve", "openapi"),
    "database": Entry(RUN, "database"),
    "account": Entry(RUN, "account"),
    "town": Entry(MAKE, "town"),
    "import": Entry(MAKE, "importing", "import_file"),
    "plan": Entry(READ, "plan"),
    "reach": Entry(READ, "reach"),
    "boards": Entry(READ, "boards"),
    "incidents": Entry(READ, "incidents"),
    "plates": Entry(READ, "plates"),
    "lookup": Entry(FILES, "lookup"),
    "analyse": Entry(FILES, "analyse"),
}


def command_line(names: Collection[str] = tuple(COMMANDS)) -> typer.Typer:
    """Return the command line with some of its commands: who asks for one does not wait for all the others to load."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def wangge() -> None:
        """Wangge 网格: who answers for every door, how far help is on foot, where trouble gathers."""

    for name in COMMANDS:
        if name in names:
            entry = COMMANDS[name]
            module = import_module(f"api.cli.{entry.module}")
            if entry.function:
                app.command(name, rich_help_panel=entry.panel)(getattr(module, entry.function))
            else:
                app.add_typer(module.app, name=name, rich_help_panel=entry.panel)
    return app


def main() -> None:
    """Run a command; an error of the domain is printed in the reader's words and ends with code 1."""
    named = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        command_line([named] if named in COMMANDS else tuple(COMMANDS))()
    except WanggeError as error:
        print(error.text(_language()), file=sys.stderr)
        sys.exit(1)


def _language() -> str:
    return "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
