"""When customers were last in touch, and how often with their owner, by tasks and events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, Date, cast, false, func, or_, select, true

from sfterritory.model.store.column_type import SQLITE, Day
from sfterritory.model.store.mirror_table import Account, CustomerActivity
from sfterritory.model.store.tables import table_of

_ACTIVITY = table_of(CustomerActivity)
_ACCOUNT = table_of(Account)


def last_activities(connection: Connection, today: date) -> Mapping[str, date]:
    """Return the day of the last completed task or past event of every account that has one.

    A task counts on the day it was completed, or was due where Salesforce does not tell; an event
    on the day it took place.
    """
    table = _ACTIVITY.c
    completed = (
        func.substr(table.completed_at, 1, 10)
        if connection.dialect.name == SQLITE
        else cast(func.timezone("UTC", table.completed_at), Date)
    )
    day = func.coalesce(completed, table.activity_date, type_=Day)
    query = (
        select(table.account_id, func.max(day, type_=Day).label("day"))
        .where(
            table.is_deleted.is_(false()),
            table.account_id.is_not(None),
            or_(table.object_name == "Event", table.is_closed.is_(true())),
            day <= today,
        )
        .group_by(table.account_id)
        .order_by(table.account_id)
    )
    return {row.account_id: row.day for row in connection.execute(query)}


def owner_activities(connection: Connection) -> Mapping[str, int]:
    """Return how many completed tasks and events of its present owner every account has, if any."""
    table, account = _ACTIVITY.c, _ACCOUNT.c
    query = (
        select(account.id, func.count().label("times"))
        .join_from(
            _ACCOUNT,
            _ACTIVITY,
            (account.id == table.account_id) & (account.owner_id == table.owner_id),
        )
        .where(
            table.is_deleted.is_(false()),
            or_(table.object_name == "Event", table.is_closed.is_(true())),
        )
        .group_by(account.id)
        .order_by(account.id)
    )
    return {row.id: row.times for row in connection.execute(query)}
