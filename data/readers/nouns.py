"""Nouns: what each importable noun is made of - its columns, what people call them, how they are read.

A column is known by its own name or by one of its aliases, Chinese or English; case, spaces,
underscores, a unit in brackets and a star behind it do not matter ("户数（户）*" is households).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from data.profiles import Category, Profile, State, Tier
from data.readers import duty_cells, values
from data.tables.people import DUTY_ROLES
from geo.codes import LEVELS

NOUNS = ("areas", "buildings", "people", "duties", "stations", "incidents", "holidays")

LEVEL_WORDS = {
    **{level: level for level in LEVELS},
    "省": "province", "自治区": "province", "直辖市": "province", "市": "city", "地级市": "city", "州": "city",
    "县": "county", "区": "county", "县区": "county", "区县": "county", "街道": "street", "乡镇": "street",
    "镇": "street", "乡": "street", "社区": "community", "村": "community", "社区村": "community",
}  # fmt: skip
USES = ("residential", "mixed", "mall", "office", "works", "hospital", "school", "public", "other")
USE_WORDS = {
    **{use: use for use in USES},
    "住宅": "residential", "居民楼": "residential", "居住": "residential", "商住": "mixed", "商住两用": "mixed",
    "混合": "mixed", "商场": "mall", "商业": "mall", "市场": "mall", "写字楼": "office", "办公": "office",
    "厂房": "works", "工厂": "works", "工业": "works", "园区": "works", "医院": "hospital", "学校": "school",
    "公共": "public", "公建": "public", "公共建筑": "public", "其他": "other", "其它": "other",
}  # fmt: skip
WORKED = ("班", "上班", "补班", "调休上班", "调休补班", "工作日", "work", "working", "worked", "true", "是", "1")
OFF = ("休", "放假", "休息", "节假日", "法定节假日", "假期", "off", "holiday", "false", "否", "0")
WORKED_WORDS = {**dict.fromkeys(WORKED, "yes"), **dict.fromkeys(OFF, "no")}
KIND_WORDS = {
    "person": "person",
    "个人": "person",
    "organisation": "organisation",
    "单位": "organisation",
    "组织": "organisation",
}
ROLE_WORDS = {
    **{role: role for role in DUTY_ROLES},
    "网格员": "worker", "专职网格员": "worker", "网格长": "grid_head",
    "楼栋长": "building_head", "楼长": "building_head",
    "联户长": "unit_head", "十户长": "unit_head", "包保单位": "answerable_unit",
    "民警": "police", "社区民警": "police", "律师": "lawyer", "法律顾问": "lawyer",
}  # fmt: skip

LON = ("lon", "lng", "long", "longitude", "经度", "x", "x坐标", "东经")
LAT = ("lat", "latitude", "纬度", "y", "y坐标", "北纬")
OUTLINE = ("geometry", "wkt", "geom", "the_geom", "几何", "坐标串", "轮廓")

# A row's own serial number (序号) is no reference: the next file counts from 1 again.
REF = ("编号", "唯一编号", "id", "ref", "code", "标识")
# Headers that many programs add by themselves: they give way where a plainer one is there.
GIVES_WAY = frozenset({"id", "ref", "code", "标识"})
NAME = ("名称", "title", "名字")
AREA = ("区划代码", "社区代码", "社区编码", "行政区划代码", "区划编码", "division_code", "community_code")
REPORTED = ("时间", "上报时间", "发生时间", "受理时间", "日期", "time", "date", "reported")
ADDRESS = ("地址", "详细地址", "门牌", "门牌地址", "addr")


@dataclass(frozen=True)
class Field:
    """One column: its name in the table, what people call it, how a cell is read."""

    name: str
    aliases: tuple[str, ...]
    parse: values.Parser
    required: bool = False


@dataclass(frozen=True)
class Noun:
    """What one noun needs.

    `shape` is the geometry its rows have; with `shape_required` a row without one is rejected.
    """

    name: str
    fields: tuple[Field, ...]
    shape: Literal["polygon", "point", "none"]
    shape_required: bool

    def headers(self) -> dict[str, str]:
        """Return every header that is understood, in its `header_key` form, to the field it means."""
        table = {header_key(word): item.name for item in self.fields for word in (item.name, *item.aliases)}
        if self.shape != "none":
            table |= {header_key(word): "lon" for word in LON} | {header_key(word): "lat" for word in LAT}
            table |= {header_key(word): "geometry" for word in OUTLINE}
        return table


def header_key(header: str) -> str:
    """Return a header as it is compared: plain, without unit, star, spaces and underscores."""
    told = re.sub(r"\([^)]*\)", "", values.plain(header)).casefold()
    return re.sub(r"[\s_*:\-]+", "", told)


def noun(name: str, profile: Profile) -> Noun:
    """Return what `name` (one of NOUNS) needs, with the profile's categories, tiers and states.

    Raises
    ------
    KeyError
        `name` is no importable noun: a mistake of the caller, not of the file.
    """
    made: dict[str, Callable[[], Noun]] = {
        "areas": _areas, "buildings": _buildings, "people": _people, "duties": _duties,
        "stations": lambda: _stations(profile), "incidents": lambda: _incidents(profile),
        "holidays": _holidays,
    }  # fmt: skip
    return made[name]()


def _areas() -> Noun:
    fields = (
        Field("area_code", (*AREA, "编号", "id", "code"), values.code(12, shorter=(2, 4, 6, 9)), required=True),
        Field("name", (*NAME, "区划名称", "社区名称"), values.words, required=True),
        Field("level", ("级别", "层级", "等级"), values.choice(LEVEL_WORDS)),
        Field("parent_code", ("上级代码", "上级编码", "上级区划代码", "parent"), values.code(12, shorter=(2, 4, 6, 9))),
    )
    return Noun("areas", fields, "polygon", shape_required=False)


def _buildings() -> Noun:
    fields = (
        Field("area_code", AREA, values.code(12)),
        Field("source_ref", (*REF, "楼栋编号", "建筑编号"), values.words),
        Field("name", (*NAME, "楼栋名称", "楼名", "楼栋"), values.words),
        Field("address", ADDRESS, values.words),
        Field("use", ("用途", "类型", "建筑用途", "类别", "kind"), values.choice(USE_WORDS)),
        Field("floors", ("楼层", "层数", "楼层数", "levels", "storeys"), values.between(1, 200)),
        Field("households", ("户数", "住户数", "households_count"), values.count),
        Field("people", ("人口", "人数", "人口数", "population"), values.count),
    )
    return Noun("buildings", fields, "polygon", shape_required=True)


def _people() -> Noun:
    fields = (
        Field("area_code", AREA, values.code(12)),
        Field("source_ref", (*REF, "人员编号", "工号"), values.words),
        Field("kind", ("类型", "人员类型"), values.choice(KIND_WORDS)),
        Field("name", ("姓名", *NAME, "单位名称"), values.words, required=True),
        Field("phone", ("电话", "手机", "手机号", "联系电话", "手机号码", "tel", "mobile"), values.phone),
        Field("duty_line", ("值班电话", "公开电话", "服务电话"), values.phone),
        Field("role", ("角色", "职责", "职务", "任职"), values.choice(ROLE_WORDS)),
        Field("grid_code", ("网格编码", "网格代码", "网格编号", "grid"), values.code(15)),
        Field("zone_code", ("责任区编码", "责任区代码", "责任区域编码", "zone"), values.code(18)),
        Field("unit_code", ("联户编码", "联户单元编码", "unit"), values.code(19)),
        Field("building", ("楼栋编号", "楼栋", "建筑编号", "building_ref"), values.words),
        Field("first_on", ("起", "开始日期", "起始日期", "任职日期", "from", "自"), values.day),
        Field("last_on", ("止", "结束日期", "截止日期", "until", "to", "至"), values.day),
    )
    return Noun("people", fields, "none", shape_required=False)


def _duties() -> Noun:
    # Offices write codes and names side by side: each has a field, and the code decides.
    fields = (
        Field("area_code", AREA, values.code(12)),
        Field("community", ("社区", "社区名称", "村社区", "所属社区"), values.words),
        Field("source_ref", ("工号", "人员编号", "证号"), values.words),
        Field(
            "name",
            ("姓名", "人员", "网格员姓名", "负责人", "单位名称", "名字", "包保单位名称"),
            values.words,
            required=True,
        ),
        Field("phone", ("手机", "手机号", "手机号码", "mobile"), values.phone),
        Field("telephone", ("电话", "联系电话", "联系方式", "tel"), values.phone),
        Field("duty_line", ("值班电话", "公开电话", "服务电话", "办公电话"), values.phone),
        Field("roles", ("岗位", "角色", "职务", "职责", "任职", "身份", "post"), duty_cells.posts(ROLE_WORDS)),
        Field("grid_codes", ("网格编码", "网格代码", "网格编号", "grid_code"), duty_cells.several),
        Field("grids", ("网格", "网格名称", "所属网格", "负责网格", "grid"), duty_cells.several),
        Field("zone_codes", ("责任区编码", "责任区代码", "zone_code"), duty_cells.several),
        Field("zones", ("责任区", "责任区域", "责任区名称", "zone"), duty_cells.several),
        Field("buildings", ("楼栋", "楼栋编号", "楼栋名称", "楼号", "building"), duty_cells.several),
        Field("unit_codes", ("联户编码", "联户单元编码", "unit_code"), duty_cells.several),
        Field("units", ("单元", "联户单元", "联户", "十联户", "unit"), duty_cells.several),
        Field("term", ("任期", "任职时间", "任职期限", "起止", "起止日期", "起止时间"), duty_cells.period),
        Field("first_on", ("起", "自", "开始日期", "起始日期", "任职日期", "上岗日期", "from"), values.day),
        Field("last_on", ("止", "至", "结束日期", "截止日期", "离岗日期", "until", "to"), duty_cells.last_day),
        Field("leave", ("请假", "请假时间", "请假日期", "休假", "休假时间"), duty_cells.period),
        Field("leave_from", ("请假起", "请假开始", "休假起", "请假自"), values.day),
        Field("leave_to", ("请假止", "请假结束", "休假止", "请假至"), duty_cells.last_day),
        Field("substitute", ("替岗人", "替岗", "代岗人", "替班人", "顶岗人", "代理人"), values.words),
        Field("reason", ("请假原因", "请假事由", "原因", "事由"), values.words),
    )
    return Noun("duties", fields, "none", shape_required=False)


def _stations(profile: Profile) -> Noun:
    fields = (
        Field("area_code", AREA, values.code(12)),
        Field("source_ref", (*REF, "站点编号"), values.words),
        Field("name", (*NAME, "站点名称"), values.words, required=True),
        Field("category", ("类别", "类型", "种类"), values.choice(_words(profile.stations)), required=True),
        Field("level", ("级别", "层级", "等级"), values.words),
        Field("address", ADDRESS, values.words),
        Field("hours", ("开放时间", "服务时间", "营业时间", "opening_hours"), values.words),
    )
    return Noun("stations", fields, "point", shape_required=True)


def _incidents(profile: Profile) -> Noun:
    rule = profile.incidents
    kinds, tiers, states = (values.choice(_words(items)) for items in (rule.categories, rule.tiers, rule.states))
    fields = (
        Field("area_code", AREA, values.code(12)),
        Field("source_ref", (*REF, "事件编号", "工单号", "工单编号"), values.words),
        Field("reported_at", REPORTED, values.moment, required=True),
        Field("closed_at", ("办结时间", "结案时间", "关闭时间", "closed"), values.moment),
        Field("category", ("类别", "事件类别", "类型", "事件类型"), kinds, required=True),
        Field("tier", ("层级", "级别", "办理层级"), tiers),
        Field("state", ("状态", "办理状态", "status"), states),
        Field("description", ("描述", "内容", "事件描述", "说明", "备注"), values.words),
        Field("address", (*ADDRESS, "事发地点", "事发地址", "地点"), values.words),
        Field("contact", ("联系人", "报事人", "诉求人", "联系方式", "联系电话", "电话", "phone"), values.words),
    )
    return Noun("incidents", fields, "point", shape_required=False)


def _holidays() -> Noun:
    fields = (
        Field("day", ("日期", "date", "时间"), values.day, required=True),
        Field("is_working", ("类型", "是否上班", "安排", "kind", "type", "working"), values.choice(WORKED_WORDS)),
        Field("name", ("名称", "节日", "说明", "holiday"), values.words),
    )
    return Noun("holidays", fields, "none", shape_required=False)


def _words(items: Sequence[Category | Tier | State]) -> dict[str, str]:
    """Return key and both labels of the profile's categories, tiers or states, to the key."""
    told: dict[str, str] = {}
    for item in items:
        for word in (item.key, item.label.zh, item.label.en):
            told.setdefault(word, item.key)
    return told
