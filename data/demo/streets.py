"""Streets: ways woven into one walkable network, cut at every junction and nowhere else."""

from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.demo.draft import Ints, Path, linestrings


def weave(paths: list[Path]) -> list[Path]:
    """Return paths cut wherever two of them share a vertex, joined wherever nothing else meets them.

    Ways that never touch (a bridge and what it crosses) stay apart. Ways cut off from the rest are
    left out.
    """
    return _together(_cut(_joined(paths)))


def _joined(paths: list[Path]) -> list[Path]:
    """Join pieces of one street end to end."""
    groups: dict[tuple[object, ...], list[Path]] = {}
    for path in paths:
        key = (path.name, path.road_class, path.is_private, path.is_bridge, path.is_steps)
        groups.setdefault(key, []).append(path)
    made = []
    for group in groups.values():
        like = group[0]
        lines = shapely.get_parts(
            shapely.line_merge(shapely.multilinestrings(linestrings([path.coords for path in group])))
        )
        for line in lines:
            coords = np.asarray(shapely.get_coordinates(line))
            made.append(Path(coords, like.road_class, like.name, like.is_private, like.is_bridge, like.is_steps))
    return made


def _numbers(paths: list[Path]) -> tuple[Ints, Ints]:
    """Return a number for each vertex of all paths, the same where they share it, and where paths begin."""
    coords = np.vstack([path.coords for path in paths])
    _, number = np.unique(coords[:, 0] + 1j * coords[:, 1], return_inverse=True)
    return number, np.cumsum([0] + [len(path.coords) for path in paths])


def _cut(paths: list[Path]) -> list[Path]:
    number, begins = _numbers(paths)
    often = np.bincount(number)
    made = []
    for path, begin, end in zip(paths, begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        inner = np.flatnonzero(often[number[begin + 1 : end - 1]] > 1) + 1
        stops = [0, *inner.tolist(), end - begin - 1]
        for first, last in pairwise(stops):
            piece = path.coords[first : last + 1]
            if last - first > 1 or not np.array_equal(piece[0], piece[-1]):
                made.append(Path(piece, path.road_class, path.name, path.is_private, path.is_bridge, path.is_steps))
    return made


def _together(paths: list[Path]) -> list[Path]:
    """Return the paths of the largest connected part."""
    number, begins = _numbers(paths)
    first, last = number[begins[:-1]], number[begins[1:] - 1]
    size = int(number.max()) + 1
    _, part = connected_components(coo_array((np.ones(len(paths)), (first, last)), shape=(size, size)), directed=False)
    main = np.argmax(np.bincount(part[first]))
    return [path for path, is_in in zip(paths, part[first] == main, strict=True) if is_in]
