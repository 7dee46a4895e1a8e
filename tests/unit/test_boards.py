"""Notice boards: nothing exact, nothing over another, one page whatever is written on it, a code that reads."""

import io
from dataclasses import replace
from itertools import combinations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from maps.board import ROOM, Post, Printer, Words, about, joined, poster_html, rounded, shortened
from maps.board_map import POSTER, WEB, BoardGround, Footprint, board_map, short_names, window_of
from maps.map_labels import LabelRoom, text_width
from maps.pages.board import SVG_BYTES_MAX, web_map
from maps.qr import QUIET, qr_svg
from tests.fixtures.board import PRINTED_ON, URL, codes_in, drawn_board, drawn_ground, pages_of


@pytest.fixture(scope="module")
def a3() -> Printer:
    return Printer("A3")


def printed(printer: Printer, ground: BoardGround | None = None, **changes: object) -> str:
    ground = ground or drawn_ground()
    poster = printer.lay_out(drawn_board(ground, **changes), ground, printed_on=PRINTED_ON)
    (page,) = pages_of(printer.pdf([poster]), scale=0.2)
    return "".join(page[0].split())


@given(st.integers(0, 100_000))
def test_counts_are_told_to_the_nearest_ten_or_not_at_all(count: int) -> None:
    told = rounded(count)
    if count < 10:
        assert told is None
    else:
        assert told is not None
        assert told % 10 == 0
        assert abs(told - count) <= 5


@pytest.mark.parametrize(("count", "told"), [(9, None), (10, 10), (14, 10), (15, 20), (243, 240), (245, 250)])
def test_halves_are_rounded_up(count: int, told: int | None) -> None:
    assert rounded(count) == told


def test_few_people_are_not_counted_in_words_either() -> None:
    assert [about(None, one) for one in ("zh", "en")] == ["不足 10", "fewer than 10"]
    assert [about(1180, one) for one in ("zh", "en")] == ["约 1,180", "about 1,180"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("云溪苑3栋", ["3栋", "3"]), ("人民路120号", ["120号", "120"]), ("7号楼", ["7号楼", "7"]),
        ("第一中学", ["第一中学"]), ("A座", ["A座", "A"]), ("三栋", ["三栋"]), ("人民路12-3号", ["12-3号", "12-3"]),
    ],
)  # fmt: skip
def test_a_building_is_called_by_its_number_on_the_map(name: str, told: list[str]) -> None:
    assert short_names(name) == told


def test_the_map_has_the_grid_whole_in_the_drawings_own_shape() -> None:
    for grid in (shapely.box(0, 0, 900, 40), shapely.box(0, 0, 40, 900), shapely.box(0, 0, 2, 2)):
        west, south, east, north = shapely.bounds(window_of(grid, POSTER))
        assert (east - west) / (north - south) == pytest.approx(POSTER.width / POSTER.height)
        assert shapely.contains(window_of(grid, POSTER), grid)


@pytest.mark.parametrize("look", [POSTER, WEB])
def test_no_word_of_the_map_lies_over_another_or_over_a_station(look: object) -> None:
    drawn = board_map(drawn_ground(), look)  # type: ignore[arg-type]  # one of two looks
    level = [label for label in drawn.labels if label.angle == 0 and label.kind != "street"]
    boxes = [
        shapely.box(
            one.x - text_width(one.text, one.size) / 2, one.y - one.size / 2,
            one.x + text_width(one.text, one.size) / 2, one.y + one.size / 2,
        )
        for one in level
    ]  # fmt: skip
    boxes += [shapely.Point(x, y).buffer(drawn.letter * 0.75) for _, x, y, _ in drawn.marks]
    assert len(level) > 20
    assert not [pair for pair in combinations(boxes, 2) if shapely.area(shapely.intersection(*pair)) > 1]
    assert shapely.covers(shapely.box(0, 0, drawn.width, drawn.height), shapely.union_all(boxes))


def test_streets_compounds_neighbours_and_stations_are_on_the_map() -> None:
    drawn = board_map(drawn_ground(), POSTER)
    words = {label.text for label in drawn.labels}
    assert {"人民路", "滨河路", "云溪苑", "1栋"} <= words
    assert {"文", "昌", "巷"} <= words, "a steep street carries its name letter under letter"
    assert [number for number, *_ in drawn.marks] == [1], "the other lies outside"
    assert drawn.bar[0] in (50, 100)


def test_a_label_is_placed_whole_or_not_at_all() -> None:
    room = LabelRoom(100, 100)
    assert room.take([(10, 10, 20, 20)])
    assert not room.take([(50, 50, 60, 60), (15, 15, 25, 25)])
    assert room.take([(50, 50, 60, 60)]), "the refused one left nothing behind"
    assert not room.take([(90, 90, 99, 99)]), "no word touches the frame"


def test_one_drawing_is_like_the_other() -> None:
    html = [poster_html(drawn_board(), drawn_ground(), printed_on=PRINTED_ON) for _ in range(2)]
    assert html[0] == html[1]


def test_the_poster_tells_who_where_and_since_when(a3: Printer) -> None:
    text = printed(a3)
    for words in (
        "云溪社区第三网格", "公示栏", "王网格员", "0851-2200003", "李网格长", "张警官", "陈律师", "约420", "约1,180",
        "社区服务台", "12345", "529901001001003", "2026-01-01起", "云政办〔2026〕1号", "2026-07-02", "测试数据（虚构）",
        "云溪社区党群服务中心", "4分钟", "超过15分钟", "自网格居中的楼栋（云溪苑12栋）起算", "云岭县财政局",
        "上门走访", "Callsonresidents", "Mon–Fri",
    ):  # fmt: skip
        assert words in text, words


def test_nothing_is_printed_of_posts_that_nobody_holds(a3: Printer) -> None:
    text = printed(a3, police=(), lawyers=(), heads=(), units=(), building_heads=(), hours=None)
    for words in ("社区民警", "法律顾问", "网格长", "包保单位", "楼栋长"):
        assert words not in text


def test_a_grid_without_a_worker_names_the_desk(a3: Printer) -> None:
    text = printed(a3, worker=None)
    assert "暂时空岗" in text
    assert text.count("12345") == 2
    assert "8:30" not in text, "the hours are the worker's"


def test_without_a_measured_walk_nothing_is_said_to_be_far(a3: Printer) -> None:
    stations = tuple(replace(one, walk_min=None) for one in drawn_board().stations)
    text = printed(a3, stations=stations, walks_from=None, walk_max_min=None)
    assert "直线1,900米" in text
    assert "超过" not in text
    assert "起算" not in text


def test_names_already_with_their_community_are_not_told_twice() -> None:
    assert drawn_board(name="云溪社区第3网格").title == "云溪社区第3网格"


def test_many_building_heads_end_in_how_many_there_are(a3: Printer) -> None:
    ground = drawn_ground(10, 12)
    assert shortened(drawn_board(ground).building_heads, ROOM[0][0])[1] == 120
    assert "等120栋" in printed(a3, ground)


def test_long_names_wrap_and_the_poster_stays_one_page(a3: Printer) -> None:
    long = "凤冈县何坝街道水河社区居民委员会第一百二十三综合网格（含原供销社宿舍）"
    heads = tuple(Post(Words("欧阳楼长", "Building head 欧阳"), None, f"{long}{n}号楼") for n in range(60))
    units = tuple(Post(Words(long, long), "0851-22000990000", f"第{n}责任区域") for n in range(8))
    stations = tuple(replace(drawn_board().stations[1], number=n, name=long) for n in range(1, 8))
    text = printed(a3, name=long, building_heads=heads, units=units, stations=stations)
    assert long in text
    assert "等60栋" in text


@pytest.mark.parametrize(("size", "sides"), [("A3", (297, 420)), ("A2", (420, 594))])
def test_the_code_reads_from_the_printed_page_and_from_its_picture(size: str, sides: tuple[int, int]) -> None:
    printer = Printer(size)
    poster = printer.lay_out(drawn_board(), drawn_ground(), printed_on=PRINTED_ON)
    ((_, picture, measured),) = pages_of(printer.pdf([poster]))
    assert measured == pytest.approx(sides, abs=0.5)
    assert codes_in(picture) == [URL]
    png = Image.open(io.BytesIO(printer.png(poster)))
    assert png.size == pytest.approx([side / 25.4 * 150 for side in sides], abs=3)
    assert codes_in(png) == [URL]


def test_several_posters_make_one_file_of_as_many_pages(a3: Printer) -> None:
    posters = [
        a3.lay_out(drawn_board(name=name), drawn_ground(), printed_on=PRINTED_ON) for name in ("第一网格", "第二网格")
    ]
    pages = pages_of(a3.pdf(posters), scale=0.2)
    assert [one for one, page in zip(("第一网格", "第二网格"), pages, strict=True) if one in page[0]] == [
        "第一网格", "第二网格",
    ]  # fmt: skip


def test_what_people_write_cannot_run_on_a_poster() -> None:
    hostile = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'{{7*7}}"""
    ground = replace(drawn_ground(), compounds=[(shapely.box(0, 0, 200, 200), hostile)])
    html = poster_html(drawn_board(name=hostile, community=hostile, attribution=hostile), ground, printed_on=PRINTED_ON)
    assert "<script>" not in html
    assert "<img" not in html
    assert "49" not in html.split("</style>")[1].split("公示栏")[0]


def test_the_map_of_the_page_is_light_however_many_houses_there_are() -> None:
    village = [
        Footprint(shapely.Point(20.0 * (at % 40), 20.0 * (at // 40)).buffer(8), f"水河{at}号", is_own=True)
        for at in range(1200)
    ]
    ground = BoardGround(grid=shapely.box(-20, -20, 820, 620), buildings=village)
    svg = web_map(ground, "水河社区第一网格")
    assert len(svg.encode()) <= SVG_BYTES_MAX < 60_000
    assert 'aria-label="水河社区第一网格"' in svg
    assert len(web_map(drawn_ground(), "x").encode()) < 20_000


def test_a_code_has_its_quiet_zone_and_its_error_level() -> None:
    plain, safe = qr_svg(URL, "L"), qr_svg(URL, "H")
    assert safe.size > plain.size
    assert plain.path.startswith(f"M{QUIET} {QUIET}h7v1h-7z")
    with pytest.raises(ValueError, match="nothing"):
        qr_svg("")


def test_files_are_joined_page_after_page_and_stay_as_large(a3: Printer) -> None:
    names = ("第一网格", "第二网格", "第三网格")
    files = [
        a3.pdf([a3.lay_out(drawn_board(name=name), drawn_ground(), printed_on=PRINTED_ON)]) for name in names
    ]  # fmt: skip
    pages = pages_of(joined(files), scale=0.2)
    assert [name in page[0] for name, page in zip(names, pages, strict=True)] == [True] * 3
    assert {tuple(round(side) for side in page[2]) for page in pages} == {(297, 420)}
