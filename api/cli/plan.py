"""wangge plan: propose, list, check, submit, return, approve, publish, package, verify."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.actions.advance_plan import advance_plan, submit_plan
from api.actions.delete_plan import delete_plan
from api.actions.examine_plan import examine, worded
from api.actions.package_plan import package_plan
from api.actions.propose_plan import PlanWishes, propose_plan
from api.actions.publish_plan import publish_plan
from api.actions.verify_package import verify_package
from api.cli._service import Commit, actor, console, profile_of, progress_bar, ready_engine, told
from data.postgis.engine import reading
from data.stores import plans, town
from data.stores.steps import Step
from data.writers.files import write_together

app = typer.Typer(help="Plans: dated maps of which ground belongs to which grid.", no_args_is_help=True)


@app.command("list")
def list_plans() -> None:
    """List plans, their states and dates."""
    with ready_engine() as engine, reading(engine) as connection:
        rows = plans.list_plans(connection)
    table = Table("plan", "name", "area", "state", "from", "to", "grids")
    for row in rows:
        table.add_row(
            *(
                str(row.get(key) or "")
                for key in ("plan_id", "name", "area_code", "state", "valid_from", "valid_to", "grids")
            )
        )
    console.print(table)


@app.command()
def propose(
    area: Annotated[str, typer.Argument(help="12-digit code of the area")],
    *,
    name: Annotated[str, typer.Option(help="what the plan is called")] = "网格方案",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="general grids in all; default: any number in band")] = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="draw as if no plan held")] = False,
    lock: Annotated[list[str] | None, typer.Option(help="code of a grid that stays as it is; may be repeated")] = None,
    unlock: Annotated[bool, typer.Option("--unlock", help="let grids change that are locked now")] = False,
    commit: Commit = False,
) -> None:
    """Draw grids for every community of an area and keep them as a draft.

    Where a plan is in force, as few households as possible change grid.
    """
    wishes = PlanWishes(count=count, afresh=afresh, locked=lock or ([] if unlock else None))
    with ready_engine() as engine, progress_bar("plan") as progress:
        plan_id = propose_plan(
            engine, profile=profile_of(engine), area_code=area, name=name, actor=actor(), seed=seed,
            wishes=wishes, commit=commit, progress=progress,
        )  # fmt: skip
    if told(commit):
        console.print(
            f"Plan {plan_id} is a draft. wangge plan check {plan_id} shows what is wrong with it", highlight=False
        )


@app.command()
def delete(plan_id: int, commit: Commit = False) -> None:
    """Delete a draft: drafts stand in the way of new cells. Published plans are kept."""
    with ready_engine() as engine:
        delete_plan(engine, plan_id=plan_id, actor=actor(), commit=commit)
    if told(commit):
        console.print(f"Plan {plan_id} is deleted", highlight=False)


@app.command()
def check(plan_id: int) -> None:
    """Examine a plan: what is wrong with it, where, how much. Exit code 1 where there are errors."""
    with ready_engine() as engine, reading(engine) as connection:
        report = examine(connection, plan_id, profile=profile_of(engine))
        report = worded(connection, plan_id, report, language="en")
    table = Table("", "finding", "where", "size", "unit", "what to do")
    for row in report["findings"]:
        where = row["address"] or row["grid"] or row["community"] or ""
        size = "" if row["size"] is None else f"{row['size']:,.0f}"
        table.add_row("error" if row["is_error"] else "", row["title"], where, size, row["unit"], row["repair"])
    console.print(table)
    console.print(f"{report['errors']} errors, {report['warnings']} warnings", highlight=False)
    if report["errors"]:
        raise typer.Exit(1)


@app.command()
def submit(plan_id: int, commit: Commit = False) -> None:
    """Hand a draft over for approval; its errors stop it."""
    with ready_engine() as engine:
        submit_plan(engine, plan_id=plan_id, profile=profile_of(engine), actor=actor(), commit=commit)
    if told(commit):
        console.print(f"Plan {plan_id} is submitted", highlight=False)


@app.command("return")
def send_back(
    plan_id: int, reason: Annotated[str, typer.Option(help="why, for those who drew it")], commit: Commit = False
) -> None:
    """Send a plan back to those who drew it."""
    with ready_engine() as engine:
        advance_plan(engine, plan_id=plan_id, step=Step("return", None, actor(), remark=reason), commit=commit)
    if told(commit):
        console.print(f"Plan {plan_id} is returned", highlight=False)


@app.command()
def approve(
    plan_id: int, document: Annotated[str, typer.Option(help="document number")], commit: Commit = False
) -> None:
    """Approve a submitted plan. An operator may approve what was submitted at the same machine."""
    step = Step("approve", None, actor(), document_number=document)
    with ready_engine() as engine:
        advance_plan(engine, plan_id=plan_id, step=step, is_own_allowed=True, commit=commit)
    if told(commit):
        console.print(f"Plan {plan_id} is approved", highlight=False)


@app.command()
def publish(
    plan_id: int,
    valid_from: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first day it holds (midnight, Asia/Shanghai)")
    ],
    document: Annotated[str, typer.Option(help="document number")],
    commit: Commit = False,
) -> None:
    """Publish an approved plan from a day on; it may be a day that is over."""
    with ready_engine() as engine:
        publish_plan(
            engine,
            plan_id=plan_id,
            valid_from=valid_from.date(),
            document_number=document,
            profile=profile_of(engine),
            actor=actor(),
            may_be_past=True,
            commit=commit,
        )
    if told(commit):
        console.print(f"Plan {plan_id} holds from {valid_from:%Y-%m-%d}", highlight=False)


@app.command()
def package(
    plan_id: int,
    out: Annotated[Path, typer.Option(help="the ZIP file to write")],
    english: Annotated[bool, typer.Option("--english", help="texts in English")] = False,
) -> None:
    """Write a plan with its announcement, maps, layers, tables and checksums into one file for other offices."""
    with ready_engine() as engine, reading(engine) as connection:
        source = town.read_deployment(connection).get("source") or {}
        content, digest = package_plan(
            connection, plan_id, profile=profile_of(engine), language="en" if english else "zh",
            attribution=str(source.get("attribution") or source.get("authority") or ""),
        )  # fmt: skip
    write_together({out: partial(_write, content)})
    console.print(f"{out}: {len(content):,} bytes, digest {digest}", highlight=False, soft_wrap=True)


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="a package")],
    digest: Annotated[str | None, typer.Option(help="the digest that the office which issued it tells")] = None,
) -> None:
    """Verify a package without a database or network. Exit code 1 where something is wrong with it."""
    found, flaws = verify_package(file, digest=digest)
    if flaws:
        table = Table("what", "where", "detail")
        for flaw in flaws:
            table.add_row(flaw.what, flaw.where, flaw.detail)
        console.print(table)
    state = f"{len(flaws)} flaws" if flaws else "nothing is wrong with it"
    console.print(f"{len(found.files)} files, digest {found.digest}: {state}", highlight=False, soft_wrap=True)
    if flaws:
        raise typer.Exit(1)
