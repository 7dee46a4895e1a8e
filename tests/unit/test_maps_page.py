"""The offline figure: links swapped or refused, one nonce, stable names, options escaped."""

import folium
import pytest
from branca.element import Element

from maps.assets import AssetMissingError
from maps.base import MapView, SlimMap, map_figure
from maps.elements.module import ModuleElement
from maps.elements.tiles import GridTiles
from maps.page import OfflineFigure, content_security_policy, new_nonce


class Sample(ModuleElement):
    module, function = "sample", "sample"


def figure_with(element):
    figure = OfflineFigure(language="zh", nonce="n0nce")
    slim = SlimMap(MapView())
    slim.add_child(element)
    figure.add_child(slim)
    return figure


def test_plain_html_links_of_plugins_are_refused_too():
    figure = OfflineFigure()
    figure.header.add_child(Element('<script src="https://host.example/a.js"></script>'))
    with pytest.raises(AssetMissingError, match=r"host\.example"):
        figure.header_html()


def test_pictures_and_protocol_relative_links_are_refused():
    for html in ('<img src="//host.example/a.png">', '<link rel="stylesheet" href="//host.example/a.css">'):
        figure = OfflineFigure()
        figure.header.add_child(Element(html))
        with pytest.raises(AssetMissingError):
            figure.header_html()


def test_header_blocks_get_the_nonce_and_bodies_do_not():
    figure = OfflineFigure(nonce="n0nce")
    figure.header.add_child(Element("<style>b{}</style>"))
    figure.html.add_child(Element("<script>alert(1)</script>"))
    assert figure.header_html() == '<style nonce="n0nce">b{}</style>'
    assert "nonce" not in figure.body_html()


def test_a_whole_page_has_its_language_and_one_module_script():
    page = figure_with(GridTiles()).render()
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert page.count("<script type=") == 1
    assert '<script type="module" nonce="n0nce">' in page
    assert "leaflet" in page


def test_names_are_given_not_drawn():
    pages = [figure_with(GridTiles()).render() for _ in range(2)]
    assert pages[0] == pages[1]
    assert "wangge_grids" in pages[0]


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a b", "a;alert(1)"])
def test_a_name_that_is_no_javascript_name_is_refused(name):
    with pytest.raises(ValueError, match="lower-case"):
        Sample(name)


def test_options_cannot_leave_the_script():
    script = figure_with(Sample("sample", {"tiles": "</script><img src=x onerror=alert(1)>&'"})).script_html()
    assert script.count("</script>") == 1
    assert "<img" not in script
    assert "'" not in script.split("make_wangge_sample(")[1]


def test_rendering_a_figure_twice_changes_nothing():
    figure = figure_with(GridTiles())
    assert figure.render() == figure.render()


def test_an_element_outside_a_figure_says_so():
    with pytest.raises(TypeError, match="wangge_grids"):
        GridTiles().render()


def test_folium_s_classes_keep_their_links():
    before = list(folium.Map.default_js)
    map_figure("cover", MapView(), layers={"grids": GridTiles()}, attribution="", language="zh", nonce="x").render()
    assert folium.Map.default_js == before
    assert len(SlimMap.default_js) == len(SlimMap.default_css) == 1


def test_the_attribution_has_no_prefix_of_leaflet():
    figure = map_figure("cover", MapView(), layers={}, attribution="审图号", language="zh", nonce="x")
    assert "leafletjs" not in figure.render()


def test_the_policy_allows_only_ours():
    policy = content_security_policy("abc")
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == "'self' 'nonce-abc'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nonces_differ_and_are_long():
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert min(map(len, nonces)) >= 22
