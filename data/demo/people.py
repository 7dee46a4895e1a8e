"""People: who is willing to answer for grids, buildings and units - all invented.

Mobile numbers begin with 100 and duty lines with the area code 0000: neither exists.
"""

import numpy as np
import pandas as pd

from data.demo.names import duty_lines, masked_phones, people_names
from data.demo.sheets import Sheets
from data.profiles import Profile

HOUSEHOLDS_A_GRID = 400
FILLED_SHARE = 0.96  # of the workers and unit heads that grids will need
_OFFICES = """
    财政局 税务局 教育局 卫生健康局 民政局 人力资源和社会保障局 自然资源局 住房和城乡建设局
    交通运输局 水务局 农业农村局 林业局 市场监督管理局 应急管理局 公安局 司法局 统计局 审计局
    文化广电旅游局 医疗保障局 供电局 自来水公司 农村商业银行 农业银行支行 邮政储蓄银行支行 电信公司
    移动公司 人民医院 第一中学 实验小学 职业技术学校 图书馆 融媒体中心 气象局 烟草公司 新华书店
    消防救援大队 总工会 妇女联合会 残疾人联合会
"""
ORGANISATIONS = tuple(_OFFICES.split())


def draw_people(sheets: Sheets, profile: Profile, county: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return people and organisations of a tile, numbers from 1, with the role each is willing to take.

    Some four in a hundred of the workers that grids of 400 households need are missing.
    """
    needs = _needs(sheets, profile)
    parts = [_of_role(role, codes, county, rng) for role, codes in needs.items()]
    frame = pd.concat(parts, ignore_index=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="person_id")
    return frame


def _needs(sheets: Sheets, profile: Profile) -> dict[str, np.ndarray[tuple[int], np.dtype[np.object_]]]:
    """Return the community of each person wanted, role by role."""
    households = sheets.buildings.groupby("area_code")["households"].sum()
    codes = households.index.to_numpy(dtype=object)
    grids = np.maximum(1, np.round(households.to_numpy() / HOUSEHOLDS_A_GRID)).astype(np.int64)
    grids += _dedicated(sheets, profile).reindex(codes, fill_value=0).to_numpy()
    units = np.round(households.to_numpy() / profile.grid.unit_households * FILLED_SHARE).astype(np.int64)
    workers = np.repeat(codes, grids * profile.staffing.workers_per_grid)
    missing = round((1 - FILLED_SHARE) * len(workers))
    # evenly through the town, so that no community goes without
    gone = np.linspace(0, len(workers) - 1, missing + 2)[1:-1].round().astype(np.int64)
    with_stairs = sheets.buildings.loc[np.unique(sheets.stairwells["building_id"]), "area_code"]
    return {
        "worker": np.delete(workers, gone),
        "grid_head": np.repeat(codes, grids),
        "building_head": with_stairs.to_numpy(dtype=object),
        "unit_head": np.repeat(codes, units),
        "answerable_unit": np.repeat(codes, grids * profile.grid.zones_per_grid),
    }


def _dedicated(sheets: Sheets, profile: Profile) -> pd.Series:
    """Return how many grounds in each community are likely to be a dedicated grid."""
    rule, compounds = profile.grid, sheets.compounds
    large = compounds["kind"].isin(rule.dedicated_uses) & (compounds.area >= rule.dedicated_min_m2)
    counts: pd.Series = compounds.loc[large, "area_code"].value_counts()
    return counts


def _of_role(
    role: str, codes: np.ndarray[tuple[int], np.dtype[np.object_]], county: str, rng: np.random.Generator
) -> pd.DataFrame:
    count = len(codes)
    is_organisation = role == "answerable_unit"
    turn = rng.permutation(len(ORGANISATIONS))
    organisations = [f"{county}{ORGANISATIONS[turn[number % len(turn)]]}" for number in range(count)]
    has_line = role in ("worker", "grid_head", "answerable_unit")
    return pd.DataFrame({
        "area_code": codes,
        "source_ref": None,
        "kind": "organisation" if is_organisation else "person",
        "name": organisations if is_organisation else people_names(count, rng),
        "phone": masked_phones(count, rng),
        "duty_line": duty_lines(count, rng) if has_line else None,
        "role": role,
    })  # fmt: skip
