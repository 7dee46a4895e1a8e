"""Duty register: finds what a list of people on duty names - grids, zones, buildings, units, persons - in what is kept.

Names are compared as `data.readers.duty_cells.name_key` writes them. A name that several have is no answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import pandas as pd

from data.readers.duty_cells import name_key, phone_key
from geo.errors import InputError

Words = Mapping[str, Any]  # what one row of the list says, by field
MOBILE_DIGITS = 11


class UnclearError(InputError):
    """A name or code of a row that nothing kept has, or several have."""

    zh = "{reason_zh}"
    en = "{reason}"

    def __init__(self, field_name: str, reason_zh: str, reason: str) -> None:
        self.field_name = field_name
        super().__init__(reason_zh=reason_zh, reason=reason)


@dataclass(frozen=True)
class Target:
    """What a duty is for."""

    column: Literal["grid_code", "zone_code", "unit_code", "building_id"]
    key: str | int
    area_code: str


@dataclass(frozen=True)
class Person:
    """Somebody kept (with a person_id) or new (by the row that brings them)."""

    name: str
    phone: str | None
    area_code: str
    source_ref: str | None
    person_id: int | None = None
    row: int | None = None


@dataclass
class Index:
    """Things by a name, within an area or anywhere."""

    things: dict[str, list[tuple[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str | None, area: str, thing: Any) -> None:
        """Note a thing under a name; None is no name."""
        if name:
            rows = self.things[name_key(name)]
            if (area, thing) not in rows:
                rows.append((area, thing))

    def find(self, field_name: str, name: str, within: str | None) -> Any:
        """Return the one thing of a name within an area (digits its code begins with).

        Raises
        ------
        UnclearError
            There is none, or more than one.
        """
        found = [thing for area, thing in self.things.get(name_key(name), []) if area.startswith(within or "")]
        where_zh, where = (f"（{within}）", f" in {within}") if within else ("", "")
        if not found:
            raise UnclearError(field_name, f"没有“{name}”{where_zh}", f'there is no "{name}"{where}')
        if len(found) > 1:
            raise UnclearError(
                field_name, f"有 {len(found)} 个“{name}”{where_zh}，请填编码或社区",
                f'{len(found)} are called "{name}"{where}; give a code or the community',
            )  # fmt: skip
        return found[0]


class Register:
    """What is kept, by code and by name."""

    def __init__(
        self, *, areas: gpd.GeoDataFrame, grids: pd.DataFrame, zones: pd.DataFrame, units: Iterable[str],
        buildings: gpd.GeoDataFrame, codes: Iterable[str],
    ) -> None:  # fmt: skip
        communities = areas[areas["level"] == "community"]
        self.names: dict[str, str] = dict(communities["name"])
        self.codes, self.units = set(codes), set(units)
        self.areas, self.grids, self.zones, self.buildings = Index(), Index(), Index(), Index()
        for code, name in self.names.items():
            self.areas.add(name, code, code)
        for code, name in zip(grids["grid_code"], grids["name"], strict=True):
            self.grids.add(name, code, code)
            self.grids.add(f"{self.names.get(code[:12], '')}{name}", code, code)
        for code, name in zip(zones["zone_code"], zones["name"], strict=True):
            self.zones.add(name, code, code)
        told = buildings[["area_code", "source_ref", "name", "address"]]
        for building_id, area, *names in told.itertuples(name=None):
            for name in names:
                self.buildings.add(None if pd.isna(name) else name, area, (building_id, area))

    def community(self, row: Words) -> str | None:
        """Return the code of the community that a row names; None where it names none."""
        if row["area_code"] is not None:
            code = str(row["area_code"])
            if code not in self.names:
                raise UnclearError("area_code", f"没有代码为 {code} 的社区", f"there is no community {code}")
            return code
        return None if row["community"] is None else str(self.areas.find("community", row["community"], None))

    def targets(self, role: str, row: Words, within: str | None) -> list[Target]:
        """Return what a row says that somebody of a role answers for.

        Raises
        ------
        UnclearError
            It says nothing, or something that is not kept.
        """
        if role == "building_head":
            found = [self.buildings.find("buildings", name, within) for name in self._said(row, "buildings", role)]
            return [Target("building_id", int(key), area) for key, area in found]
        if role == "unit_head":
            return [Target("unit_code", code, code[:12]) for code in self._units(row, within)]
        if role == "answerable_unit":
            codes = self._codes(row, "zone", 18, self.zones, within=self._grid_of(row, within))
            return [Target("zone_code", code, code[:12]) for code in codes]
        return [
            Target("grid_code", code, code[:12]) for code in self._codes(row, "grid", 15, self.grids, within=within)
        ]

    def _said(self, row: Words, name: str, role: str) -> tuple[str, ...]:
        if not row[name]:
            raise UnclearError(
                name, f"岗位 {role} 没有写明对象（{name}）", f"the post {role} lacks what it is for ({name})"
            )
        return tuple(row[name])

    def _codes(self, row: Words, what: str, digits: int, index: Index, *, within: str | None) -> list[str]:
        """Codes as they stand in their column, else by name; a name that is a code counts as one."""
        column = f"{what}_codes" if row[f"{what}_codes"] else f"{what}s"
        found = []
        for word in self._said(row, column, what):
            code = "".join(word.split())
            if code.isascii() and code.isdigit() and len(code) == digits:
                found.append(self._known(column, code, within))
            elif column.endswith("_codes"):
                raise UnclearError(
                    column, f"“{word}”不是 {digits} 位数字编码", f'"{word}" is no code of {digits} digits'
                )
            else:
                found.append(str(index.find(column, word, within)))
        return found

    def _known(self, column: str, code: str, within: str | None) -> str:
        if code not in self.codes:
            raise UnclearError(
                column, f"没有{code}，请先建立或改正编号", f"there is no {code}; make it first, or mend the code"
            )
        if within and not code.startswith(within):
            raise UnclearError(column, f"{code} 不属于 {within}", f"{code} is not of {within}")
        return code

    def _grid_of(self, row: Words, within: str | None) -> str | None:
        """The grid that a zone or unit is sought in, where the row names one."""
        if not (row["grid_codes"] or row["grids"]):
            return within
        codes = self._codes(row, "grid", 15, self.grids, within=within)
        return codes[0] if len(codes) == 1 else within

    def _units(self, row: Words, within: str | None) -> list[str]:
        """Household units by code, or by their number in the grid: 第3联户 is ...0003."""
        column, inside = ("unit_codes" if row["unit_codes"] else "units"), self._grid_of(row, within)
        found = []
        for word in self._said(row, column, "unit_head"):
            digits = "".join(letter for letter in name_key(word) if letter.isdigit())
            code = digits if len(digits) == 19 else f"{inside}{int(digits or 0):04d}"
            if len(code) != 19 or code not in self.units:
                raise UnclearError(column, f"没有联户单元“{word}”", f'there is no household unit "{word}"')
            found.append(code)
        return found


class People:
    """Persons kept and new ones, found as a list names them."""

    def __init__(self, kept: pd.DataFrame) -> None:
        self.by_name: dict[str, list[Person]] = defaultdict(list)
        self.by_ref: dict[str, Person] = {}
        self.by_mobile: dict[str, Person] = {}
        for row in kept.reset_index().to_dict("records"):
            told = {name: None if pd.isna(row[name]) else row[name] for name in ("phone", "source_ref")}
            self.add(Person(row["name"], told["phone"], row["area_code"], told["source_ref"], int(row["person_id"])))

    def add(self, person: Person) -> None:
        """Note a person."""
        self.by_name[name_key(person.name)].append(person)
        if person.source_ref:
            self.by_ref[person.source_ref] = person
        number = phone_key(person.phone)
        if number and len(number) == MOBILE_DIGITS:
            self.by_mobile.setdefault(number, person)

    def of(self, row: Words, area: str) -> Person | None:
        """Return who a row is about; None for somebody new.

        Raises
        ------
        UnclearError
            Several could be meant, or the reference or mobile number is somebody else's.
        """
        name, number = name_key(row["name"]), phone_key(row["phone"] or row["telephone"])
        if row["source_ref"] is not None and row["source_ref"] in self.by_ref:
            known = self.by_ref[row["source_ref"]]
            if name_key(known.name) != name:
                raise UnclearError("source_ref", f"工号属于{known.name}", f"the reference is that of {known.name}")
            return known
        holder = self.by_mobile.get(number or "")
        if holder is not None and name_key(holder.name) != name:
            raise UnclearError("phone", f"手机号属于{holder.name}", f"the mobile number is that of {holder.name}")
        if holder is not None:
            return holder
        near = [one for one in self.by_name.get(name, []) if one.area_code.startswith(area[:9])]
        same = [one for one in near if number is None or phone_key(one.phone) in (None, number)]
        if row["source_ref"] is not None:
            same = [one for one in same if one.source_ref is None]
        if len(same) > 1:
            same = [one for one in same if one.area_code == area]
        if len(same) > 1:
            raise UnclearError("name", f"有 {len(same)} 个{row['name']}，请填手机或工号",
                               f"{len(same)} are called {row['name']}; give a mobile number or reference")  # fmt: skip
        return same[0] if same else None

    def substitute(self, name: str, area: str, *, of: Person) -> Person:
        """Return the one person of a name who may stand in: of the community, else the street, else anywhere.

        Raises
        ------
        UnclearError
            There is none, or more than one.
        """
        known = [one for one in self.by_name.get(name_key(name), []) if one != of]
        for digits in (12, 9, 0):
            near = [one for one in known if one.area_code[:digits] == area[:digits]]
            if len(near) == 1:
                return near[0]
            if near:
                raise UnclearError("substitute", f"有 {len(near)} 个{name}", f"{len(near)} are called {name}")
        raise UnclearError(
            "substitute", f"没有叫{name}的人，请先登记", f"there is nobody called {name}; add them first"
        )
