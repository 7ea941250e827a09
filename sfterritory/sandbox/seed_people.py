"""The seeded org's people: users, roles, queues and the lead assignment rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.assignment import add_assignment_rule
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.places import METROS, Metro, Place, metro_places
from sfterritory.sandbox.seed_names import FIRST_NAMES, LAST_NAMES, STREET_KINDS, STREET_NAMES
from sfterritory.sandbox.state import insert_rows, new_org_facts, take_ids, write_meta

if TYPE_CHECKING:
    import random
    import sqlite3

FORMER_REPS = 3
REP_TITLE = "Account Executive"
UNASSIGNED_QUEUE = "Unassigned Leads"
INTERNATIONAL_QUEUE = "International Leads"
SHARED_NAME = ("Maria", "Lindgren")
_ZONES = {-75: "America/New_York", -90: "America/Chicago", -105: "America/Denver"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rep:
    """A person who owns accounts, and where they live."""

    user_id: str
    metro: Metro
    home: Place


@dataclass(frozen=True, slots=True)
class People:
    """Who the seeded org has."""

    integration_id: str
    manager_id: str
    reps: tuple[Rep, ...]
    former_ids: tuple[str, ...]
    unassigned_queue_id: str
    international_queue_id: str


def street(dice: random.Random) -> str:
    """Return a street address."""
    return f"{dice.randint(1, 9800)} {dice.choice(STREET_NAMES)} {dice.choice(STREET_KINDS)}"


def phone(dice: random.Random) -> str:
    """Return a telephone number out of the range kept for fiction."""
    return f"({dice.randint(201, 989)}) 555-01{dice.randint(0, 99):02d}"


def insert_records(connection: sqlite3.Connection, object_name: str, rows: list[Row]) -> None:
    """Insert rows given by field name; what a row leaves out takes the field's default."""
    described = EVERYTHING.objects[object_name]
    fields = described.columns
    insert_rows(
        connection,
        described,
        [field.name for field in fields],
        ([row.get(field.name, field.default) for field in fields] for row in rows),
    )


def seed_people(
    connection: sqlite3.Connection, dice: random.Random, *, reps: int, seed: int, stamp: str
) -> People:
    """Write organisation, profiles, roles, users and queues; return who is who."""
    user_ids = take_ids(connection, "005", reps + FORMER_REPS + 5)
    integration_id, manager_id, *others = user_ids
    stamps = {
        "CreatedDate": stamp,
        "CreatedById": integration_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": integration_id,
        "SystemModstamp": stamp,
    }
    facts = new_org_facts(integration_id, seed=seed)
    write_meta(connection, facts)
    _seed_organization(connection, facts["org_id"], stamps)
    roles, profiles = _seed_roles(connection, stamps)
    rep_list = _reps(dice, others[:reps])
    users = _Users(dice, stamps, roles, profiles)
    rows = [
        users.row(integration_id, ("Territory", "Integration"), "API Integration", role=None),
        users.row(manager_id, ("Morgan", "Castellan"), "Regional Sales Director", role="Director"),
        *(
            users.row(one.user_id, users.fresh_name(), REP_TITLE, manager=manager_id, at=one.home)
            for one in rep_list
        ),
        *(
            users.row(former, users.fresh_name(), REP_TITLE, manager=manager_id, active=False)
            for former in others[reps : reps + FORMER_REPS]
        ),
        users.row(others[-3], SHARED_NAME, "Sales Operations Analyst"),
        users.row(others[-2], SHARED_NAME, "Support Specialist"),
        {
            **users.row(others[-1], ("Automated", "Process"), "", role=None),
            "UserType": "AutomatedProcess",
        },
    ]
    insert_records(connection, "User", rows)
    unassigned_id, international_id = _seed_queues(
        connection, stamps, org_id=facts["org_id"], members=[one.user_id for one in rep_list[:3]]
    )
    return People(
        integration_id=integration_id,
        manager_id=manager_id,
        reps=tuple(rep_list),
        former_ids=tuple(others[reps : reps + FORMER_REPS]),
        unassigned_queue_id=unassigned_id,
        international_queue_id=international_id,
    )


def _reps(dice: random.Random, user_ids: list[str]) -> list[Rep]:
    metros = [METROS[index % len(METROS)] for index in range(len(user_ids))]
    return [
        Rep(user_id, metro, dice.choice(metro_places(metro)))
        for user_id, metro in zip(user_ids, metros, strict=True)
    ]


class _Users:
    """Makes user rows: names and usernames that no two share unless asked."""

    def __init__(
        self, dice: random.Random, stamps: Row, roles: dict[str, str], profiles: dict[str, str]
    ) -> None:
        self._dice = dice
        self._stamps = stamps
        self._roles = roles
        self._profiles = profiles
        self._names: set[tuple[str, str]] = {SHARED_NAME}
        self._usernames: set[str] = set()
        self._number = 1000

    def fresh_name(self) -> tuple[str, str]:
        """Return a first and last name that no user has yet."""
        for _ in range(10_000):
            name = (self._dice.choice(FIRST_NAMES), self._dice.choice(LAST_NAMES))
            if name not in self._names:
                self._names.add(name)
                return name
        first, last = name
        return first, f"{last} {len(self._names)}"  # more users than pairs of names

    def row(  # noqa: PLR0913 - a user has many facts
        self,
        user_id: str,
        name: tuple[str, str],
        title: str,
        *,
        role: str | None = "Sales",
        manager: str | None = None,
        at: Place | None = None,
        active: bool = True,
    ) -> Row:
        """Return a user's row."""
        first, last = name
        self._number += 1
        username = self._username(first, last)
        return {
            "Id": user_id,
            "Username": username,
            "FirstName": first,
            "LastName": last,
            "Name": f"{first} {last}",
            "Email": username,
            "Alias": f"{first[:1]}{last[:6]}".lower().replace(" ", ""),
            "IsActive": int(active),
            "UserType": "Standard",
            "Title": title or None,
            "Department": "Sales" if role else None,
            "Division": "Field" if title == REP_TITLE else None,
            "EmployeeNumber": f"E{self._number}",
            "ManagerId": manager,
            "UserRoleId": self._roles[role] if role else None,
            "ProfileId": self._profiles["Sales" if role else "Integration"],
            "LanguageLocaleKey": "en_US",
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "TimeZoneSidKey": _zone(at),
            **self._home(at),
            **self._stamps,
        }

    def _username(self, first: str, last: str) -> str:
        letters = f"{first}.{last}".lower().replace(" ", "").replace("'", "")
        username = f"{letters}@sandbox.example"
        count = 1
        while username in self._usernames:
            count += 1
            username = f"{letters}{count}@sandbox.example"
        self._usernames.add(username)
        return username

    def _home(self, place: Place | None) -> Row:
        if place is None:
            return {}
        return {
            "Street": street(self._dice),
            "City": place.city,
            "State": place.state,
            "PostalCode": place.postal_code,
            "Country": "US",
            "Latitude": round(place.lat_deg, 6),
            "Longitude": round(place.lon_deg, 6),
            "GeocodeAccuracy": "Zip",
        }


def _zone(place: Place | None) -> str:
    if place is None:
        return "America/New_York"
    eastern_edges = [lon_deg for lon_deg in _ZONES if place.lon_deg > lon_deg - 7]
    return _ZONES[max(eastern_edges)] if eastern_edges else "America/Los_Angeles"


def _seed_organization(connection: sqlite3.Connection, org_id: str, stamps: Row) -> None:
    row = {
        "Id": org_id,
        "Name": "Meridian Supply (sandbox)",
        "Country": "US",
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "SB0",
        "LanguageLocaleKey": "en_US",
        "DefaultLocaleSidKey": "en_US",
        "TimeZoneSidKey": "GMT",
        **stamps,
    }
    insert_records(connection, "Organization", [row])


def _seed_roles(
    connection: sqlite3.Connection, stamps: Row
) -> tuple[dict[str, str], dict[str, str]]:
    director, sales = take_ids(connection, "00E", 2)
    roles = {"Director": director, "Sales": sales}
    insert_records(
        connection,
        "UserRole",
        [
            {
                "Id": role_id,
                "Name": f"{name} Role",
                "DeveloperName": f"{name}_Role",
                "ParentRoleId": director if name == "Sales" else None,
                **stamps,
            }
            for name, role_id in roles.items()
        ],
    )
    profiles = dict(zip(("Sales", "Integration"), take_ids(connection, "00e", 2), strict=True))
    insert_records(
        connection,
        "Profile",
        [
            {"Id": profile_id, "Name": f"{name} User", "UserType": "Standard", **stamps}
            for name, profile_id in profiles.items()
        ],
    )
    return roles, profiles


def _seed_queues(
    connection: sqlite3.Connection, stamps: Row, *, org_id: str, members: list[str]
) -> tuple[str, str]:
    queues = dict(
        zip((UNASSIGNED_QUEUE, INTERNATIONAL_QUEUE), take_ids(connection, "00G", 2), strict=True)
    )
    insert_records(
        connection,
        "Group",
        [
            {
                "Id": queue_id,
                "Name": name,
                "DeveloperName": name.replace(" ", "_"),
                "Type": "Queue",
                "OwnerId": org_id,
                **stamps,
            }
            for name, queue_id in queues.items()
        ],
    )
    supported = [(one, kind) for one in queues.values() for kind in ("Lead", "Case")]
    ids = take_ids(connection, "03g", len(supported))
    insert_records(
        connection,
        "QueueSobject",
        [
            {"Id": row_id, "QueueId": queue_id, "SobjectType": kind, **stamps}
            for row_id, (queue_id, kind) in zip(ids, supported, strict=True)
        ],
    )
    memberships = [(queue_id, member) for queue_id in queues.values() for member in members]
    ids = take_ids(connection, "011", len(memberships))
    insert_records(
        connection,
        "GroupMember",
        [
            {"Id": row_id, "GroupId": queue_id, "UserOrGroupId": member, **stamps}
            for row_id, (queue_id, member) in zip(ids, memberships, strict=True)
        ],
    )
    (rule_id,) = take_ids(connection, "01Q", 1)
    add_assignment_rule(
        connection,
        rule_id,
        object_name="Lead",
        name="International to queue",
        entries=[("Country", ("Germany", "DE"), queues[INTERNATIONAL_QUEUE])],
        stamps=stamps,
    )
    return queues[UNASSIGNED_QUEUE], queues[INTERNATIONAL_QUEUE]
