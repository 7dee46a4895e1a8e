"""What does not fit in a request, in the reader's words: pydantic's own are English, and its patterns are no words."""

import math
import re
from collections.abc import Mapping
from typing import Any

from api.language import Language

# pydantic's own words are English; these are the ones a user of this service can meet.
VALIDATION_ZH: Mapping[str, str] = {
    "missing": "缺少此项",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "bool_parsing": "应为真或假",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "必须大于 {gt}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "必须小于 {lt}",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "int_type": "应为整数",
    "float_type": "应为数字",
    "bool_type": "应为真或假",
    "date_type": "应为日期，如 2026-07-01",
    "string_type": "应为文本",
    "literal_error": "只能是：{expected}",
    "enum": "只能是：{expected}",
    "date_from_datetime_parsing": "应为日期，如 2026-07-01",
    "date_parsing": "应为日期，如 2026-07-01",
    "datetime_from_date_parsing": "应为时间，如 2026-07-01T08:00:00+08:00",
    "extra_forbidden": "没有此项",
    "json_invalid": "不是有效的 JSON",
}
# What a pattern of ours asks for, Chinese and English.
PATTERNS: Mapping[str, tuple[str, str]] = {
    r"^[0-9]{12}$": ("应为 12 位数字", "It must be 12 digits"),
    r"^[0-9]{15}$": ("应为 15 位数字", "It must be 15 digits"),
    r"^[0-9]{18,19}$": ("应为 18 或 19 位数字", "It must be 18 or 19 digits"),
    r"^[0-9]{15}([0-9]{3,4})?$": ("应为 15、18 或 19 位数字", "It must be 15, 18 or 19 digits"),
    r"^(\d{15}|\d{18}|\d{19}|b[1-9]\d{0,17})$": (
        "应为 15、18 或 19 位数字，或 b 加楼栋编号",
        "It must be 15, 18 or 19 digits, or b and the number of a building",
    ),
    r"^(\*|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$": (
        "应为 *，或 2、4、6、9、12 位数字",
        "It must be *, or 2, 4, 6, 9 or 12 digits",
    ),
    r"^[a-z][a-z0-9_]*$": (
        "应以小写字母开头，只含小写字母、数字和下划线",
        "It must begin with a small letter and hold small letters, digits and underscores alone",
    ),
    r"^[0-9:,]+$": ("只能含数字、冒号和逗号", "It may hold digits, colons and commas alone"),
    r"^[^\s:\x00-\x1f\x7f]+$": ("不能含空格、冒号和控制字符", "It may hold no spaces, colons or control characters"),
    r"^[^\x00-\x1f\x7f]*$": ("不能含换行和控制字符", "It may hold no line breaks or control characters"),
    r"^[^\x00]*$": ("不能含控制字符（NUL）", "It may hold no control character (NUL)"),
    r"^[^\x00]+$": ("不能为空，不能含控制字符（NUL）", "It may not be empty, nor hold a control character (NUL)"),
}


def invalid_words(row: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong with one value: `row` is one of pydantic's errors."""
    context = {name: value for name, value in (row.get("ctx") or {}).items() if not _is_odd(value)}
    if row["type"] == "string_pattern_mismatch":
        zh, en = PATTERNS.get(str(context.get("pattern")), ("格式不符合要求", str(row["msg"])))
        return zh if language == "zh" else en
    template = VALIDATION_ZH.get(row["type"]) if language == "zh" else None
    if template is None:
        return str(row["msg"])
    if "expected" in context:  # 'A3', 'A2' or 'A1'
        context["expected"] = "、".join(re.findall(r"'([^']*)'", str(context["expected"]))) or context["expected"]
    try:
        return template.format(**context)
    except KeyError:
        return str(row["msg"])


def _is_odd(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
