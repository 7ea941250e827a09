"""Records that a user looked at (FOR VIEW), which describe lists as recent items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.soql.run import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.schema import ObjectDef

MAX_RECENT_ITEMS = 200


def remember_viewed(call: Call, described: ObjectDef, records: Sequence[Record]) -> None:
    """Keep the newest of the records that a user was shown."""
    ids = [one["attributes"]["url"].rpartition("/")[2] for one in records[:MAX_RECENT_ITEMS]]
    moment = stored(call.state.now())
    with call.state.writing() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO _viewed VALUES (?, ?, ?, ?)",
            [(call.user_id, described.name, record_id, moment) for record_id in ids],
        )
        connection.execute(
            "DELETE FROM _viewed WHERE user_id = ? AND object = ? AND record_id NOT IN "
            "(SELECT record_id FROM _viewed WHERE user_id = ? AND object = ? "
            "ORDER BY moment DESC, record_id LIMIT ?)",
            (call.user_id, described.name, call.user_id, described.name, MAX_RECENT_ITEMS),
        )


def recent_items(call: Call, described: ObjectDef) -> list[dict[str, Any]]:
    """Return the living records of an object that the user looked at, the newest first."""
    shown = [one for one in described.columns if one.name in {"Id", "Name"}]
    listed = ", ".join(f't."{one.column_name}"' for one in shown)
    living = "AND t.IsDeleted = 0" if described.has("IsDeleted") else ""
    sql = (
        f'SELECT {listed} FROM _viewed v JOIN "{described.name}" t ON t.Id = v.record_id '  # noqa: S608 - names of our own schema
        f"WHERE v.user_id = ? AND v.object = ? {living} ORDER BY v.moment DESC, v.record_id"
    )
    with call.state.reading() as connection:
        rows = connection.execute(sql, (call.user_id, described.name)).fetchall()
    root = f"/services/data/v{call.version}/sobjects/{described.name}"
    return [
        {
            "attributes": {"type": described.name, "url": f"{root}/{row[0]}"},
            **{one.name: value for one, value in zip(shown, row, strict=True)},
        }
        for row in rows
    ]
