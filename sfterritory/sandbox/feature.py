"""What an org gets when its administrator switches a feature on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.country import COUNTRIES, STATES, converted, prefixes
from sfterritory.sandbox.ids import numbered
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.making import PERSONS, PLACES

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from sfterritory.sandbox.switches import Switches

PERSON_TYPE = "PersonAccount"
_CONVERTED = "places_converted"


def settle_features(connection: sqlite3.Connection, switches: Switches, *, now: datetime) -> None:
    """Make the stored org one that has the switched-on features; what is so already stays."""
    connection.execute(
        "UPDATE Organization SET IsSandbox = ? WHERE IsSandbox != ?",
        (int(switches.is_sandbox), int(switches.is_sandbox)),
    )
    if PERSONS in switches.features:
        _add_record_types(connection, stored(now))
    if PLACES in switches.features and not _is_marked(connection):
        _convert_places(connection)
        connection.execute("INSERT INTO _meta VALUES (?, '1')", (_CONVERTED,))


def _add_record_types(connection: sqlite3.Connection, stamp: str) -> None:
    if connection.execute("SELECT 1 FROM RecordType WHERE IsPersonType").fetchone():
        return
    (author,) = connection.execute(
        "SELECT value FROM _meta WHERE key = 'run_as_user_id'"
    ).fetchone()
    connection.executemany(
        "INSERT INTO RecordType (Id, Name, DeveloperName, SobjectType, IsActive, IsPersonType, "
        "CreatedDate, CreatedById, LastModifiedDate, LastModifiedById, SystemModstamp) "
        "VALUES (?, ?, ?, 'Account', 1, ?, ?, ?, ?, ?, ?)",
        [
            (numbered("012", number), name, developer_name, person, *(stamp, author) * 2, stamp)
            for number, name, developer_name, person in (
                (1, "Business Account", "Business_Account", 0),
                (2, "Person Account", PERSON_TYPE, 1),
            )
        ],
    )


def _is_marked(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM _meta WHERE key = ?"
    return connection.execute(query, (_CONVERTED,)).fetchone() is not None


def _convert_places(connection: sqlite3.Connection) -> None:
    """Give every address that names a known place its codes, as the set-up's conversion does.

    What nobody recognises stays as it is, without a code.
    """

    def country_code(country: str | None) -> str | None:
        return converted(country, None)[0]

    def state_code(country: str | None, state: str | None) -> str | None:
        return converted(country, state)[1]

    def state_name(country: str | None, code: str | None) -> str | None:
        return STATES[country][code] if country and code else None

    functions = (
        ("_country_code", 1, country_code),
        ("_state_code", 2, state_code),
        ("_country_name", 1, COUNTRIES.get),
        ("_state_name", 2, state_name),
    )
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)
    for described in EVERYTHING.objects.values():
        for prefix in prefixes(described):
            _convert_address(connection, described.name, prefix)


def _convert_address(connection: sqlite3.Connection, object_name: str, prefix: str) -> None:
    country, state = f'"{prefix}Country"', f'"{prefix}State"'
    code, state_code = f'"{prefix}CountryCode"', f'"{prefix}StateCode"'
    connection.execute(
        f'UPDATE "{object_name}" SET {code} = _country_code({country}), '  # noqa: S608 - names of our own schema
        f"{state_code} = _state_code({country}, {state}) WHERE {country} IS NOT NULL"
    )
    connection.execute(
        f'UPDATE "{object_name}" SET {country} = _country_name({code}), '  # noqa: S608 - names of our own schema
        f"{state} = coalesce(_state_name({code}, {state_code}), {state}) WHERE {code} IS NOT NULL"
    )
