"""Accounts: who may sign in. Admins only, within their own scope."""

from fastapi import Response

from api.actions.sign_in import create_account, refuse_wider_scope
from api.deps import AccountDep, ServicesDep
from api.routes import guarded_router, problems
from api.schemas.service import AccountAnswer, AccountMade, AccountsAnswer, NewAccount
from data.stores import accounts

router = guarded_router("admin")


@router.get("/api/v1/accounts", responses=problems(401, 403))
def list_accounts(response: Response, services: ServicesDep, account: AccountDep) -> AccountsAnswer:
    """List the accounts within one's own scope."""
    response.headers["cache-control"] = "no-store"
    with services.read(account) as conn:
        rows = [row for row in accounts.list_accounts(conn) if account.covers(row["scope"])]
    names = AccountAnswer.model_fields
    return AccountsAnswer(accounts=[AccountAnswer.model_validate({name: row[name] for name in names}) for row in rows])


@router.post("/api/v1/accounts", status_code=201, responses=problems(401, 403, 409))
def open_account(services: ServicesDep, account: AccountDep, new: NewAccount) -> AccountMade:
    """Open an account; its scope may not be wider than one's own."""
    refuse_wider_scope(account, new.scope)
    account_id = create_account(
        services.staff, name=new.name, password=new.password, role=new.role, scope=new.scope,
        language=new.language, actor=account.name,
    )  # fmt: skip
    return AccountMade(account_id=account_id)
