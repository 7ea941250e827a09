"""The recycle bin: what goes in with a record, and comes out with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import edit_stamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.transaction import Transaction

# The children that go along, and the field that names their parent.
_CHILDREN: dict[str, tuple[tuple[str, str], ...]] = {
    "Account": (
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("AccountTeamMember", "AccountId"),
        ("ObjectTerritory2Association", "ObjectId"),
    ),
    "Lead": (("ObjectTerritory2Association", "ObjectId"),),
    "Opportunity": (("OpportunityTeamMember", "OpportunityId"),),
}
# Objects without a bin: what refers to them goes for good.
_DEPENDENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "Territory2": (
        ("UserTerritory2Association", "Territory2Id"),
        ("ObjectTerritory2Association", "Territory2Id"),
        ("RuleTerritory2Association", "Territory2Id"),
        ("Territory2ObjectExclusion", "Territory2Id"),
        ("TerritoryAdminAssignment", "Territory2Id"),
    ),
    "ObjectTerritory2AssignmentRule": (
        ("RuleTerritory2Association", "RuleId"),
        ("ObjectTerritory2AssignmentRuleItem", "RuleId"),
    ),
}


def put_into_bin(tx: Transaction, described: ObjectDef, record_id: str) -> None:
    """Delete a record and the children that cannot be without it."""
    if not described.has("IsDeleted"):
        for child, field in _DEPENDENTS.get(described.name, ()):
            tx.connection.execute(f'DELETE FROM "{child}" WHERE "{field}" = ?', (record_id,))  # noqa: S608 - names of our own schema
        tx.connection.execute(f'DELETE FROM "{described.name}" WHERE Id = ?', (record_id,))  # noqa: S608 - names of our own schema
        return
    _mark(tx, described, record_id, deleted=True)
    _bin_children(tx, described.name, record_id, root_id=record_id)


def _bin_children(tx: Transaction, object_name: str, record_id: str, *, root_id: str) -> None:
    for child, field in _CHILDREN.get(object_name, ()):
        found = tx.connection.execute(
            f'SELECT Id FROM "{child}" WHERE "{field}" = ? AND IsDeleted = 0 ORDER BY Id',  # noqa: S608 - names of our own schema
            (record_id,),
        ).fetchall()
        for (child_id,) in found:
            _mark(tx, EVERYTHING.objects[child], child_id, deleted=True)
            tx.connection.execute("INSERT OR REPLACE INTO _bin VALUES (?, ?)", (child_id, root_id))
            _bin_children(tx, child, child_id, root_id=root_id)


def take_out_of_bin(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Give a deleted record back, and all that went into the bin along with it.

    Raises:
        RefusedError: It is not deleted, was merged into another one, or has no bin.
    """
    if not row.get("IsDeleted") or not described.undeletable or row.get("MasterRecordId"):
        raise RefusedError("UNDELETE_FAILED", "Entity is not in the recycle bin", ("Id",))
    record_id = str(row["Id"])
    _mark(tx, described, record_id, deleted=False)
    along = tx.connection.execute(
        "DELETE FROM _bin WHERE root_id = ? RETURNING record_id", (record_id,)
    ).fetchall()
    for (child_id,) in sorted(along):
        child = EVERYTHING.of_id(child_id)
        if child is not None:
            _mark(tx, child, child_id, deleted=False)


def _mark(tx: Transaction, described: ObjectDef, record_id: str, *, deleted: bool) -> None:
    written = {"IsDeleted": int(deleted), **edit_stamps(tx, described)}
    names = ", ".join(f'"{name}" = ?' for name in written)
    tx.connection.execute(
        f'UPDATE "{described.name}" SET {names} WHERE Id = ?',  # noqa: S608 - names of our own schema
        (*written.values(), record_id),
    )
