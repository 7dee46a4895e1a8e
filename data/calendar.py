"""The calendar: days begin at midnight in Asia/Shanghai, wherever the machine stands."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """Return the day it is in Shanghai."""
    return datetime.now(ZONE).date()


def day_of(moment: datetime) -> date:
    """Return the Shanghai day of an aware moment."""
    return moment.astimezone(ZONE).date()
