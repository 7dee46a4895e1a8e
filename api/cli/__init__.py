"""The command line: `wangge <noun> <verb>`; `--help` reads like a table of contents.

Writing commands are dry runs unless `--commit`. Exit codes: 0 done, 1 failed, 2 wrong use,
3 input rejected in part.
"""

import os
import sys

import typer

from api.cli import account, analyse, database, demo, importing, incidents, plan, reach, serve, town
from geo.errors import WanggeError

app = typer.Typer(
    help="Wangge 网格: who answers for every door, how far help is on foot, where trouble gathers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", rich_help_panel="Start here")(demo.demo)
app.command("serve", rich_help_panel="Run the service")(serve.serve)
app.command("work", rich_help_panel="Run the service")(serve.work)
app.command("openapi", rich_help_panel="Run the service")(serve.openapi)
app.add_typer(database.app, name="database", rich_help_panel="Run the service")
app.add_typer(account.app, name="account", rich_help_panel="Run the service")
app.add_typer(town.app, name="town", rich_help_panel="Make a town")
app.command("import", rich_help_panel="Make a town")(importing.import_file)
app.add_typer(plan.app, name="plan", rich_help_panel="Read and redraw it")
app.add_typer(reach.app, name="reach", rich_help_panel="Read and redraw it")
app.add_typer(incidents.app, name="incidents", rich_help_panel="Read and redraw it")
app.add_typer(analyse.app, name="analyse", rich_help_panel="Analyse files, without a database")


def main() -> None:
    """Run a command; an error of the domain is printed in the reader's words and ends with code 1."""
    try:
        app()
    except WanggeError as error:
        print(error.text(_language()), file=sys.stderr)
        sys.exit(1)


def _language() -> str:
    return "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
