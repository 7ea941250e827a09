"""Users out of a file of reps: what the file leaves out is made up."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.seed_people import REP_TITLE
from sfterritory.sandbox.values import full_name

if TYPE_CHECKING:
    import sqlite3

Row = dict[str, Any]


class UserFiller:
    """Completes user rows: names, usernames, and what the platform insists on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._taken = {
            row[0].casefold() for row in connection.execute('SELECT Username FROM "User"')
        }
        found = connection.execute("SELECT Id FROM Profile WHERE Name = 'Sales User'").fetchone()
        self._profile_id = found[0] if found else None

    def complete(self, row: Row) -> None:
        """Fill what a file of reps leaves out.

        Raises:
            RefusedError: The row names nobody, or its username is taken.
        """
        if not row.get("LastName"):
            first, _, last = (row.get("Name") or "").rpartition(" ")
            if not last:
                raise RefusedError("REQUIRED_FIELD_MISSING", "a user needs a name: [LastName]")
            row["FirstName"], row["LastName"] = first or None, last
        row["Name"] = full_name(row.get("FirstName"), row["LastName"])
        row["Username"] = self._username(row)
        row.setdefault("Email", row["Username"])
        letters = re.sub(r"[^a-z0-9]", "", row["Name"].lower())
        row.setdefault("Alias", letters[:8] or "user")
        row.setdefault("Title", REP_TITLE)
        defaults = {
            "IsActive": 1,
            "UserType": "Standard",
            "ProfileId": self._profile_id,
            "TimeZoneSidKey": "America/New_York",
            "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "EmailEncodingKey": "UTF-8",
        }
        for name, value in defaults.items():
            row.setdefault(name, value)

    def _username(self, row: Row) -> str:
        given: str | None = row.get("Username")
        if given is not None and given.casefold() in self._taken:
            raise RefusedError("DUPLICATE_USERNAME", f"Username already in use: {given}")
        if given is None:
            letters = re.sub(r"[^a-z0-9]+", ".", row["Name"].lower()).strip(".") or "user"
            candidates = (
                f"{letters}{number if number > 1 else ''}@sandbox.example"
                for number in itertools.count(1)
            )
            given = next(one for one in candidates if one not in self._taken)
        self._taken.add(given.casefold())
        return given
