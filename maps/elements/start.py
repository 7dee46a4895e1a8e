"""The hand-over from Folium to a page's own module: the map and its layers, by name."""

from collections.abc import Mapping

from folium.template import Template

from maps.assets import STATIC_URL
from maps.elements.module import ModuleElement, Named


class Start(Named):
    """``start(map, {name: layer, ...})`` of a page's module, the last line of the page's script.

    Parameters
    ----------
    page : str
        Name of the module below ``static/js``, without suffix.
    layers : Mapping
        Name in the module -> element on the map.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
        import {start} from {{ this.source|tojson }};
        start({{ this._parent.get_name() }}, {
        {% for key, element in this.layers.items() %}
        {{ key }}: {{ element.get_name() }},
        {% endfor %}
        });
        {% endmacro %}
    """)

    def __init__(self, page: str, layers: Mapping[str, ModuleElement]) -> None:
        super().__init__("start")
        self.source = f"{STATIC_URL}/js/{page}.js"
        self.layers = dict(layers)
