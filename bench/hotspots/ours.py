"""Ours, one task a process: python -m bench.hotspots.ours OUT.npz POINTS.npz (local | permutations | first) REPEATS.

Nothing here is compiled, so nothing is warmed but the processor; `first` is timed from outside.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.timing import best, hand_back
from geo.hotspots.autocorrelation import getis_ord, local_moran, permuted_p
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import Mesh, counts, neighbours

MANY = 99_999
SEED = 5


class Ground:
    """Points, their mesh and which cells count."""

    def __init__(self, file: str) -> None:
        arrays = dict(np.load(file))
        west, south = arrays["origin_m"].tolist()
        rows, columns = int(arrays["rows"]), int(arrays["columns"])
        self.mesh = Mesh("square", float(arrays["cell_m"]), (west, south), rows, columns)
        self.xy, self.counts = arrays["xy"], arrays["counts"]
        self.inside = arrays["inside"] if arrays["is_masked"] else None
        self.kept = arrays["inside"]
        self.rates = arrays.get("rates")


def local(out: Path, ground: Ground, repeats: int) -> None:
    """Count, score, and what follows from it."""
    mesh, inside, few = ground.mesh, ground.inside, max(3, repeats // 20)
    costs: dict[str, Any] = {}
    found, costs["counts"] = best(lambda: counts(mesh, ground.xy), repeats=few)
    z, costs["z"] = best(lambda: getis_ord(found, mesh, inside=inside), repeats=repeats)
    near = neighbours(mesh, inside=inside)
    lists, costs["z_by_lists"] = best(lambda: getis_ord(found, near, inside=inside), repeats=few)
    p, costs["p"] = best(lambda: two_sided_p(z), repeats=repeats)
    q, costs["q"] = best(lambda: q_values(p), repeats=few)
    moran, costs["moran"] = best(lambda: local_moran(found, mesh, inside=inside), repeats=repeats)
    kept = ground.kept
    hand_back(
        out, costs, counts=found, z=z[kept], z_by_lists=lists[kept], p=p[kept], q=q[kept], i=moran.i[kept],
        quadrant=moran.quadrant[kept],
    )  # fmt: skip


def permutations(out: Path, ground: Ground, repeats: int) -> None:
    """Draw 999 times for each cell, of counts and of rates; and a hundred times as often."""
    mesh, inside, kept = ground.mesh, ground.inside, ground.kept

    def asked(values: Any, times: int = 999) -> Any:
        return permuted_p(values, mesh, inside=inside, permutations=times, seed=SEED)

    costs: dict[str, Any] = {}
    p, costs["counts"] = best(lambda: asked(ground.counts), repeats=repeats)
    of_rates, costs["rates"] = best(lambda: asked(ground.rates), repeats=repeats)
    many, costs["many"] = best(lambda: asked(ground.counts, MANY), repeats=3)
    hand_back(out, costs, counts=p[kept], rates=of_rates[kept], many=many[kept])


def first(out: Path, ground: Ground, repeats: int) -> None:
    """Answer once, from points to q; `repeats` is how many permutations. Say whether anything brought a compiler."""
    found = counts(ground.mesh, ground.xy)
    z = getis_ord(found, ground.mesh, inside=ground.inside)
    q = q_values(two_sided_p(z))
    p = permuted_p(found, ground.mesh, inside=ground.inside, permutations=repeats, seed=SEED) if repeats else z
    facts: dict[str, Any] = {"has_numba": "numba" in sys.modules}
    hand_back(out, facts, z=z, q=q, p=p)


if __name__ == "__main__":
    task = {"local": local, "permutations": permutations, "first": first}[sys.argv[3]]
    task(Path(sys.argv[1]), Ground(sys.argv[2]), int(sys.argv[4]))
