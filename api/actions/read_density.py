"""Read density: incidents per square kilometre as pictures, one fixed colour scale a filter.

The scale ends at the densest spot of everything the filter leaves within the scope, so that every
tile of one filter, at every zoom, can be compared with every other.
"""

import io
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
from PIL import Image

from api.actions.read_incidents import Wanted
from data.ledger import Bools, Ledger
from data.profiles import Profile
from geo.crs import to_metric
from geo.density import CUT_SD, density, density_tile

# Inferno-like stops, dark to light: safe for colour-blind eyes, and for print in grey.
COLOURS = ("#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4")
OPAQUE_ALPHA = 215
# How opaque each share of the peak is: the thin outskirts of the kernel must not veil the map under them.
ALPHA_SHARES, ALPHAS = (0.0, 0.02, 0.12, 0.35), (0, 0, 90, OPAQUE_ALPHA)
KEPT, KEPT_S = 64, 60.0
# The points a tile needs lie no farther off than the kernel's cut, and a pixel of a coarser zoom.
REACH_BANDWIDTHS = CUT_SD + 1.0
CELLS_PER_BANDWIDTH, SCALE_CELLS_MAX = 6.0, 4_000_000
M_PER_DEGREE = 111_320.0


@dataclass
class Peaks:
    """The densest spot of each filter, kept for a minute."""

    _kept: OrderedDict[Any, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def peak(self, wanted: Wanted, places: np.ndarray, *, bandwidth_m: float) -> float:
        """Return incidents per square kilometre at the densest spot of the places a filter leaves; 0 for none."""
        key, now = (wanted, bandwidth_m), time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_S:
            return kept[1]
        found = densest(places, bandwidth_m=bandwidth_m)
        with self._lock:
            self._kept[key] = (now, found)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def densest(places: np.ndarray, *, bandwidth_m: float) -> float:
    """Return the highest density, per square kilometre, of (n, 2) places in degrees; 0 for none.

    Where the places lie so far apart that a fine raster of all of them would be huge, the raster is
    laid around the most crowded square of a coarse one.
    """
    if len(places) == 0:
        return 0.0
    points = to_metric(gpd.GeoSeries(gpd.points_from_xy(places[:, 0], places[:, 1]), crs="EPSG:4326"))
    xy = np.column_stack([points.x, points.y])
    cell_m, reach_m = bandwidth_m / CELLS_PER_BANDWIDTH, CUT_SD * bandwidth_m
    (west, south), (east, north) = xy.min(axis=0) - reach_m, xy.max(axis=0) + reach_m
    if (east - west) * (north - south) / cell_m**2 > SCALE_CELLS_MAX:
        square = np.floor(xy / (2 * reach_m)).astype(np.int64)
        found, counts = np.unique(square, axis=0, return_counts=True)
        (west, south), side = (found[np.argmax(counts)] - 1) * 2 * reach_m, 6 * reach_m
        east, north = west + side, south + side
    surface, _ = density(xy, bandwidth_m=bandwidth_m, cell_m=cell_m, bounds=(west, south, east, north))
    return float(surface.max())


def places_of(ledger: Ledger, left: Bools) -> np.ndarray:
    """Return where the incidents that a filter leaves lie: (n, 2) lon and lat; strays and duplicates are left out."""
    rows = np.flatnonzero(left & ~ledger.is_stray)
    return np.column_stack([ledger.lon[rows], ledger.lat[rows]])


def density_scale(ledger: Ledger, left: Bools, wanted: Wanted, peaks: Peaks, *, profile: Profile) -> dict[str, Any]:
    """Return the scale of a filter: each colour and from how many per square kilometre it stands."""
    bandwidth_m = profile.incidents.density_bandwidth_m
    peak = peaks.peak(wanted, places_of(ledger, left), bandwidth_m=bandwidth_m)
    values = np.linspace(0, peak, len(COLOURS))
    return {
        "bandwidth_m": bandwidth_m,
        "max_per_km2": round(peak, 2),
        "stops": [
            {"value": round(float(value), 2), "colour": colour} for value, colour in zip(values, COLOURS, strict=True)
        ],
    }


def density_png(
    ledger: Ledger, left: Bools, wanted: Wanted, peaks: Peaks, *, z: int, x: int, y: int, profile: Profile
) -> bytes | None:
    """Return one tile as PNG, or None where there is nothing; clear where the density is 0."""
    bandwidth_m = profile.incidents.density_bandwidth_m
    places = places_of(ledger, left)
    west, south, east, north = _around(z, x, y, margin_m=REACH_BANDWIDTHS * bandwidth_m)
    lon, lat = places.T
    near = places[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)]
    if not len(near):
        return None
    surface = density_tile(near[:, 0], near[:, 1], z=z, x=x, y=y, bandwidth_m=bandwidth_m)
    peak = peaks.peak(wanted, places, bandwidth_m=bandwidth_m)
    if peak <= 0 or not np.any(surface > 0):
        return None
    return paint(surface, peak)


def paint(surface: np.ndarray, peak: float) -> bytes:
    """Return a PNG of a surface (per square kilometre), coloured on a scale from 0 to `peak`."""
    share = np.clip(surface / peak, 0, 1)
    stops = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in COLOURS], dtype=float)
    at = np.linspace(0, 1, len(stops))
    picture = np.zeros((*surface.shape, 4), dtype=np.uint8)
    for band in range(3):
        picture[..., band] = np.round(np.interp(share, at, stops[:, band]))
    picture[..., 3] = np.interp(share, ALPHA_SHARES, ALPHAS)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG", compress_level=6)
    return out.getvalue()


def _around(z: int, x: int, y: int, *, margin_m: float) -> tuple[float, float, float, float]:
    """Return the bbox of a tile and of the ground that its kernel reaches, clipped to the globe."""
    west, east = (at / 2**z * 360 - 180 for at in (x, x + 1))
    south, north = (
        float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * at / 2**z))))) for at in (y + 1, y)
    )  # fmt: skip
    dy = margin_m / M_PER_DEGREE
    dx = dy / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.01)
    return max(west - dx, -180), max(south - dy, -90), min(east + dx, 180), min(north + dy, 90)
