"""Read density: incidents per square kilometre, or per 1,000 households, as pictures; one fixed colour scale a filter.

The scale of counts ends at the densest spot of everything the filter leaves within the scope, that of rates is laid
about the rate of all, so that every tile of one filter, at every zoom, can be compared with every other.
"""

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from api.actions.read_incidents import Wanted
from api.homes import Homes
from data.ledger import Bools, Ledger
from data.profiles import Profile
from geo.density import Binned, binned, binned_homes, densest, kernel_km2, rate_tile, tile
from geo.hotspots.mesh import counts, mesh_over
from geo.hotspots.rates import PER_HOUSEHOLDS, Prior, prior_of

# Inferno-like stops, dark to light: safe for colour-blind eyes, and for print in grey.
COLOURS = ("#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4")
OPAQUE_ALPHA = 215
# How opaque each share of the peak is: the thin outskirts of the kernel must not veil the map under them.
ALPHA_SHARES, ALPHAS = (0.0, 0.02, 0.12, 0.35), (0, 0, 90, OPAQUE_ALPHA)
# Blue below the rate of all, paper at it, brown above: two fifths of it to two and a half times as much.
RATE_COLOURS = (
    "#1f4e79", "#4f83ad", "#9bbcd3", "#d5e2e8", "#f4efe4", "#f2d2a6", "#e0965a", "#b9531f", "#7a2604",
)  # fmt: skip
RATE_SPAN = 2.5
# Rates fade in where a kernel holds so many households.
HOUSEHOLDS, HOUSEHOLDS_ALPHAS = (8, 40), (0, OPAQUE_ALPHA)
KEPT = 32


class Surface(NamedTuple):
    """The incidents of a filter laid out for tiles, and the highest density there is; of which ledger."""

    ledger: Ledger
    incidents: Binned
    peak_per_km2: float


class RateSurface(NamedTuple):
    """The incidents of a filter and the households they come from, laid out for tiles; of which ledger and town."""

    ledger: Ledger
    town: Homes
    incidents: Binned
    homes: Binned
    prior: Prior


Kept = TypeVar("Kept", Surface, RateSurface)


@dataclass
class Surfaces:
    """The surfaces of the filters asked for last: a map asks for a dozen tiles of each."""

    _kept: OrderedDict[Any, Surface | RateSurface] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, ledger: Ledger, left: Bools, wanted: Wanted, *, bandwidth_m: float) -> Surface:
        """Return the surface of what a filter leaves of a ledger; strays and duplicates are left out."""
        key = wanted, bandwidth_m
        with self._lock:  # the tiles of a map are asked for at once: one lays out, the others wait for it
            kept = self._kept.get(key)
            if not isinstance(kept, Surface) or kept.ledger is not ledger:
                incidents = _laid_out(ledger, left)
                kept = self._keep(key, Surface(ledger, incidents, densest(incidents, bandwidth_m=bandwidth_m)))
            self._kept.move_to_end(key)
            return kept

    def rates(
        self, ledger: Ledger, left: Bools, wanted: Wanted, *, town: Homes, scope: str, bandwidth_m: float
    ) -> RateSurface:
        """Return the same beside the households within the scope."""
        key = wanted, bandwidth_m, scope, "rate"
        with self._lock:
            kept = self._kept.get(key)
            if not isinstance(kept, RateSurface) or kept.ledger is not ledger or kept.town is not town:
                homes = town.within(scope)
                laid = binned_homes(homes.lon, homes.lat, homes.households)
                prior = _prior(ledger, left, homes, bandwidth_m)
                kept = self._keep(key, RateSurface(ledger, town, _laid_out(ledger, left), laid, prior))
            self._kept.move_to_end(key)
            return kept

    def _keep(self, key: Any, made: Kept) -> Kept:
        self._kept[key] = made
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


def _laid_out(ledger: Ledger, left: Bools) -> Binned:
    rows = np.flatnonzero(left & ~ledger.is_stray)
    return binned(ledger.lon[rows], ledger.lat[rows])


def _prior(ledger: Ledger, left: Bools, homes: Homes, bandwidth_m: float) -> Prior:
    """Return what the rates of squares as large as a kernel tell of all."""
    homes_xy, xy = homes.xy_m(ledger.zone), ledger.xy_m[left & ~ledger.is_stray]
    if len(homes_xy) == 0:
        return Prior(0.0, 0.0)
    cell_m = (kernel_km2(bandwidth_m) * 1e6) ** 0.5
    (west, south), (east, north) = homes_xy.min(axis=0) - cell_m, homes_xy.max(axis=0) + cell_m
    mesh = mesh_over((west, south, east, north), cell_m=cell_m)
    return prior_of(counts(mesh, xy), counts(mesh, homes_xy, homes.households))


def density_scale(surface: Surface, *, profile: Profile) -> dict[str, Any]:
    """Return the scale of a filter: each colour and from how many per square kilometre it stands."""
    values = np.linspace(0, surface.peak_per_km2, len(COLOURS))
    return {
        "measure": "count",
        "bandwidth_m": profile.incidents.density_bandwidth_m,
        "max_per_km2": round(surface.peak_per_km2, 2),
        "mean_per_1000_households": None,
        "is_flat": surface.peak_per_km2 <= 0,
        "stops": [
            {"value": round(float(value), 2), "colour": colour} for value, colour in zip(values, COLOURS, strict=True)
        ],
    }


def rate_scale(surface: RateSurface, *, profile: Profile) -> dict[str, Any]:
    """Return the scale of rates: each colour and from how many per 1,000 households it stands."""
    mean = PER_HOUSEHOLDS * surface.prior.mean
    values = mean * np.geomspace(1 / RATE_SPAN, RATE_SPAN, len(RATE_COLOURS))
    return {
        "measure": "rate",
        "bandwidth_m": profile.incidents.density_bandwidth_m,
        "max_per_km2": None,
        "mean_per_1000_households": round(mean, 2),
        "is_flat": surface.prior.variance <= 0,
        "stops": [
            {"value": round(float(value), 2), "colour": colour}
            for value, colour in zip(values, RATE_COLOURS, strict=True)
        ],
    }


def rate_png(surface: RateSurface, *, z: int, x: int, y: int, profile: Profile) -> bytes | None:
    """Return one tile as PNG, or None where nobody lives."""
    if surface.prior.mean <= 0:
        return None
    bandwidth_m = profile.incidents.density_bandwidth_m
    rate, around = rate_tile(surface.incidents, surface.homes, surface.prior, z=z, x=x, y=y, bandwidth_m=bandwidth_m)
    if around.max() <= HOUSEHOLDS[0]:
        return None
    fold = np.log(np.maximum(rate / (PER_HOUSEHOLDS * surface.prior.mean), 1e-9)) / np.log(RATE_SPAN)
    return png(np.clip(0.5 + fold / 2, 0, 1), RATE_COLOURS, np.interp(around, HOUSEHOLDS, HOUSEHOLDS_ALPHAS))


def density_png(surface: Surface, *, z: int, x: int, y: int, profile: Profile) -> bytes | None:
    """Return one tile as PNG, or None where there is nothing; clear where the density is 0."""
    if surface.peak_per_km2 <= 0:
        return None
    found = tile(surface.incidents, z=z, x=x, y=y, bandwidth_m=profile.incidents.density_bandwidth_m)
    return paint(found, surface.peak_per_km2) if np.any(found > 0) else None


def paint(surface: np.ndarray, peak: float) -> bytes:
    """Return a PNG of a surface (per square kilometre), coloured on a scale from 0 to `peak`."""
    share = np.clip(surface / peak, 0, 1)
    return png(share, COLOURS, np.interp(share, ALPHA_SHARES, ALPHAS))


def png(share: np.ndarray, colours: tuple[str, ...], alpha: np.ndarray) -> bytes:
    """Return a PNG of shares (0-1) of a row of colours, as opaque (0-255) as is told."""
    stops = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours], dtype=float)
    at = np.linspace(0, 1, len(stops))
    picture = np.zeros((*share.shape, 4), dtype=np.uint8)
    for band in range(3):
        picture[..., band] = np.round(np.interp(share, at, stops[:, band]))
    picture[..., 3] = alpha
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG", compress_level=6)
    return out.getvalue()
