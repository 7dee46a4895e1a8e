"""Answers about the service itself: session, accounts, jobs, audit, health."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer

StaffRole = Literal["grid_worker", "street_office", "planner", "approver", "admin"]
Scope = Annotated[
    str,
    Field(
        pattern=r"^(\*|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$",
        description="leading digits of a division code; * is everything",
        examples=["529901001"],
    ),
]
AccountName = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[^\s:\x00-\x1f\x7f]+$", examples=["lishan_street"])
]


class SessionAnswer(Answer):
    """Who is signed in."""

    name: str = Field(examples=["planner"])
    role: StaffRole
    scope: str = Field(examples=["529901"])


class AccountAnswer(Answer):
    """An account, without anything secret."""

    account_id: int = Field(examples=[3])
    name: str = Field(examples=["lishan_street"])
    role: StaffRole
    scope: str = Field(examples=["529901001"])
    language: str = Field(examples=["zh"])
    is_active: bool
    created_at: datetime


class AccountsAnswer(Answer):
    """All accounts within the asker's scope."""

    accounts: list[AccountAnswer]


class NewAccount(BaseModel):
    """An account to open."""

    model_config = ConfigDict(extra="forbid")

    name: AccountName
    password: Annotated[str, Field(min_length=10, max_length=200, examples=["青山 绿水 三号楼 晒太阳"])]
    role: StaffRole
    scope: Scope
    language: Literal["zh", "en"] = "zh"


class AccountMade(Answer):
    """The account that was opened."""

    account_id: int = Field(examples=[4])


class JobAnswer(Answer):
    """How far a job is."""

    job_id: int = Field(examples=[12])
    kind: str = Field(examples=["propose_plan"])
    state: Literal["waiting", "running", "done", "failed"]
    progress_share: float = Field(ge=0, le=1, examples=[0.6])
    message: str | None = Field(examples=["正在校验方案"])
    result: dict[str, Any] | None = Field(examples=[{"plan_id": 7}])


class JobTaken(Answer):
    """A job was queued; ask GET /api/v1/jobs/{job_id} how far it is."""

    job_id: int = Field(examples=[12])


class AuditRow(Answer):
    """One write: who, what for, which table, how many rows."""

    audit_id: int
    at: datetime
    actor: str = Field(examples=["planner"])
    action: str = Field(examples=["publish_plan"])
    noun: str = Field(examples=["plans"])
    operation: str = Field(examples=["update"])
    rows: int = Field(examples=[1])


class AuditAnswer(Answer):
    """Writes, newest first."""

    audit: list[AuditRow]


class HealthAnswer(Answer):
    """Whether the service can answer."""

    status: Literal["ok"]
    database: Literal["ok"]
