"""The pages: no foreign host, small, the same twice, and nothing that people write can run."""

import json
import re
from html.parser import HTMLParser

import pytest

from maps.assets import STATIC_FOLDER
from maps.pages import lookup, planner, problem
from maps.shell import Shell, with_language
from tests.unit.maps_contexts import HOSTILE, NICE, VIEW, cases

FOREIGN = re.compile(r"""https?://|(?:src|href|action|url)\s*[=(]\s*["']?//""")
NAMESPACE = "http://www.w3.org/2000/svg"
LANGUAGES = ("zh", "en")
# Budgets in bytes of HTML before compression.
MAP_PAGE_MAX, LOOKUP_MAX = 22_500, 60_000

ALL = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def outline_of(html):
    return [(tag, sorted(attributes)) for tag, attributes in Tags(html).found]


@ALL
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_names_a_foreign_host(case, language):
    html = case.render(case.context, language=language, nonce="n")
    assert FOREIGN.search(html) is None


@ALL
@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_to_this_service_only(case, language):
    html = case.render(case.context, language=language, nonce="n")
    for tag, attributes in Tags(html).found:
        for name in ("src", "href", "action"):
            value = attributes.get(name)
            assert value is None or re.match(r"/(?!/)|#|tel:", value), (tag, value)


@ALL
def test_no_inline_style_or_handler_that_the_policy_would_stop(case):
    html = case.render(case.context, language="zh", nonce="n")
    for tag, attributes in Tags(html).found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        if tag == "script" and "src" not in attributes:
            assert attributes.get("type") == "application/json" or attributes.get("nonce") == "n"


@ALL
def test_pages_are_small(case):
    size = len(case.render(case.context, language="en", nonce="n" * 22).encode())
    assert size < (LOOKUP_MAX if case.render is lookup.render else MAP_PAGE_MAX)


def test_the_resident_s_page_is_small_before_its_map():
    html = len(lookup.render(cases()[5].context, language="zh", nonce="n").encode())
    sheets = sum((STATIC_FOLDER / "css" / f"{name}.css").stat().st_size for name in ("wangge", "lookup"))
    modules = ("lookup", "core")
    scripts = sum((STATIC_FOLDER / "js" / f"{name}.js").stat().st_size for name in modules)
    assert html + sheets + scripts < LOOKUP_MAX


@ALL
def test_two_renders_differ_in_the_nonce_alone(case):
    first, second = (case.render(case.context, language="zh", nonce=nonce) for nonce in ("first", "second"))
    assert first.replace("first", "#") == second.replace("second", "#")


@ALL
def test_the_nonce_stands_on_nothing_but_the_one_script(case):
    html = case.render(case.context, language="zh", nonce="n0nce")
    assert html.count("n0nce") == (1 if case.has_map else 0)


@ALL
def test_the_language_is_declared_and_can_be_switched(case):
    for language, attribute, other in (("zh", "zh-CN", "en"), ("en", "en", "zh")):
        html = case.render(case.context, language=language, nonce="n")
        assert f'<html lang="{attribute}">' in html
        assert f"lang={other}" in html


@ALL
def test_an_unknown_language_reads_chinese(case):
    assert '<html lang="zh-CN">' in case.render(case.context, language="fr", nonce="n")


@pytest.mark.parametrize("index", range(len(cases())), ids=[case.name for case in cases()])
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_adds_no_tag_and_no_attribute(index, language):
    nice, hostile = cases(NICE)[index], cases(HOSTILE)[index]
    plain = nice.render(nice.context, language=language, nonce="n")
    attacked = hostile.render(hostile.context, language=language, nonce="n")
    assert outline_of(attacked) == outline_of(plain)
    assert "<img src=x" not in attacked
    assert "{{7*7}}" in attacked


@ALL
def test_the_page_s_data_is_one_json_block(case):
    html = case.render(case.context, language="en", nonce="n")
    blocks = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.S)
    assert len(blocks) == 1
    data = json.loads(blocks[0])
    assert data["language"] == "en"
    assert all(re.search(r"[\u4e00-\u9fff]", message) for message in data["words"])


def test_hostile_keys_survive_in_the_json_block_unchanged():
    html = next(case for case in cases(HOSTILE) if case.name == "reach")
    page = html.render(html.context, language="zh", nonce="n")
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', page, re.S)[1])
    assert data["categories"][0]["key"] == HOSTILE


def test_static_files_name_no_foreign_host():
    ours = [path for path in STATIC_FOLDER.rglob("*") if path.is_file() and "vendor" not in path.parts]
    assert len(ours) > 10
    for path in ours:
        text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
        assert FOREIGN.search(text) is None, path.name
        assert "heatmap" not in path.name, "stopped by ad blockers"


def test_scripts_never_write_markup():
    for path in (STATIC_FOLDER / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(", text), path.name


def test_templates_never_switch_escaping_off():
    folder = STATIC_FOLDER.parent / "templates"
    for path in folder.glob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape", path.read_text(encoding="utf-8")), path.name


def test_planner_shows_the_doors_that_a_role_opens():
    shell = Shell("云岭县")
    plain = planner.render(planner.PlannerContext(shell, VIEW, 300, 500), language="zh", nonce="n")
    able = planner.render(planner.PlannerContext(shell, VIEW, 300, 500, None, True, True), language="zh", nonce="n")
    assert "propose-dialog" not in plain
    assert "propose-dialog" in able
    assert "branch-dialog" in able


def test_the_band_in_the_legend_is_the_profile_s():
    html = planner.render(planner.PlannerContext(Shell("x"), VIEW, 111, 222), language="zh", nonce="n")
    assert "111–222 户" in html


def test_a_vacant_grid_names_nobody_and_offers_the_desk():
    row = {"grid_code": "1", "name": "甲", "community": "乙", "worker": "李某", "duty_line": "111", "vacant": True}
    body = {"answer": "vacant", "certain": True, "message": "", "grids": [row], "desk": {"name": "台", "phone": "123"}}
    context = lookup.LookupContext(Shell("x"), VIEW, answer=lookup.answer_from(body), place=(107.7, 27.9))
    html = lookup.render(context, language="zh", nonce="n")
    assert "李某" not in html
    assert "暂时空岗" in html
    assert 'href="tel:123"' in html
    assert 'href="tel:111"' not in html


def test_minutes_on_foot_are_rounded_up():
    case = next(case for case in cases() if case.name == "chosen")
    html = case.render(case.context, language="zh", nonce="n")
    assert "步行 4 分钟" in html  # 3.2 minutes in the context


def test_a_place_known_too_roughly_shows_no_card_but_the_desk():
    rows = [{"grid_code": str(n), "name": f"格{n}", "community": "乙"} for n in range(7)]
    body = {"answer": "several", "certain": False, "is_coarse": True, "message": "不够准", "grids": rows,
            "desk": {"name": "台", "phone": "123"}}  # fmt: skip
    context = lookup.LookupContext(Shell("x"), VIEW, answer=lookup.answer_from(body), place=(107.7, 27.9))
    html = lookup.render(context, language="zh", nonce="n")
    assert 'class="plate' not in html
    assert "不够准" in html
    assert 'href="tel:123"' in html


@pytest.mark.parametrize(("measured", "said"), [(15.0, True), (None, False)])
def test_a_station_is_far_only_where_walks_were_measured(measured, said):
    station = {"name": "站", "category": "a", "category_label": "类", "walk_min": None, "distance_m": 352.0}
    grid = {"grid_code": "1", "name": "甲", "community": "乙"}
    body = {"answer": "assigned", "certain": True, "message": "", "grids": [grid], "stations": [station],
            "walk_max_min": measured}  # fmt: skip
    context = lookup.LookupContext(Shell("x"), VIEW, answer=lookup.answer_from(body), place=(107.7, 27.9))
    html = lookup.render(context, language="zh", nonce="n")
    assert "直线 352 米" in html
    assert ("步行超过 15 分钟" in html) == said


@pytest.mark.parametrize(("accuracy_m", "expected"), [(120.0, "&amp;accuracy_m=120&amp;q="), (0.0, None)])
def test_links_of_places_pass_on_how_wide_the_place_is(accuracy_m, expected):
    places = (lookup.FoundPlace("青石苑", "compound", 107.7, 27.9, accuracy_m),)
    html = lookup.render(lookup.LookupContext(Shell("x"), VIEW, places=places), language="zh", nonce="n")
    assert "<small>小区</small>" in html
    assert (expected in html) if expected else ("accuracy_m" not in html)


def test_answer_from_leaves_out_what_it_does_not_know():
    answer = lookup.answer_from({"answer": "outside", "certain": True, "message": "m", "grids": None, "later": 1})
    assert answer == lookup.Answer("outside", True, "m")


def test_a_problem_without_a_title_finds_words():
    html = problem.render(problem.ProblemContext(Shell("x"), 404), language="zh", nonce="n")
    assert "找不到这个页面" in html
    odd = problem.render(problem.ProblemContext(Shell("x"), 418), language="zh", nonce="n")
    assert "出错了" in odd


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/?lang=en"),
        ("/planner?plan=3", "/planner?plan=3&lang=en"),
        ("/planner?lang=zh&plan=3", "/planner?plan=3&lang=en"),
        ("//host.example/x", "/x?lang=en"),
        ("https://host.example/x?a=1", "/x?a=1&lang=en"),
        ("", "/?lang=en"),
        ("/lookup?q=青石", "/lookup?q=%E9%9D%92%E7%9F%B3&lang=en"),
    ],
)
def test_the_language_switch_stays_on_this_service(path, expected):
    assert with_language(path, "en") == expected
