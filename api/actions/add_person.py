"""Add person: somebody new who may take duties, in a community of the account's scope."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from api.auth import Account
from data.postgis.engine import transaction
from data.stores import areas as area_store
from data.stores import people as people_store
from geo.errors import NotFoundError


def add_person(engine: Engine, values: Mapping[str, Any], *, account: Account) -> int:
    """Add somebody and return the person_id; `values` are area_code, name, kind, role, phone, duty_line.

    Raises
    ------
    DeniedError, NotFoundError
        The community is beyond the account's scope; there is none of that code.
    """
    account.require_cover(values["area_code"])
    with transaction(engine, actor=account.name, action="add_person", scope=account.scope) as conn:
        if values["area_code"] not in area_store.read_areas(conn, level="community", within=values["area_code"]).index:
            raise NotFoundError(what="community", key=values["area_code"])
        return int(people_store.add_people(conn, pd.DataFrame([dict(values)])).iloc[0])
