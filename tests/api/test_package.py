"""A plan's package: whole, without a person in it, and verified by an office that has nothing but the file."""

import hashlib
import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
from sqlalchemy import text

from api.actions.verify_package import LAYERS, verify_package
from data.readers.package import NoPlanError
from data.writers.package import SUMS, pack
from geo.errors import BadFileError
from tests.fixtures.services import STREET_1, Service, running_service
from tests.fixtures.small_town import COMMUNITIES

V1 = "/api/v1"
WEST_A, EAST_A = f"{COMMUNITIES[0]}001", f"{COMMUNITIES[0]}002"


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own."""
    with new_town() as url, running_service(url) as running:
        yield running


@pytest.fixture(scope="module")
def made(service: Service) -> tuple[bytes, str]:
    """The package of a draft in which a building has changed grid, and its digest."""
    with service.client("planner") as client:
        plan = client.post(f"{V1}/plans/{service.town.plan_id}/branch", json={"name": "秋季调整"}).json()["plan_id"]
        edit = {"revision": 1, "verb": "move", "cells": [5], "to": EAST_A}
        assert client.post(f"{V1}/plans/{plan}/edits", json=edit).status_code == 200
        answer = client.get(f"{V1}/plans/{plan}/package.zip")
    assert answer.status_code == 200
    return answer.content, answer.headers["x-package-digest"]


@pytest.fixture
def file(made: tuple[bytes, str], tmp_path: Path) -> Path:
    path = tmp_path / "plan.zip"
    path.write_bytes(made[0])
    return path


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def flaws(path: Path, **asked: Any) -> list[str]:
    return [flaw.what for flaw in verify_package(path, **asked)[1]]


def test_it_is_whole_and_nothing_is_wrong_with_it(made: tuple[bytes, str], file: Path, tmp_path: Path) -> None:
    found, wrong = verify_package(file, digest=made[1])
    assert wrong == []
    assert found.is_whole
    assert set(found.files) >= {
        "README.txt", "announcement.txt", "plan.json", "plan.xlsx", "plan.gpkg", "grids.geojson", "zones.geojson",
        "dossier.xlsx", "report.json", f"maps/{WEST_A}.svg",
    }  # fmt: skip
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    told = subprocess.run(["sha256sum", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "秋季调整" in found.files["announcement.txt"].decode()
    assert f"（{WEST_A}）→" in found.files["announcement.txt"].decode()
    grids = gpd.read_file(io.BytesIO(found.files["grids.geojson"]))
    assert dict(zip(grids["grid_code"], grids["households"], strict=True))[EAST_A] == 270
    assert found.files[f"maps/{WEST_A}.svg"].startswith(b"<?xml")


def test_no_person_is_in_it(service: Service, made: tuple[bytes, str]) -> None:
    with service.engine.connect() as conn:
        conn.execute(text("SELECT set_config('wangge.scope', '*', true)"))
        private = {
            value for row in conn.execute(text("SELECT name, phone, duty_line FROM people")) for value in row if value
        }
    assert private
    for name, content in files_of(made[0]).items():
        texts = files_of(content).values() if name.endswith(".xlsx") else [content]
        for words in texts:
            assert not [value for value in private if value.encode() in words], name


def changed(path: Path, files: dict[str, bytes], layers: dict[str, gpd.GeoDataFrame] | None = None) -> Path:
    """Write a package anew, with right checksums: as somebody would who knows how."""
    if layers is not None:
        package = path.parent / "plan.gpkg"
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, package, layer=name, driver="GPKG")
        files = {**files, "plan.gpkg": package.read_bytes()}
        package.unlink()
    path.write_bytes(pack({name: content for name, content in files.items() if name != SUMS})[0])
    return path


def test_a_file_that_was_changed_lost_or_slipped_in_is_named(made: tuple[bytes, str], tmp_path: Path) -> None:
    files = files_of(made[0])
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            if name != "plan.json":
                archive.writestr(name, content + b" " if name == "announcement.txt" else content)
        archive.writestr("note.txt", "x")
    found, wrong = verify_package(path)
    assert {(flaw.what, flaw.where) for flaw in wrong} == {
        ("file changed", "announcement.txt"), ("file missing", "plan.json"), ("file added", "note.txt"),
    }  # fmt: skip
    assert not found.is_whole


def test_a_package_made_anew_is_told_by_its_digest(made: tuple[bytes, str], tmp_path: Path) -> None:
    files = files_of(made[0])
    path = changed(tmp_path / "p.zip", {**files, "announcement.txt": b"forged"})
    assert flaws(path) == []
    assert flaws(path, digest=made[1]) == ["another package"]
    assert flaws(changed(path, files), digest=made[1].upper()) == []


def own(frame: gpd.GeoDataFrame) -> Any:
    """Which rows are of the western grid of A."""
    return frame["grid_code"] == WEST_A


def a_cell_in_another_grid(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return cells.assign(grid_code=cells["grid_code"].where(cells["cell_id"] != 5, WEST_A))


def a_grid_moved(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return grids.set_geometry(grids.geometry.where(~own(grids), grids.geometry.translate(0.0005)))


def a_grid_miscounted(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return grids.assign(households=grids["households"] + own(grids))


def a_grid_left_out(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[~own(frame)]


def a_cell_twice(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return cells.assign(cell_id=cells["cell_id"].replace(2, 1))


def a_grid_of_another_community(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return grids.assign(area_code=grids["area_code"].where(~own(grids), COMMUNITIES[1]))


PARTS = {"households of its zones differ", "households of its units differ"}
COUNTS = {"households is not that of its cells", "people is not that of its cells"}


@pytest.mark.parametrize(
    ("layer", "change", "told"),
    [
        ("cells", a_cell_in_another_grid, {"grid is not its cells", *COUNTS}),
        ("grids", a_grid_moved, {"grid is not its cells", "gap", "overlap"}),
        ("grids", a_grid_miscounted, {"households is not that of its cells", *PARTS}),
        ("grids", a_grid_left_out, {"cells of no grid", "gap", *PARTS}),
        ("cells", a_cell_twice, {"cell_id stands twice"}),
        ("zones", a_grid_left_out, {"grid without zones"}),
        ("grids", a_grid_of_another_community,
         {"grid code of another community", "area_code is not that of its cells", "outside"}),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_hold_is_found_out(
    made: tuple[bytes, str],
    tmp_path: Path,
    layer: str,
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
    told: set[str],
) -> None:
    """Each made by a forger who mends the checksums."""
    files = files_of(made[0])
    source = tmp_path / "source.gpkg"
    source.write_bytes(files["plan.gpkg"])
    layers = {name: pyogrio.read_dataframe(source, layer=name) for name in LAYERS}
    path = changed(tmp_path / "p.zip", files, {**layers, layer: change(layers[layer])})
    assert set(flaws(path)) == told


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"no zip", "no ZIP"), (b"", "no ZIP"), (pack({})[0], "cannot be read")],
)
def test_what_is_no_package_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=why):
        verify_package(path)


def test_a_package_without_a_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    for files in ({"a.txt": b"x"}, {"plan.gpkg": b"no geopackage"}):
        path.write_bytes(pack(files)[0])
        with pytest.raises(NoPlanError):
            verify_package(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(BadFileError, match=SUMS):
        verify_package(path)


def test_the_same_files_make_the_same_package() -> None:
    one, other = pack({"a": b"1", "b": b"2"}), pack({"b": b"2", "a": b"1"})
    assert one == other
    assert one[1] == hashlib.sha256(files_of(one[0])[SUMS]).hexdigest()


def test_only_who_issues_plans_takes_them_along(service: Service) -> None:
    path = f"{V1}/plans/{service.town.plan_id}/package.zip"
    for role, status in (
        ("grid_worker", 403),
        ("street_office", 403),
        ("approver", 200),
        (f"planner_of_{STREET_1}", 403),
    ):
        with service.client(role) as client:
            assert client.get(path).status_code == status, role
