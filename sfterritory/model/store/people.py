"""Who can own records: users and queues; and who owned one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, false, select

from sfterritory.model.ids import QUEUE_PREFIX, USER_PREFIX, looks_like_id, to_18
from sfterritory.model.store.mirror_table import OwnerHistory, Queue, QueueObject, SalesforceUser
from sfterritory.model.store.tables import table_of

_USER = table_of(SalesforceUser)
_QUEUE = table_of(Queue)
_QUEUE_OBJECT = table_of(QueueObject)
_HISTORY = table_of(OwnerHistory)

# Case calls an owner change by what made it.
OWNER_FIELDS = ("Owner", "OwnerId", "ownerAccepted", "ownerAssignment", "ownerEscalated")


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user of the org; blanks are empty text, an unknown home has None for both coordinates."""

    id: str
    name: str
    username: str
    email: str
    is_active: bool
    user_type: str
    title: str
    department: str
    division: str
    manager_id: str
    employee_number: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    lon_deg: float | None
    lat_deg: float | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class QueueRecord:
    """A queue and the objects that it may own, in ascending order."""

    id: str
    name: str
    developer_name: str
    supported_objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerHistoryEntry:
    """One change of owner as Salesforce tells it; None where there was no owner to name."""

    at: datetime
    before: str | None
    after: str | None
    by: str | None


def read_users(connection: Connection) -> tuple[UserRecord, ...]:
    """Return every user in ascending order of id."""
    query = select(_USER).where(_USER.c.is_deleted.is_(false())).order_by(_USER.c.id)
    return tuple(
        UserRecord(
            id=row.id,
            name=row.name or "",
            username=row.username or "",
            email=row.email or "",
            is_active=bool(row.is_active),
            user_type=row.user_type or "",
            title=row.title or "",
            department=row.department or "",
            division=row.division or "",
            manager_id=row.manager_id or "",
            employee_number=row.employee_number or "",
            street=row.street or "",
            city=row.city or "",
            state=row.state or "",
            postal_code=row.postal_code or "",
            country=row.country or "",
            lon_deg=row.longitude,
            lat_deg=row.latitude,
            time_zone=row.time_zone_sid_key or "",
        )
        for row in connection.execute(query)
    )


def read_queues(connection: Connection) -> tuple[QueueRecord, ...]:
    """Return every queue in ascending order of id."""
    pairs = select(_QUEUE_OBJECT.c.queue_id, _QUEUE_OBJECT.c.sobject_type).where(
        _QUEUE_OBJECT.c.is_deleted.is_(false())
    )
    supported: dict[str, set[str]] = {}
    for queue_id, object_name in connection.execute(pairs):
        supported.setdefault(queue_id, set()).add(object_name)
    query = select(_QUEUE).where(_QUEUE.c.is_deleted.is_(false())).order_by(_QUEUE.c.id)
    return tuple(
        QueueRecord(
            id=row.id,
            name=row.name or "",
            developer_name=row.developer_name or "",
            supported_objects=tuple(sorted(supported.get(row.id, ()))),
        )
        for row in connection.execute(query)
        if row.type in {None, "Queue"}
    )


def read_owner_history(connection: Connection, record_id: str) -> tuple[OwnerHistoryEntry, ...]:
    """Return a record's owner changes, oldest first."""
    return _entries(connection, _HISTORY.c.record_id == record_id).get(record_id, ())


def read_owner_histories(
    connection: Connection, object_name: str
) -> Mapping[str, tuple[OwnerHistoryEntry, ...]]:
    """Return the owner changes of every record of an object that has any, oldest first."""
    return _entries(connection, _HISTORY.c.object_name == object_name)


def _entries(
    connection: Connection, condition: ColumnElement[bool]
) -> Mapping[str, tuple[OwnerHistoryEntry, ...]]:
    """Return owner changes by record.

    Salesforce writes two rows per change, one with names and one with ids; only ids are told apart
    for sure, so rows with names are left out.
    """
    query = (
        select(_HISTORY)
        .where(condition, _HISTORY.c.field.in_(OWNER_FIELDS))
        .order_by(_HISTORY.c.created_date, _HISTORY.c.id)
    )
    found: dict[str, list[OwnerHistoryEntry]] = {}
    for row in connection.execute(query):
        before, after = _owner(row.old_value), _owner(row.new_value)
        if before or after:
            entry = OwnerHistoryEntry(row.created_date, before, after, row.created_by_id)
            found.setdefault(row.record_id, []).append(entry)
    return {record_id: tuple(entries) for record_id, entries in found.items()}


def _owner(text: str | None) -> str | None:
    if text and text.startswith((USER_PREFIX, QUEUE_PREFIX)) and looks_like_id(text):
        return to_18(text)
    return None
