"""People on duty: who there is, who answers for what, who is away; changes of it."""

from typing import Annotated

from fastapi import Query, Request, Response

from api.access import PHONES
from api.actions.add_person import add_person
from api.actions.change_duties import begin_duty, end_duties, hand_over
from api.actions.plan_absence import Leave, drop_absence, plan_absence
from api.actions.read_duties import grid_duties, loads, vacancies_between, vacancies_on
from api.actions.read_people import absence_rows, people_page, person_detail
from api.actions.read_rounds import grid_rounds
from api.answers import json_answer
from api.auth import Account
from api.deps import AccountDep, OnDay, RowId, ServicesDep
from api.routes import answers, guarded_router, problems
from api.schemas import people as shapes
from api.schemas.base import Day
from api.schemas.plans import AreaCode, GridCode
from data.calendar import today
from data.stores.duties import DaysError
from geo.codes import scope_of

router = guarded_router("planning")
V1 = "/api/v1"
CHANGED = answers(shapes.Consequences, 401, 403, 404, 409)
RoleAsked = Annotated[shapes.Role, Query(description="who is asked for")]
RoleChoice = Annotated[shapes.Role | None, Query(description="only those there for it")]
AreaChoice = Annotated[AreaCode | None, Query(description="only this area")]
GridChoice = Annotated[GridCode | None, Query(description="only this grid, with its parts")]


@router.get(f"{V1}/people", responses=answers(shapes.People, 401))
def list_people(
    *, request: Request, services: ServicesDep, account: AccountDep,
    q: Annotated[str, Query(max_length=80, description="in name or number")] = "", role: RoleChoice = None,
    area_code: AreaChoice = None, on: OnDay = None, after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:  # fmt: skip
    """List people and organisations, by id; private numbers for those who call them alone."""
    with services.read(account) as conn:
        body = people_page(
            conn, on=on or today(), words=q, role=role, within=_within(account, area_code), after=after, limit=limit,
            with_phone=account.role in PHONES,
        )  # fmt: skip
    return json_answer(request, body, reader="nobody")


@router.post(f"{V1}/people", status_code=201, responses=problems(401, 403))
def new_person(services: ServicesDep, account: AccountDep, body: shapes.PersonAsked) -> shapes.PersonMade:
    """Add somebody who may take duties."""
    made = add_person(services.staff, body.model_dump(), account=account)
    return shapes.PersonMade(person_id=made)


@router.get(f"{V1}/people/{{person_id}}", responses=answers(shapes.PersonDetail, 401, 404))
def one_person(
    request: Request, services: ServicesDep, account: AccountDep, person_id: RowId, on: OnDay = None
) -> Response:
    """Tell all of somebody: duties past and to come, absences, for whom they stand in."""
    with services.read(account) as conn:
        body = person_detail(
            conn, person_id, on=on or today(), with_phone=account.role in PHONES,
            with_reason=services.may(account, f"POST {V1}/absences"),
        )  # fmt: skip
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/duties", responses=answers(shapes.Duties, 401, 404))
def list_duties(
    request: Request, services: ServicesDep, account: AccountDep, on: OnDay = None, grid_code: GridChoice = None,
    area_code: AreaChoice = None,
) -> Response:  # fmt: skip
    """List grids with who answers for them on a day; those without a worker first."""
    with services.limits.slot(), services.read(account) as conn:
        body = grid_duties(conn, on=on or today(), within=_within(account, area_code), grid_code=grid_code)
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/duties/vacancies", responses=answers(shapes.Vacancies, 401))
def list_vacancies(
    *, request: Request, services: ServicesDep, account: AccountDep, role: RoleAsked = "worker", on: OnDay = None,
    from_on: Annotated[Day | None, Query(alias="from", description="buildings without anybody from this day")] = None,
    to_on: Annotated[Day | None, Query(alias="to", description="until before this day")] = None,
) -> Response:  # fmt: skip
    """List what has nobody on a day and why; or, with `from` and `to`, on which days buildings have nobody."""
    with services.limits.slot(), services.read(account) as conn:
        if from_on is None and to_on is None:
            body = vacancies_on(conn, on=on or today(), role=role, within=account.scope)
        elif from_on is None or to_on is None or on is not None or to_on <= from_on:
            raise DaysError(reason="give a day, or both `from` and a later `to`", reason_zh="请给出某一天，或起止两天")
        else:
            asked = role if role == "grid_head" else "worker"
            body = vacancies_between(conn, from_on=from_on, to_on=to_on, role=asked, within=account.scope)
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/duties/load", responses=answers(shapes.Loads, 401))
def list_loads(
    request: Request, services: ServicesDep, account: AccountDep, role: RoleAsked = "worker", on: OnDay = None,
    area_code: AreaChoice = None,
) -> Response:  # fmt: skip
    """List what each person of a role answers for on a day, the heaviest first."""
    with services.read(account) as conn:
        within = _within(account, area_code)
        body = loads(conn, on=on or today(), role=role, within=within, profile=services.profile)
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/duties/rounds", responses=answers(shapes.Rounds, 401, 404))
def list_rounds(
    request: Request, services: ServicesDep, account: AccountDep, area_code: AreaCode, on: OnDay = None
) -> Response:
    """Tell how long the walk past every building of each grid is, the longest first."""
    with services.limits.slot(), services.read(account) as conn:
        body = grid_rounds(
            conn, services.scenes, on=on or today(), area_code=area_code, account=account, profile=services.profile
        )  # fmt: skip
    return json_answer(request, body, reader="nobody")


@router.post(f"{V1}/duties", responses=CHANGED)
def begin(request: Request, services: ServicesDep, account: AccountDep, body: shapes.DutyAsked) -> Response:
    """Give somebody a duty."""
    done = begin_duty(
        services.staff, person_id=body.person_id, role=body.role, code=body.code, days=(body.from_on, body.to_on),
        account=account, is_trial=body.is_trial,
    )  # fmt: skip
    return json_answer(request, done, reader="nobody")


@router.post(f"{V1}/duties/end", responses=CHANGED)
def end(request: Request, services: ServicesDep, account: AccountDep, body: shapes.EndAsked) -> Response:
    """Let duties end; 409 where somebody was quicker."""
    done = end_duties(services.staff, seen=_seen(body), on=body.on, account=account, is_trial=body.is_trial)
    return json_answer(request, done, reader="nobody")


@router.post(f"{V1}/duties/hand-over", responses=CHANGED)
def over(request: Request, services: ServicesDep, account: AccountDep, body: shapes.HandOverAsked) -> Response:
    """Hand duties over: the old end on the day the new begin; 409 where somebody was quicker."""
    done = hand_over(
        services.staff, seen=_seen(body), to_person_id=body.to_person_id, on=body.on, account=account,
        is_trial=body.is_trial,
    )  # fmt: skip
    return json_answer(request, done, reader="nobody")


@router.get(f"{V1}/absences", responses=answers(shapes.Absences, 401))
def list_absences(
    request: Request, services: ServicesDep, account: AccountDep,
    from_on: Annotated[Day | None, Query(alias="from")] = None, to_on: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:  # fmt: skip
    """List who is away and who answers meanwhile; why is told to those who write it alone."""
    with services.read(account) as conn:
        rows = absence_rows(
            conn, from_on=from_on, to_on=to_on, with_reason=services.may(account, f"POST {V1}/absences")
        )  # fmt: skip
    return json_answer(request, {"absences": rows}, reader="nobody")


@router.post(f"{V1}/absences", responses=answers(shapes.AbsenceMade, 401, 403, 404, 409))
def new_absence(request: Request, services: ServicesDep, account: AccountDep, body: shapes.AbsenceAsked) -> Response:
    """Write down that somebody is away, and who stands in."""
    done = plan_absence(services.staff, _leave(body), account=account, is_trial=body.is_trial)
    return json_answer(request, done, reader="nobody")


@router.put(f"{V1}/absences/{{absence_id}}", responses=answers(shapes.AbsenceMade, 401, 403, 404, 409))
def change_absence(
    request: Request, services: ServicesDep, account: AccountDep, absence_id: RowId, body: shapes.AbsenceChanged
) -> Response:
    """Change an absence; 409 where somebody was quicker."""
    done = plan_absence(
        services.staff, _leave(body), account=account, absence_id=absence_id, seen=body.revision,
        is_trial=body.is_trial,
    )  # fmt: skip
    return json_answer(request, done, reader="nobody")


@router.delete(
    f"{V1}/absences/{{absence_id}}", status_code=204, response_class=Response, responses=problems(401, 403, 404, 409)
)
def take_back(
    services: ServicesDep, account: AccountDep, absence_id: RowId,
    revision: Annotated[int, Query(ge=1, lt=2**31, description="of the row that was looked at")],
) -> Response:  # fmt: skip
    """Take an absence back; 409 where somebody was quicker."""
    drop_absence(services.staff, absence_id, seen=revision, account=account)
    return Response(status_code=204)


def _within(account: Account, area_code: str | None) -> str:
    """What is looked at: the account's scope, narrowed to an area; none of it where they do not meet."""
    if area_code is None:
        return account.scope
    digits = scope_of(area_code)
    return digits if account.covers(digits) else f"{digits}!"


def _seen(body: shapes.EndAsked) -> dict[int, int]:
    return {row.duty_id: row.revision for row in body.duties}


def _leave(body: shapes.AbsenceAsked) -> Leave:
    by_duty = {row.duty_id: row.substitute_id for row in body.by_duty}
    return Leave(body.person_id, (body.from_on, body.to_on), body.substitute_id, by_duty, body.reason)
