"""Door names: what a door is called, from its building's name, address and compound, and its stairwell's number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

_STAIRWELLS = {"zh": "{n}单元", "en": "Stairwell {n}"}


@dataclass(frozen=True, slots=True)
class DoorName:
    """What a door is called: `title` (the building), `address` where that is another text, `stairwell` or ""."""

    title: str
    address: str
    stairwell: str

    @property
    def label(self) -> str:
        """All of it but the address, in one line."""
        return f"{self.title} {self.stairwell}".strip()


def name_door(row: Mapping[Any, Any], *, stairwell: str = "stairwell_number", language: str = "zh") -> DoorName:
    """Return what a door is called.

    Parameters
    ----------
    row
        name, address, compound (texts or missing), and the stairwell's number under `stairwell`.
    """
    name, address, compound = (_plain(row.get(key)) for key in ("name", "address", "compound"))
    own = name or address or compound
    inside = compound and compound not in own
    title = f"{compound}{own}" if inside and own[:1].isdigit() else f"{compound} {own}" if inside else own
    number = row.get(stairwell)
    told = "" if number is None or pd.isna(number) else _STAIRWELLS[language].format(n=int(number))
    return DoorName(title, "" if address in (title, own) else address, told)


def _plain(value: Any) -> str:
    return "" if value is None or pd.isna(value) else " ".join(str(value).split())
