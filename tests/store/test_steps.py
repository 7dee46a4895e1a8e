"""Steps: a plan's life is kept, and nobody leaves it - neither through the store nor past it."""

from datetime import date
from itertools import product

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from data.stores import plans as plan_store
from data.stores import steps
from data.stores.operations import StaleRevisionError
from data.stores.steps import LIFE, NoDocumentError, NoReasonError, Step, WrongStateError
from geo.errors import NotFoundError
from tests.fixtures.small_town import COMMUNITIES, draw_cells, draw_plan

A = COMMUNITIES[0]
SUBMIT = Step("submit", None, "planner", remark="请审", report={"errors": 0, "warnings": 2}, dossier={"totals": {}})
APPROVE = Step("approve", None, "approver", document_number="试〔2026〕2号")
RETURN = Step("return", None, "approver", remark="第三网格跨河")
STATES = ("draft", "submitted", "returned", "approved", "published", "superseded")
WAYS = {(state, to) for states, to in LIFE.values() for state in states}


@pytest.fixture
def plan_id(undone: Connection) -> int:
    """A draft of one community."""
    made = plan_store.create_plan(undone, area_code=A, name="新", seed=1, method="x", report={})
    plan_store.write_grids(undone, made, draw_plan(draw_cells(), communities=(A,)))
    return made


def state_of(conn: Connection, plan_id: int) -> str:
    return str(plan_store.read_plan(conn, plan_id)["state"])


def test_a_plan_goes_back_and_forth_and_every_step_is_kept(undone: Connection, plan_id: int) -> None:
    told = []
    for step in (SUBMIT, Step("recall", None, "planner"), SUBMIT, RETURN, SUBMIT, APPROVE, RETURN, SUBMIT, APPROVE):
        steps.take_step(undone, plan_id, step)
        told.append(state_of(undone, plan_id))
    assert told == ["submitted", "draft", "submitted", "returned", "submitted", "approved", "returned", "submitted",
                    "approved"]  # fmt: skip
    kept = steps.list_steps(undone, plan_id)
    assert [row["step"] for row in kept] == ["submit", "recall", "submit", "return", "submit", "approve", "return",
                                             "submit", "approve"]  # fmt: skip
    assert {row["actor"] for row in kept} == {"planner", "approver"}
    assert kept[3]["remark"] == "第三网格跨河"
    assert kept[0]["report"] == {"errors": 0, "warnings": 2}
    assert steps.read_dossier(undone, plan_id) == {"totals": {}}
    assert steps.last_actor(undone, plan_id, "submit") == "planner"
    assert plan_store.read_plan(undone, plan_id)["document_number"] == "试〔2026〕2号"


def test_only_what_is_open_is_changed_or_deleted(undone: Connection, plan_id: int) -> None:
    steps.take_step(undone, plan_id, SUBMIT)
    for change in (
        plan_store.delete_plan,
        lambda conn, key: plan_store.write_grids(conn, key, draw_plan(draw_cells())),
    ):
        with pytest.raises(Exception, match="it is submitted"):
            change(undone, plan_id)
    steps.take_step(undone, plan_id, RETURN)
    plan_store.delete_plan(undone, plan_id)
    assert undone.scalar(text("SELECT count(*) FROM plan_steps WHERE plan_id = :id"), {"id": plan_id}) == 0


@pytest.mark.parametrize(("step", "state"), list(product(LIFE, ("draft", "submitted", "returned", "approved"))))
def test_a_step_is_refused_in_every_other_state(undone: Connection, plan_id: int, step: str, state: str) -> None:
    way = {"draft": (), "submitted": (SUBMIT,), "returned": (SUBMIT, RETURN), "approved": (SUBMIT, APPROVE)}[state]
    for one in way:
        steps.take_step(undone, plan_id, one)
    asked = Step(step, None, "somebody", "文号", "理由", date(2027, 1, 1) if step == "publish" else None)
    if state in LIFE[step][0]:
        steps.take_step(undone, plan_id, asked)
        return
    with pytest.raises(WrongStateError) as refused:
        steps.take_step(undone, plan_id, asked)
    assert steps.WORDS[state][0] in refused.value.text("zh")
    assert state_of(undone, plan_id) == state


@pytest.mark.parametrize(("before", "after"), [way for way in product(STATES, STATES) if way[0] != way[1]])
def test_the_database_knows_the_ways_by_itself(undone: Connection, plan_id: int, before: str, after: str) -> None:
    """Whoever writes past the store comes no further; dates are another rule's."""
    dates = "valid = CASE WHEN :to IN ('published', 'superseded') THEN daterange('2027-01-01', NULL) END"
    for one in {"submitted": (SUBMIT,), "returned": (SUBMIT, RETURN)}.get(before, (SUBMIT, APPROVE)):
        if before != "draft":
            steps.take_step(undone, plan_id, one)
    for to in {"published": ("published",), "superseded": ("published", "superseded")}.get(before, ()):
        undone.execute(text(f"UPDATE plans SET state = :to, {dates} WHERE plan_id = :id"), {"to": to, "id": plan_id})
    assert state_of(undone, plan_id) == before
    turn = text(f"UPDATE plans SET state = :to, {dates} WHERE plan_id = :id")
    if (before, after) in WAYS | {("published", "superseded"), ("superseded", "published")}:
        undone.execute(turn, {"to": after, "id": plan_id})
        return
    with pytest.raises(IntegrityError, match=f"cannot go from {before} to {after}"):
        undone.execute(turn, {"to": after, "id": plan_id})


def test_what_a_step_needs_is_asked_for(undone: Connection, plan_id: int) -> None:
    steps.take_step(undone, plan_id, SUBMIT)
    for remark in (None, "", "  \n"):
        with pytest.raises(NoReasonError):
            steps.take_step(undone, plan_id, Step("return", None, "approver", remark=remark))
    for number in (None, "", " "):
        with pytest.raises(NoDocumentError):
            steps.take_step(undone, plan_id, Step("approve", None, "approver", document_number=number))
    assert state_of(undone, plan_id) == "submitted"


def test_a_step_names_the_revision_that_was_looked_at(undone: Connection, plan_id: int) -> None:
    plan_store.write_grids(undone, plan_id, draw_plan(draw_cells(), communities=(A,)))  # revision 2
    with pytest.raises(StaleRevisionError) as refused:
        steps.take_step(undone, plan_id, Step("submit", 1, "planner"))
    assert (refused.value.fields["seen"], refused.value.fields["revision"]) == (1, 2)
    steps.take_step(undone, plan_id, Step("submit", 2, "planner"))


def test_a_plan_elsewhere_is_not_found(undone: Connection, plan_id: int) -> None:
    undone.execute(text("SELECT set_config('wangge.scope', :scope, true)"), {"scope": COMMUNITIES[1]})
    with pytest.raises(NotFoundError):
        steps.take_step(undone, plan_id, SUBMIT)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE plan_steps SET actor = 'x'", "DELETE FROM plan_steps", "UPDATE plan_comments SET words = 'x'",
     "DELETE FROM plan_comments", "UPDATE retired_codes SET plan_id = 1"],
)  # fmt: skip
def test_what_was_decided_or_said_stays(undone: Connection, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        undone.execute(text(statement))


def test_comments_are_pinned_and_settled_once(undone: Connection, plan_id: int) -> None:
    first = steps.add_comment(undone, plan_id, grid_code=f"{A}001", words="学校不宜拆开", actor="street")
    steps.add_comment(undone, plan_id, grid_code=None, words="总体可行", actor="approver")
    steps.settle_comment(undone, plan_id, first, actor="planner")
    steps.settle_comment(undone, plan_id, first, actor="somebody else")
    told = steps.list_comments(undone, plan_id)
    assert [(row["grid_code"], row["words"], row["actor"], row["settled_by"]) for row in told] == [
        (f"{A}001", "学校不宜拆开", "street", "planner"), (None, "总体可行", "approver", None),
    ]  # fmt: skip
    with pytest.raises(NotFoundError, match="999"):
        steps.settle_comment(undone, plan_id, 999, actor="planner")


def test_codes_of_a_deleted_draft_are_never_issued_again(undone: Connection, plan_id: int) -> None:
    used = plan_store.used_grid_codes(undone, within=A)
    undone.execute(text("UPDATE grids SET grid_code = :code WHERE plan_id = :id AND grid_code = :old"),
                   {"code": f"{A}777", "old": f"{A}001", "id": plan_id})  # fmt: skip
    plan_store.delete_plan(undone, plan_id)
    assert plan_store.used_grid_codes(undone, within=A) == sorted({*used, f"{A}777"})


def test_a_draft_is_deleted_whole(undone: Connection) -> None:
    before = undone.scalar(text("SELECT count(*) FROM unit_cells"))
    made = plan_store.create_plan(undone, area_code=A, name="新", seed=1, method="x", report={})
    plan_store.write_grids(undone, made, draw_plan(draw_cells(), communities=(A,)))
    plan_store.delete_plan(undone, made)
    assert undone.scalar(text("SELECT count(*) FROM unit_cells")) == before
    with pytest.raises(NotFoundError):
        plan_store.read_plan(undone, made)
