"""Warming: after it, nothing that a plan needs is compiled any more."""

import importlib
import pkgutil

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import geo.partition
import geo.units
from geo.partition import propose_grids, warm
from geo.units import units_in_grids
from geo.zones import zones_in_grids
from tests.fixtures.lattice import lattice


def kernels() -> dict[str, Dispatcher]:
    modules = [
        importlib.import_module(f"geo.partition.{found.name}") for found in pkgutil.iter_modules(geo.partition.__path__)
    ]
    rows = [
        (f"{module.__name__}.{name}", value) for module in [*modules, geo.units] for name, value in vars(module).items()
    ]
    return {name: value for name, value in rows if isinstance(value, Dispatcher)}


def compiled() -> dict[str, tuple[int, int]]:
    """How many kinds of arguments each kernel is ready for, and how often it had to be compiled."""
    return {name: (len(one.signatures), sum(one.stats.cache_misses.values())) for name, one in kernels().items()}


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    warm()


@pytest.mark.parametrize("has_compounds", [False, True])
def test_after_warming_no_plan_compiles_anything(has_compounds: bool) -> None:
    rng = np.random.default_rng(3)
    compounds = {(x, y): x // 3 * 10 + y // 3 for x in range(12) for y in range(12)} if has_compounds else None
    households = rng.choice([0, 3, 20, 60], (12, 12))
    households[:8, 6] = 0
    town = lattice(
        households, compounds=compounds, water={(6, y) for y in range(8)},
        kind_of=lambda a, b: "road" if a[0] % 5 == 0 else "none",
    )  # fmt: skip
    ready = compiled()
    assert len(ready) > 20
    plan = propose_grids(*town, band=(200, 300)).assignment
    propose_grids(*town, band=(240, 260), people_band=(700, 800))
    propose_grids(*town, band=(200, 330), before=plan, locked=[0])
    propose_grids(*town, band=(150, 300), before=plan, count=plan.nunique() + 1)
    propose_grids(*town, band=None, count=7)
    zones_in_grids(*town, plan)
    zones_in_grids(*town, plan, total=40)
    units_in_grids(*town, plan)
    units_in_grids(*town, plan, total=200)
    assert {name: (ready[name], now) for name, now in compiled().items() if now != ready[name]} == {}


def test_warming_again_compiles_nothing() -> None:
    ready = compiled()
    warm()
    assert compiled() == ready
