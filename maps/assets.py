"""Browser files of other people that we ship: which, from where, and what they stand in for.

`setup/assets.py` copies them from pinned npm packages (`package.json`, `package-lock.json`) into
``static/vendor/<package>/<version>/``. `local` turns the addresses that Folium writes into pages
into those paths, and refuses any that is not in the table: a page never names another host.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geo.errors import WanggeError

MAPS = Path(__file__).parent
STATIC_FOLDER = MAPS / "static"
VENDOR_FOLDER = STATIC_FOLDER / "vendor"
STATIC_URL = "/static"


class AssetMissingError(WanggeError, LookupError):
    """A page asks for a script or style sheet that is not shipped."""

    zh = "页面需要 {url}，但本服务没有提供这个文件。请把它登记在 maps/assets.py 中，再运行 setup/assets.py。"
    en = "The page asks for {url}, which this service does not ship. List it in maps/assets.py and run setup/assets.py."


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of an npm package; `replaces` is a pattern of the addresses it stands in for."""

    package: str
    file: str
    licence: str
    replaces: str = ""

    @property
    def version(self) -> str:
        """Return the pinned version, from ``package.json``."""
        return _versions()[self.package]

    @property
    def path(self) -> str:
        """Return the path below ``static/vendor``; it carries the version, so it may be cached for good."""
        return f"{self.package}/{self.version}/{self.file.removeprefix('dist/')}"

    @property
    def url(self) -> str:
        """Return the address under which this service hands the file out."""
        return f"{STATIC_URL}/vendor/{self.path}"


ASSETS = (
    Asset("leaflet", "dist/leaflet.js", "BSD-2-Clause", r"leaflet@[\d.]+/dist/leaflet(-src)?\.js$"),
    Asset("leaflet", "dist/leaflet.css", "BSD-2-Clause", r"leaflet@[\d.]+/dist/leaflet\.css$"),
    Asset("leaflet", "dist/images/layers.png", "BSD-2-Clause"),
    Asset("leaflet", "dist/images/layers-2x.png", "BSD-2-Clause"),
    Asset("leaflet", "dist/images/marker-icon.png", "BSD-2-Clause"),
    Asset("leaflet", "dist/images/marker-icon-2x.png", "BSD-2-Clause"),
    Asset("leaflet", "dist/images/marker-shadow.png", "BSD-2-Clause"),
    Asset(
        "leaflet.vectorgrid",
        "dist/Leaflet.VectorGrid.bundled.min.js",
        "Beerware",
        r"leaflet\.vectorgrid@[\w.]+/dist/Leaflet\.VectorGrid\.bundled(\.min)?\.js$",
    ),
    Asset(
        "protomaps-leaflet",
        "dist/protomaps-leaflet.js",
        "BSD-3-Clause",
        r"protomaps-leaflet@[\w.]+/dist/protomaps-leaflet\.js$",
    ),
    Asset("swagger-ui-dist", "swagger-ui-bundle.js", "Apache-2.0", r"swagger-ui-dist@[\w.]+/swagger-ui-bundle\.js$"),
    Asset("swagger-ui-dist", "swagger-ui.css", "Apache-2.0", r"swagger-ui-dist@[\w.]+/swagger-ui\.css$"),
    Asset("swagger-ui-dist", "favicon-32x32.png", "Apache-2.0"),
)


def asset_url(package: str, name: str) -> str:
    """Return our address of the file called `name` of an npm package.

    Raises
    ------
    AssetMissingError
        The table has no such file.
    """
    for asset in ASSETS:
        if asset.package == package and asset.file.rpartition("/")[2] == name:
            return asset.url
    raise AssetMissingError(url=f"{package}/{name}")


def local(url: str) -> str:
    """Return our own address for a link that Folium, branca or a plugin wrote.

    Raises
    ------
    AssetMissingError
        Nothing in the table stands in for it; the message names it.
    """
    if url.startswith(f"{STATIC_URL}/") and ".." not in url:
        return url
    for asset in ASSETS:
        if asset.replaces and re.search(rf"/{asset.replaces}", url):
            return asset.url
    raise AssetMissingError(url=url)


@cache
def _versions() -> dict[str, str]:
    manifest: dict[str, dict[str, str]] = json.loads((MAPS / "package.json").read_text(encoding="utf-8"))
    return manifest["dependencies"]
