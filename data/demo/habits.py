"""Habits: when things happen - by month, weekday and hour in Asia/Shanghai - and what is said about them."""

from dataclasses import dataclass

import numpy as np

from data.demo.draft import Points

FIRST_DAY = np.datetime64("2025-11-01", "D")
DAYS = 365  # up to 31 October 2026
SHANGHAI = np.timedelta64(8, "h")  # ahead of UTC; no summer time


@dataclass(frozen=True)
class Habit:
    """How one category of incident comes about.

    Attributes
    ----------
    share
        Of all incidents, in proportion to the others.
    hours
        Peaks as (hour, spread in hours, height), on top of an even floor.
    months
        Twelve weights, January first.
    weekend
        How much more on Saturdays and Sundays.
    outdoors
        Share that is reported on the street and not at a building.
    words
        What people write; `{at}` is the address.
    """

    share: float
    hours: tuple[tuple[float, float, float], ...]
    months: tuple[float, ...]
    weekend: float
    outdoors: float
    words: tuple[str, ...]


_RAINY = (0.7, 0.7, 0.9, 1.1, 1.5, 1.9, 1.7, 1.3, 1.0, 0.8, 0.7, 0.7)
_WARM = (0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.4, 1.4, 1.1, 0.9, 0.8, 0.7)
_GROWING = (0.5, 0.6, 1.1, 1.3, 1.4, 1.2, 1.1, 1.1, 1.1, 1.1, 0.8, 0.5)
_EVEN = (1.0, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_HOME = (1.2, 1.5, 1.0, 0.9, 0.9, 0.9, 1.0, 1.0, 0.9, 1.0, 0.9, 1.1)
HABITS = {
    "fire_lane": Habit(0.15, ((19.5, 2.5, 3.0), (8.0, 1.5, 1.0)), _EVEN, 1.2, 0.5,
                       ("{at}门前消防通道被车辆占用", "{at}楼下电动车堵住消防通道", "{at}旁消防车道停满车")),
    "drain": Habit(0.17, ((9.0, 2.5, 2.0), (17.0, 3.0, 1.5)), _RAINY, 0.95, 0.25,
                   ("{at}下水道返水", "{at}楼前污水井外溢", "{at}排水沟堵塞，雨天积水")),
    "noise": Habit(0.2, ((22.0, 1.8, 5.0), (14.0, 2.0, 0.8)), _WARM, 1.45, 0.1,
                   ("{at}夜间音乐声过大", "{at}附近夜间施工噪音", "{at}楼上深夜吵闹")),
    "rubbish": Habit(0.18, ((8.0, 2.0, 3.0), (18.5, 2.0, 1.5)), _WARM, 1.05, 0.45,
                     ("{at}旁垃圾堆放未清运", "{at}楼道堆放杂物", "{at}门口建筑垃圾无人清理")),
    "greenery": Habit(0.08, ((10.0, 2.5, 2.5), (16.0, 2.5, 1.5)), _GROWING, 1.1, 0.55,
                      ("{at}旁树木倒伏", "{at}花坛被踩踏种菜", "{at}绿化带被车辆碾压")),
    "dispute": Habit(0.14, ((20.0, 2.0, 3.0), (11.0, 2.5, 1.0)), _HOME, 1.3, 0.0,
                     ("{at}邻里因漏水起争执", "{at}因停车位发生纠纷", "{at}因公共区域占用发生争吵")),
    "falling": Habit(0.08, ((19.0, 3.0, 2.5), (12.0, 2.0, 1.2)), _WARM, 1.2, 0.05,
                     ("{at}有高空抛物", "{at}楼上掉落花盆", "{at}高层往下扔烟头")),
}  # fmt: skip
UNKNOWN = Habit(0.1, ((10.0, 3.0, 2.0), (16.0, 3.0, 2.0)), _EVEN, 1.0, 0.2, ("{at}附近有情况需要处理",))


def habit_of(key: str) -> Habit:
    """Return the habit of a category; one that nothing is known of follows office hours."""
    return HABITS.get(key, UNKNOWN)


def day_weights(habit: Habit) -> Points:
    """Return the weight of each of the year's days, which sum to 1."""
    days = FIRST_DAY + np.arange(DAYS)
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    weight = np.array(habit.months)[month] * np.where(weekday >= 5, habit.weekend, 1.0)
    return np.asarray(weight / weight.sum())


def hour_weights(habit: Habit) -> Points:
    """Return the weight of each hour of the day, which sum to 1."""
    hour = np.arange(24) + 0.5
    weight = np.full(24, 0.18)
    for peak, spread, height in habit.hours:
        away = np.abs(hour - peak)
        weight += height * np.exp(-((np.minimum(away, 24 - away) / spread) ** 2))
    return np.asarray(weight / weight.sum())


def moments(
    habit: Habit, count: int, window: tuple[int, int], rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Return `count` moments in UTC within days `window` (first, end) of the year."""
    first, end = window
    weight = day_weights(habit)[first:end]
    day = rng.choice(np.arange(first, end), count, p=weight / weight.sum())
    hour = rng.choice(24, count, p=hour_weights(habit))
    second = rng.integers(0, 3600, count)
    local = FIRST_DAY.astype("datetime64[s]") + day * 86400 + hour * 3600 + second
    return np.asarray(local - SHANGHAI)
