"""Verify a package: whether its files are those that were put in, and whether its plan holds - without a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from data.readers.package import Package, open_package, read_layers
from geo.cover import cover_findings, dissolve
from geo.doctor import ROUNDING_M2
from geo.frames import empty_frame

LAYERS = ("communities", "cells", "grids", "zones", "units")
# Corners are kept whole in a GeoPackage: what differs by more was drawn otherwise.
SAME_DEG2 = 1e-13


@dataclass(frozen=True)
class Flaw:
    """Something that is wrong with a package: what, where, and in figures."""

    what: str
    where: str
    detail: str


def verify_package(path: Path, *, digest: str | None = None) -> tuple[Package, list[Flaw]]:
    """Return a package and everything that is wrong with it; an empty list means that it is right.

    Parameters
    ----------
    digest
        What the office that issued it says its digest is.

    Raises
    ------
    BadFileError, NoPlanError
        It is no package, or holds no plan.
    """
    package = open_package(path)
    return package, [*_file_flaws(package, digest), *_plan_flaws(package)]


def _file_flaws(package: Package, digest: str | None) -> Iterator[Flaw]:
    for what, names in (("changed", package.changed), ("missing", package.missing), ("added", package.added)):
        for name in names:
            yield Flaw(f"file {what}", name, "")
    if digest is not None and digest.strip().lower() != package.digest:
        yield Flaw("another package", "SHA256SUMS", f"digest {package.digest}, asked for {digest}")


def _plan_flaws(package: Package) -> Iterator[Flaw]:
    layers = read_layers(package, LAYERS)
    cells, grids = layers["cells"].set_index("cell_id"), layers["grids"].set_index("grid_code")
    for column, frame in (("cell_id", layers["cells"]), ("grid_code", layers["grids"])):
        for value in frame.loc[frame[column].duplicated(), column].unique():
            yield Flaw(f"{column} stands twice", str(value), "")
    if cells.index.has_duplicates or grids.index.has_duplicates:
        return
    yield from _code_flaws(grids)
    yield from _dissolve_flaws(cells, grids)
    communities = layers["communities"].set_index("area_code")
    found = cover_findings(communities, grids, empty_frame((), index="building_id"), tolerance_m2=ROUNDING_M2)
    for row in found.to_dict("records"):
        yield Flaw(str(row["finding"]), str(row["place"]), f"{row['area_m2']:.1f} m2")
    yield from _part_flaws(layers)


def _code_flaws(grids: gpd.GeoDataFrame) -> Iterator[Flaw]:
    for code, area in grids["area_code"].items():
        if not str(code).startswith(str(area)) or len(str(code)) != 15:
            yield Flaw("grid code of another community", str(code), str(area))


def _dissolve_flaws(cells: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> Iterator[Flaw]:
    """Yield grids that are not what their cells make, in ground or in counts."""
    made = dissolve(cells.assign(building_id=None), cells["grid_code"])
    for code in sorted(set(made.index) ^ set(grids.index)):
        yield Flaw("grid without cells" if code in grids.index else "cells of no grid", str(code), "")
    both = made.index.intersection(grids.index)
    apart = shapely.area(
        shapely.symmetric_difference(made.geometry.loc[both].to_numpy(), grids.geometry.loc[both].to_numpy())
    )
    for code, area in zip(both[apart > SAME_DEG2], apart[apart > SAME_DEG2], strict=True):
        yield Flaw("grid is not its cells", str(code), f"{area:.3g} square degrees")
    for column in ("area_code", "households", "people"):
        other = made.loc[both, column].astype(str) != grids.loc[both, column].astype(str)
        for code in both[other]:
            yield Flaw(f"{column} is not that of its cells", str(code), f"{grids.at[code, column]}")


def _part_flaws(layers: dict[str, gpd.GeoDataFrame]) -> Iterator[Flaw]:
    """Yield grids whose zones, or whose household units, do not hold what the grid does."""
    grids = layers["grids"].set_index("grid_code")["households"]
    for name in ("zones", "units"):
        held = layers[name].groupby("grid_code")["households"].sum()
        off = (grids.reindex(grids.index.union(held.index)).fillna(0) - held).dropna()
        for code, count in off[off != 0].items():
            yield Flaw(f"households of its {name} differ", str(code), f"{int(count):+d}")
    empty = pd.Index(layers["grids"]["grid_code"]).difference(layers["zones"]["grid_code"])
    for code in empty:
        yield Flaw("grid without zones", str(code), "")
