"""The staff pages in use: table and map move together, filters filter, figures are the database's."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser


def figure(page: Page, name: str) -> int:
    locator = page.locator(f"#{name}")
    expect(locator).to_have_text(re.compile(r"\d"))
    return int(re.sub(r"\D", "", locator.inner_text()))


def test_the_planner_sees_every_grid_of_the_plan(open_browser: Open, served: Served) -> None:
    page = open_browser(role="planner").open("/planner")
    grids = served.ask("SELECT count(*) FROM grids")
    assert figure(page, "sum-grids") == grids
    assert figure(page, "sum-households") == int(served.town.buildings["households"].sum())
    expect(page.locator("#grids tbody tr")).to_have_count(grids)


def test_a_row_opens_its_grid_s_card_and_the_map_follows(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/planner")
    row = page.locator("#grids tbody tr").nth(1)
    row.click()
    expect(page.locator("#detail")).to_be_visible()
    code = re.search(r"\d{15}", row.inner_text())
    assert code is not None
    expect(page.locator("#detail")).to_contain_text(code[0])
    expect(page.locator("#detail-body")).to_contain_text("户")
    page.locator("#detail-close").click()
    expect(page.locator("#detail")).to_be_hidden()


def test_the_map_opens_the_card_of_the_grid_clicked(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/planner")
    page.locator("#grids tbody tr").first.click()
    expect(page.locator("#detail")).to_be_visible()
    page.locator("#detail-close").click()
    page.wait_for_timeout(1500)
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#detail")).to_be_visible()


def test_grids_are_found_by_name_and_the_table_sorts(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/planner")
    rows = page.locator("#grids tbody tr")
    expect(rows.first).to_be_visible()
    everything = rows.count()
    code = re.search(r"\d{15}", rows.nth(2).inner_text())
    assert code is not None
    page.fill("#find", code[0])
    expect(rows).to_have_count(1)
    page.fill("#find", "")
    expect(rows).to_have_count(everything)
    page.locator("#grids th button[data-key=households]").click()
    told = [
        int(re.sub(r"\D", "", t))
        for t in page.locator(
            "#grids tbody tr td.number:nth-of-type(2), #grids tbody tr td:nth-child(3)"
        ).all_inner_texts()
    ]
    assert told == sorted(told) or told == sorted(told, reverse=True)


def test_zones_can_be_shown(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/planner")
    page.check("#show-zones")
    page.wait_for_load_state("networkidle")
    assert page.is_checked("#show-zones")


def test_the_cover_page_tells_the_database_s_truth(open_browser: Open, served: Served) -> None:
    page = open_browser(role="planner").open("/cover")
    vacant = served.ask(
        "SELECT count(*) FROM grids g WHERE NOT EXISTS (SELECT 1 FROM wangge_standing(current_date) s"
        " WHERE s.grid_code = g.grid_code AND s.role = 'worker' AND s.answer_id IS NOT NULL)",
    )
    assert figure(page, "sum-vacant") == vacant
    assert figure(page, "sum-outside") == 0
    expect(page.locator("#verdicts")).to_contain_text("没有")
    expect(page.locator("#communities tbody tr")).to_have_count(
        served.ask("SELECT count(*) FROM areas WHERE level = 'community'")
    )


def test_the_reach_page_counts_households_and_opens_a_station(open_browser: Open) -> None:
    page = open_browser(role="street_office").open("/reach")
    expect(page.locator("#reach-share")).to_contain_text("%")
    expect(page.locator("#category-table tbody tr")).to_have_count(6)
    expect(page.locator("#circle-toggles input")).to_have_count(2)
    page.locator("#circle-toggles input").first.click()
    page.wait_for_load_state("networkidle")


def map_middle(page: Page) -> tuple[float, float]:
    box = page.locator(".leaflet-container").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_circle_follows_a_pin_that_is_dragged(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/reach")
    x, y = map_middle(page)
    with page.expect_response("**/api/v1/reach/at?*") as first:
        page.mouse.click(x, y)
    assert first.value.status == 200
    expect(page.locator("#detail h2")).to_have_text("若站点设在此处")
    expect(page.locator("#detail-body .facts dd")).to_have_count(4)
    place = page.locator("#detail-head .code").inner_text()
    pin = page.locator(".leaflet-marker-draggable").bounding_box()
    assert pin is not None
    page.mouse.move(pin["x"] + 8, pin["y"] + 8)
    page.mouse.down()
    with page.expect_response("**/api/v1/reach/at?*"):
        page.mouse.move(pin["x"] + 60, pin["y"] + 40, steps=6)
        page.mouse.up()
    expect(page.locator("#detail-head .code")).not_to_have_text(place)
    page.locator("#more-toggles input").first.check()
    with page.expect_response("**walker=wheelchair**"):
        page.select_option("#walker", "wheelchair")
    expect(page.locator("#detail-body")).to_contain_text("不走台阶")
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-marker-draggable")).to_have_count(0)


def test_pockets_are_listed_by_circle_and_kind(open_browser: Open) -> None:
    page = open_browser(role="street_office").open("/reach")
    with page.expect_response("**/api/v1/reach/pockets?minutes=5*") as asked:
        page.select_option("#pocket-minutes", "5")
    found = asked.value.json()
    expect(page.locator("#pockets .row")).to_have_count(min(len(found["features"]), 15))
    expect(page.locator("#pocket-note")).to_contain_text(f"{found['households']:,}")
    with page.expect_response("**/api/v1/reach/pockets?minutes=5&category=*"):
        page.locator("#categories button").first.click()


def test_sites_are_ranked_and_changes_tried_taken_back_and_accepted(open_browser: Open, served: Served) -> None:
    page = open_browser(role="planner").open("/siting")
    page.select_option("#ask [name=minutes]", "5")
    page.select_option("#ask [name=count]", "2")
    with page.expect_response("**/api/v1/reach/siting*") as asked:
        page.locator("#ask button[type=submit]").click()
    made = asked.value.json()
    expect(page.locator("#sites .row")).to_have_count(len(made["features"]))
    expect(page.locator(".site__rank")).to_have_count(len(made["features"]))
    expect(page.locator("#site-words")).to_contain_text(f"{made['after'] - made['before']:,}")
    x, y = map_middle(page)
    page.locator("#tools .chip").first.click()
    for shift in (0, 40):
        with page.expect_response("**/api/v1/reach/trial*"):
            page.mouse.click(x + shift, y)
    expect(page.locator("#trial tbody tr")).to_have_count(2)
    expect(page.locator("#changes li")).to_have_count(2)
    with page.expect_response("**/api/v1/reach/trial*"):
        page.locator("#undo").click()
    expect(page.locator("#changes li")).to_have_count(1)
    stations = served.ask("SELECT count(*) FROM stations")
    page.locator("#accept").click()
    page.locator("#accept-names input").fill("试点服务站")
    page.locator("#accept-form button[type=submit]").click()
    expect(page.locator("#accept-note")).to_contain_text("已保存")
    assert served.ask("SELECT count(*) FROM stations") == stations + 1


def test_who_may_not_accept_is_not_asked(open_browser: Open) -> None:
    page = open_browser(role="street_office").open("/siting")
    expect(page.locator("#accept")).to_have_count(0)


def test_incidents_can_be_narrowed_by_day_and_kind(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open("/incidents")
    page.locator("#all-days").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#sum-total")).to_have_text(f"{len(served.town.incidents):,}")
    total = figure(page, "sum-total")
    assert total == served.ask("SELECT count(*) FROM incidents")
    page.locator("#categories button").nth(1).click()
    expect(page.locator("#sum-total")).not_to_have_text(f"{total:,}")
    narrowed = figure(page, "sum-total")
    assert 0 < narrowed < total
    page.fill("#dates input[name=from]", "2026-03-01")
    page.fill("#dates input[name=to]", "2026-03-31")
    expect(page.locator("#sum-total")).not_to_have_text(f"{narrowed:,}")
    assert figure(page, "sum-total") < narrowed
    expect(page.locator("#hours svg, #hours table").first).to_be_visible()


def test_the_planner_reads_every_measure_of_the_plan_and_of_a_grid(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/planner")
    expect(page.locator("#measures")).to_be_visible()
    page.locator("#measures summary").click()
    labels = page.locator("#measures-of-plan dt")
    expect(labels).to_have_count(12)
    said = dict(zip(labels.all_inner_texts(), page.locator("#measures-of-plan dd").all_inner_texts(), strict=True))
    assert re.fullmatch(r"[\d,]+ 户", said["户数合计"])
    assert re.fullmatch(r"[\d.]+%", said["户数达标的网格"])
    assert said["超出或不足的人数"] == "–"
    page.locator("#grids tbody tr").first.click()
    expect(page.locator("#detail-body")).to_contain_text("沿路、水、墙的边界")
