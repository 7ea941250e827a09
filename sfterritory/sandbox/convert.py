"""Converting leads: an account, a contact and, if wanted, an opportunity out of a lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.history import record_event
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.values import LEAD_STATUSES, STAGES
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import change_row, insert_row, system_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.transaction import Transaction

Values = dict[str, Any]
_CONVERTED = LEAD_STATUSES[2]
_LEAD = EVERYTHING.objects["Lead"]
_ADDRESS = (
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
    "StateCode",
    "CountryCode",
)


@dataclass(frozen=True, slots=True)
class Converted:
    """What a lead became."""

    account_id: str
    contact_id: str
    opportunity_id: str | None


def convert_row(
    tx: Transaction,
    lead: Mapping[str, Any],
    *,
    account_id: str | None = None,
    opportunity_name: str | None = None,
) -> Converted:
    """Convert a lead; what is made belongs to its owner, or to who converts a queue's lead.

    Args:
        tx: Who converts.
        lead: The stored lead.
        account_id: An account that is there, to which the contact is added.
        opportunity_name: Of the opportunity to make; None makes none.

    Raises:
        RefusedError: It is converted already.
    """
    if lead["IsConverted"]:
        raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "lead already converted")
    owner = EVERYTHING.of_id(lead["OwnerId"])
    owner_id = lead["OwnerId"] if owner and owner.name == "User" else tx.user_id
    account = account_id or insert_row(tx, EVERYTHING.objects["Account"], _account(lead, owner_id))
    contact = insert_row(tx, EVERYTHING.objects["Contact"], _contact(lead, owner_id, account))
    deal = None
    if opportunity_name is not None:
        deal = insert_row(
            tx, EVERYTHING.objects["Opportunity"], _deal(tx, opportunity_name, owner_id, account)
        )
    change_row(
        tx,
        _LEAD,
        lead,
        {
            "IsConverted": 1,
            "Status": _CONVERTED,
            "ConvertedDate": tx.stamp[:10],
            "ConvertedAccountId": account,
            "ConvertedContactId": contact,
            "ConvertedOpportunityId": deal,
        },
    )
    record_event(tx, _LEAD, lead["Id"], "leadConverted")
    _move_activities(tx, lead["Id"], contact_id=contact, account_id=account)
    return Converted(account, contact, deal)


def _account(lead: Mapping[str, Any], owner_id: str) -> Values:
    same = ("Phone", "Website", "Industry", "Rating", "AnnualRevenue", "NumberOfEmployees")
    return {
        "Name": lead["Company"],
        "OwnerId": owner_id,
        "AccountSource": lead["LeadSource"],
        "CurrencyIsoCode": lead["CurrencyIsoCode"],
        **{name: lead[name] for name in same},
        **{f"Billing{part}": lead[part] for part in _ADDRESS},
    }


def _contact(lead: Mapping[str, Any], owner_id: str, account_id: str) -> Values:
    same = ("FirstName", "LastName", "Name", "Title", "Email", "Phone", "LeadSource")
    return {
        "AccountId": account_id,
        "OwnerId": owner_id,
        "CurrencyIsoCode": lead["CurrencyIsoCode"],
        **{name: lead[name] for name in same},
        **{f"Mailing{part}": lead[part] for part in _ADDRESS},
    }


def _deal(tx: Transaction, name: str, owner_id: str, account_id: str) -> Values:
    return {
        "Name": name,
        "AccountId": account_id,
        "OwnerId": owner_id,
        "StageName": STAGES[0],
        "Probability": 10.0,
        "CloseDate": tx.stamp[:10],
    }


def _move_activities(tx: Transaction, lead_id: str, *, contact_id: str, account_id: str) -> None:
    for name in ("Task", "Event"):
        found = tx.connection.execute(
            f'SELECT Id FROM "{name}" WHERE WhoId = ? ORDER BY Id',  # noqa: S608 - names of our own schema
            (lead_id,),
        ).fetchall()
        for (record_id,) in found:
            changes = {"WhoId": contact_id, "AccountId": account_id}
            system_change(tx, EVERYTHING.objects[name], record_id, changes)
