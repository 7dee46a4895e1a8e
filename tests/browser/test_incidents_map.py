"""The incidents page's map: one layer at a time with its whole legend, a list that moves with it, a picture of it."""

import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_incidents import middle
from tests.fixtures.browser import Watched

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
YEAR = "/incidents?from=2025-11-01&to=2026-10-31"
PNG = b"\x89PNG\r\n\x1a\n"

# Share of a pane's canvas that is painted.
PAINTED = """name => {
    let full = 0, all = 0;
    for (const canvas of document.querySelectorAll(`.leaflet-${name}-pane canvas`)) {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 3; i < data.length; i += 64) { all += 1; full += data[i] > 120; }
    }
    return all ? full / all : 0;
}"""


def choose(page: Page, layer: str) -> None:
    page.locator(f"#layers input[value={layer}]").check()
    expect(page.locator("#layer-fault")).to_be_empty()


def test_each_layer_tells_every_parameter(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    legend = page.locator("#layer-legend")
    expect(legend).to_contain_text("平滑半径")
    expect(legend).to_contain_text("件/平方公里")
    choose(page, "clusters")
    expect(legend).to_contain_text("聚集区")
    expect(legend).to_contain_text(re.compile(r"DBSCAN，同类事件 \d+ 米内 \d+ 件以上"))
    choose(page, "hotspots")
    expect(legend).to_contain_text("Kulldorff 空间扫描")
    expect(legend).to_contain_text("与户数相比，随机对照 999 次，p ≤ 0.05")
    expect(legend).to_contain_text(re.compile(r"半径至多 [\d,]+ 米"))
    page.locator("#layer-tools select").first.select_option("gi_star")
    expect(legend).to_contain_text(re.compile(r"六边形 \d+ 米，[\d,]+ 格，[\d,]+ 件；EPSG:\d+"))
    expect(legend).to_contain_text("Benjamini-Hochberg")
    choose(page, "work")
    expect(legend).to_contain_text("每个网格未办结的件数")
    expect(legend.locator(".legend__row").first).to_contain_text("无未办结")
    assert "layer=work" in page.url


def test_the_layer_before_stays_until_the_next_is_there(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    held: list[Route] = []
    expect(page.locator("#layer-legend")).to_contain_text("平滑半径")
    page.route("**/incidents/clusters*", lambda route: held.append(route))
    page.locator("#layers input[value=clusters]").check()
    page.wait_for_timeout(400)
    expect(page.locator("#layer-legend")).to_contain_text("平滑半径")
    assert page.locator(".leaflet-heat-pane img").count() > 0
    for route in held:
        route.continue_()
    expect(page.locator("#layer-legend")).to_contain_text("聚集区")
    expect(page.locator(".leaflet-heat-pane img")).to_have_count(0)


def test_a_newer_filter_ends_the_requests_of_the_older(open_browser: Open) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(YEAR)
    ended: list[str] = []
    page.on("requestfailed", lambda request: ended.append(request.url))
    page.route("**/incidents/summary*category=fire_lane*", lambda route: None)
    page.locator("#categories button").nth(0).click()
    page.locator("#categories button").nth(1).click()
    expect(page.locator("#chosen button")).to_have_count(1)
    expect(page.locator("#cases-rows .name").first).to_have_text("下水道堵塞")
    assert any("category=fire_lane" in url for url in ended)


def test_hexagons_are_drawn_and_told_by_their_test(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&layer=hotspots&method=gi_star&measure=count&tab=grids")
    expect(page.locator("#layer-legend .legend__row").first).to_contain_text("q <")
    page.wait_for_timeout(600)
    assert page.evaluate(PAINTED, "cells") > 0.002
    methods = page.locator("#layer-tools select")
    methods.nth(0).select_option("moran")
    expect(page.locator("#layer-legend")).not_to_contain_text("热点")
    methods.nth(1).select_option("rate")
    assert {"method=moran", "measure=rate"} <= set(page.url.split("&"))


def test_grids_are_filled_by_open_work_or_by_its_overdue_share(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&layer=work&tab=grids&lines=0")
    expect(page.locator("#layer-legend .legend__row").first).to_contain_text("无未办结")
    page.wait_for_timeout(800)
    assert page.evaluate(PAINTED, "data") > 0.1
    page.locator("#layer-tools select").select_option("overdue")
    expect(page.locator("#layer-legend")).to_contain_text("超时占未办结的比例")
    expect(page.locator("#show-grids")).not_to_be_checked()


def test_the_page_leads_to_the_map_of_the_test(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    page.locator("#chance-show").click()
    expect(page.locator("#layers input[value=hotspots]")).to_be_checked()
    expect(page.locator("#layer-legend")).to_contain_text("Kulldorff 空间扫描")


def test_a_finding_is_a_sentence_that_leads_to_its_circle(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    sentence = page.locator("#chance .chance__one").first
    expect(sentence).to_have_text(re.compile(r"周围 \d+ 米发生 \d+ 件，比预期多"))
    sentence.click()
    expect(page.locator("#layer-legend")).to_contain_text(re.compile(r"随机对照 999 次，p ≤ 0.05半径至多 [\d,]+ 米"))
    page.wait_for_timeout(1500)
    assert {"layer=hotspots", "method=scan"} <= set(page.url.split("&"))
    assert "at=" in page.url
    page.mouse.click(*middle(page.locator("#map"), 0.5, 0.5))
    expect(page.locator("#detail")).to_contain_text("相对风险")


def test_what_a_place_has_been_over_time_is_told(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&layer=hotspots&method=emerging&unit=month")
    legend = page.locator("#layer-legend")
    expect(legend).to_contain_text("逐月检验，共 12 段")
    expect(legend).to_contain_text("Mann-Kendall")


def test_points_are_those_of_the_list(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&standing=overdue")
    rows = page.locator("#cases-rows .case")
    expect(rows.first).to_be_visible()
    points = page.locator(".leaflet-marks-pane path.leaflet-interactive")
    expect(points).to_have_count(rows.count())
    page.locator("#tab-grids").click()
    expect(points).to_have_count(0)
    page.locator("#tab-grids").press("ArrowLeft")
    expect(page.locator("#tab-cases")).to_be_focused()
    expect(points).to_have_count(rows.count())


def test_a_row_points_at_its_place_and_the_list_moves_with_the_map(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    page.locator("#cases-rows .case").nth(2).hover()
    expect(page.locator(".leaflet-marks-pane path.halo")).to_have_count(1)
    page.locator("h1").hover()
    expect(page.locator(".leaflet-marks-pane path.halo")).to_have_count(0)
    everything = page.locator("#cases-note").inner_text()
    page.locator("#cases-here").check()
    for _ in range(2):
        page.locator(".leaflet-control-zoom-in").click()
        page.wait_for_timeout(500)
    expect(page.locator("#cases-note")).not_to_have_text(everything)
    assert "here=1" in page.url
    assert re.search(r"at=\d+/27\.\d+/107\.\d+", page.url)


def test_a_grid_s_row_flies_there_and_filters_by_it(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&tab=grids")
    row = page.locator("#ranks .row").first
    expect(row).to_be_visible()
    count = row.locator("b").inner_text()
    row.click()
    expect(page.locator("#detail .facts")).to_contain_text(count)
    page.locator("#detail-body button").click()
    expect(page.locator("#sum-total")).to_have_text(count)
    assert re.search(r"grid=\d{15}", page.url)
    page.locator("#detail-close").click()
    page.select_option("#rank-by", "overdue")
    expect(page.locator("#ranks .row")).to_have_count(1)


def test_a_cluster_tells_what_it_holds(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&layer=clusters&tab=grids")
    bubble = page.locator(".count").first
    expect(bubble).to_be_visible()
    count = bubble.inner_text()
    bubble.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail h2")).to_contain_text(f"{count} 件")


def test_tables_and_the_brief_are_asked_for_with_the_filters(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&standing=overdue&category=noise")
    page.locator("#export summary").click()
    for name in ("export.csv", "export.xlsx", "brief.pdf"):
        address = page.locator(f"[data-export='{name}']").get_attribute("href") or ""
        assert address.startswith(f"/api/v1/incidents/{name}?")
        for part in ("from=2025-11-01", "to=2026-10-31", "standing=overdue", "category=noise"):
            assert part in address
    page.keyboard.press("Escape")
    expect(page.locator("#export")).not_to_have_attribute("open", "")
    expect(page.locator("#export summary")).to_be_focused()


@pytest.mark.parametrize("layer", ["density", "clusters", "hotspots", "work"])
def test_the_map_is_taken_away_as_a_picture(open_browser: Open, layer: str) -> None:
    from PIL import Image

    page = open_browser(role="street_office").open(f"{YEAR}&layer={layer}")
    expect(page.locator("#layer-legend > *").first).to_be_visible()
    page.wait_for_timeout(500)
    page.locator("#export summary").click()
    with page.expect_download() as download:
        page.locator("#export-png").click()
    file = download.value.path().read_bytes()
    assert file.startswith(PNG)
    assert download.value.suggested_filename == "incidents-2025-11-01-2026-10-31.png"
    picture = Image.open(io.BytesIO(file)).convert("RGB")
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert picture.width == round(box["width"] * 2)
    assert picture.height > box["height"] * 2
    assert len(picture.resize((200, 200)).getcolors(40_000) or ()) > 500
    expect(page.locator("#export-note")).to_contain_text("已生成")
