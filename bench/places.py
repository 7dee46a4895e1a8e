"""Every place profile on invented ground: cells, grids, zones and the independent check, a JSON line a place.

Usage: make places [SCALE=0.25]
"""

import json
import os
import sys

from data.demo import draw_town
from data.profiles import load_profile, slugs
from geo.adjacency import borders_between
from geo.cells import cells_from_ground
from geo.partition import propose_grids
from geo.verify import verify_plan
from geo.zones import zones_in_grids


def run(slug: str, scale: float) -> dict[str, object]:
    """Draw the place's rules on a town of the demo generator and return what came out."""
    profile = load_profile(slug)
    town, rule = draw_town(profile, scale=scale, seed=1), profile.grid
    cells = cells_from_ground(
        town.areas, town.buildings, town.streets, town.barriers, town.compounds,
        stairwells=town.stairwells, households_max=rule.households_max,
    )  # fmt: skip
    borders = borders_between(cells, town.streets, town.barriers, town.gates, town.compounds)
    plan = propose_grids(
        cells, borders, band=rule.band, dedicated_uses=rule.dedicated_uses, dedicated_min_m2=rule.dedicated_min_m2
    )
    broken = verify_plan(
        cells, borders, plan.assignment, band=rule.band,
        dedicated=plan.dedicated, exceptions=plan.exceptions, grids=plan.grids,
    )  # fmt: skip
    _, zones = zones_in_grids(cells, borders, plan.assignment, count=rule.zones_per_grid)
    return {
        "place": slug, "band": rule.band, "cells": len(cells), "grids": len(plan.grids), "zones": len(zones),
        "exceptions": len(plan.exceptions), "violations": [violation.text("en") for violation in broken],
    }  # fmt: skip


def main() -> None:
    """Run every profile; exit 1 where the check refuses a plan."""
    rows = [run(slug, float(os.environ.get("SCALE", "0.25"))) for slug in slugs()]
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    sys.exit(any(row["violations"] for row in rows))


if __name__ == "__main__":
    main()
