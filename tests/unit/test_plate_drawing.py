"""Plates on paper: what is printed reads back, nothing runs over its box, cut marks lie outside of plates."""

import io
import math
import random
import re
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
import shapely
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from data.plate_codes import grouped, new_code
from maps.plate_text import ELLIPSIS, fit, width_of
from maps.plates import SIZES, Plate, layout_of, plate_sheet, plates_pdf, url_text
from maps.qr import QUIET

PUBLIC_URL = "https://wangge.yunling.gov.cn"
LONG = "云岭县新时代国际商业广场及配套公寓综合服务中心大楼（二期）A座"
KEY = b"k" * 32
PAPERS = ("A4", "plate")
MODULES = 33  # a side of the code of such an address


def plate(title: str = "云溪苑3栋", *, address: str = "云溪路3号", stairwell: str = "", **more: Any) -> Plate:
    code = new_code(KEY)
    values = {"place": "云岭县 云溪街道 云溪社区", "desk": "社区服务台 0851-22000001", **more}
    return Plate(
        title=title, address=address, stairwell=stairwell, code=grouped(code), url=url_text(PUBLIC_URL, code), **values
    )


def pictures(pdf: bytes, *, dots_per_mm: float = 8) -> list[Image.Image]:
    document = pdfium.PdfDocument(pdf)
    made = [page.render(scale=dots_per_mm * 25.4 / 72).to_pil() for page in document]
    document.close()
    return made


def decoded(picture: Image.Image) -> set[str]:
    found = zxingcpp.read_barcodes(np.asarray(picture.convert("L")), formats=zxingcpp.BarcodeFormat.QRCode)
    return {code.text for code in found}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("size", SIZES)
def test_every_code_of_a_pdf_is_read_back(size: str, paper: str) -> None:
    plates = [plate(), plate(LONG, stairwell="12单元"), plate("3号楼", address="")]
    pages = pictures(plates_pdf(plates, size=size, paper=paper, notes=["第 1/1 页"]))
    assert len(pages) == (3 if paper == "plate" else 1)
    assert set().union(*map(decoded, pages)) == {one.url for one in plates}


def quiet_modules(picture: Image.Image) -> dict[str, float]:
    """How many modules wide the white is on each side of the one code of a picture, along the whole of that side."""
    grey = np.asarray(picture.convert("L"))
    (code,) = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode)
    near = code.position
    slack = 6  # pixels by which the decoder may miss a corner
    top, left = near.top_left.y - slack, near.top_left.x - slack
    dark = grey[top : near.bottom_right.y + slack, left : near.bottom_right.x + slack] < 128
    ys, xs = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    first, last = (top + ys[0], left + xs[0]), (top + ys[-1] + 1, left + xs[-1] + 1)
    module = (last[1] - first[1]) / MODULES
    inked = grey < 200
    # From a side outwards, in a strip that takes the quiet corners in too.
    wide = round(3.9 * module)
    columns, rows = slice(first[1] - wide, last[1] + wide), slice(first[0] - wide, last[0] + wide)
    strips = {
        "above": inked[: first[0], columns].any(axis=1)[::-1],
        "below": inked[last[0] :, columns].any(axis=1),
        "left": inked[rows, : first[1]].any(axis=0)[::-1],
        "right": inked[rows, last[1] :].any(axis=0),
    }
    edge = 1  # the pixel that the code's own edge shades
    return {side: (int(np.argmax(strip[edge:])) + edge) / module for side, strip in strips.items()}


@pytest.mark.parametrize("title", ["云溪苑3栋", LONG])
@pytest.mark.parametrize("size", SIZES)
def test_four_modules_around_a_code_are_white_on_every_side(size: str, title: str) -> None:
    one = plate(title, stairwell="12单元", address=LONG, place=f"{LONG} {LONG}", desk=f"{LONG} 0851-22000001")
    (picture,) = pictures(plates_pdf([one], size=size, paper="plate"), dots_per_mm=24)
    quiet = quiet_modules(picture)
    assert min(quiet.values()) >= QUIET, quiet


@pytest.mark.parametrize("size", SIZES)
def test_a_page_has_the_size_it_is_to_be_cut_to(size: str) -> None:
    document = pdfium.PdfDocument(plates_pdf([plate()], size=size, paper="plate"))
    millimetres = tuple(round(points * 25.4 / 72, 1) for points in document[0].get_size())
    document.close()
    assert millimetres == SIZES[size]


@pytest.mark.parametrize("size", SIZES)
def test_a_sheet_as_svg_says_what_the_pdf_says(size: str) -> None:
    one = plate("<云溪苑> & 3栋", stairwell="2单元")
    svg = plate_sheet([one], size=size, paper="A4", note="第 1/1 页")
    assert "&lt;云溪苑&gt; &amp; 3栋" in "".join(re.findall(r">([^<>]+)</text>", svg))
    for words in (
        one.code,
        one.desk,
        one.place,
        one.stairwell,
        "扫码查网格员",
        "Scan for your grid worker",
        "第 1/1 页",
    ):
        assert words in svg
    assert 'xml:lang="zh-CN"' in svg
    assert not re.search(r"(href|src|url)\s*[=(]", svg)


def dirtied(picture: Image.Image, share: float, seed: int) -> Image.Image:
    """A picture of one plate with a round blot over a share of its QR code, off the three corners by which it is found.

    No error level repairs those: they are not of the code's words.
    """
    (code,) = zxingcpp.read_barcodes(np.asarray(picture.convert("L")), formats=zxingcpp.BarcodeFormat.QRCode)
    left, top = code.position.top_left.x, code.position.top_left.y
    side = float(code.position.bottom_right.x - left)
    rng, blot, corner = random.Random(seed), 2 * side * (share / math.pi) ** 0.5, side * 8 / 33
    while True:
        x, y = rng.uniform(0, side - blot), rng.uniform(0, side - blot)
        is_left, is_top = x < corner, y < corner
        is_right, is_low = x + blot > side - corner, y + blot > side - corner
        if not ((is_left and is_top) or (is_right and is_top) or (is_left and is_low)):
            break
    spoilt = picture.convert("L")
    ImageDraw.Draw(spoilt).ellipse((left + x, top + y, left + x + blot, top + y + blot), fill=rng.choice([0, 128, 255]))
    return spoilt


def known_plate(at: int) -> Plate:
    """A plate whose code is the same at each run, so that what can be read of it is too."""
    code = f"{at:X}7Q29XBM04TDVR3H"[:16]
    return replace(plate(), code=grouped(code), url=url_text(PUBLIC_URL, code))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", SIZES)
def test_an_eighth_of_a_code_may_be_lost_to_one_blot(size: str, seed: int) -> None:
    one = known_plate(seed)
    (picture,) = pictures(plates_pdf([one], size=size, paper="plate"))
    assert decoded(dirtied(picture, 0.125, seed)) == {one.url}


def test_a_lower_level_would_not_survive_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maps.plates.ERROR_LEVEL", "M")
    read = [
        decoded(dirtied(pictures(plates_pdf([known_plate(seed)], size="90x60", paper="plate"))[0], 0.125, seed))
        for seed in range(8)
    ]
    assert sum(map(bool, read)) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_scratches_over_a_code_are_survived(seed: int) -> None:
    one, rng = known_plate(seed), np.random.default_rng(seed)
    (picture,) = pictures(plates_pdf([one], size="60x40", paper="plate"))
    grey = np.asarray(picture.convert("L")).copy()
    (code,) = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode)
    top, side = code.position.top_left.y, code.position.bottom_right.y - code.position.top_left.y
    # From edge to edge, below the upper corners by which a code is found and above the third.
    for row in rng.integers(top + side * 8 // MODULES, top + side * 25 // MODULES, 3):
        grey[row : row + 2, :] = 255
    assert decoded(Image.fromarray(grey)) == {one.url}


# -- text -------------------------------------------------------------------------------------


def real_width(words: str, *, bold: bool = True) -> float:
    """How wide a text is in the face it is printed in, in heights of its type."""
    style = "Bold" if bold else "Regular"
    asked = ["fc-match", "--format=%{file}|%{index}", f"Noto Sans CJK SC:style={style}"]
    file, index = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("|")
    return float(ImageFont.truetype(file, 200, index=int(index)).getlength(words)) / 200


@pytest.mark.parametrize(
    "words", [LONG, "云溪苑3栋12单元", "Riverside WWW Mansion 12B", "社区服务台 0851-22000001", "A座（二期）"]
)
def test_what_is_reckoned_is_at_least_what_is_drawn(words: str) -> None:
    assert real_width(words) <= width_of(words) * 1.001


@given(st.text(st.sampled_from("云溪苑楼栋（）、，AWmi 12-"), min_size=1, max_size=80))
def test_no_text_is_wider_than_its_box_nor_taller(words: str) -> None:
    sizes = (9.0, 6.0, 4.0)
    fitted = fit(words, 41.0, sizes=sizes, height=20.0, alone_from=6.0)
    assert fitted.size in sizes
    assert all(width_of(line) * fitted.size <= 41.0 + 1e-9 for line in fitted.lines)
    assert len(fitted.lines) * fitted.size <= 20.0
    shown = "".join("".join(fitted.lines).split())
    plain = "".join(words.split())
    assert shown == plain or (shown.endswith(ELLIPSIS) and plain.startswith(shown[:-1]))


def test_a_name_is_shrunk_before_it_is_broken_and_broken_before_it_is_cut() -> None:
    sizes = (9.0, 6.5, 4.0)
    assert fit("云溪苑", 41, sizes=sizes, height=20, alone_from=6.5).lines == ("云溪苑",)
    assert fit("云溪苑三期", 41, sizes=sizes, height=20, alone_from=6.5).size == 6.5
    broken = fit("云溪苑三期东区", 41, sizes=sizes, height=20, alone_from=6.5)
    assert len(broken.lines) == 2
    assert abs(len(broken.lines[0]) - len(broken.lines[1])) <= 1
    assert fit(LONG * 3, 41, sizes=sizes, height=20).lines[-1].endswith(ELLIPSIS)


def test_a_number_stays_with_what_it_counts_and_no_line_begins_with_a_stop() -> None:
    for width in range(12, 40):
        lines = fit("云溪苑、12栋，（南区）3单元", width, sizes=(4.0,), height=40).lines
        assert not any(line[0] in "、，）" for line in lines)
        assert not any(line.startswith(("栋", "单元")) for line in lines)


def test_hostile_text_stays_text() -> None:
    svg = plate_sheet([plate('</svg><script>alert("x")</script>\x07')], size="60x40", paper="A4")
    assert "<script" not in svg
    assert "\x07" not in svg


# -- sheets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_plates_on_a_sheet_are_apart_and_cut_marks_lie_between_them(size: str) -> None:
    layout = layout_of(size, "A4")
    width, height = layout.plate
    boxes = shapely.box(*np.array([(x, y, x + width, y + height) for x, y in layout.corners]).T)
    assert shapely.box(0, 0, *layout.page).buffer(-8).contains(shapely.union_all(boxes))
    one, other = shapely.STRtree(boxes).query(boxes, predicate="dwithin", distance=3.9)
    assert (one == other).all()
    ticks = shapely.linestrings(np.array(layout.ticks).reshape(-1, 2, 2))
    assert not shapely.intersects(ticks[:, None], boxes[None, :]).any()
    # Every edge is marked on both of its ends, in line with the cut.
    ends = {(round(x1, 3) if x1 == x2 else None, round(y1, 3) if y1 == y2 else None) for x1, y1, x2, y2 in layout.ticks}
    for x, y in layout.corners:
        assert {(round(x, 3), None), (None, round(y, 3)), (round(x + width, 3), None)} <= ends


def test_a_sheet_holds_as_many_as_fit_whichever_way_the_paper_lies() -> None:
    assert {size: layout_of(size, "A4").per_page for size in SIZES} == {"60x40": 18, "90x60": 9, "120x80": 4}
    assert layout_of("60x40", "A4").pages(19) == 2


def test_a_code_says_no_more_than_the_address_of_its_page() -> None:
    code = new_code(KEY)
    assert url_text("https://wangge.example.cn", code) == f"HTTPS://WANGGE.EXAMPLE.CN/D/{code}"
    assert url_text("http://127.0.0.1:8000", code) == f"HTTP://127.0.0.1:8000/D/{code}"
    # A path of the proxy's own may tell capitals from small letters.
    assert url_text("https://gov.cn/wangge", code) == f"https://gov.cn/wangge/d/{code}"


def test_a_picture_of_a_sheet_is_small_enough_to_send() -> None:
    pdf = plates_pdf([plate(f"云溪苑{at}栋") for at in range(18)], size="60x40", paper="A4")
    assert len(pdf) < 500_000
    assert io.BytesIO(pdf).read(5) == b"%PDF-"
