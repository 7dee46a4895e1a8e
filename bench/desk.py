"""The editor's page at city size: from the key that accepts a move, with a real mouse, to the answer on the screen.

One planner, headless Chromium at 1440 x 900, one community of a draft. Goal: 95 of 100 within 0.2 s, screen updated.
There is no peer. The plan is drawn and served as in `bench.edits`.

Usage: make bench NAME=desk [OPTIONS="--scales 1 14 --repeats 40"]
"""

import argparse
import json
from collections import Counter
from random import Random

import httpx2
import shapely
from playwright.sync_api import Page, sync_playwright

from bench.edits import V1, Found, at_scales, client_of
from data.postgis.engine import open_engine
from tests.fixtures.browser import find_chromium
from tests.fixtures.editing import KEEP_MAP, ON_SCREEN

NEAR_DEG = 1e-5
SMALL_DEG2 = 1.2e-8  # a cell that a hand hits
# Resolves to milliseconds when the note that names the plan's revision has changed and was painted.
WATCH = """() => { window.painted = new Promise((done) => {
    const note = document.getElementById("plan-note"), was = note.textContent, start = performance.now();
    const watch = new MutationObserver(() => {
        if (note.textContent === was) return;
        watch.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    });
    watch.observe(note, { childList: true, characterData: true, subtree: true });
    setTimeout(() => done(null), 10000);
}); }"""


def hand(page: Page, cells: dict[int, shapely.Geometry], grid_of: dict[int, str], repeats: int) -> list[float]:
    """Move cells across a border by clicking both sides, and return the seconds until each is seen."""
    chance, took = Random(3), list[float]()
    able = [cell for cell, shape in cells.items() if shapely.area(shape) > SMALL_DEG2]
    for cell in chance.choices(able, k=40 * repeats):
        beside = [other for other in able if grid_of[other] != grid_of[cell]
                  and shapely.distance(cells[other], cells[cell]) < NEAR_DEG]  # fmt: skip
        if not beside or len(took) >= repeats:
            continue
        other = chance.choice(beside)
        for one in (cell, other):
            inside = shapely.point_on_surface(cells[one])
            page.mouse.click(*page.evaluate(ON_SCREEN, [shapely.get_x(inside), shapely.get_y(inside)]))
        if page.locator("#edit-accept").is_disabled():
            page.keyboard.press("Escape")
            continue
        page.evaluate(WATCH)
        page.keyboard.press("Enter")
        seen_ms = page.evaluate("() => window.painted")
        if seen_ms is not None:
            took.append(seen_ms / 1000)
            grid_of[cell] = grid_of[other]
    return took


def measure(url: str, plan_id: int, repeats: int) -> Found:
    """Return the seconds of moves and undos on the page, and how many grids and cells the plan has."""
    with client_of(url) as client, sync_playwright() as playwright:
        draft = client.post(f"{V1}/{plan_id}/branch", json={"name": "调整"}).raise_for_status().json()["plan_id"]
        grids = client.get(f"{V1}/{draft}/grids").json()["grids"]
        areas = Counter(row["area_code"] for row in grids if row["kind"] == "general")
        area = next(code for code, count in areas.items() if count >= 4)
        features = client.get(f"{V1}/{draft}/cells", params={"area_code": area}).json()["features"]
        cells = {row["properties"]["cell_id"]: shapely.from_geojson(json.dumps(row["geometry"])) for row in features}
        grid_of = {row["properties"]["cell_id"]: row["properties"]["grid_code"] for row in features}
        program = find_chromium()
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = opened(browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN"), client, draft, area)
        took = {"move, seen": hand(page, cells, grid_of, repeats), "undo, seen": []}
        for _ in took["move, seen"]:
            page.evaluate(WATCH)
            page.keyboard.press("Control+z")
            took["undo, seen"].append(page.evaluate("() => window.painted") / 1000)
        browser.close()
    return took, len(grids), cells_of(url, draft)


def opened(page: Page, client: httpx2.Client, draft: int, area: str) -> Page:
    """Return the editor's page of a community, quiet."""
    address = str(client.base_url).rstrip("/")
    token = client.cookies["wangge_session"]
    page.context.add_cookies([{"name": "wangge_session", "value": token, "url": address}])
    page.add_init_script(KEEP_MAP)
    page.goto(f"{address}/planner?plan={draft}&edit={area}")
    page.locator("#edit-bar").wait_for(timeout=120_000)
    page.locator("#edit-grids tbody tr").first.wait_for()
    page.wait_for_load_state("networkidle")
    return page


def cells_of(url: str, plan_id: int) -> int:
    """Return how many cells a plan has."""
    engine = open_engine(url)
    with engine.connect() as conn:
        count = conn.exec_driver_sql("SELECT count(*) FROM plan_cells WHERE plan_id = %(id)s", {"id": plan_id}).scalar()
    engine.dispose()
    return int(count or 0)


def main() -> None:
    """Build a town of each scale, serve it, edit it by hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 14.0])
    parser.add_argument("--repeats", type=int, default=40)
    wanted = parser.parse_args()
    at_scales("desk", wanted.scales, lambda url, plan_id: measure(url, plan_id, wanted.repeats))


if __name__ == "__main__":
    main()
