"""Read people: who there is, what they hold and held, who is away. Within the scope of whoever asks."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from api.absences import gaps_of
from api.actions.change_duties import plain_rows
from api.actions.plan_absence import away_days, duties_of
from data.stores import answers
from data.stores import duties as duty_store
from data.stores import people as people_store
from geo.errors import NotFoundError

Row = dict[str, Any]


def people_page(
    conn: Connection, *, on: date, words: str, role: str | None, within: str, after: int, limit: int, with_phone: bool
) -> Row:
    """Return the body of ``GET /api/v1/people``; private numbers only `with_phone`."""
    found = people_store.find_people(
        conn, on=on, words=words, role=role, within=within, after=after, limit=limit + 1, by_phone=with_phone
    )  # fmt: skip
    shown = found.head(limit)
    last = int(str(shown.index[-1])) if len(found) > limit else None
    return {"people": _people(shown, with_phone=with_phone), "next_after": last}


def person_detail(conn: Connection, person_id: int, *, on: date, with_phone: bool, with_reason: bool) -> Row:
    """Return the body of ``GET /api/v1/people/{person_id}``.

    Raises
    ------
    NotFoundError
        There is nobody of that id in scope.
    """
    found = people_store.find_people(conn, on=on, after=person_id - 1, limit=1)
    if person_id not in found.index:
        raise NotFoundError(what="person", key=person_id)
    (person,) = _people(found, with_phone=with_phone)
    held = duties_of(conn, person_id).sort_values(["valid_from", "code"])
    now = answers.read_answers(conn, on)
    stands_in = now[(now["answer_id"] == person_id) & (now["person_id"] != person_id)]
    names = _names(conn, on, pd.concat([held[["role", "area_code"]], stands_in[["role", "area_code"]]]))
    return {
        **person, "held": _duties(held, names), "stands_in": _duties(stands_in, names),
        "absences": absence_rows(conn, person_id=person_id, with_reason=with_reason),
    }  # fmt: skip


def absence_rows(
    conn: Connection, *, from_on: date | None = None, to_on: date | None = None, person_id: int | None = None,
    with_reason: bool,
) -> list[Row]:  # fmt: skip
    """Return absences that touch some days, each with the duties that have nobody meanwhile."""
    found = duty_store.read_absences(conn, from_on=from_on, to_on=to_on, person_id=person_id)
    ids = [int(str(key)) for key in found.index]
    by_duty = duty_store.read_substitutes(conn, ids)
    duties, others, names = duties_of(conn), away_days(conn), people_store.read_people(conn)["name"]
    held = dict(iter(duties.groupby("person_id")))
    rows = []
    for absence_id, row in zip(ids, found.to_dict("records"), strict=True):
        default = None if pd.isna(row["substitute_id"]) else int(row["substitute_id"])
        mine = held.get(row["person_id"], duties.iloc[:0])
        single = by_duty.get(absence_id, {})
        rows.append({
            "absence_id": absence_id, "revision": row["revision"], "person_id": row["person_id"], "name": row["name"],
            "area_code": row["area_code"], "from_on": row["away_from"], "to_on": row["away_to"],
            "substitute_id": default, "substitute": names.get(default) if default else None,
            "by_duty": [
                {"duty_id": duty, "substitute_id": who, "substitute": names.get(who)} for duty, who in single.items()
            ],
            "reason": row["reason"] if with_reason else None,
            "gaps": gaps_of(
                (row["away_from"] or date.min, row["away_to"]), mine, substitute_id=default, by_duty=single,
                others=others,
            ),
        })  # fmt: skip
    return rows


def _people(found: pd.DataFrame, *, with_phone: bool) -> list[Row]:
    shown = found if with_phone else found.assign(phone=None)
    return plain_rows(shown.reset_index())


def _names(conn: Connection, on: date, places: pd.DataFrame) -> dict[str, str]:
    """What targets are called on a day, by code; those of plans that do not hold then are not there."""
    names: dict[str, str] = {}
    for role, area in places.drop_duplicates().itertuples(index=False):
        targets = answers.read_targets(conn, role, on=on, within=area)
        names |= {str(code): str(name) for code, name in targets["name"].dropna().items()}
    return names


def _duties(rows: pd.DataFrame, names: dict[str, str]) -> list[Row]:
    return [
        {
            "duty_id": duty_id, "revision": row["revision"], "role": row["role"], "code": row["code"],
            "name": names.get(row["code"]), "from_on": row["valid_from"], "to_on": row["valid_to"],
        }
        for duty_id, row in zip(rows.index.tolist(), rows.to_dict("records"), strict=True)
    ]  # fmt: skip
