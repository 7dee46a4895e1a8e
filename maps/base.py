"""The map every page starts from: Folium with Leaflet alone, our own ground, Chinese controls.

Folium's stock map loads ten files (Bootstrap, jQuery, icon fonts); ours loads Leaflet. The prefix
that Leaflet puts before the attribution, a link and a flag, is left out: only the source of the
ground, or its map approval number, stands there.
"""

from dataclasses import dataclass

import folium
from folium.template import Template

from maps.assets import asset_url
from maps.elements.ground import Ground
from maps.elements.module import ModuleElement
from maps.elements.start import Start
from maps.page import OfflineFigure

WHOLE_WORLD = (-180.0, -85.0, 180.0, 85.0)


@dataclass(frozen=True, slots=True)
class MapView:
    """Where a map opens: (west, south, east, north) in degrees, EPSG:4326, and how far it zooms."""

    bounds: tuple[float, float, float, float] = WHOLE_WORLD
    min_zoom: int = 9
    max_zoom: int = 19


class SlimMap(folium.Map):
    """A Folium map with Leaflet alone, a stable name and our own controls."""

    default_js = [("leaflet", asset_url("leaflet", "leaflet.js"))]  # noqa: RUF012  # Folium reads a list here
    default_css = [("leaflet_css", asset_url("leaflet", "leaflet.css"))]  # noqa: RUF012  # Folium reads a list here

    _template = Template("""
        {% macro html(this, kwargs) %}
        <div class="map-canvas" id="map" role="region" tabindex="0"></div>
        {% endmacro %}

        {% macro script(this, kwargs) %}
        import {openMap} from "/static/js/map.js";
        const {{ this.get_name() }} = openMap("map", {{ this.view|tojson }});
        {% endmacro %}
    """)

    def __init__(self, view: MapView, *, attribution: str = "") -> None:
        west, south, east, north = view.bounds
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None)
        self._id = "main"
        self.view = {
            "bounds": list(view.bounds),
            "minZoom": view.min_zoom,
            "maxZoom": view.max_zoom,
            "attribution": attribution,
        }


def map_figure(
    page: str,
    view: MapView,
    *,
    layers: dict[str, ModuleElement],
    attribution: str,
    language: str,
    nonce: str,
) -> OfflineFigure:
    """Return a figure: our ground, `layers` above it in order, and the page's module started with them."""
    figure = OfflineFigure(language=language, nonce=nonce)
    slim = SlimMap(view, attribution=attribution)
    ground = Ground()
    slim.add_child(ground)
    for element in layers.values():
        slim.add_child(element)
    slim.add_child(Start(page, {"ground": ground, **layers}))
    figure.add_child(slim)
    return figure
