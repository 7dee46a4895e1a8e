"""The people page in use: who answers, vacancies first, a hand-over told before it is done, a leave, the keyboard."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from api.actions.plan_absence import Leave, plan_absence
from api.auth import Account
from data.calendar import today
from data.postgis.engine import open_engine, reading
from tests.fixtures.browser import Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
PLANNER = Account(1, "planner", "planner", "*")
WORKERS = "SELECT DISTINCT ON (person_id) person_id, duty_id FROM duties WHERE role = 'worker' ORDER BY person_id"


def rows(served: Served, query: str) -> list[tuple[object, ...]]:
    engine = open_engine(served.database_url)
    try:
        with reading(engine) as conn:
            return [tuple(row) for row in conn.execute(text(query))]
    finally:
        engine.dispose()


def choice(served: Served, which: int) -> str:
    """What the list of people offers for a worker."""
    person = rows(served, WORKERS)[which][0]
    ((name, community),) = rows(
        served, f"SELECT p.name, a.name FROM people p JOIN areas a USING (area_code) WHERE person_id = {person}"
    )
    return f"{name} · {community} #{person}"


def prepare(served: Served) -> None:
    """Two workers are away: one with a substitute, one without."""
    if rows(served, "SELECT 1 FROM absences"):
        return
    (first, second, third) = [int(str(row[0])) for row in rows(served, WORKERS)[:3]]
    engine = open_engine(served.database_url)
    for person, substitute in ((first, third), (second, None)):
        days: tuple[date, date | None] = (today() - timedelta(days=2), today() + timedelta(days=12))
        plan_absence(engine, Leave(person, days, substitute, reason="病假"), account=PLANNER)
    engine.dispose()


def test_vacant_grids_come_first_and_substitutes_are_named(open_browser: Open, served: Served) -> None:
    prepare(served)
    page = open_browser(role="street_office").open("/people")
    grids = page.locator("#grids tbody tr")
    expect(grids).to_have_count(served.ask("SELECT count(*) FROM grids"))
    expect(grids.first).to_contain_text(re.compile("从未任命|请假，无人替岗"))
    expect(page.locator("#grids")).to_contain_text("替 ")
    expect(page.locator("#sum-substitutes")).to_have_text("1")
    vacant = int(page.locator("#sum-vacant").inner_text())
    assert vacant == page.locator("#grids tbody tr.is-vacant").count() > 0
    expect(page.locator("#hand-over, #new-leave, #duty-dialog")).to_have_count(0)
    page.fill("#find", "没有这样的人")
    expect(page.locator("#grids")).to_contain_text("没有符合的网格")


def test_a_hand_over_is_told_before_it_is_accepted(open_browser: Open, served: Served) -> None:
    prepare(served)
    page = open_browser(role="planner").open("/people")
    page.locator("#grids tbody tr:not(.is-vacant) input[type=checkbox]").first.check()
    expect(page.locator("#chosen")).to_contain_text("已选 1 个网格")
    page.locator("#hand-over").click()
    accept = page.locator("#duty-form [type=submit]")
    expect(accept).to_be_disabled()
    page.fill("#duty-form [name=from]", "2027-07-01")
    page.fill("#duty-form [name=person]", choice(served, 4))
    expect(page.locator("#consequences")).to_contain_text(re.compile(r"2027-07-01 起，网格员 1 处，[\d,]+ 户由.+交给"))
    before = served.ask("SELECT count(*) FROM duties")
    accept.click()
    expect(page.locator("#duty-dialog")).to_be_hidden()
    assert served.ask("SELECT count(*) FROM duties") == before + 1
    assert served.ask("SELECT count(*) FROM duties WHERE lower(valid) = '2027-07-01'") == 1


def test_a_leave_is_entered_and_taken_back(open_browser: Open, served: Served) -> None:
    prepare(served)
    page = open_browser("laptop", role="admin").open("/people#leave")
    leaves = page.locator("#leave tbody tr")
    expect(leaves).to_have_count(2)
    page.locator("#new-leave").click()
    page.fill("#duty-form [name=person]", choice(served, 5))
    page.fill("#duty-form [name=from]", today().isoformat())
    expect(page.locator("#consequences")).to_contain_text("无人负责")
    page.fill("#duty-form [name=substitute]", choice(served, 6))
    expect(page.locator("#consequences")).to_contain_text("全部由替岗人负责")
    page.locator("#duty-form [type=submit]").click()
    expect(leaves).to_have_count(3)
    expect(page.locator("#sum-substitutes")).to_have_text("2")
    mine = leaves.filter(has_text=choice(served, 5).split(" ")[0])
    mine.get_by_role("button", name="修改").click()
    expect(page.locator("#consequences")).to_contain_text("全部由替岗人负责")
    page.keyboard.press("Escape")
    expect(page.locator("#duty-dialog")).to_be_hidden()
    mine.get_by_role("button", name="销假").click()
    expect(leaves).to_have_count(2)


def test_vacancies_loads_and_rounds(open_browser: Open, served: Served) -> None:
    prepare(served)
    page = open_browser(role="planner").open("/people")
    page.locator("#tab-vacant").click()
    count = int(page.locator("#sum-vacant").inner_text())
    expect(page.locator("#vacant tbody tr")).to_have_count(count)
    page.select_option("#vacant-role", "grid_head")
    expect(page.locator("#vacant")).not_to_contain_text("请假")
    page.locator("#span button").click()
    expect(page.locator("#stretches tbody tr").first).to_be_visible()
    page.locator("#tab-load").click()
    expect(page.locator("#load tbody tr").first).to_be_visible()
    expect(page.locator("#load-note")).to_contain_text("平均")
    page.select_option("#area", index=1)
    expect(page.locator("#rounds tbody tr").first).to_contain_text("分钟")


def test_tabs_by_keyboard_and_on_a_phone(open_browser: Open, served: Served) -> None:
    prepare(served)
    page = open_browser("phone", role="planner").open("/people")
    page.locator("#tab-grids").focus()
    for name in ("vacant", "load", "leave", "reports", "grids"):
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"#tab-{name}")).to_be_focused()
        expect(page.locator(f"#part-{name}")).to_be_visible()
        page.wait_for_load_state("networkidle")
        wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, name
