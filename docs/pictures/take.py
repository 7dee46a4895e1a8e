"""Take the README's pictures anew from a running demo: `make pictures`.

Signs in with the demo's own accounts, opens each page, and writes JPEGs under 150 kB.
"""

import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import APIRequestContext, Browser, Page, StorageState, sync_playwright

from tests.fixtures.browser import find_chromium

FOLDER = Path(__file__).parent
LIMIT_BYTES = 148_000
HEIGHTS = {1440: 900, 1024: 768, 375: 812}


def click_grid(page: Page) -> None:
    page.locator("#grids tbody tr").nth(3).click()


def show_the_year(page: Page) -> None:
    page.locator("#all-days").click()


def show_what_is_no_chance(page: Page) -> None:
    page.locator("#chance-show").click()
    page.locator("#cases-rows [data-case]").first.click()
    page.locator("#detail h2").wait_for()
    page.wait_for_timeout(1000)


def open_door(page: Page) -> None:
    page.fill("#q", "2栋")
    page.locator("#found [role=option]").first.click()
    page.locator(".plate").first.wait_for()


def try_a_place(page: Page) -> None:
    box = page.locator(".leaflet-container").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * 0.56)
    page.locator("#detail h2").wait_for()


def find_sites(page: Page) -> None:
    page.select_option("#ask [name=category]", index=3)
    page.select_option("#ask [name=minutes]", "5")
    page.locator("#ask button[type=submit]").click()
    page.locator(".site__rank").first.wait_for()


def check(page: Page) -> None:
    page.locator("#life").get_by_role("button", name="检查").click()
    page.locator(".finding").first.wait_for()


def halve_one(page: Page) -> None:
    page.locator("#edit-grids button.name").first.click()
    page.keyboard.press("2")
    page.locator("#edit-accept").wait_for()


def choose_some(page: Page) -> None:
    page.locator("#edit-grids tbody tr").nth(1).wait_for()
    page.wait_for_timeout(800)
    box = page.locator(".leaflet-container").bounding_box()
    assert box is not None
    page.locator("[data-tool=rectangle]").first.click()
    x, y = box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.42
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 90, steps=8)
    page.mouse.up()


SHOTS: tuple[tuple[str, str, int, Callable[[Page], None] | None], ...] = (
    ("home-1440", "/", 1440, None),
    ("planner-1440", "/planner", 1440, None),
    ("planner-1024", "/planner", 1024, click_grid),
    ("planner-375", "/planner", 375, None),
    ("plan-edit-1440", "/planner?plan={draft}&edit={area}", 1440, choose_some),
    ("plan-edit-1024", "/planner?plan={draft}&edit={area}", 1024, halve_one),
    ("plan-check-1440", "/planner?plan={draft}", 1440, check),
    ("dossier-1440", "/dossier?plan={draft}", 1440, None),
    ("dossier-1024", "/dossier?plan={draft}", 1024, None),
    ("cover-1440", "/cover", 1440, None),
    ("cover-375", "/cover", 375, None),
    ("reach-1440", "/reach", 1440, try_a_place),
    ("reach-375", "/reach", 375, None),
    ("siting-1440", "/siting", 1440, find_sites),
    ("siting-375", "/siting", 375, None),
    ("incidents-1440", "/incidents", 1440, show_the_year),
    ("incidents-case-1440", "/incidents", 1440, show_what_is_no_chance),
    ("incidents-375", "/incidents", 375, None),
    ("lookup-375", "/lookup", 375, open_door),
    ("lookup-1440", "/lookup", 1440, open_door),
    ("residents-375", "/lookup", 375, open_door),
)


@contextmanager
def drafted(api: APIRequestContext, address: str) -> Iterator[dict[str, object]]:
    """A draft in which some grids of two communities are drawn otherwise; it is deleted in the end."""
    at, headers = f"{address}/api/v1/plans", {"X-Wangge": "1"}
    published = next(row["plan_id"] for row in api.get(at).json()["plans"] if row["state"] == "published")
    made = api.post(f"{at}/{published}/branch", data={"name": "2027年网格调整"}, headers=headers).json()["plan_id"]
    grids = api.get(f"{at}/{made}/grids").json()["grids"]
    areas = Counter(row["area_code"] for row in grids if row["kind"] == "general")
    chosen, revision = [area for area, count in areas.items() if count >= 6][:2], 1
    for area in chosen:
        codes = [row["grid_code"] for row in grids if row["area_code"] == area and row["kind"] == "general"]
        for edit in (
            {"verb": "split", "grid_codes": codes[:1], "count": 2},
            {"verb": "merge", "grid_codes": codes[2:4]},
        ):
            answer = api.post(f"{at}/{made}/edits", data={"revision": revision, **edit}, headers=headers)
            revision = answer.json()["revision"]
    try:
        yield {"draft": made, "area": chosen[0]}
    finally:
        api.delete(f"{at}/{made}?revision={revision}", headers=headers)


def save(png: bytes, path: Path) -> None:
    """Write a JPEG as good as the limit allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (88, 80, 72, 64, 56, 48):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size < LIMIT_BYTES:
            return
    raise SystemExit(f"{path.name} stays above {LIMIT_BYTES} bytes")


def main(address: str, accounts: Path) -> None:
    """Take every picture of the service at `address`, signed in as the demo's admin."""
    password = dict(line.split() for line in accounts.read_text(encoding="utf-8").splitlines())["admin"]
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        signed_in = browser.new_context()
        form = {"name": "admin", "password": password}
        signed_in.request.post(f"{address}/api/v1/session", form=form, headers={"X-Wangge": "1"})
        session = signed_in.storage_state()
        with drafted(signed_in.request, address) as names:
            take(browser, session, address, names)
        browser.close()


def take(browser: Browser, session: StorageState, address: str, names: dict[str, object]) -> None:
    """Take every picture; `names` fill the paths."""
    for name, path, width, act in SHOTS:
        scale = 2 if width < 500 else 1
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            device_scale_factor=scale,
            locale="zh-CN",
            storage_state=session,
        )
        page = context.new_page()
        page.goto(address + path.format(**names))
        page.wait_for_load_state("networkidle")
        if act is not None:
            act(page)
            page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)
        save(page.screenshot(), FOLDER / f"{name}.jpg")
        context.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
