"""Words: every text has its English, none is left over, and placeholders agree."""

import re

import pytest
from babel.messages.extract import extract_from_dir

from maps import words
from maps.words import FOLDER, catalogue, language_of, percent, script_messages, script_words, text, thousands

METHODS = [("templates/**.html", "jinja2"), ("static/js/**.js", "javascript")]
PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")


def used():
    found = extract_from_dir(str(FOLDER), method_map=METHODS, keywords={"_": None, "t": None})
    return {message for _, _, message, _, _ in found}


def test_every_message_has_its_english_and_none_is_left_over():
    assert used() == set(catalogue("en"))


def test_placeholders_are_the_same_in_both_languages():
    assert {m for m, e in catalogue("en").items() if sorted(PLACE.findall(m)) != sorted(PLACE.findall(e))} == set()


def test_english_has_no_chinese_left():
    assert [e for e in catalogue("en").values() if re.search(r"[\u4e00-\u9fff]", e)] == []


def test_templates_and_scripts_write_chinese_only_through_the_catalogue():
    named = re.compile(r"""_\((["']).*?\1[,)]|"中文"|zh-CN|\{#.*?#\}""")
    for path in (FOLDER / "templates").glob("*.html"):
        rest = named.sub("", path.read_text(encoding="utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", rest), path.name
    for path in (FOLDER / "static" / "js").glob("*.js"):
        rest = re.sub(r"""\bt\((["']).*?\1""", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", rest), path.name


def test_chinese_pages_carry_no_words_and_english_pages_all_of_their_modules():
    assert script_words(["planner.js"], "zh") == {}
    english = script_words(["planner.js"], "en")
    assert set(english) == set(script_messages("planner.js"))
    assert english["空岗"] == "Vacant"
    assert "地图" in english, "also of the modules that it imports"


def test_a_message_without_english_stays_chinese():
    assert text("没有人译过的话", "en") == "没有人译过的话"


@pytest.mark.parametrize(("asked", "given"), [("zh", "zh"), ("en", "en"), (None, "zh"), ("fr", "zh"), ("", "zh")])
def test_unknown_languages_read_chinese(asked, given):
    assert language_of(asked) == given


@pytest.mark.parametrize(
    ("share", "shown"), [(1, "100%"), (0.9996, "99.9%"), (0.5, "50%"), (0, "0%"), (0.123, "12.3%"), (0.29, "29%")]
)
def test_a_share_is_never_rounded_up_to_a_whole(share, shown):
    assert percent(share) == shown


def test_thousands_are_grouped():
    assert thousands(1234567.4) == "1,234,567"


def test_unknown_names_in_templates_are_refused():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        words.environment("zh").from_string("{{ nothing }}").render()
