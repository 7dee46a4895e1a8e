"""Sentences: read back, they say the figures they were made from, and never more."""

import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.hotspots.emerging import CLASSES
from geo.hotspots.sentences import (
    PATTERNS,
    Language,
    by_chance,
    cells_sentence,
    circle_sentence,
    emerging_sentence,
    more_than_expected,
)

LANGUAGES: tuple[Language, Language] = ("zh", "en")
languages = st.sampled_from(LANGUAGES)


def numbers(words: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", words.rstrip("."))]


@given(st.integers(0, 10_000), st.floats(0.01, 10_000), languages)
@example(4690, 0.046875, "zh")  # a hundred thousand times: all its figures are written
def test_how_many_more_is_what_the_figures_say(observed: int, expected: float, language: Language) -> None:
    words = more_than_expected(observed, expected, language)
    (told,) = numbers(words)
    ratio = observed / expected
    if "倍" in words or "times" in words:
        assert told <= ratio - 1 + 1e-6
        assert told > ratio - 1.1 - 1e-6
        assert ratio >= 2
    else:
        assert told <= abs(ratio - 1) * 100 + 1e-6
        assert told > abs(ratio - 1) * 100 - 1 - 1e-6
        assert ("少" in words or "fewer" in words) == (ratio < 1)


@given(st.floats(1e-9, 1), languages)
def test_chance_is_never_told_rarer_than_it_is(p: float, language: Language) -> None:
    words = by_chance(p, language)
    if "1/" in words or "once in" in words:
        assert 1 / numbers(words)[-1] >= p - 1e-12
        assert 1 / (numbers(words)[-1] + 1) <= p + 1e-9
    else:
        assert p > 0.5 or p <= 1e-6


def test_the_issues_own_sentences() -> None:
    assert more_than_expected(33, 10, "zh") == "比预期多 2.3 倍"
    assert by_chance(1 / 1000, "zh") == "随机出现的可能为 1/1000"
    assert emerging_sentence("consecutive_hot", 3, 12, run=3, unit="month", language="zh") == "连续 3 个月显著偏高。"


def test_a_circle_is_told_with_place_time_and_figures() -> None:
    words = circle_sentence(
        "云溪社区", 33, 10.0, 0.001, language="zh", radius_m=212.4, first_on=date(2026, 3, 1), last_on=date(2026, 5, 31)
    )
    assert (
        words == "2026-03-01 至 2026-05-31，云溪社区周围 212 米发生 33 件，比预期多 2.3 倍，随机出现的可能为 1/1000。"
    )
    english = circle_sentence("Yunxi", 33, 10.0, 0.04, language="en")
    assert english == "33 at Yunxi, 2.3 times more than expected, by chance once in 25."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_its_own_sentence(language: Language) -> None:
    told = {
        name: emerging_sentence(name, 7, 12, run=4, unit="week", language=language)
        for name in CLASSES
        if name != "none"
    }
    assert len(set(told.values())) == len(told) == 2 * len(PATTERNS)
    assert emerging_sentence("none", 0, 12, run=0, unit="week", language=language) is None
    for name, words in told.items():
        assert words is not None
        said = set(numbers(words))
        assert said <= {4.0, 7.0, 12.0}
        if name.startswith("consecutive"):
            assert said == {4.0}


def test_cells_are_counted_in_words() -> None:
    assert numbers(cells_sentence(5, 2, 550, 0.05, "zh")) == [550, 5, 2, 5]
    assert "没有" in cells_sentence(0, 0, 550, 0.05, "zh")
