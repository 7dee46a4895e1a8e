"""Addresses: house numbers along streets, odd on one side and even on the other; numbers in compounds and villages."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from data.demo.draft import House, Path, Points, linestrings

NUMBERED = ("primary", "secondary", "tertiary", "residential", "service", "footway", "steps")


@dataclass(frozen=True)
class Labels:
    """Names (None where a building has none) and addresses, one a building."""

    names: list[str | None]
    addresses: list[str]


def label(houses: list[House], doors: Points, streets: list[Path], walled: dict[int, tuple[str, Points]]) -> Labels:
    """Name and number every house.

    Parameters
    ----------
    houses
        The houses that stand.
    doors
        Their doors (n, 2).
    streets
        The woven network.
    walled
        For each compound with a wall of its own: its name and its gate.
    """
    own = [index for index, house in enumerate(houses) if house.compound not in walled and house.rank != 3]
    places = [doors[index] for index in own] + [gate for _, gate in walled.values()]
    numbered = _street_numbers(np.array(places).reshape(-1, 2), streets)
    address = dict(zip(own, numbered, strict=False))
    of_compound = dict(zip(walled, numbered[len(own) :], strict=True))
    village = _village_numbers(houses)
    names: list[str | None] = []
    addresses: list[str] = []
    for index, house in enumerate(houses):
        if house.compound in walled:
            estate = walled[house.compound][0]
            names.append(house.name or f"{estate}{house.place or ''}")
            addresses.append(f"{of_compound[house.compound]}{estate}{house.place or ''}")
        else:
            names.append(house.name)
            addresses.append(address[index] if index in address else village[index])
    return Labels(names, addresses)


def _street_numbers(places: Points, streets: list[Path]) -> list[str]:
    """Return street and number of each place: in order along the nearest named street, one parity a side."""
    named = [path for path in streets if path.name and not path.is_private and path.road_class in NUMBERED]
    if not named or len(places) == 0:
        return [f"{number}号" for number in range(1, len(places) + 1)]
    lines = linestrings([path.coords for path in named])
    points = shapely.points(places)
    nearest = np.asarray(shapely.STRtree(lines).nearest(points), dtype=np.int64)
    frame = pd.DataFrame({"street": [named[index].name for index in nearest.tolist()]})
    axis = _axes(named)
    along = np.array([axis[name] for name in frame["street"].tolist()])
    at = shapely.line_locate_point(lines[nearest], points)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[nearest], at))
    off = places - foot
    frame["at"] = np.sum(places * along, axis=1).round(3)
    frame["is_left"] = along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0] > 0
    frame = frame.sort_values(["street", "is_left", "at"], kind="stable")
    rank = frame.groupby(["street", "is_left"]).cumcount()
    frame["number"] = 2 * rank + np.where(frame["is_left"], 1, 2)
    frame = frame.sort_index()
    return [f"{street}{number}号" for street, number in zip(frame["street"], frame["number"], strict=True)]


def _axes(paths: list[Path]) -> dict[str | None, Points]:
    """Return a direction for each street name, eastward, or northward for streets that run so."""
    spots: dict[str | None, list[Points]] = {}
    for path in paths:
        spots.setdefault(path.name, []).append(path.coords)
    axes = {}
    for name, parts in spots.items():
        reach = np.ptp(np.vstack(parts), axis=0)
        first, last = parts[0][0], parts[-1][-1]
        turn = -1.0 if (last - first)[0] * (last - first)[1] < 0 else 1.0
        axes[name] = np.array([reach[0], turn * reach[1]]) / max(float(np.hypot(*reach)), 1e-9)
    return axes


def _village_numbers(houses: list[House]) -> dict[int, str]:
    count: dict[str, int] = {}
    made = {}
    for index, house in enumerate(houses):
        if house.rank == 3 and house.place:
            count[house.place] = count.get(house.place, 0) + 1
            made[index] = f"{house.place}{count[house.place]}号"
    return made
