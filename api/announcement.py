"""Announcement: what a published plan says to everybody, and how another office checks the package it comes in."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.dossier_words import said

README = {
    "zh": """网格方案成果包
================

announcement.txt   公告文本
plan.json          方案名称、文号、生效日期、办理经过
plan.xlsx          网格、责任区域、楼栋与网格对照、编码对照
plan.gpkg          社区、地块、网格、责任区域、联户单元（GeoPackage，EPSG:4326）
grids.geojson      网格（GeoJSON，EPSG:4326）
zones.geojson      责任区域
dossier.xlsx       与原方案的比对
report.json        发布时的检查结果
maps/              每个网格一张图（SVG）
SHA256SUMS         以上每个文件的校验值

核对（不需要联网）
1. 文件是否完整：在解压后的文件夹中运行  sha256sum -c SHA256SUMS
2. 方案是否成立：wangge plan verify 成果包.zip
   重新由地块合成网格，检查有无空白、重叠、一栋楼属于两个网格，户数是否相符。
3. 是否为原件：wangge plan verify 成果包.zip --digest 校验码
   校验码请通过电话或公函向发文单位核对。
""",
    "en": """Package of a grid plan
======================

announcement.txt   the announcement
plan.json          name, document number, first day, and what was decided by whom
plan.xlsx          grids, zones, buildings with their grids, old and new codes
plan.gpkg          communities, cells, grids, zones, household units (GeoPackage, EPSG:4326)
grids.geojson      grids (GeoJSON, EPSG:4326)
zones.geojson      zones
dossier.xlsx       what it changes
report.json        what was found wrong when it was published
maps/              a map of each grid (SVG)
SHA256SUMS         the checksum of each of these files

To verify, without any network
1. Are the files whole? In the unpacked folder:  sha256sum -c SHA256SUMS
2. Does the plan hold? wangge plan verify PACKAGE.zip
   Grids are put together anew from their cells; gaps, overlaps, buildings in two grids and sums are looked for.
3. Is it the original? wangge plan verify PACKAGE.zip --digest DIGEST
   Ask the office that issued it for the digest, by telephone or by letter.
""",
}
_NUMERALS = ("0123", "零一二三")
_WORDS = {
    "zh": {
        "title": "关于实施《{name}》的公告",
        "from": "自{day}起，{area}按本方案划分网格，共 {grids:,} 个网格、{households:,} 户。",
        "draft": "（{state}，尚未生效）", "changes": "一、网格调整", "none": "网格没有调整。",
        "change": "{name}（{code}）：{state}，{before:,} 户 → {after:,} 户", "codes": "二、新旧网格对照",
        "way": "{from_name}（{from_grid}）→ {to_name}（{to_grid}）：{buildings:,} 栋、{households:,} 户",
        "ask": "{n}、查询",
        "door": "在政务服务网格查询页面输入地址或扫描门牌，即可查到您的网格员；也可致电{desk} {phone}。",
    },
    "en": {
        "title": "Announcement of the plan “{name}”",
        "from": "From {day} the grids of {area} are those of this plan: {grids:,} grids, {households:,} households.",
        "draft": "({state}; not in force yet)", "changes": "1. What changes", "none": "No grid changes.",
        "change": "{name} ({code}): {state}, {before:,} -> {after:,} households", "codes": "2. Old and new grids",
        "way": "{from_name} ({from_grid}) -> {to_name} ({to_grid}): {buildings:,} buildings, {households:,} households",
        "ask": "{n}. To find out",
        "door": "Enter your address on the public page, or scan your doorplate; or call {desk}, {phone}.",
    },
}  # fmt: skip


def announcement(
    plan: Mapping[str, Any], dossier: Mapping[str, Any], *, desk: tuple[str, str], state: str, language: str
) -> str:
    """Return the text that is put up: from when, which grids change, which code is which, whom to ask."""
    words = _WORDS["zh" if language == "zh" else "en"]
    day = plan["valid_from"] or ("生效之日" if language == "zh" else "its first day")
    area = plan["area_name"] or plan["area_code"]
    lines = [
        words["title"].format(name=plan["name"]), plan["document_number"] or "", "",
        words["from"].format(day=day, area=area, grids=plan["grids"], households=plan["households"]),
        *([] if plan["valid_from"] else [words["draft"].format(state=state)]), "",
        words["changes"], *(_changes(words, dossier["grids"], language) or [words["none"]]), "",
        *_codes(words, dossier["moves"]),
        words["ask"].format(n=_NUMERALS[language == "zh"][3 if dossier["moves"] else 2]),
        words["door"].format(desk=desk[0], phone=desk[1]), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _changes(words: Mapping[str, str], grids: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    return [
        words["change"].format(
            name=row["name"], code=row["grid_code"], state=said(row["state"], language),
            before=row["households_before"], after=row["households_after"],
        )
        for row in grids
    ]  # fmt: skip


def _codes(words: Mapping[str, str], moves: Sequence[Mapping[str, Any]]) -> list[str]:
    return [words["codes"], *(words["way"].format(**row) for row in moves), ""] if moves else []
