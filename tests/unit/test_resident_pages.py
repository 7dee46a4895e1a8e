"""The residents' page in words: what each kind of answer says, what comes next, and the small map."""

import re
from html.parser import HTMLParser

import pytest
import shapely

from maps.board_map import BoardGround
from maps.pages import lookup
from maps.place_map import BYTES_MAX, LOOK, PlaceGround, place_map
from maps.shell import Desk, Shell
from tests.fixtures.board import drawn_ground
from tests.unit.maps_contexts import VIEW

HEADINGS = ("h1", "h2", "h3")
GRID = {
    "grid_code": "529901001001001", "name": "第1网格", "community": "云溪社区", "worker": "王网格员",
    "duty_line": "0851-2200000", "vacant": False,
}  # fmt: skip
OTHER = {**GRID, "grid_code": "529901001001002", "name": "第2网格", "worker": "李网格员", "duty_line": "0851-2200001"}
VACANT = {**GRID, "worker": None, "duty_line": None, "vacant": True}
STATION = {
    "name": "党群服务中心",
    "category": "service",
    "category_label": "党群",
    "walk_min": 3.2,
    "distance_m": 230.0,
}
DESK = {"name": "社区服务台", "phone": "12345"}


def body(answer: str, *grids: dict[str, object], **more: object) -> dict[str, object]:
    told = {"answer": answer, "certain": True, "message": f"（{answer} 的话）", "grids": list(grids), "desk": DESK}
    return {**told, **more}


BODIES = {
    "assigned": body("assigned", GRID, stations=[STATION]),
    "vacant": body("vacant", VACANT, stations=[STATION]),
    "near_border": body("near_border", GRID, OTHER, certain=False, question="？"),
    "several": body("several", GRID, OTHER, certain=False, question="？"),
    "coarse": body("several", GRID, OTHER, certain=False, is_coarse=True),
    "outside": body("outside"),
    "no_active_plan": body("no_active_plan"),
}
STATES = {
    "assigned": "grid", "vacant": "grid", "near_border": "choose", "several": "choose", "coarse": "coarse",
    "outside": "outside", "no_active_plan": "no_active_plan",
}  # fmt: skip


class Page(HTMLParser):
    """What a page holds: headings in order, ids, links, buttons, labels' targets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.labels: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in HEADINGS:
            self.headings.append(tag)
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given.get("href")))
        if tag == "input":
            self.fields.append(given)
        if tag == "label":
            self.labels.add(str(given.get("for")))


def context(name: str | None = None, **more: object) -> lookup.LookupContext:
    shell = Shell("云岭县", path="/lookup?lon=107.7&lat=27.9", desk=Desk("社区服务台", "12345"))
    answer = lookup.answer_from(BODIES[name]) if name else None
    return lookup.LookupContext(shell, VIEW, answer=answer, place=(107.7, 27.9) if name else None, **more)  # type: ignore[arg-type]


def html(told: lookup.LookupContext, language: str = "zh") -> str:
    return lookup.render(told, language=language, nonce="n")


OTHERS = {
    "start": context(),
    "places": context(places=(lookup.FoundPlace("云溪苑", "compound", 107.7, 27.9),), query="云溪"),
    "nowhere": context(places=(), query="没有的地方"),
    "no_code": context(code="K7Q2"),
    "unknown": context(door=lookup.ScannedDoor("unknown")),
    "revoked": context(door=lookup.ScannedDoor("revoked")),
}
ALL = {**{name: context(name) for name in BODIES}, **OTHERS}


@pytest.mark.parametrize("name", ALL)
def test_each_answer_has_its_state(name: str) -> None:
    assert ALL[name].state == STATES.get(name, name)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ALL)
def test_headings_are_in_order_ids_are_single_and_fields_have_labels(name: str, language: str) -> None:
    page = Page(html(ALL[name], language))
    assert page.headings[0] == "h1"
    assert page.headings.count("h1") == 1
    assert "h3" not in page.headings
    assert len(page.ids) == len(set(page.ids))
    named = [field for field in page.fields if field.get("type") not in ("hidden", "radio")]
    assert {str(field.get("id")) for field in named} <= page.labels


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ALL)
def test_no_answer_is_a_dead_end(name: str, language: str) -> None:
    """An address can be typed, a code too, and somebody can be called."""
    page = Page(html(ALL[name], language))
    assert {"q", "code"} <= {str(field.get("name")) for field in page.fields}
    assert "tel:12345" in page.links
    assert "locate" in page.ids


@pytest.mark.parametrize("name", BODIES)
def test_what_the_service_says_is_said_but_where_the_card_says_it(name: str) -> None:
    said = BODIES[name]["message"] in html(context(name))  # type: ignore[operator]
    assert said == (name != "assigned")


def test_a_worker_is_named_and_can_be_called() -> None:
    told = html(context("assigned"))
    assert "王网格员" in told
    assert 'href="tel:0851-2200000"' in told
    assert "步行 4 分钟" in told
    assert "暂时空岗" not in told


def test_a_vacant_grid_can_be_called_about_and_nobody_is_blamed() -> None:
    told = html(context("vacant"))
    assert "暂时空岗" in told
    assert "找社区" in told
    assert 'value="no_answer"' not in told
    assert 'value="wrong_person"' not in told
    assert 'value="wrong_grid"' in told


@pytest.mark.parametrize("name", ["near_border", "several"])
def test_which_of_several_is_asked_and_each_can_be_chosen(name: str) -> None:
    told = html(context(name))
    assert "您家属于哪一个网格？" in told
    assert re.findall(r'class="choice[^"]*" href="([^"]+)"', told) == [
        f"/lookup?lon=107.7&amp;lat=27.9&amp;grid={grid['grid_code']}" for grid in (GRID, OTHER)
    ]
    assert "tel:0851" not in told, "nobody is called by mistake"


def test_a_chosen_grid_is_told_of_and_can_be_unchosen() -> None:
    told = html(context("near_border", chosen=str(OTHER["grid_code"])))
    assert "李网格员" in told
    assert "王网格员" not in told
    assert 'href="/lookup?lon=107.7&amp;lat=27.9" data-ask' in told
    assert 'data-grids="529901001001002"' in told


def test_a_grid_that_is_not_among_them_cannot_be_chosen() -> None:
    assert context("near_border", chosen="529901001001009").state == "choose"
    assert context("coarse", chosen=str(GRID["grid_code"])).state == "coarse"


def test_what_is_wrong_can_be_said_of_a_grid_alone() -> None:
    for name, told in ALL.items():
        assert ('action="/lookup/reports"' in html(told)) == (name in ("assigned", "vacant")), name
    form = html(context("assigned"))
    assert [f'value="{kind}"' in form for kind in lookup.MISTAKES] == [True] * 5
    assert "textarea" not in form, "no words are asked for"
    reported = html(context("assigned", is_reported=True))
    assert "谢谢，已转告社区" in reported
    assert 'action="/lookup/reports"' not in reported


def test_the_map_s_library_is_not_part_of_the_page() -> None:
    told = html(context("assigned"))
    before, parts = told.split('<template id="map-parts">')
    assert "leaflet" not in before
    assert "vendor" not in before
    assert "vendor" in parts.split("</template>")[0]
    assert "vendor" not in parts.split("</template>")[1]


# -- the small map ----------------------------------------------------------------------------


def ground_of(count: int = 1, **more: object) -> PlaceGround:
    drawn = drawn_ground(**more)  # type: ignore[arg-type]
    grids = [(drawn.grid, "第三网格"), (drawn.neighbours[0][0], "第四网格")][:count]
    whole = shapely.union_all([shape for shape, _ in grids])
    return PlaceGround.of(BoardGround(**{**{k: getattr(drawn, k) for k in drawn.__slots__}, "grid": whole}), grids)


def test_the_small_map_shows_the_grid_and_the_place() -> None:
    ground = ground_of()
    svg = place_map(ground, ground.pin(100, 60, 5), "<地图>")
    assert 'role="img" aria-label="&lt;地图&gt;"' in svg
    assert svg.count("<circle") == 2
    assert svg.count('stroke-width="9" stroke-linejoin="round" fill-rule') == 1
    assert "云溪苑</text>" in svg
    assert len(svg.encode()) < BYTES_MAX + 1500


def test_the_place_lies_where_it_is() -> None:
    ground = ground_of()
    west, south, east, north = shapely.bounds(ground.window)
    middle = ground.pin((west + east) / 2, (south + north) / 2, 0)
    assert middle is not None
    assert (middle.x, middle.y) == (LOOK.width / 2, LOOK.height / 2)
    corner = ground.pin(west + 1, north - 1, 0)
    assert corner is not None
    assert corner.x < 20 > corner.y
    assert ground.pin(east + 1, north, 0) is None, "what is off the map is not drawn at its edge"


def test_how_far_off_it_may_be_is_drawn_to_scale() -> None:
    ground = ground_of()
    radii = [pin.radius for metres in (0, 50, 100, 5000) if (pin := ground.pin(100, 60, metres))]
    assert radii[1] == pytest.approx(50 * ground.scale, abs=0.1)
    assert radii[2] == pytest.approx(2 * radii[1], abs=0.2)
    assert radii[0] < radii[1] < radii[3] < LOOK.height


def test_grids_to_choose_from_are_named_on_the_map() -> None:
    one, two = (place_map(ground_of(count), None, "") for count in (1, 2))
    assert two.count('stroke-width="9" stroke-linejoin="round" fill-rule') == 2
    assert ">第三网格</text>" in two
    assert ">第四网格</text>" in two
    assert ">第三网格</text>" not in one, "the heading says it"


def test_many_houses_do_not_make_it_heavy() -> None:
    ground = ground_of(columns=24, rows=30)
    assert len(place_map(ground, ground.pin(100, 60, 5), "").encode()) < BYTES_MAX + 1500
