"""Tile: one town drawn from its valley to its doors, in metres."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.blocks import Blocks, lay_blocks
from data.demo.buildings import settle, thinned
from data.demo.compounds import STYLES, build_compound
from data.demo.draft import Compound, Draft, House, Path, Shapes
from data.demo.greens import lay_greens
from data.demo.hamlets import build_hamlets
from data.demo.names import Names
from data.demo.parks import build_park, lay_town_wall
from data.demo.plots import RULES, build_front, build_hall, build_plots
from data.demo.roads import Bones, lay_roads
from data.demo.site import Site, sites
from data.demo.streets import weave
from data.demo.valley import Valley
from data.demo.water import lay_barriers
from geo.rng import generator

BUILDINGS = 8000  # of a town of size 1
DANWEI_SHARE = 0.3  # of the works' ground: housing of the works
GREAT_COMPOUNDS = 3  # tower compounds with one very large building, a town of size 1
CIVIC = {
    "government": ("人民政府", "政务服务中心", "行政中心"),
    "hospital": ("人民医院", "中医院", "妇幼保健院", "第二人民医院"),
    "mall": ("购物广场", "商业中心", "城市广场", "时代广场"),
    "market": ("农贸市场", "综合市场", "蔬菜批发市场", "花鸟市场", "河滨市场"),
}


@dataclass(frozen=True)
class Tile:
    """One town in metres: its partition, what was drawn, what stands, and the woven streets."""

    valley: Valley
    blocks: Blocks
    draft: Draft
    houses: list[House]
    shapes: Shapes
    streets: list[Path]
    names: Names


def draw_tile(valley: Valley, county: str) -> Tile:
    """Draw one town.

    Parameters
    ----------
    valley
        The tile.
    county
        The county's short name, for schools and works.
    """
    mark = f"{valley.row}:{valley.column}"

    def stream(purpose: str) -> np.random.Generator:
        return generator(valley.seed, "demo", mark, purpose)

    names = Names(stream("name"))
    bones = lay_roads(valley, stream("road"))
    blocks = lay_blocks(valley, bones, names, stream("lots"))
    draft = Draft()
    water = lay_barriers(blocks, valley, draft, stream("pond"))
    _build(sites(blocks), blocks, (bones, valley), draft, names=names, county=county)
    build_hamlets(blocks, valley, water, draft, names, stream("farm"))
    streets = weave([*(path for path in blocks.edges if path.road_class), *draft.paths])
    houses, shapes = settle(draft, blocks, streets)
    houses, shapes = thinned(houses, shapes, round(BUILDINGS * valley.size), stream("thin"))
    lay_greens(blocks, valley, water, (streets, houses, draft), stream("wood"))
    return Tile(valley, blocks, draft, houses, shapes, streets, names)


def _build(
    found: list[Site], blocks: Blocks, plan: tuple[Bones, Valley], draft: Draft, *, names: Names, county: str
) -> None:
    """Build every site by its kind."""
    bones, valley = plan
    rng = generator(valley.seed, "demo", f"{valley.row}:{valley.column}", "wall")
    quarters = _quarters(blocks, draft, names)
    great = _great_sites(found, valley)
    counts = dict.fromkeys(("park", "school", *CIVIC), 0)
    parks = []
    for site in found:
        if site.kind == "works" and rng.random() < DANWEI_SHARE:
            site.kind = "danwei"
        kind = site.kind
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        if kind in RULES:
            build_plots(site, draft, rng, compound=quarters[int(blocks.leaf[site.face])])
        elif kind == "park":
            build_park(site, draft, number, rng)
            parks.append(site)
        elif kind in ("mall", "market"):
            _build_hall(site, draft, _civic(kind, number, county), rng)
        elif kind in STYLES:
            name = _compound_name(kind, number, names, county)
            build_compound(site, draft, name, rng, great=site.face in great)
            if kind == "open":
                build_front(site, draft, rng)
    lay_town_wall(parks, valley.to_plane(bones.old_town[None])[0], draft)


def _build_hall(site: Site, draft: Draft, name: str, rng: np.random.Generator) -> None:
    is_mall = site.kind == "mall"
    build_hall(
        site, draft, name, rng, use="mall" if is_mall else "public", compound=len(draft.compounds) if is_mall else -1
    )
    if is_mall:
        draft.compounds.append(Compound(site.polygon, "mall", name, site.face))
    else:
        build_front(site, draft, rng)


def _compound_name(kind: str, number: int, names: Names, county: str) -> str | None:
    if kind == "open":
        return None
    if kind == "school":
        order = (
            "第一中学",
            "第一小学",
            "实验小学",
            "第二中学",
            "第二小学",
            "民族中学",
            "第三小学",
            "职业技术学校",
            "第三中学",
            "第四小学",
        )
        return f"{county}{order[number % len(order)]}"
    if kind in CIVIC:
        return _civic(kind, number, county)
    if kind == "works":
        return names.works(county)
    if kind == "danwei":
        return names.works(county) + "家属院"
    if kind == "office":
        return names.quarter() + "大厦"
    return names.estate(kind)


def _civic(kind: str, number: int, county: str) -> str:
    return f"{county}{CIVIC[kind][number % len(CIVIC[kind])]}"


def _great_sites(found: list[Site], valley: Valley) -> set[int]:
    towers = sorted((site for site in found if site.kind == "towers"), key=lambda site: -site.polygon.area)
    return {site.face for site in towers[: round(GREAT_COMPOUNDS * valley.size)]}


def _quarters(blocks: Blocks, draft: Draft, names: Names) -> dict[int, int]:
    """Add a compound for each block of the old quarter and the urban village; return leaf -> compound."""
    made = {}
    for leaf, block in enumerate(blocks.leaves):
        if block.kind not in RULES:
            continue
        whole = shapely.union_all(blocks.faces[blocks.leaf == leaf])
        ground = shapely.buffer(whole, -4.0, join_style="mitre")
        if ground.geom_type != "Polygon" or ground.is_empty:
            continue
        name = names.quarter() + "片区" if block.kind == "old_quarter" else names.village()
        made[leaf] = len(draft.compounds)
        draft.compounds.append(Compound(ground, block.kind, name, -1))
    return {leaf: made.get(leaf, -1) for leaf in range(len(blocks.leaves))}
