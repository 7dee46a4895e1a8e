"""The ground under every map: streets, water, greens, buildings and names from our own vector tiles."""

from maps.assets import asset_url
from maps.elements.module import ModuleElement

PROTOMAPS = ("protomaps", asset_url("protomaps-leaflet", "protomaps-leaflet.js"))


class Ground(ModuleElement):
    """Painted ground below, and its names in a pane above all data; drawn by protomaps-leaflet.

    Tiles: layers greens, water, rail, walls, streets, buildings, places (see docs/guides/pages.md).
    """

    module, function, default_js = "ground", "ground", (PROTOMAPS,)

    def __init__(
        self, name: str = "ground", *, tiles: str = "/tiles/base/{z}/{x}/{y}.mvt", labels: bool = True
    ) -> None:
        super().__init__(name, {"tiles": tiles, "labels": labels})
