"""wangge plates: doorplates - issue, print, revoke, and what must be made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from api.actions.issue_plates import issue_plates
from api.actions.print_plates import Imprint, Order, count_of, draw_files, sheet_svg
from api.actions.read_plates import count_signed, reprints
from api.actions.revoke_plate import revoke_plate
from api.actions.scan_plate import UnknownPlateError
from api.auth import EVERYWHERE, Account
from api.cli._service import Commit, actor, console, profile_of, progress_bar, ready_engine, ready_settings, told
from api.plate_keys import PlateKeys, renew_key
from api.settings import Settings
from data.plate_codes import read_code
from data.postgis.engine import reading, transaction
from data.stores import plates as plate_store
from data.stores.town import read_deployment
from data.tables.plates import REASONS, SIZES
from geo.codes import scope_of

app = typer.Typer(help="Plates: a code on every door that opens its resident's page.", no_args_is_help=True)
Area = Annotated[str, typer.Option(help="12-digit division code")]
Size = Annotated[str, typer.Option(help=f"millimetres: one of {', '.join(SIZES)}")]
BatchChoice = Annotated[int | None, typer.Option(help="only this batch")]


@app.command()
def issue(area: Area, size: Size = "90x60", commit: Commit = False) -> None:
    """Issue a plate for every door of an area that has none."""
    _require(size, SIZES, "--size")
    with _opened() as (engine, settings):
        done = issue_plates(
            engine, _keys(engine, settings), area_code=area, size=size, account=_operator(), is_trial=not commit
        )  # fmt: skip
    console.print(
        f"{done.plates:,} plates: {done.buildings:,} buildings, {done.stairwells:,} stairwells; "
        f"{done.replacements:,} replace revoked ones"
    )
    if told(commit) and done.batch_id is not None:
        console.print(f"Batch {done.batch_id}", highlight=False)


@app.command()
def sheet(
    out: Annotated[Path, typer.Option(help="folder for the files, made where it is missing")],
    *,
    area: Annotated[str | None, typer.Option(help="12-digit division code")] = None,
    batch: BatchChoice = None,
    size: Size = "90x60",
    paper: Annotated[str, typer.Option(help="A4 (sheets with cut marks) or plate (a page a plate)")] = "A4",
    form: Annotated[str, typer.Option("--format", help="pdf, or svg: a file a page")] = "pdf",
    waiting: Annotated[bool, typer.Option("--waiting", help="leave out plates printed before")] = False,
) -> None:
    """Draw plates to print: those of an area, or of a batch. Nothing is written to the database."""
    _require(size, SIZES, "--size")
    _require(paper, ("A4", "plate"), "--paper")
    _require(form, ("pdf", "svg"), "--format")
    if (area is None) == (batch is None):
        raise typer.BadParameter("give --area or --batch, one of the two")
    order = Order(scope_of(area) if area else EVERYWHERE, size, paper, batch, waiting)
    out.mkdir(parents=True, exist_ok=True)
    with _opened() as (engine, settings):
        imprint = _imprint(engine, settings)
        if form == "pdf":
            with progress_bar("plates") as progress:
                for name, content in draw_files(engine, order, imprint, progress=progress):
                    (out / name).write_bytes(content)
        else:
            _write_pages(engine, order, imprint, out)
    console.print(f"Written to {out}; print at 100 %, and scan one plate before printing them all", highlight=False)


def _write_pages(engine: Engine, order: Order, imprint: Imprint, out: Path) -> None:
    with reading(engine) as conn, progress_bar("plates") as progress:
        pages = order.layout.pages(count_of(conn, order))
        for page in range(1, pages + 1):
            content = sheet_svg(conn, order, imprint, page=page)
            (out / f"plates-{page:04d}.svg").write_text(content, encoding="utf-8")
            progress(page / pages, f"page {page:,} of {pages:,}")


@app.command()
def revoke(
    code: Annotated[str, typer.Argument(help="as printed on the plate")],
    *,
    reason: Annotated[str, typer.Option(help=f"one of {', '.join(REASONS)}")],
    replace: Annotated[bool, typer.Option("--replace", help="issue another plate for the door at once")] = False,
    commit: Commit = False,
) -> None:
    """End a plate: its code opens nothing from then on."""
    _require(reason, REASONS, "--reason")
    with _opened() as (engine, settings):
        with reading(engine) as conn:
            plate_id = plate_store.find_plate(conn, read_code(code) or "")
        if plate_id is None:
            raise UnknownPlateError()
        done = revoke_plate(
            engine, _keys(engine, settings), plate_id, reason=reason, replace=replace, account=_operator(),
            commit=commit,
        )  # fmt: skip
    console.print(f"Plate {plate_id} revoked: {reason}", highlight=False)
    if told(commit) and done.batch_id is not None:
        console.print(f"Its successor waits for print in batch {done.batch_id}", highlight=False)


@app.command("reprints")
def list_reprints(
    area: Annotated[str | None, typer.Option(help="12-digit division code; all without it")] = None,
) -> None:
    """List what must be made anew: reported plates, doors without one, plates whose building is gone."""
    with _opened() as (engine, _), reading(engine) as conn:
        body = reprints(conn, within=scope_of(area) if area else EVERYWHERE)
    table = Table("what", "door", "code or count")
    for row in body["reports"]:
        table.add_row(f"{row['kind']} × {row['times']}", row["label"], row["code"])
    for row in body["astray"]:
        table.add_row("building gone", row["label"], row["code"])
    for row in body["missing"]:
        table.add_row("no plate", f"{row['name']} {row['area_code']}", f"{row['doors']:,} + {row['revoked']:,} revoked")
    console.print(table)


@app.command()
def printed(batch: Annotated[int, typer.Argument(help="batch number")], *, commit: Commit = False) -> None:
    """Write down that a batch came back from the printer."""
    with _opened() as (engine, _), transaction(engine, actor=actor(), action="mark_printed", commit=commit) as conn:
        count = plate_store.mark_printed(conn, batch_id=batch)
    console.print(f"{count:,} plates marked as printed")
    told(commit)


@app.command()
def keys(
    new: Annotated[bool, typer.Option("--new", help="make a new signing key in the database")] = False,
    commit: Commit = False,
) -> None:
    """Tell how many live plates each key signed; with --new, sign with a fresh one from now on."""
    with _opened() as (engine, settings):
        if new:
            with transaction(engine, actor=actor(), action="renew_plate_key", commit=commit) as conn:
                renew_key(conn)
            told(commit)
            if settings.plate_keys:
                console.print("WANGGE_PLATE_KEY is set: its first key goes on signing, not the one in the database")
        accepted = _keys(engine, settings).accepted()
        with reading(engine) as conn:
            by_key, astray = count_signed(conn, accepted)
    for at, count in enumerate(by_key):
        where = "WANGGE_PLATE_KEY" if at < len(settings.plate_keys) else "database"
        console.print(f"key {at + 1} ({where}): {count:,} live plates", highlight=False)
    if astray:
        console.print(f"{astray:,} live plates were signed by a key that is not known here: they open nothing")
        raise typer.Exit(1)


@contextmanager
def _opened() -> Iterator[tuple[Engine, Settings]]:
    """The engine and settings of one command."""
    settings = ready_settings()
    with ready_engine(settings) as engine:
        yield engine, settings


def _keys(engine: Engine, settings: Settings) -> PlateKeys:
    return PlateKeys(engine, settings.plate_keys)


def _operator() -> Account:
    return Account(0, actor(), "admin", EVERYWHERE)


def _imprint(engine: Engine, settings: Settings) -> Imprint:
    profile = profile_of(engine, settings)
    with reading(engine) as conn:
        town = read_deployment(conn).get("town")
    return Imprint.of(profile, place=str(town or profile.place.name.zh), public_url=settings.public_url)


def _require(value: str, known: tuple[str, ...], option: str) -> None:
    if value not in known:
        raise typer.BadParameter(f"{option} must be one of {', '.join(known)}")
