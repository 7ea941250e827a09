"""What people do in the user interface, and REST has no verb for: merge, convert, undelete.

Whoever does it, assignment rules do not run, and who does it stands in the audit fields.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.bin import take_out_of_bin
from sfterritory.sandbox.consequence import move_children
from sfterritory.sandbox.convert import Converted, convert_row
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.merge import merge_rows
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.row_store import system_change
from sfterritory.sandbox.save import Saver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.state import SandboxState


def edit_record(
    state: SandboxState,
    object_name: str,
    record_id: str,
    values: Mapping[str, Any],
    *,
    by: str,
    with_children: bool = False,
) -> None:
    """Change a record.

    Args:
        state: The org.
        object_name: Of the record.
        record_id: Its id.
        values: By field name.
        by: Id of the user who does it.
        with_children: An account's new owner takes over contacts and open opportunities of the
            old one, as the interface offers it.

    Raises:
        RefusedError: The platform would not do it.
        KeyError: There is no such object.
    """
    with acting(state, by) as saver:
        described = state.schema.objects[object_name]
        before = saver.living(described, record_id)
        saver.update(described, record_id, values)
        after = saver.living(described, record_id)
        moved = object_name == "Account" and before["OwnerId"] != after["OwnerId"]
        if with_children and moved:
            move_children(saver, before, after)


def delete_record(state: SandboxState, record_id: str, *, by: str) -> None:
    """Put a record into the recycle bin.

    Raises:
        RefusedError: The platform would not do it.
        SandboxError: The id is none of the org's.
    """
    with acting(state, by) as saver:
        saver.delete(object_of(state, record_id), record_id)


def undelete_record(state: SandboxState, record_id: str, *, by: str) -> None:
    """Take a record out of the recycle bin, with all that went in along with it.

    Raises:
        RefusedError: It is not there.
        SandboxError: The id is none of the org's.
    """
    with acting(state, by) as saver:
        described = object_of(state, record_id)
        take_out_of_bin(saver, _whole(described), saver.stored(described, record_id))


def merge_records(
    state: SandboxState, master_id: str, loser_ids: Sequence[str], *, by: str
) -> None:
    """Merge one or two records into another one.

    Raises:
        RefusedError: The platform would not do it.
        SandboxError: The id is none of the org's.
    """
    with acting(state, by) as saver:
        described = object_of(state, master_id)
        losers = [saver.living(described, one) for one in loser_ids]
        merge_rows(saver, _whole(described), saver.living(described, master_id), losers)


def convert_lead(
    state: SandboxState,
    lead_id: str,
    *,
    by: str,
    account_id: str | None = None,
    opportunity_name: str | None = None,
) -> Converted:
    """Convert a lead into a contact of a new account, or of one that is there.

    Raises:
        RefusedError: The platform would not do it.
    """
    with acting(state, by) as saver:
        lead = saver.living(state.schema.objects["Lead"], lead_id)
        if account_id is not None:
            account_id = saver.living(state.schema.objects["Account"], account_id)["Id"]
        return convert_row(saver, lead, account_id=account_id, opportunity_name=opportunity_name)


def touch_record(state: SandboxState, record_id: str) -> None:
    """Move a record's SystemModstamp as background work does; LastModifiedDate stays.

    Raises:
        RefusedError: There is no such living record.
        SandboxError: The id is none of the org's.
    """
    with acting(state, state.credentials().run_as_user_id) as saver:
        described = object_of(state, record_id)
        row = saver.living(described, record_id)
        system_change(saver, _whole(described), row["Id"], {})


@contextmanager
def acting(state: SandboxState, user_id: str) -> Iterator[Saver]:
    """Lend one transaction's way to write in a person's name."""
    with state.writing() as connection:
        yield Saver(
            connection,
            user_id,
            schema=state.schema,
            now=state.now(),
            switches=state.switches,
            rules=state.rules(connection),
            auto_assign=False,
        )


def user_named(state: SandboxState, name: str | None) -> str:
    """Return the id of a user by id or username; without a name the API's own user.

    Raises:
        SandboxError: There is none.
    """
    if name is None:
        return state.credentials().run_as_user_id
    with state.reading() as connection:
        row = connection.execute(
            'SELECT Id FROM "User" WHERE Id = ? OR Username = ?', (name, name)
        ).fetchone()
    if row is None:
        raise SandboxError(f"there is no user {name!r}", remedy="name a username or an id")
    return str(row[0])


def object_of(state: SandboxState, record_id: str) -> ObjectDef:
    """Return the object whose prefix an id has.

    Raises:
        SandboxError: None of the org's has it.
    """
    described = state.schema.of_id(record_id)
    if described is None:
        raise SandboxError(
            f"{record_id!r} is no id of this org", remedy="copy the id from a query's answer"
        )
    return described


def _whole(described: ObjectDef) -> ObjectDef:
    return EVERYTHING.objects[described.name]
