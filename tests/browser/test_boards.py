"""Notice boards in a browser: the public's page on a phone without scripts; a street printed with progress."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.jobs import run_worker
from tests.fixtures.board import pages_of
from tests.fixtures.browser import Watched
from tests.fixtures.served import Served
from tests.fixtures.services import settings_for

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
STAFFED = (
    "SELECT CAST(max(grid_code) AS bigint) FROM duties WHERE role = 'worker'"
    " AND grid_code IN (SELECT grid_code FROM grids WHERE kind = 'general')"
)


def test_the_web_board_on_a_phone_without_scripts(open_browser: Open, served: Served) -> None:
    code = served.ask(STAFFED)
    page = open_browser("phone", java_script_enabled=False).open(f"/board/{code}")
    expect(page.locator("h1")).to_contain_text("公示栏")
    expect(page.locator(".plate__name")).to_contain_text("网格员")
    expect(page.locator("a.call")).to_have_attribute(
        "href", "tel:" + page.locator(".board__phone").inner_text().strip()
    )
    box = page.locator(".board-map").bounding_box()
    assert box is not None
    assert 300 < box["width"] <= 375
    assert page.locator(".board-map text").count() > 3
    expect(page.locator(".board__map figcaption")).to_contain_text("约")
    for part in ("附近的服务", "网格员为您做什么", "找不到人？"):
        expect(page.locator("main")).to_contain_text(part)


def test_the_web_board_is_as_wide_as_the_phone_and_speaks_english(open_browser: Open, served: Served) -> None:
    watched = open_browser("phone")
    page = watched.open(f"/board/{served.ask(STAFFED)}?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    expect(page.locator(".plate__name")).to_contain_text("Grid worker")
    expect(page.locator("main")).to_contain_text("What we do for you")
    page = watched.open(f"/board/{served.ask(STAFFED)}?lang=zh")
    expect(page.locator(".plate__name")).to_contain_text("网格员")


def test_a_street_is_printed_with_progress_and_taken_along(open_browser: Open, served: Served, tmp_path: Path) -> None:
    page = open_browser(role="street_office").open("/boards")
    rows = page.locator("#grids tbody tr")
    expect(rows).to_have_count(min(100, served.ask("SELECT count(*) FROM grids")))
    expect(page.locator("#batch-start")).to_be_disabled()
    option = page.locator("#area optgroup").last.locator("option").first
    area = option.get_attribute("value")
    page.select_option("#area", area)
    count = served.ask(f"SELECT count(*) FROM grids WHERE area_code = '{area}'")
    expect(page.locator("#batch-words")).to_have_text(f"共 {count} 张。")
    expect(rows).to_have_count(count)
    worker = threading.Thread(target=run_worker, args=(settings_for(served.database_url),), kwargs={"wait": False})
    page.locator("#batch-start").click()
    expect(page.locator("#batch-progress")).to_be_visible()
    worker.start()
    expect(page.locator("#batch-file")).to_be_visible(timeout=120_000)
    worker.join(timeout=60)
    expect(page.locator("#batch-words")).to_contain_text(f"{count} 张公示栏已做好")
    expect(page.locator("#batch-progress")).to_be_hidden()
    with page.expect_download() as download:
        page.locator("#batch-file").click()
    download.value.save_as(tmp_path / "boards.pdf")
    assert len(pages_of((tmp_path / "boards.pdf").read_bytes(), scale=0.1)) == count


def test_a_row_leads_to_the_page_and_to_the_posters(open_browser: Open, served: Served) -> None:
    page = open_browser(role="grid_worker").open("/boards")
    expect(page.locator("#batch")).to_have_count(0)
    row = page.locator("#grids tbody tr").first
    code = row.locator(".code").inner_text().split(" ")[0]
    with page.expect_popup() as opened:
        row.get_by_role("link", name="网页").click()
    expect(opened.value.locator(".plate__top span")).to_have_text(code)
    with page.expect_download() as download:
        row.get_by_role("link", name="A3 PDF").click()
    assert download.value.suggested_filename == f"board-{code}-A3.pdf"
    page.fill("#find", "没有这样的网格")
    expect(page.locator("#grids")).to_contain_text("没有符合的网格")


def test_the_masthead_has_room_for_every_page_in_english(open_browser: Open) -> None:
    page = open_browser("laptop", role="planner").open("/boards?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
