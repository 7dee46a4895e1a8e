"""Staffing: who answers for which target, where people have no duty of their own yet.

A simple, stated rule, meant for a first draft that an office then corrects: inside each
community, targets with most households are given someone first, so a shortage leaves the
smallest ones vacant.
"""

import pandas as pd


def staff(targets: pd.DataFrame, people: pd.DataFrame, *, per_target: int = 1) -> pd.DataFrame:
    """Return one row for each duty handed out.

    Parameters
    ----------
    targets
        index the target's code; columns area_code, households.
    people
        index person_id; column area_code. A person serves targets of their own community only.
    per_target
        People each target should have; every target gets its first before any gets a second.

    Returns
    -------
    pandas.DataFrame
        columns person_id, target, area_code; a person stands in it at most once.
    """
    rows: list[pd.DataFrame] = []
    waiting = dict(iter(people.sort_index().groupby("area_code")))
    for area_code, group in targets.groupby("area_code"):
        able = waiting.get(area_code)
        if able is None:
            continue
        order = group.assign(code=group.index).sort_values(["households", "code"], ascending=[False, True]).index
        wanted = [code for _ in range(per_target) for code in order]
        pairs = list(zip(able.index, wanted, strict=False))
        rows.append(pd.DataFrame(pairs, columns=["person_id", "target"]).assign(area_code=area_code))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["person_id", "target", "area_code"])
