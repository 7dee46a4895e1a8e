"""Errors of the domain: each says what is wrong, where, why, and how to mend it.

An error carries its own words in Chinese and English, and knows nothing of HTTP or of the
command line: `api.errors` maps its class to a status, the command line to an exit code.
"""

from typing import ClassVar


class WanggeError(Exception):
    """Base of every error a user can cause or mend; `fields` fill the templates."""

    zh: ClassVar[str] = "{detail}"
    en: ClassVar[str] = "{detail}"

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(self.text("en"))

    def text(self, language: str = "zh") -> str:
        """Return the message in `language`: "zh" or "en" (anything else reads English)."""
        template = self.zh if language == "zh" else self.en
        return template.format(**self.fields)


class InputError(WanggeError, ValueError):
    """What was handed in cannot be used."""


class MissingCrsError(InputError):
    """A layer does not say in which coordinate system it is."""

    zh = "{what}没有坐标系。请在文件中写明坐标系，或用 --crs 指定（例如 EPSG:4326）。"
    en = "{what} has no coordinate system. State it in the file, or pass --crs (for example EPSG:4326)."


class WrongCrsError(InputError):
    """A layer is in another coordinate system than the one it must be in."""

    zh = "{what}的坐标系是 {found}，需要 {wanted}。请先转换坐标系。"
    en = "{what} is in {found}, but {wanted} is needed. Reproject it first."


class MissingColumnsError(InputError):
    """A frame lacks columns."""

    zh = "{what}缺少列：{columns}。现有列：{found}。"
    en = "{what} lacks the columns {columns}. It has: {found}."


class DuplicateIdError(InputError):
    """An index or code that must be unique is not."""

    zh = "{what}的编号重复：{ids}。每个编号只能出现一次。"
    en = "{what} has duplicate ids: {ids}. Each id may stand once."


class WrongGeometryError(InputError):
    """Geometries are empty, invalid or of the wrong kind."""

    zh = "{what}的几何不可用（{reason}），编号：{ids}。请修正后再试。"
    en = "{what} has geometries that cannot be used ({reason}), ids: {ids}. Mend them and try again."


class EmptyFrameError(InputError):
    """A frame has no rows where some are needed."""

    zh = "{what}没有任何记录。{mend}"
    en = "{what} has no rows. {mend}"


class BadFileError(InputError):
    """A file is not what it claims to be, is cut short, or is empty."""

    zh = "无法读取 {file}：{reason_zh}。{mend_zh}"
    en = "Cannot read {file}: {reason}. {mend}"


class BadCodeError(InputError):
    """A division or grid code breaks the scheme."""

    zh = "编码 {code} 不符合规则：{reason_zh}。"
    en = "The code {code} breaks the scheme: {reason}."


class BadSettingError(InputError):
    """A number handed in as an option is out of its range."""

    zh = "参数 {what} 的取值 {value} 不可用：{reason_zh}。"
    en = "{what} cannot be {value}: {reason}."


class BadPointError(InputError):
    """A coordinate is not a place on earth: not a number, or out of range."""

    zh = "坐标 {value} 不可用：{reason_zh}。请给出经度（-180 至 180）和纬度（-90 至 90），单位为度。"
    en = "The coordinate {value} cannot be used: {reason}. Give degrees, longitude first (-180 to 180, -90 to 90)."


# What is not there, as a reader of Chinese calls it; names of fields stay as they are written.
NOUNS_ZH = {
    "absence": "请假记录", "account": "账号", "area": "区划", "building": "楼栋", "category": "类别", "comment": "意见",
    "community": "社区", "duty": "任职", "file of job": "任务的文件，任务", "grid": "网格", "grid in": "网格，区划",
    "incident": "事件", "job": "任务", "key": "密钥", "noun": "数据种类", "page": "页", "person": "人员",
    "plan": "方案", "plate": "门牌", "plates": "门牌，范围", "report": "反馈", "revision": "版本", "role": "角色",
    "tile": "瓦片", "unit": "联户单元", "zone": "责任区",
}  # fmt: skip


class NotFoundError(WanggeError, LookupError):
    """The thing asked for does not exist, or is not visible to the one who asks."""

    zh = "找不到{what} {key}。"
    en = "There is no {what} {key}."

    def text(self, language: str = "zh") -> str:
        """Return the message in `language`, what is missing by its name there."""
        what = str(self.fields.get("what"))
        called = NOUNS_ZH.get(what, f" {what}") if language == "zh" else what
        template = self.zh if language == "zh" else self.en
        return template.format(**{**self.fields, "what": called})


class ConflictError(WanggeError):
    """The thing changed, or its state does not allow this."""

    zh = "{what}现在不能这样做：{reason_zh}。"
    en = "{what} does not allow this now: {reason}."


class DeniedError(WanggeError):
    """The one who asks has not the role or the scope."""

    zh = "没有权限：{reason_zh}。"
    en = "Not allowed: {reason}."
