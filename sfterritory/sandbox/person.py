"""Person accounts: an account that is one person, with a contact in its shadow.

The contact has no life of its own: it has the account's owner, name and addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.feature import PERSON_TYPE
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import change_row, insert_row
from sfterritory.sandbox.state import row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.transaction import Transaction

Values = dict[str, Any]

_ACCOUNT = EVERYTHING.objects["Account"]
_CONTACT = EVERYTHING.objects["Contact"]
_MAILING = "Mailing"
# The account's field, and the contact's that follows it.
_FOLLOWED = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "Name": "Name",
    "PersonEmail": "Email",
    "PersonTitle": "Title",
    "Phone": "Phone",
    "OwnerId": "OwnerId",
    **{
        f"Person{one.name}": one.name
        for one in _CONTACT.columns
        if one.name.startswith(_MAILING) and _ACCOUNT.has(f"Person{one.name}")
    },
}
_PERSON_ONLY = frozenset(_FOLLOWED) - {"Name", "Phone", "OwnerId"}


def person_values(tx: Transaction, given: Mapping[str, Any], before: Mapping[str, Any]) -> Values:
    """Return what else an account's save sets where the org has person accounts.

    Args:
        tx: Who writes.
        given: What the client sent, by field name.
        before: The stored account; empty for a new one.

    Raises:
        RefusedError: Fields of a person on a business, or a business's name on a person.
    """
    types = _record_types(tx)
    person = bool(before.get("IsPersonAccount"))
    if not before:
        chosen = given.get("RecordTypeId")
        person = chosen == types[1] if chosen else given.get("LastName") is not None
    wrong = ("Name",) if person else tuple(sorted(_PERSON_ONLY & given.keys()))
    listed = [name for name in wrong if given.get(name) is not None]
    if listed:
        raise RefusedError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Account: bad field names on insert/update call: {', '.join(listed)}",
            tuple(listed),
        )
    last_name = given.get("LastName", before.get("LastName"))
    if person and last_name is None:
        raise RefusedError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ("LastName",)
        )
    if before:
        return {}
    named: Values = {"Name": last_name} if person else {}  # the whole name is derived later
    return {"IsPersonAccount": int(person), "RecordTypeId": types[person], **named}


def check_person_contact(tx: Transaction, before: Mapping[str, Any]) -> None:
    """Refuse to change the contact of a person account by itself.

    Raises:
        RefusedError: It is one.
    """
    if before.get("IsPersonAccount") and tx.switches.person_contact_read_only:
        raise RefusedError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "You cannot edit the contact of a person account: edit the account",
            ("Id",),
        )


def add_person_contact(tx: Transaction, account: Mapping[str, Any], account_id: str) -> None:
    """Make the contact in the shadow of a new person account."""
    contact_id = insert_row(
        tx, _CONTACT, {**_shadow(account), "AccountId": account_id, "IsPersonAccount": 1}
    )
    tx.connection.execute(
        "UPDATE Account SET PersonContactId = ? WHERE Id = ?", (contact_id, account_id)
    )


def follow_account(tx: Transaction, account: Mapping[str, Any]) -> None:
    """Let the contact of a person account follow what was changed on the account."""
    contact = row_of(tx.connection, _CONTACT, account["PersonContactId"])
    if contact is None:
        return
    shadow = _shadow(account)
    changes = {name: value for name, value in shadow.items() if contact[name] != value}
    if changes:
        change_row(tx, _CONTACT, contact, changes)


def _shadow(account: Mapping[str, Any]) -> Values:
    return {of_contact: account[of_account] for of_account, of_contact in _FOLLOWED.items()}


def _record_types(tx: Transaction) -> tuple[str | None, str | None]:
    """Return the ids of the record types of businesses and of persons."""
    found = dict(
        tx.connection.execute("SELECT DeveloperName = ?, Id FROM RecordType", (PERSON_TYPE,))
    )
    return found.get(0), found.get(1)
