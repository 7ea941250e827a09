"""Who may own what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import ObjectDef


def check_owner(saver: Saver, described: ObjectDef, owner_id: str) -> None:
    """Refuse an owner that the object cannot have.

    Raises:
        RefusedError: It is neither user nor queue, does not exist, is inactive, or is a queue
            that does not take records of this object.
    """
    kind = saver.schema.of_id(owner_id)
    field = described.by_lower_name["ownerid"]
    if kind is None or kind.name not in field.reference_to:
        # Uncertain: the code with which the platform refuses a queue on an account.
        raise RefusedError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"Owner ID: id value of incorrect type: {owner_id}",
            ("OwnerId",),
        )
    if kind.name == "User":
        _check_user(saver.connection, described, owner_id)
    else:
        _check_queue(saver.connection, described, owner_id)


def _check_user(connection: sqlite3.Connection, described: ObjectDef, user_id: str) -> None:
    found = connection.execute('SELECT IsActive FROM "User" WHERE Id = ?', (user_id,)).fetchone()
    if found is None:
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not found[0]:
        raise RefusedError(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{user_id[:15]}] as owner of "
            f"{described.label.lower()}",
        )


def _check_queue(connection: sqlite3.Connection, described: ObjectDef, queue_id: str) -> None:
    found = connection.execute('SELECT Type FROM "Group" WHERE Id = ?', (queue_id,)).fetchone()
    if found is None:
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    takes = connection.execute(
        "SELECT 1 FROM QueueSobject WHERE QueueId = ? AND SobjectType = ?",
        (queue_id, described.name),
    ).fetchone()
    if found[0] != "Queue" or takes is None:
        raise RefusedError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"Queue not associated with this SObject type: {queue_id}",
            ("OwnerId",),
        )
