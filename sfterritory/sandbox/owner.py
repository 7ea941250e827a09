"""Who may own what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.profile import profile_of
from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.transaction import Transaction


def check_owner(tx: Transaction, described: ObjectDef, owner_id: str) -> None:
    """Refuse an owner that the object cannot have.

    Raises:
        RefusedError: It is neither user nor queue, does not exist, is inactive, may not read the
            object, or is a queue that does not take records of this object.
    """
    kind = tx.schema.of_id(owner_id)
    field = described.by_lower_name["ownerid"]
    if kind is None or kind.name not in field.reference_to:
        queue = kind is not None and kind.name == "Group"
        raise RefusedError(
            tx.switches.queue_on_account_code if queue else "INVALID_CROSS_REFERENCE_KEY",
            f"Owner ID: id value of incorrect type: {owner_id}",
            ("OwnerId",),
        )
    if kind.name == "User":
        _check_user(tx, described, owner_id)
    else:
        _check_queue(tx.connection, described, owner_id)


def check_owner_active(
    tx: Transaction, before: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Refuse changes of an inactive owner's record, but that of its owner, in orgs that do so.

    Raises:
        RefusedError: INACTIVE_OWNER_OR_USER.
    """
    owner_id = before.get("OwnerId")
    if not tx.switches.inactive_owner_locks_record or not owner_id or "OwnerId" in given:
        return
    found = tx.connection.execute(
        'SELECT 1 FROM "User" WHERE Id = ? AND IsActive = 0', (owner_id,)
    ).fetchone()
    if found:
        raise RefusedError(
            "INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{owner_id[:15]}]"
        )


def _check_user(tx: Transaction, described: ObjectDef, user_id: str) -> None:
    found = tx.connection.execute(
        "SELECT u.IsActive, u.UserType, coalesce(l.IsFrozen, 0) "
        'FROM "User" u LEFT JOIN UserLogin l ON l.UserId = u.Id WHERE u.Id = ?',
        (user_id,),
    ).fetchone()
    if found is None:
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    active, user_type, frozen = found
    if not active or (frozen and tx.switches.frozen_owner_refused):
        raise RefusedError(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{user_id[:15]}] as owner of "
            f"{described.label.lower()}",
        )
    unreadable = tx.rules.rules and tx.rules.hidden_from(
        described.name, profile_of(tx.connection, user_id)
    )
    automated = user_type != "Standard" and tx.switches.non_standard_owner_refused
    if unreadable or automated:
        raise RefusedError(
            "TRANSFER_REQUIRES_READ",
            f"The new owner must have read permission on {described.label.lower()}",
            ("OwnerId",),
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
