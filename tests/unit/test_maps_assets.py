"""Assets: what Folium links is ours or refused by name; the lock pins and names no registry."""

import json

import folium
import pytest
from folium.plugins import Draw, VectorGridProtobuf

from maps import assets
from maps.assets import ASSETS, AssetMissingError, asset_url, local
from maps.page import OfflineFigure


def test_a_stock_map_is_refused_and_the_first_missing_file_is_named():
    figure = OfflineFigure()
    figure.add_child(folium.Map(tiles=None))
    with pytest.raises(AssetMissingError, match=r"jquery-3\.7\.1\.min\.js") as caught:
        figure.header_html()
    assert "jquery" in caught.value.text("zh")


def test_folium_s_own_leaflet_links_become_ours():
    stock = dict(folium.Map.default_js)["leaflet"], dict(folium.Map.default_css)["leaflet_css"]
    assert [local(url) for url in stock] == [asset_url("leaflet", "leaflet.js"), asset_url("leaflet", "leaflet.css")]


def test_a_foreign_plugin_that_we_ship_is_served_locally():
    ((_, url),) = VectorGridProtobuf.default_js
    assert local(url) == asset_url("leaflet.vectorgrid", "Leaflet.VectorGrid.bundled.min.js")


def test_a_plugin_that_we_do_not_ship_is_refused():
    for _, url in [*Draw.default_js, *Draw.default_css]:
        with pytest.raises(AssetMissingError):
            local(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "leaflet.js",
        "//host.example/leaflet@1.9.3/dist/leaflet.js.evil",
        "https://host.example/x/leaflet@1.9.3/dist/leaflet.js?x=1",
        "https://host.example/myleaflet@1.9.3/dist/leaflet.js",
        "/static/../etc/passwd",
        "/elsewhere/a.js",
        "javascript:alert(1)",
    ],
)
def test_anything_else_is_refused(url):
    with pytest.raises(AssetMissingError):
        local(url)


def test_a_file_that_no_package_has_is_refused():
    with pytest.raises(AssetMissingError, match=r"leaflet/nothing\.js"):
        asset_url("leaflet", "nothing.js")


def test_paths_are_distinct_and_carry_the_pinned_version():
    manifest = json.loads((assets.MAPS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert len({asset.path for asset in ASSETS}) == len(ASSETS)
    assert {asset.package for asset in ASSETS} == set(manifest)
    assert all(manifest[asset.package] in asset.path.split("/") for asset in ASSETS)
    assert all(version[0].isdigit() for version in manifest.values()), "pinned, not a range"


def test_the_lock_agrees_with_the_manifest_and_names_no_download_address():
    text = (assets.MAPS / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)["packages"]
    manifest = json.loads((assets.MAPS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert '"resolved"' not in text
    assert {name: lock[f"node_modules/{name}"]["version"] for name in manifest} == manifest
    assert all(row["integrity"].startswith("sha512-") for path, row in lock.items() if path)
