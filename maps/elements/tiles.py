"""Data layers that come as tiles: grids and zones, buildings by walking time, incident density."""

from maps.assets import asset_url
from maps.elements.module import ModuleElement

VECTORGRID = ("vectorgrid", asset_url("leaflet.vectorgrid", "Leaflet.VectorGrid.bundled.min.js"))


class GridTiles(ModuleElement):
    """Grids (and zones) as vector tiles on a canvas, with hover, click and selection.

    Parameters
    ----------
    tiles : str
        Address with ``{z}``, ``{x}``, ``{y}``; empty where the page's script sets it once it knows the plan.
    look : str
        "band" colours by households against the band, "cover" by who answers, "outline" draws lines only.
    """

    module, function, default_js = "grid_tiles", "gridTiles", (VECTORGRID,)

    def __init__(self, name: str = "grids", *, tiles: str = "", look: str = "band") -> None:
        super().__init__(name, {"tiles": tiles, "look": look})


class WalkTiles(ModuleElement):
    """Buildings coloured by minutes on foot to the nearest station.

    Parameters
    ----------
    minutes : tuple of float
        Thresholds on foot, shortest first; they cut the colour classes.
    """

    module, function, default_js = "walk_tiles", "walkTiles", (VECTORGRID,)

    def __init__(
        self, name: str = "walks", *, minutes: tuple[float, ...], tiles: str = "/tiles/walks/{z}/{x}/{y}.mvt"
    ) -> None:
        super().__init__(name, {"tiles": tiles, "minutes": list(minutes)})


class DensityTiles(ModuleElement):
    """Incident density as pictures with a kernel in metres and a fixed colour scale."""

    module, function = "density_tiles", "densityTiles"

    def __init__(self, name: str = "density", *, tiles: str = "/api/v1/incidents/density/{z}/{x}/{y}.png") -> None:
        super().__init__(name, {"tiles": tiles})
