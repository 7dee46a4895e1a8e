"""Read density: incidents per square kilometre as pictures, one fixed colour scale a filter.

The scale ends at the densest spot of everything the filter leaves within the scope, so that every
tile of one filter, at every zoom, can be compared with every other.
"""

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from api.actions.read_incidents import Wanted
from data.ledger import Bools, Ledger
from data.profiles import Profile
from geo.density import Binned, binned, densest, tile

# Inferno-like stops, dark to light: safe for colour-blind eyes, and for print in grey.
COLOURS = ("#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4")
OPAQUE_ALPHA = 215
# How opaque each share of the peak is: the thin outskirts of the kernel must not veil the map under them.
ALPHA_SHARES, ALPHAS = (0.0, 0.02, 0.12, 0.35), (0, 0, 90, OPAQUE_ALPHA)
KEPT = 32


class Surface(NamedTuple):
    """The incidents of a filter laid out for tiles, and the highest density there is; of which ledger."""

    ledger: Ledger
    incidents: Binned
    peak_per_km2: float


@dataclass
class Surfaces:
    """The surfaces of the filters asked for last: a map asks for a dozen tiles of each."""

    _kept: OrderedDict[Any, Surface] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, ledger: Ledger, left: Bools, wanted: Wanted, *, bandwidth_m: float) -> Surface:
        """Return the surface of what a filter leaves of a ledger; strays and duplicates are left out."""
        key = wanted, bandwidth_m
        with self._lock:  # the tiles of a map are asked for at once: one lays out, the others wait for it
            kept = self._kept.get(key)
            if kept is None or kept.ledger is not ledger:
                rows = np.flatnonzero(left & ~ledger.is_stray)
                incidents = binned(ledger.lon[rows], ledger.lat[rows])
                kept = self._kept[key] = Surface(ledger, incidents, densest(incidents, bandwidth_m=bandwidth_m))
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept


def density_scale(surface: Surface, *, profile: Profile) -> dict[str, Any]:
    """Return the scale of a filter: each colour and from how many per square kilometre it stands."""
    values = np.linspace(0, surface.peak_per_km2, len(COLOURS))
    return {
        "bandwidth_m": profile.incidents.density_bandwidth_m,
        "max_per_km2": round(surface.peak_per_km2, 2),
        "stops": [
            {"value": round(float(value), 2), "colour": colour} for value, colour in zip(values, COLOURS, strict=True)
        ],
    }


def density_png(surface: Surface, *, z: int, x: int, y: int, profile: Profile) -> bytes | None:
    """Return one tile as PNG, or None where there is nothing; clear where the density is 0."""
    if surface.peak_per_km2 <= 0:
        return None
    found = tile(surface.incidents, z=z, x=x, y=y, bandwidth_m=profile.incidents.density_bandwidth_m)
    return paint(found, surface.peak_per_km2) if np.any(found > 0) else None


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
