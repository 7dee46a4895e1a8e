"""Plates in a browser: a scanned door on a phone, without scripts, a report; and the page of those who print."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_every_page import COVERED
from tests.fixtures.browser import WIDTHS, Watched, watch
from tests.fixtures.plated import DOORS_A, SPLIT, plated_ground
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import COMMUNITIES

pytestmark = pytest.mark.browser
V1 = "/api/v1"
Enter = Callable[..., Page]


@pytest.fixture
def town(database_url: str) -> Iterator[Service]:
    with running_service(database_url, ground=plated_ground(), door_rate="100000/minute") as running:
        yield running


@pytest.fixture
def enter(chromium: Browser, town: Service) -> Iterator[Enter]:
    """A function (path, account, width) -> a page; nothing on it may fail but as a test expects."""
    opened: list[Watched] = []

    def make(path: str, account: str | None = None, width: str = "phone", **options: object) -> Page:
        size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
        context = chromium.new_context(viewport=size, locale="zh-CN", **options)  # type: ignore[arg-type]
        if account is not None:
            cookie = {"name": "wangge_session", "value": town.token(account), "url": town.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        watched = Watched(context.new_page(), town.url)
        watch(watched)
        opened.append(watched)
        return watched.open(path)

    yield make
    faults = [fault for watched in opened for fault in watched.faults if not re.search(r"status of 4(04|10)", fault)]
    for watched in opened:
        watched.page.context.close()
    assert not faults


def codes(service: Service) -> dict[str, str]:
    client = service.client("planner")
    client.post(f"{V1}/plates/issue", json={"area_code": COMMUNITIES[0]})
    rows = client.get(f"{V1}/plates", params={"limit": 1000}).json()["plates"]
    return {row["label"]: row["code"] for row in rows}


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_scanned_door_tells_who_answers_on_a_phone(enter: Enter, town: Service, has_scripts: bool) -> None:
    code = codes(town)["3号楼"]
    page = enter(f"/D/{code.replace('-', '')}", java_script_enabled=has_scripts)
    expect(page.locator(".door__name")).to_have_text("3号楼")
    expect(page.locator(".door__code")).to_have_text(code)
    expect(page.locator(".plate").first).to_contain_text(f"{COMMUNITIES[0]}001")
    assert (page.locator("a.call").first.get_attribute("href") or "").startswith("tel:")
    if has_scripts:
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"][0]
        assert page.evaluate(COVERED) == []


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_damaged_plate_is_reported_with_two_taps(enter: Enter, town: Service, has_scripts: bool) -> None:
    code = codes(town)["3号楼"]
    page = enter(f"/d/{code}", java_script_enabled=has_scripts)
    page.locator(".door-report summary").click()
    page.get_by_label("损坏或看不清").check()
    page.locator("textarea[name=words]").fill("被划花\n扫不出")
    page.get_by_role("button", name="告诉社区").click()
    expect(page.locator(".door__thanks")).to_be_visible()
    expect(page.locator(".plate").first).to_be_visible()
    (row,) = town.client("street_1").get(f"{V1}/plates/reprints").json()["reports"]
    assert (row["kind"], row["words"], row["code"]) == ("damaged", "被划花 扫不出", code)


def test_a_building_in_two_grids_asks_which(enter: Enter, town: Service) -> None:
    page = enter(f"/d/{codes(town)[f'云溪苑{SPLIT}栋']}")
    expect(page.locator(".choice")).to_have_count(2)
    expect(page.locator(".choices")).to_contain_text("第1网格")
    page.locator(".choice").last.click()
    expect(page.locator(".plate__name")).to_contain_text("网格员")


def test_a_wrong_code_offers_the_search_and_finds_the_door_by_name(enter: Enter, town: Service) -> None:
    page = enter("/d/0000000000000000")
    expect(page.get_by_role("alert")).to_contain_text("没有这个编号的门牌")
    page.fill("#q", "3号楼")
    page.locator("#found [role=option]").first.click()
    expect(page.locator(".plate").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_page_speaks_english_too(enter: Enter, town: Service) -> None:
    page = enter(f"/d/{codes(town)[f'云溪苑{SPLIT}栋 2单元']}?lang=en")
    expect(page.locator(".door__name")).to_contain_text("Stairwell 2")
    expect(page.locator(".door-report summary")).to_contain_text("Plate damaged")


def test_an_office_issues_prints_and_settles_on_one_page(enter: Enter, town: Service) -> None:
    page = enter("/plates", "street_1", "desktop")
    page.locator("#area").select_option(COMMUNITIES[0])
    page.locator("#issue").click()
    expect(page.locator("#ask-what")).to_contain_text(f"共 {DOORS_A} 块")
    page.get_by_role("button", name="确定").click()
    expect(page.locator("#said")).to_contain_text(f"已制作 {DOORS_A} 块门牌")
    expect(page.locator("#sum-waiting")).to_have_text(str(DOORS_A))
    expect(page.locator("#sum-missing")).to_have_text("0")

    page.locator("#tab-print").click()
    row = page.locator("#batches tbody tr").first
    link = row.get_by_role("link", name="PDF").get_attribute("href") or ""
    assert page.request.get(town.url + link).body().startswith(b"%PDF-")
    row.get_by_role("button", name="已印好").click()
    expect(page.locator("#sum-waiting")).to_have_text("0")

    code = codes(town)["3号楼"]
    town.client().post(f"{V1}/doors/{code}/reports", json={"kind": "lost"})
    page.reload()
    page.locator("#tab-todo").click()
    expect(page.locator("#sum-reports")).to_have_text("1")
    page.locator("#reports").get_by_role("button", name="换发新码").click()
    expect(page.locator("#sum-reports")).to_have_text("0")
    expect(page.locator("#sum-waiting")).to_have_text("1")

    page.locator("#tab-all").click()
    page.locator("#find").fill(code[:9])
    expect(page.locator("#plates tbody tr")).to_have_count(1)
    expect(page.locator("#plates")).to_contain_text("已停用 · 丢失")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_whole_at_every_width(enter: Enter, town: Service, width: str) -> None:
    code = codes(town)["3号楼"]
    town.client().post(f"{V1}/doors/{code}/reports", json={"kind": "damaged", "words": "二维码被划花了扫不出来"})
    page = enter("/plates", "planner", width)
    for tab in ("todo", "print", "all"):
        page.locator(f"#tab-{tab}").click()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0], tab
        assert page.evaluate(COVERED) == [], tab


def test_only_those_who_may_see_the_link_and_the_page(enter: Enter, town: Service) -> None:
    assert enter("/people", "street_1", "desktop").locator("nav a[href='/plates']").count() == 1
    assert enter("/people", "approver", "desktop").locator("nav a[href='/plates']").count() == 0
