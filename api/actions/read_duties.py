"""Read duties: who answers for each grid on a day, what has nobody and why, how much each has to carry."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from api.actions.change_duties import vacancy_rows
from data.profiles import Profile
from data.stores import answers
from geo.errors import NotFoundError

Row = dict[str, Any]
BARE_SHOWN_MAX = 500
_STANDING = ["role", "code", "person_id", "name", "answer_id", "answer", "duty_line", "problem", "revision"]


def grid_duties(conn: Connection, *, on: date, within: str, grid_code: str | None = None) -> Row:
    """Return the body of ``GET /api/v1/duties``: grids with who answers for them, those without a worker first.

    Raises
    ------
    NotFoundError
        No grid of that code holds on the day, in scope.
    """
    asked: dict[str, Any] = {"on": on, "within": within, "grid_code": grid_code}
    grids = answers.read_targets(conn, "worker", **asked)
    if grid_code is not None and grids.empty:
        raise NotFoundError(what="grid", key=grid_code)
    now = answers.read_answers(conn, on)
    rows = _standing(now)
    shares = {name: _shares(conn, role, asked) for name, role in (("units", "unit_head"), ("zones", "answerable_unit"))}
    by = {role: _by_code(now, rows, role) for role in ("worker", "grid_head")}
    ordered = grids.assign(is_answered=grids["reason"].isna()).sort_values("is_answered", kind="stable")
    told = ordered.astype(object).where(ordered.notna(), None)
    none = {"answered": 0, "all": 0}
    body = [
        {
            "grid_code": code, **{key: row[key] for key in ("name", "area_code", "community", "households", "people")},
            "reason": row["reason"], "next_on": row["next_on"] if row["reason"] else None,
            "workers": by["worker"].get(code, []), "heads": by["grid_head"].get(code, []),
            **{name: share.get(code, none) for name, share in shares.items()},
            "parts": None if grid_code is None else _parts(now, rows, code),
        }
        for code, row in zip(told.index, told.to_dict("records"), strict=True)
    ]  # fmt: skip
    return {"on": on, "grids": body}


def vacancies_on(conn: Connection, *, on: date, role: str, within: str) -> Row:
    """Return the body of ``GET /api/v1/duties/vacancies`` for a day."""
    found = answers.read_targets(conn, role, on=on, within=within)
    lost = found[found["reason"].notna()]
    return {
        "role": role, "on": on, "from_on": None, "to_on": None, "households": int(lost["households"].sum()),
        "vacancies": vacancy_rows(lost), "buildings": 0, "stretches": [], "bare": [],
    }  # fmt: skip


def vacancies_between(conn: Connection, *, from_on: date, to_on: date, role: str, within: str) -> Row:
    """Return the body of ``GET /api/v1/duties/vacancies`` for days: which buildings have nobody, and when."""
    found = answers.read_bare_days(conn, from_on, to_on, role=role, within=within)
    keyed = found.assign(grids=found["grid_codes"].map(tuple))
    groups = keyed.groupby(["area_code", "grids", "from_on", "to_on"], sort=True)
    sums = groups.agg(buildings=("building_id", "size"), households=("households", "sum")).reset_index()
    sums = sums.sort_values(["households", "from_on"], ascending=[False, True], kind="stable")
    once = found.drop_duplicates("building_id")
    return {
        "role": role, "on": None, "from_on": from_on, "to_on": to_on, "households": int(once["households"].sum()),
        "vacancies": [], "buildings": len(once),
        "stretches": [{**row, "grid_codes": list(row["grid_codes"])}
                      for row in sums.rename(columns={"grids": "grid_codes"}).to_dict("records")],
        "bare": found.head(BARE_SHOWN_MAX).to_dict("records"),
    }  # fmt: skip


def loads(conn: Connection, *, on: date, role: str, within: str, profile: Profile) -> Row:
    """Return the body of ``GET /api/v1/duties/load``: what each answers for that day, the heaviest first.

    What several answer for is shared among them; a substitute carries what they stand in for.
    """
    targets = answers.read_targets(conn, role, on=on, within=within)
    now = answers.read_answers(conn, on)
    mine = now[(now["role"] == role) & now["answer_id"].notna() & now["code"].isin(targets.index)]
    own = targets.loc[mine["code"], ["households", "people", "answering"]].set_index(mine.index)
    part = mine.assign(
        households=own["households"] / own["answering"],
        people=(own["people"].astype("Float64") / own["answering"]).astype("float64"),
        stands_in=mine["answer_id"] != mine["person_id"],
    )
    rows = [
        {
            "person_id": int(str(who)), "name": group["answer"].iloc[0], "kind": group["kind"].iloc[0],
            "area_code": group["area_code"].iloc[0], "targets": group["code"].nunique(),
            "stands_in": int(group["stands_in"].sum()), "households": round(float(group["households"].sum()), 1),
            "people": None if group["people"].isna().all() else round(float(group["people"].sum()), 1),
            "codes": sorted(set(group["code"])),
        }
        for who, group in part.groupby("answer_id")
    ]  # fmt: skip
    rows.sort(key=lambda row: (-row["households"], row["person_id"]))
    mean = sum(row["households"] for row in rows) / len(rows) if rows else None
    return {"on": on, "role": role, "mean_households": mean, "norm": _norm(role, profile), "loads": rows}


def _norm(role: str, profile: Profile) -> tuple[int, int] | None:
    """Households that one of a role should carry, where the profile says so."""
    if role == "worker":
        low, high = profile.grid.band
        each = profile.staffing.workers_per_grid
        return -(-low // each), high // each
    if role == "grid_head":
        return profile.grid.band
    return (profile.grid.unit_households, profile.grid.unit_households) if role == "unit_head" else None


def _standing(now: pd.DataFrame) -> dict[int, Row]:
    """Duties of a day as rows of an answer, by duty_id."""
    plain = now.astype(object).where(now.notna(), None)
    return {
        int(str(duty_id)): {
            "duty_id": int(str(duty_id)), **{name: row[name] for name in _STANDING},
            "is_substitute": row["answer_id"] is not None and row["answer_id"] != row["person_id"],
            "from_on": row["valid_from"], "to_on": row["valid_to"],
        }
        for duty_id, row in zip(plain.index, plain.to_dict("records"), strict=True)
    }  # fmt: skip


def _by_code(now: pd.DataFrame, rows: dict[int, Row], role: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    mine = now[now["role"] == role]
    for duty_id, code in zip(mine.index, mine["code"], strict=True):
        found.setdefault(code, []).append(rows[int(str(duty_id))])
    return found


def _parts(now: pd.DataFrame, rows: dict[int, Row], grid_code: str) -> list[Row]:
    inside = now["code"].str.startswith(grid_code) & (now["code"].str.len() > len(grid_code))
    return [rows[int(str(duty_id))] for duty_id in now.index[inside]]


def _shares(conn: Connection, role: str, asked: dict[str, Any]) -> dict[str, Row]:
    targets = answers.read_targets(conn, role, **asked)
    counts = targets["reason"].isna().groupby(targets["grid_code"]).agg(["sum", "size"])
    return {str(code): {"answered": int(row["sum"]), "all": int(row["size"])} for code, row in counts.iterrows()}
