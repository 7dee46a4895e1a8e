"""An element that calls one function of one of our browser modules.

The JavaScript lives in a real file, ``static/js/<module>.js``; the page holds one import and one
call. The call's result is bound to the element's name, so that other elements can be given it.
"""

import re
from collections.abc import Mapping

from branca.element import Figure, JavascriptLink, MacroElement
from folium.template import Template

from maps.assets import STATIC_URL

NAME = re.compile(r"[a-z][a-z0-9_]*")


class Named(MacroElement):
    """An element with a given, stable name instead of a random one."""

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca leaves it untyped
        if not NAME.fullmatch(name):
            raise ValueError(f"An element's name is a lower-case JavaScript name, not {name!r}")
        self._name, self._id = type(self).__name__, name

    def get_name(self) -> str:
        """Return the JavaScript name."""
        return f"wangge_{self._id}"


class ModuleElement(Named):
    """``const wangge_<name> = <function>(<map>, options)``.

    Parameters
    ----------
    name : str
        Stable name, one a page.
    options : Mapping
        Plain JSON values; written into the script with ``<``, ``>``, ``&`` and ``'`` escaped.
    """

    module = ""
    function = ""
    default_js: tuple[tuple[str, str], ...] = ()

    _template = Template("""
        {% macro script(this, kwargs) %}
        import {{ "{" }}{{ this.function }} as make_{{ this.get_name() }}{{ "}" }} from {{ this.source|tojson }};
        const {{ this.get_name() }} =
        make_{{ this.get_name() }}({{ this._parent.get_name() }}, {{ this.options|tojson }});
        {% endmacro %}
    """)

    def __init__(self, name: str, options: Mapping[str, object] | None = None) -> None:
        super().__init__(name)
        self.options = dict(options or {})

    @property
    def source(self) -> str:
        """Return the address of the module."""
        return f"{STATIC_URL}/js/{self.module}.js"

    def render(self, **kwargs: object) -> str:
        """Add the scripts it stands on to the header, and its call to the page's script."""
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise TypeError(f"{self.get_name()} stands in no figure")
        for name, url in self.default_js:
            figure.header.add_child(JavascriptLink(url), name=name)
        super().render(**kwargs)  # type: ignore[no-untyped-call]  # branca leaves it untyped
        return ""
