"""What a save entails: children and teams of an owner change, shadow contacts, activity dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.making import TERRITORIES
from sfterritory.sandbox.person import add_person_contact, follow_account
from sfterritory.sandbox.row_store import change_row, edit_stamps, system_change
from sfterritory.sandbox.state import row_of
from sfterritory.sandbox.territory_rule import run_territory_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.transaction import Transaction

Values = dict[str, Any]

_ACTIVITIES = frozenset({"Task", "Event"})


def server_values(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> Values:
    """Return the fields that the server fills from other records."""
    match described.name:
        case "Task" | "Event":
            return {"AccountId": _account_of(tx, row["WhatId"]) or _account_of(tx, row["WhoId"])}
        case "ObjectTerritory2Association":
            target = EVERYTHING.of_id(row["ObjectId"])
            return {"SobjectType": target.name if target else None}
        case "OpportunityTeamMember":
            user = row_of(tx.connection, EVERYTHING.objects["User"], row["UserId"])
            return {"Name": user["Name"] if user else None}
    return {}


def after_creation(
    tx: Transaction, described: ObjectDef, row: Mapping[str, Any], *, rules_run: bool
) -> None:
    """Do what follows from a new record.

    Args:
        tx: Who writes.
        described: Its object, with all fields.
        row: The record as it was written, with its id.
        rules_run: Whether assignment rules run with this save.
    """
    if described.name == "Account":
        if row["IsPersonAccount"]:
            add_person_contact(tx, row, row["Id"])
        if rules_run and tx.has_feature(TERRITORIES):
            run_territory_rules(tx, row)
    elif described.name in _ACTIVITIES:
        _note_activity(tx, described, row)
    elif described.name == "DatedConversionRate":
        _order_rates(tx, row["IsoCode"])


def after_update(
    tx: Transaction,
    described: ObjectDef,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    rules_run: bool,
) -> None:
    """Do what follows from a changed record."""
    owner_changed = before.get("OwnerId") != after.get("OwnerId")
    if described.name == "Account":
        if after["IsPersonAccount"]:
            follow_account(tx, after)
        if owner_changed:
            _after_owner_change(tx, before, after)
        if rules_run and tx.has_feature(TERRITORIES):
            run_territory_rules(tx, after)
    elif described.name == "Opportunity" and owner_changed:
        if tx.switches.owner_change_deletes_team:
            delete_team(tx, "OpportunityTeamMember", "OpportunityId", after["Id"])
    elif described.name in _ACTIVITIES:
        _note_activity(tx, described, after)
    elif described.name == "DatedConversionRate":
        _order_rates(tx, after["IsoCode"])


def move_children(tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Give the new owner the account's contacts and open opportunities that the old one had.

    Only the owner of the children changes: no rule runs for them.
    """
    for name, which in (("Contact", ""), ("Opportunity", " AND IsClosed = 0")):
        described = EVERYTHING.objects[name]
        ids = tx.connection.execute(
            f'SELECT Id FROM "{name}" WHERE AccountId = ? AND OwnerId = ? AND IsDeleted = 0{which} '  # noqa: S608 - names of our own schema
            "ORDER BY Id",
            (after["Id"], before["OwnerId"]),
        ).fetchall()
        for (record_id,) in ids:
            child = row_of(tx.connection, described, record_id)
            if child is not None:
                change_row(tx, described, child, {"OwnerId": after["OwnerId"]})


def delete_team(tx: Transaction, object_name: str, parent: str, parent_id: str) -> None:
    """Delete the members of a record's team."""
    stamps = edit_stamps(tx, EVERYTHING.objects[object_name])
    names = ", ".join(f'"{name}" = ?' for name in stamps)
    tx.connection.execute(
        f'UPDATE "{object_name}" SET IsDeleted = 1, {names} '  # noqa: S608 - names of our own schema
        f'WHERE "{parent}" = ? AND IsDeleted = 0',
        (*stamps.values(), parent_id),
    )


def _after_owner_change(
    tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if tx.switches.owner_change_moves_children:
        move_children(tx, before, after)
    if tx.switches.owner_change_deletes_team:
        delete_team(tx, "AccountTeamMember", "AccountId", after["Id"])


def _account_of(tx: Transaction, record_id: str | None) -> str | None:
    """Return the account of a record that an activity is about."""
    described = EVERYTHING.of_id(record_id) if record_id else None
    if record_id is None or described is None:
        return None
    if described.name == "Account":
        return record_id
    row = row_of(tx.connection, described, record_id) or {}
    account_id = row.get("AccountId")
    return None if account_id is None else str(account_id)


def _note_activity(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Move LastActivityDate of all that a done activity is about: a change of the system's."""
    today = tx.stamp[:10]
    day = row["ActivityDate"] or (row.get("ActivityDateTime") or today)[:10]
    if not (row["IsClosed"] if described.name == "Task" else day <= today):
        return
    for record_id in {row["AccountId"]: None, row["WhoId"]: None, row["WhatId"]: None}:
        target = EVERYTHING.of_id(record_id) if record_id else None
        if target is None or not target.has("LastActivityDate"):
            continue
        about = row_of(tx.connection, target, record_id) or {}
        if str(about.get("LastActivityDate") or "") < day:
            system_change(tx, target, record_id, {"LastActivityDate": day})


def _order_rates(tx: Transaction, currency: str) -> None:
    """Let each dated rate end where the next one of its currency begins."""
    tx.connection.execute(
        "UPDATE DatedConversionRate SET NextStartDate = coalesce(("
        "SELECT min(later.StartDate) FROM DatedConversionRate later "
        "WHERE later.IsoCode = DatedConversionRate.IsoCode "
        "AND later.StartDate > DatedConversionRate.StartDate), '9999-12-31') WHERE IsoCode = ?",
        (currency,),
    )
