"""Dossier words: what the parts of a change dossier are called on paper and in a workbook, in both languages."""

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("网格调整比对", "Change dossier"),
    "plan": ("方案", "Plan"), "base": ("比对对象", "Compared with"), "in_force": ("现行方案", "the plans in force"),
    "on": ("比对日期", "As of"), "about": ("说明", "About"), "summary": ("概况", "Summary"),
    "moves": ("调整去向", "Who moves"), "grids": ("网格", "Grids"), "houses": ("楼栋", "Buildings"),
    "staff": ("网格员负担", "Workers"), "places": ("服务站点", "Stations"), "cases": ("待移交事件", "Incidents"),
    "kept": ("不变", "unchanged"), "altered": ("调整", "altered"), "new": ("新设", "new"),
    "retired": ("撤销", "retired"), "buildings": ("楼栋", "Buildings"), "households": ("户数", "Households"),
    "people": ("人口", "People"), "incidents": ("未办结事件", "Open incidents"),
    "code": ("网格编码", "Grid code"), "name": ("名称", "Name"), "state": ("变化", "Change"),
    "worker": ("网格员", "Worker"), "from": ("原网格", "From"), "to": ("现网格", "To"),
    "from_worker": ("原网格员", "From worker"), "to_worker": ("现网格员", "To worker"),
    "address": ("地址", "Address"), "number": ("编号", "Number"), "whole": ("整栋", "Whole"),
    "yes": ("是", "yes"), "no": ("部分", "part"), "kind": ("类别", "Kind"), "due": ("办理时限", "Due"),
    "before": ("调整前户数", "Households before"), "after": ("调整后户数", "Households after"),
    "grids_before": ("调整前服务网格", "Grids before"), "grids_after": ("调整后服务网格", "Grids after"),
}  # fmt: skip
TOTALS: Mapping[str, tuple[str, str]] = {
    "households": ("换网格的户数", "Households that change grid"),
    "people": ("换网格的人口", "People that change grid"),
    "buildings": ("换网格的楼栋", "Buildings that change grid"),
    "first_households": ("首次划入网格的户数", "Households first in a grid"),
    "grids_altered": ("调整的网格", "Grids altered"),
    "grids_new": ("新设的网格", "New grids"),
    "grids_retired": ("撤销的网格", "Grids retired"),
    "workers": ("负担变化的网格员", "Workers with another load"),
    "incidents": ("待移交的未办结事件", "Open incidents to hand over"),
    "stations": ("服务网格有变的站点", "Stations with other grids"),
    "doorplates": ("需重印的门牌", "Doorplates to reprint"),
    "notice_boards": ("需重印的公示牌", "Notice boards to reprint"),
    "compounds": ("涉及的小区", "Compounds concerned"),
    "border_new_m": ("新增边界（米）", "New border (m)"),
    "border_gone_m": ("取消边界（米）", "Border gone (m)"),
}


def said(word: str, language: str) -> str:
    """Return a word of the dossier."""
    return WORDS[word][0 if language == "zh" else 1]


def dossier_notes(dossier: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Return which plan it is of and what it was compared with."""
    plan, base = dossier["plan"], dossier["base"]
    told = said("in_force", language) if base is None else f"{base['name']} (r{base['revision']})"
    return [
        (said("plan", language), f"{plan['name']} (r{plan['revision']})"), (said("base", language), told),
        (said("on", language), str(dossier["on"])),
    ]  # fmt: skip


def dossier_totals(dossier: Mapping[str, Any], language: str) -> list[tuple[str, float]]:
    """Return the sums of a dossier, each by its name."""
    place = 0 if language == "zh" else 1
    return [(words[place], dossier["totals"][name]) for name, words in TOTALS.items()]
