"""What administrators set up in the seeded org: flows, currencies, campaigns, log-ins, a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.assignment import add_assignment_rule
from sfterritory.sandbox.seed_names import CAMPAIGNS
from sfterritory.sandbox.seed_people import People, Row, insert_records
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

# Units of the currency for one US dollar; whether it is in use.
_CURRENCIES = (("USD", 1.0, 1), ("CAD", 1.36, 1), ("EUR", 0.92, 1), ("GBP", 0.79, 0))
_DATED = (
    ("CAD", "2025-01-01", "2026-01-01", 1.35),
    ("CAD", "2026-01-01", "9999-12-31", 1.36),
    ("EUR", "2025-01-01", "2026-01-01", 0.95),
    ("EUR", "2026-01-01", "9999-12-31", 0.92),
)
# They are listed as metadata; the sandbox does not run them.
_FLOWS = (
    ("Account_Owner_Mail", "Account: mail the new owner", "RecordAfterSave", "Account", 1),
    ("Opportunity_Close_Reminder", "Opportunity: remind to close", "Scheduled", "Opportunity", 0),
)


def seed_setup(connection: sqlite3.Connection, *, people: People, stamp: str) -> None:
    """Write what an administrator makes."""
    stamps = {
        "CreatedDate": stamp,
        "CreatedById": people.integration_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": people.integration_id,
        "SystemModstamp": stamp,
    }
    _insert(connection, "UserLogin", "0Yw", _logins(connection, stamps))
    _insert(connection, "Campaign", "701", _campaigns(people, stamps))
    _insert(connection, "FlowDefinitionView", "3dd", _flows(stamp))
    _insert(connection, "ApexTrigger", "01q", [_trigger(stamps)])
    _insert(connection, "CurrencyType", "01L", _currencies(stamps))
    _insert(connection, "DatedConversionRate", "04w", _dated_rates(stamps))
    (rule_id,) = take_ids(connection, "01Q", 1)
    add_assignment_rule(
        connection,
        rule_id,
        object_name="Case",
        name="Urgent cases to the queue",
        entries=[("Priority", ("High",), people.unassigned_queue_id)],
        stamps=stamps,
    )


def _insert(connection: sqlite3.Connection, name: str, prefix: str, rows: list[Row]) -> None:
    ids = take_ids(connection, prefix, len(rows))
    insert_records(
        connection, name, [{"Id": one, **row} for one, row in zip(ids, rows, strict=True)]
    )


def _logins(connection: sqlite3.Connection, stamps: Row) -> list[Row]:
    found = connection.execute('SELECT Id FROM "User" ORDER BY Id').fetchall()
    return [{"UserId": user_id, **stamps} for (user_id,) in found]


def _campaigns(people: People, stamps: Row) -> list[Row]:
    return [
        {"Name": name, "IsActive": 1, "OwnerId": people.manager_id, **stamps} for name in CAMPAIGNS
    ]


def _flows(stamp: str) -> list[Row]:
    return [
        {
            "DurableId": api_name,
            "ApiName": api_name,
            "Label": label,
            "ProcessType": "AutoLaunchedFlow",
            "TriggerType": trigger,
            "RecordTriggerType": None if trigger == "Scheduled" else "Update",
            "TriggerObjectOrEventLabel": object_name,
            "IsActive": active,
            "LastModifiedDate": stamp,
        }
        for api_name, label, trigger, object_name, active in _FLOWS
    ]


def _trigger(stamps: Row) -> Row:
    return {
        "Name": "AccountAudit",
        "TableEnumOrId": "Account",
        "UsageAfterUpdate": 1,
        "Status": "Inactive",
        **stamps,
    }


def _currencies(stamps: Row) -> list[Row]:
    return [
        {
            "IsoCode": code,
            "ConversionRate": rate,
            "DecimalPlaces": 2,
            "IsActive": active,
            "IsCorporate": int(code == "USD"),
            **stamps,
        }
        for code, rate, active in _CURRENCIES
    ]


def _dated_rates(stamps: Row) -> list[Row]:
    return [
        {
            "IsoCode": code,
            "StartDate": start,
            "NextStartDate": end,
            "ConversionRate": rate,
            **stamps,
        }
        for code, start, end, rate in _DATED
    ]
