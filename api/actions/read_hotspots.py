"""Read hot spots: cells in which incidents are more, or fewer, than chance lets expect of such a map."""

from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from api.answers import collection, feature
from api.homes import Homes
from data.ledger import Bools, Floats, Ledger
from data.profiles import Profile
from geo.crs import to_degrees
from geo.errors import BadSettingError
from geo.hotspots.autocorrelation import QUADRANTS, getis_ord, local_moran
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import CELLS_MAX, Kind, Mesh, counts, mesh_over, neighbours, polygons
from geo.hotspots.rates import deviates, raw_rates

Method = Literal["gi_star", "moran"]
Measure = Literal["count", "rate"]
METHOD = "hotspots 2"
LEVELS = ((0.01, "99"), (0.05, "95"), (0.10, "90"))
CELLS_ASKED_MAX = 100_000


@dataclass(frozen=True)
class HotspotsAsked:
    """How to ask: which statistic, of what, on which cells."""

    method: Method = "gi_star"
    measure: Measure = "count"
    kind: Kind = "hexagon"
    cell_m: float | None = None


@dataclass(frozen=True)
class Field:
    """A mesh over a scope's ground with what is counted in its cells; `inside`: where people or incidents are."""

    mesh: Mesh
    zone: int
    incidents: npt.NDArray[np.int64]
    households: Floats
    inside: Bools


def field_of(ledger: Ledger, left: Bools, homes: Homes, *, cell_m: float, kind: Kind) -> Field | None:
    """Return what a filter leaves counted in cells; None where there is nothing to lay cells over.

    Raises
    ------
    BadSettingError
        There would be too many cells.
    """
    rows = np.flatnonzero(left & ~ledger.is_stray)
    zone = ledger.zone
    xy, homes_xy = ledger.xy_m[rows], homes.xy_m(zone)
    ground = homes_xy if len(homes_xy) else xy
    if len(ground) == 0:
        return None
    (west, south), (east, north) = ground.min(axis=0) - cell_m, ground.max(axis=0) + cell_m
    if (east - west) * (north - south) / cell_m**2 > min(CELLS_MAX, CELLS_ASKED_MAX):
        raise BadSettingError(
            what="cell_m", value=cell_m, reason="that makes too many cells: ask for larger ones",
            reason_zh="格子太多，请放大格子",
        )  # fmt: skip
    mesh = mesh_over((west, south, east, north), cell_m=cell_m, kind=kind)
    found, households = (
        np.asarray(counts(mesh, xy), dtype=np.int64),
        np.asarray(counts(mesh, homes_xy, homes.households)),
    )
    return Field(mesh, zone, found, households.astype(np.float64), (found > 0) | (households > 0))


def hotspots_body(
    ledger: Ledger, left: Bools, homes: Homes, asked: HotspotsAsked, *, profile: Profile
) -> dict[str, Any]:
    """Return the cells that stand out, with z, p and q, and every parameter that made them."""
    cell_m = asked.cell_m or profile.incidents.cell_m
    field = field_of(ledger, left, homes, cell_m=cell_m, kind=asked.kind)
    parameters = {
        "method": asked.method, "measure": asked.measure, "kind": asked.kind, "cell_m": cell_m, "tails": 2,
        "correction": "benjamini-hochberg", "crs": f"EPSG:{ledger.zone}", "version": METHOD,
        "cells": 0 if field is None else int(field.inside.sum()),
        "incidents": 0 if field is None else int(field.incidents.sum()),
    }  # fmt: skip
    if field is None:
        return collection([], parameters=parameters)
    z, p, words = judged(field, asked)
    q = q_values(p)
    chosen = np.flatnonzero(field.inside & (q < LEVELS[-1][0]))
    shapes = to_degrees(gpd.GeoSeries(polygons(field.mesh, chosen), crs=f"EPSG:{field.zone}"))
    rates = raw_rates(field.incidents, field.households)
    features = [
        feature(shape, {
            "cell": int(at), "incidents": int(field.incidents[at]), "households": int(field.households[at]),
            "per_1000_households": _number(rates[at]), "z": _number(z[at]), "p": float(p[at]), "q": float(q[at]),
            "class": _class(words[at], float(q[at])),
        }, feature_id=int(at))
        for at, shape in zip(chosen.tolist(), shapes, strict=True)
    ]  # fmt: skip
    return collection(features, parameters=parameters)


def judged(field: Field, asked: HotspotsAsked) -> tuple[Floats, Floats, list[str]]:
    """Return z and two-sided p of every cell, and what each is: hot or cold; for Moran high_high, low_low ..."""
    near = neighbours(field.mesh, inside=field.inside)
    is_rate = asked.measure == "rate"
    # A cell of three households is no hot spot for one incident.
    values = deviates(field.incidents, field.households) if is_rate else field.incidents.astype(np.float64)
    if asked.method == "moran":
        found = local_moran(values, near, inside=field.inside)
        return found.z, two_sided_p(found.z), [QUADRANTS[at].lower() for at in found.quadrant.tolist()]
    z = getis_ord(values, field.mesh, inside=field.inside & np.isfinite(values))
    return z, two_sided_p(z), ["hot" if score > 0 else "cold" for score in z]


def _class(word: str, q: float) -> str:
    level = next(level for most, level in LEVELS if q < most)
    return f"{word}_{level}"


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
