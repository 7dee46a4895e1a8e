"""Read what stands out in space and time: circles that chance does not explain, and what places have been over time."""

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from api.actions.read_hotspots import CELLS_ASKED_MAX, Field, field_of
from api.answers import collection, feature
from api.homes import Homes
from api.slices import Slices, periods_between, sliced, slices_of
from data.ledger import FIRST_DAY, Bools, Floats, Ints, Ledger
from data.profiles import Profile
from geo.crs import to_degrees
from geo.errors import BadSettingError
from geo.hotspots import emerging as emergence
from geo.hotspots import scan as space
from geo.hotspots import spacetime as time
from geo.hotspots.autocorrelation import getis_ord
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import cells_of, polygons
from geo.hotspots.sentences import Language, circle_sentence, emerging_sentence

Unit = Literal["day", "week", "month"]
SCAN_CELLS_MAX, PERIODS_MAX = 12_000, 120
REPEATS, SEED, P_MAX = 999, 0, 0.05
# Two clusters near each other are told apart, where the most likely circle may hold both and the quiet between them.
SELECT = "gini"
CIRCLE_KEYS = ("observed", "expected", "relative_risk", "log_likelihood_ratio", "p", "radius_m")
NameOf = Callable[[str], str]


def slices_asked(ledger: Ledger, rows: Ints, unit: Unit, span: tuple[date | None, date | None]) -> Slices:
    """Return whole days, weeks (Monday first) or months from the first to the last day asked about, or reported on.

    Raises
    ------
    BadSettingError
        There would be too many.
    """
    days = np.datetime64(date.fromordinal(FIRST_DAY), "D") + ledger.day[rows]
    periods = periods_between(unit, span[0] or days.min().item(), span[1] or days.max().item())
    if len(periods) > PERIODS_MAX:
        raise BadSettingError(
            what="unit", value=unit, reason=f"{len(periods)} periods are too many: ask for longer ones or fewer days",
            reason_zh=f"共 {len(periods)} 个时段，过多，请用更长的时段或缩短日期范围",
        )  # fmt: skip
    return slices_of(days, unit, periods)


def scan_body(
    ledger: Ledger, left: Bools, homes: Homes, *, unit: Unit | None, span: tuple[date | None, date | None],
    cell_m: float | None, profile: Profile, name_of: NameOf, language: Language,
) -> dict[str, Any]:  # fmt: skip
    """Return circles in which there are more incidents than their households let expect; with a unit, and when.

    Raises
    ------
    BadSettingError
        There are too many cells or periods.
    """
    rule = profile.incidents
    size_m = cell_m or rule.cell_m
    field = field_of(ledger, left, homes, cell_m=size_m, kind="square")
    parameters = {
        "cell_m": size_m, "radius_max_m": rule.scan_radius_max_m, "repeats": REPEATS, "seed": SEED, "unit": unit,
        "exposure": "households", "p_max": P_MAX, "select": SELECT if unit is None else "likely",
        "crs": f"EPSG:{ledger.zone}", "version": time.METHOD if unit else space.METHOD,
        "incidents": 0 if field is None else int(field.incidents.sum()),
        "without_homes": 0 if field is None else int(field.incidents[field.households == 0].sum()),
    }  # fmt: skip
    if field is None or field.incidents.sum() == 0 or field.households.sum() == 0:
        return collection([], parameters=parameters)
    at = np.flatnonzero(field.households > 0)
    if len(at) > SCAN_CELLS_MAX:
        raise BadSettingError(
            what="cell_m", value=size_m, reason=f"{len(at)} cells are too many to scan: ask for larger ones",
            reason_zh=f"共 {len(at)} 个格子，过多，请放大格子",
        )  # fmt: skip
    middles = np.asarray(shapely.get_coordinates(shapely.centroid(polygons(field.mesh, at))))
    slices = None
    if unit is None:
        found = space.scan(
            middles, field.incidents[at], field.households[at], radius_max_m=rule.scan_radius_max_m, repeats=REPEATS,
            seed=SEED, p_max=P_MAX, select=SELECT,
        )  # fmt: skip
    else:
        rows = np.flatnonzero(left & ~ledger.is_stray)
        slices = slices_asked(ledger, rows, unit, span)
        cases = counted(ledger, rows, field, slices)[at]
        found = time.spacetime(
            middles, cases, field.households[at], radius_max_m=rule.scan_radius_max_m, repeats=REPEATS, seed=SEED,
            p_max=P_MAX,
        )  # fmt: skip
    table = found.clusters[found.clusters["p"] <= P_MAX]
    names = [name_of(code) for code in _areas_at(table[["x_m", "y_m"]].to_numpy(), homes, field.zone)]
    return collection(_circles(table, field, slices, names, language), parameters=parameters)


def counted(ledger: Ledger, rows: Ints, field: Field, slices: Slices) -> Ints:
    """Return (cells, periods) counts."""
    return sliced(cells_of(field.mesh, ledger.xy_m[rows]), slices, len(field.incidents))


def emerging_body(
    ledger: Ledger, left: Bools, homes: Homes, *, unit: Unit, span: tuple[date | None, date | None],
    cell_m: float | None, profile: Profile, language: Language,
) -> dict[str, Any]:  # fmt: skip
    """Return cells that are or were hot or cold over time, each with its class and a sentence.

    Raises
    ------
    BadSettingError
        There are too many cells or periods.
    """
    size_m = cell_m or profile.incidents.cell_m
    field = field_of(ledger, left, homes, cell_m=size_m, kind="hexagon")
    rows = np.flatnonzero(left & ~ledger.is_stray)
    parameters = {
        "cell_m": size_m, "unit": unit, "q_max": P_MAX, "trend_p_max": P_MAX, "crs": f"EPSG:{ledger.zone}",
        "version": emergence.METHOD, "periods": 0, "incidents": len(rows),
    }  # fmt: skip
    if field is None or len(rows) == 0:
        return collection([], parameters=parameters)
    slices = slices_asked(ledger, rows, unit, span)
    if field.inside.sum() * len(slices.starts) > CELLS_ASKED_MAX * 12:
        raise BadSettingError(
            what="cell_m", value=size_m, reason="too many cells and periods", reason_zh="格子与时段过多"
        )
    counts = counted(ledger, rows, field, slices)
    z = np.column_stack([getis_ord(column, field.mesh, inside=field.inside) for column in counts.T])
    q = np.column_stack([q_values(two_sided_p(column)) for column in z.T])
    told = emergence.emerging(z[field.inside], q[field.inside])
    at = np.flatnonzero(field.inside)[told["pattern"].to_numpy() != emergence.NONE]
    shown = told[told["pattern"] != emergence.NONE]
    runs = _runs(z[at], q[at])
    shapes = to_degrees(gpd.GeoSeries(polygons(field.mesh, at), crs=f"EPSG:{field.zone}"))
    features: list[dict[str, Any]] = []
    for number, shape, row, run in zip(at.tolist(), shapes, shown.to_dict("records"), runs.tolist(), strict=True):
        pattern = str(row["pattern"])
        count = int(row["hot"] if pattern.endswith("hot") else row["cold"])
        words = emerging_sentence(pattern, count, len(slices.starts), run=run, unit=unit, language=language)
        features.append(feature(shape, {
            "cell": number, "class": pattern, "hot": row["hot"], "cold": row["cold"], "trend_z": row["trend_z"],
            "trend_p": row["trend_p"], "incidents": field.incidents[number], "series": counts[number].tolist(),
            "sentence": words,
        }, feature_id=number))  # fmt: skip
    starts = [start.isoformat() for start in slices.starts]
    return collection(features, parameters={**parameters, "periods": len(slices.starts), "starts": starts})


def _runs(z: Floats, q: Floats) -> Ints:
    """Return for how many periods up to now each cell was significant the way it is now."""
    way = np.where(q <= P_MAX, np.sign(z), 0)
    same = (way == way[:, -1:]) & (way[:, -1:] != 0)
    return np.asarray(np.minimum.accumulate(same[:, ::-1], axis=1).sum(axis=1))


def _circles(
    table: pd.DataFrame, field: Field, slices: Slices | None, names: list[str], language: Language
) -> list[dict[str, Any]]:
    # A circle of one cell is as wide as the cell.
    radius_m = np.maximum(table["radius_m"].to_numpy(), field.mesh.cell_m / 2)
    points = shapely.points(table[["x_m", "y_m"]].to_numpy())
    shapes = to_degrees(gpd.GeoSeries(shapely.buffer(points, radius_m, quad_segs=24), crs=f"EPSG:{field.zone}"))
    features: list[dict[str, Any]] = []
    for row, shape, name, wide_m in zip(table.to_dict("records"), shapes, names, radius_m, strict=True):
        days = slices.days_of(int(row["first_period"]), int(row["last_period"])) if slices else (None, None)
        words = circle_sentence(
            name, int(row["observed"]), float(row["expected"]), float(row["p"]), language=language,
            radius_m=float(wide_m), first_on=days[0], last_on=days[1],
        )  # fmt: skip
        told = {key: row[key] for key in CIRCLE_KEYS}
        features.append(feature(
            shape, {**told, "place": name, "first_on": days[0], "last_on": days[1], "sentence": words},
            feature_id=len(features) + 1,
        ))  # fmt: skip
    return features


def _areas_at(xy_m: Floats, homes: Homes, zone: int) -> list[str]:
    """Return the community of the home nearest to each place."""
    if len(xy_m) == 0:
        return []
    _, nearest = cKDTree(homes.xy_m(zone)).query(xy_m)
    return [str(code) for code in homes.area_code[nearest]]
