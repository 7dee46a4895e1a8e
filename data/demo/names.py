"""Names: what streets, compounds, villages and people of an invented town are called.

Names are put together from common syllables; that a real place or person has the same one is chance.
"""

import numpy as np

SURNAMES = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范石龙"
)
GIVEN = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂文辉玲建国华志红梅春燕海峰光荣兰云飞雪琴宇浩晨欣怡佳倩婷博思远子涵梓轩德昌永福正义忠信学礼"
)
_FIRST = tuple(
    "文府西东南北鼓钟桂梅松竹兰菊金银玉翠青碧紫丹龙凤麒鹤福寿康宁安和仁义礼德昌兴盛隆新朝红星云溪泉石清源芙杏桃柳"
)
_SECOND = tuple("昌前门关楼花林台山水屏峰湖塘井桥溪坪湾源田园庙阁亭坊场坝泉石岭阳光华福宁安平和兴盛丰瑞祥泰")
_ESTATES = """
    麒麟 桂花 云岭 锦绣 阳光 金色 翡翠 山水 滨江 碧水 东方 时代 凤凰 龙泉 芙蓉 紫荆 梧桐 香樟 银杏 玉兰
    丹桂 翠屏 观澜 御景 鼎盛 和谐 幸福 康乐 世纪 名仕 学府 书香 水岸 半山 清溪 枫林 怡景 盛世 中央 天玺
"""
_ESTATE = tuple(_ESTATES.split())
_ESTATE_END = {
    "walled": ("苑", "小区", "花园", "新村", "佳苑", "家园", "园"),
    "towers": ("城", "府", "国际", "名都", "公馆", "壹号", "华府", "天地"),
}  # fmt: skip
_WORKS = (
    "水泥厂",
    "机械厂",
    "酒厂",
    "化肥厂",
    "粮站",
    "木材公司",
    "烟叶复烤厂",
    "汽车修理厂",
    "农机厂",
    "印刷厂",
    "茶叶公司",
    "运输公司",
    "建材厂",
    "冷冻厂",
)
_VILLAGE_END = ("寨", "湾", "坪", "坝", "沟", "冲", "垭", "坡", "井", "院子", "屋基", "塘")
_VILLAGE_FIRST = (
    "大",
    "小",
    "上",
    "下",
    "新",
    "老",
    "石",
    "水",
    "岩",
    "竹林",
    "核桃",
    "梨树",
    "油菜",
    "青杠",
    "白果",
    "麻柳",
)
_STREET_OFFICE = ("云麓", "河滨", "城关", "南坪", "东山", "西屏", "麒龙", "文峰", "金溪", "凤鸣", "清水", "石桥")


class Names:
    """Names of one tile, each given once."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def _once(self, draw: list[tuple[str, ...]], end: str = "") -> str:
        name = ""
        for attempt in range(60):
            name = "".join(str(self._rng.choice(np.array(part))) for part in draw) + end
            if name not in self._used and len(set(name)) == len(name):
                break
            if attempt > 40:
                name = f"{name}{'一二三四五六七八九十'[attempt % 10]}"
        self._used.add(name)
        return name

    def street(self, *, is_wide: bool) -> str:
        """A street's name, 路 for wide ones and 街 or 巷 for others."""
        end = "路" if is_wide else str(self._rng.choice(["街", "街", "巷", "路"]))
        return self._once([_FIRST, _SECOND], end)

    def alley(self) -> str:
        """An alley's name."""
        return self._once([_FIRST, _SECOND], "巷")

    def estate(self, kind: str) -> str:
        """A residential compound's name."""
        return self._once([_ESTATE, _ESTATE_END.get(kind, _ESTATE_END["walled"])])

    def works(self, county: str) -> str:
        """The name of a works."""
        return self._once([(county, "云峰", "红星", "东风", "新华", "黔云"), _WORKS])

    def village(self) -> str:
        """A hamlet's name: a surname or a tree, and the lie of the land."""
        first = SURNAMES[:36] if self._rng.random() < 0.6 else _VILLAGE_FIRST
        is_family = first is not _VILLAGE_FIRST
        return self._once([first, ("家",)] if is_family else [first], str(self._rng.choice(np.array(_VILLAGE_END))))

    def quarter(self) -> str:
        """A neighbourhood's or community's two syllables."""
        return self._once([_FIRST, _SECOND])

    def street_office(self) -> str:
        """A subdistrict's two syllables."""
        free = [name for name in _STREET_OFFICE if name not in self._used]
        return self._once([tuple(free)]) if free else self.quarter()


def people_names(count: int, rng: np.random.Generator) -> list[str]:
    """Return invented names of people; common surnames come up more often."""
    weight = 1 / (np.arange(len(SURNAMES)) + 6.0)
    surnames = np.array(SURNAMES)[rng.choice(len(SURNAMES), count, p=weight / weight.sum())]
    first = np.array(GIVEN)[rng.integers(0, len(GIVEN), count)]
    second = np.array(GIVEN)[rng.integers(0, len(GIVEN), count)]
    second = np.where(rng.random(count) < 0.18, "", second)
    return [f"{a}{b}{c}" for a, b, c in zip(surnames, first, second, strict=True)]


def masked_phones(count: int, rng: np.random.Generator) -> list[str]:
    """Return invented mobile numbers: they begin with 100, which no mobile number does."""
    return [f"100{number:08d}" for number in rng.integers(0, 10**8, count)]


def duty_lines(count: int, rng: np.random.Generator) -> list[str]:
    """Return invented duty lines: the area code 0000 does not exist."""
    return [f"0000-8{number:06d}" for number in rng.integers(0, 10**6, count)]
