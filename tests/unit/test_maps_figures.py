"""The public's figures: most first, the untold last and without a number, bars as long as counts are."""

from datetime import date

from maps.pages.figures import Bar, bars, figures_from, render
from tests.unit.maps_contexts import shell

BODY = {
    "first_on": date(2025, 11, 1),
    "last_on": date(2026, 10, 31),
    "least": 5,
    "categories": [
        {"key": "noise", "label": "噪音扰民", "count": 20},
        {"key": "rare", "label": "高空抛物", "count": None},
        {"key": "drain", "label": "下水道堵塞", "count": 80},
    ],
    "communities": [{"area_code": "529901001001", "name": "和林社区", "count": 0}],
}


def test_most_comes_first_and_what_is_not_told_last() -> None:
    assert bars([("a", 20), ("b", None), ("c", 80), ("d", 20)]) == (
        Bar("c", 80, 1.0), Bar("a", 20, 0.25), Bar("d", 20, 0.25), Bar("b", None, 0.0),
    )  # fmt: skip
    assert bars([]) == ()
    assert bars([("a", 0), ("b", None)]) == (Bar("a", 0, 0.0), Bar("b", None, 0.0))


def test_the_page_says_what_it_leaves_out() -> None:
    page = render(figures_from(shell("青石"), BODY), language="zh", nonce="n")
    order = [page.index(word) for word in ("下水道堵塞", "噪音扰民", "高空抛物", "未公布", "和林社区")]
    assert order == sorted(order)
    assert "少于 5 件的数字" in page
    assert "2025-11-01 至 2026-10-31" in page
    english = render(figures_from(shell("青石"), BODY), language="en", nonce="n")
    assert "Numbers below 5" in english
