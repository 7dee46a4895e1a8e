"""wangge plates as its user runs it: dry runs write nothing, sheets open their doors, keys are counted."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, text

from api.settings import Settings
from tests.api.test_command_line import rows
from tests.fixtures.commands import DONE, FAILED, WRONG_USE, wangge
from tests.fixtures.plated import DOORS_A, plated_ground, plates_in
from tests.fixtures.small_town import COMMUNITIES, write_small_town

A = COMMUNITIES[0]


def plates(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return wangge(url, "plates", *arguments)


def test_plates_are_issued_drawn_printed_revoked_and_listed(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine, plated_ground())
    dry = plates(database_url, "issue", "--area", A)
    assert (dry.returncode, rows(engine, "doorplates")) == (DONE, 0)
    assert f"{DOORS_A} plates: 16 buildings, 2 stairwells" in dry.stdout
    assert "Dry run" in dry.stdout
    done = plates(database_url, "issue", "--area", A, "--commit")
    assert (done.returncode, rows(engine, "doorplates")) == (DONE, DOORS_A), done.stderr
    assert "Batch 1" in done.stdout

    drawn = plates(database_url, "sheet", "--batch", "1", "--size", "60x40", "--out", str(tmp_path / "门牌"))
    assert drawn.returncode == DONE, drawn.stderr
    (file,) = sorted((tmp_path / "门牌").iterdir())
    document = pdfium.PdfDocument(file.read_bytes())
    picture = np.asarray(document[0].render(scale=2.5).to_pil().convert("L"))
    document.close()
    assert len(zxingcpp.read_barcodes(picture)) == DOORS_A
    svg = plates(database_url, "sheet", "--area", A, "--format", "svg", "--out", str(tmp_path / "svg"))
    assert svg.returncode == DONE, svg.stderr
    assert [path.name for path in sorted((tmp_path / "svg").iterdir())] == ["plates-0001.svg", "plates-0002.svg"]

    assert f"{DOORS_A} plates" in plates(database_url, "printed", "1", "--commit").stdout
    code = plates_in(engine).at["3号楼", "code"]
    assert plates(database_url, "revoke", code, "--reason", "lost", "--replace").returncode == DONE
    assert (plates_in(engine)["state"] == "printed").all()
    ended = plates(database_url, "revoke", code.lower(), "--reason", "lost", "--replace", "--commit")
    assert re.search(r"successor waits for print in batch \d", ended.stdout)
    assert plates(database_url, "revoke", code, "--reason", "lost", "--commit").returncode == FAILED
    listed = plates(database_url, "reprints").stdout
    assert re.search(r"no plate .*桥头社区 .* 16", listed)
    with engine.connect() as conn:
        actors = set(conn.scalars(text("SELECT actor FROM audit WHERE noun = 'doorplates'")))
    assert len(actors) == 1
    assert next(iter(actors)).startswith("command:")


def test_keys_are_counted_and_a_plate_without_its_key_is_told_of(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_town(engine, plated_ground())
    monkeypatch.setenv("WANGGE_PLATE_KEY", "f" * 40)
    plates(database_url, "issue", "--area", A, "--commit")
    assert f"key 1 (WANGGE_PLATE_KEY): {DOORS_A} live plates" in plates(database_url, "keys").stdout
    monkeypatch.setenv("WANGGE_PLATE_KEY", f"{'n' * 40},{'f' * 40}")
    both = plates(database_url, "keys")
    assert both.returncode == DONE
    assert f"key 2 (WANGGE_PLATE_KEY): {DOORS_A} live plates" in both.stdout
    monkeypatch.delenv("WANGGE_PLATE_KEY")
    lost = plates(database_url, "keys")
    assert lost.returncode == FAILED
    assert f"{DOORS_A} live plates were signed by a key that is not known" in lost.stdout
    assert rows(engine, "plate_keys") == 0
    assert plates(database_url, "keys", "--new").returncode == FAILED
    assert rows(engine, "plate_keys") == 0
    plates(database_url, "keys", "--new", "--commit")
    assert rows(engine, "plate_keys") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue", "--area", A, "--size", "1x1"),
        ("sheet", "--out", "x"),
        ("sheet", "--out", "x", "--area", A, "--batch", "1"),
        ("sheet", "--out", "x", "--area", A, "--paper", "A0"),
        ("sheet", "--out", "x", "--area", A, "--format", "png"),
        ("revoke", "0000-0000-0000-0000", "--reason", "bored"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_read(arguments: tuple[str, ...]) -> None:
    assert plates("postgresql://nobody@127.0.0.1:1/none", *arguments).returncode == WRONG_USE


def test_a_key_is_a_secret_of_some_length() -> None:
    given = Settings(plate_key=SecretStr(f" {'a' * 20} , {'b' * 20}"))
    assert given.plate_keys == (b"a" * 20, b"b" * 20)
    assert Settings(plate_key=SecretStr("  ")).plate_keys == ()
    assert "a" * 20 not in repr(given)
    for weak in ("short", "change-me-please-now", f"{'a' * 20},short"):
        with pytest.raises(ValidationError, match="chosen at random"):
            Settings(plate_key=SecretStr(weak))
