"""Finding words: what the doctor's findings are called, and what would mend each, in both languages."""

from collections.abc import Mapping

FINDINGS: Mapping[str, tuple[str, str]] = {
    "gap": ("有地面不属于任何网格", "Ground in no grid"),
    "overlap": ("两个网格重叠", "Two grids overlap"),
    "outside": ("网格越出本社区", "A grid reaches outside its community"),
    "building_in_none": ("楼栋不在任何网格内", "A building in no grid"),
    "building_in_two": ("楼栋同时在两个网格内", "A building in two grids"),
    "pieces": ("网格分成几块，互不相连", "A grid in pieces"),
    "cut": ("网格被{barrier}隔断", "A grid cut by {barrier}"),
    "sums": ("网格户数与其地块之和不符", "A grid's count is not that of its cells"),
    "sliver_gap": ("细缝，不属于任何网格", "A sliver in no grid"),
    "sliver_overlap": ("细条重叠", "A sliver in two grids"),
    "register": ("户数与房屋登记不符", "Households differ from the register"),
    "below": ("户数低于规模", "Too few households"),
    "above": ("户数高于规模", "Too many households"),
    "vacant": ("没有网格员", "No worker"),
    "stale_base": ("起草所依据的方案已不是现行方案", "The plan it was drawn from is no longer in force"),
}

REPAIRS: Mapping[str, tuple[str, str]] = {
    "gap": ("重新切分该社区地块后再生成方案", "Cut the community's cells anew and draw the plan on them"),
    "overlap": ("把重叠处划给其中一个网格", "Give the ground to one of the two"),
    "outside": ("把越出的地块划给所在社区的网格", "Give the ground to a grid of the community it lies in"),
    "building_in_none": (
        "核对楼栋位置，或重新切分该社区地块",
        "Check where the building stands, or cut the cells anew",
    ),
    "building_in_two": ("把楼栋所在地块划给其中一个网格", "Give the building's cell to one of the two"),
    "pieces": ("把这一块划给{to}", "Give this piece to {to}"),
    "cut": ("把隔开的这一块划给{to}", "Give this piece to {to}"),
    "sums": ("撤销最近的改动，或重新生成方案", "Undo the last edit, or draw the plan anew"),
    "sliver_gap": ("可以忽略；重新切分地块后消失", "May stay; it goes when the cells are cut anew"),
    "sliver_overlap": ("可以忽略；重新切分地块后消失", "May stay; it goes when the cells are cut anew"),
    "register": ("更新地块户数：重新切分该社区地块", "Bring the counts up to date: cut the community's cells anew"),
    "below": ("并入相邻楼栋，或与相邻网格合并", "Take buildings in from next door, or merge it"),
    "above": ("划出几栋楼，或一分为二", "Give buildings away, or split it"),
    "vacant": (
        "到“人员任职”安排网格员；不安排则列入空岗清单",
        "Assign a worker on the page of people; else it is listed as vacant",
    ),
    "stale_base": (
        "从现行方案另建草案，或在比对中逐项确认",
        "Branch from the plan in force, or check each change in the dossier",
    ),
}
EXCUSED = ("无法避免，可以保留：没有步行通道通向别处", "It may stay: no way on foot leads from it to any other grid")
NO_TAKER = (
    "没有相邻网格可以接收：解锁相邻网格，或让这一块单独成为网格",
    "No open grid next door can take it: unlock one, or make it a grid of its own",
)
BARRIERS: Mapping[str, tuple[str, str]] = {
    "water": ("河流水面", "water"),
    "wall": ("围墙", "a wall"),
    "rail": ("铁路", "a railway"),
    "road": ("道路", "a road"),
}
OTHERWISE = ("障碍", "a barrier")


def finding_title(kind: str, *, barrier: str | None, language: str) -> str:
    """Return what a finding is called."""
    place = 0 if language == "zh" else 1
    return FINDINGS[kind][place].format(barrier=BARRIERS.get(barrier or "", OTHERWISE)[place])


def finding_repair(kind: str, *, is_error: bool, to: str | None, language: str) -> str:
    """Return what would mend a finding; `to` is the name of the grid that may take a piece."""
    words = REPAIRS[kind]
    if kind in ("pieces", "cut") and (to is None or not is_error):
        words = NO_TAKER if is_error else EXCUSED
    return words[0 if language == "zh" else 1].format(to=to)
