"""The seeded org's work on its customers: tasks, events, and teams. It has dice of its own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.objects.values import TASK_STATUSES, TEAM_ROLES
from sfterritory.sandbox.seed_people import People, Row, insert_records
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import random
    import sqlite3

_SHARE_TASKS = 0.25
_SHARE_EVENTS = 0.08
_SHARE_TEAMS = 0.06
_OPEN, _DONE = TASK_STATUSES[0], TASK_STATUSES[-1]
_STAMPS = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")


class ActivityMaker:
    """Makes what hangs on accounts and opportunities, after all else is seeded."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        dice: random.Random,
        *,
        people: People,
        as_of: datetime,
    ) -> None:
        self._connection = connection
        self._dice = dice
        self._people = people
        self._today = as_of.date()

    def write(self, rows: dict[str, list[Row]]) -> dict[str, int]:
        """Write tasks, events and teams of some accounts and deals; return how many of each."""
        accounts, deals = rows["Account"], rows["Opportunity"]
        made = {
            "Task": self._numbered(
                "00T", [self._task(one) for one in self._some(accounts, _SHARE_TASKS)]
            ),
            "Event": self._numbered(
                "00U", [self._event(one) for one in self._some(accounts, _SHARE_EVENTS)]
            ),
            "AccountTeamMember": self._numbered(
                "01M",
                [self._member(one, "AccountId") for one in self._some(accounts, _SHARE_TEAMS)],
            ),
            "OpportunityTeamMember": self._numbered(
                "00q",
                [self._member(one, "OpportunityId") for one in self._some(deals, _SHARE_TEAMS)],
            ),
        }
        for name, some in made.items():
            insert_records(self._connection, name, some)
        self._name_members()
        self._note_last_activity(made["Task"] + made["Event"])
        return {name: len(some) for name, some in made.items()}

    def _some(self, rows: list[Row], share: float) -> list[Row]:
        return [one for one in rows if self._dice.random() < share]

    def _numbered(self, prefix: str, rows: list[Row]) -> list[Row]:
        ids = take_ids(self._connection, prefix, len(rows))
        return [{"Id": one, **row} for one, row in zip(ids, rows, strict=True)]

    def _day(self, *, first: int, last: int) -> date:
        """Return a day so many days from today."""
        return self._today + timedelta(days=self._dice.randint(first, last))

    def _about(self, account: Row) -> Row:
        stamps = {name: account[name] for name in _STAMPS}
        return {
            "WhatId": account["Id"],
            "AccountId": account["Id"],
            "OwnerId": account["OwnerId"],
            **stamps,
        }

    def _task(self, account: Row) -> Row:
        done = self._dice.random() < 0.7
        day = self._day(first=-400, last=-1) if done else self._day(first=0, last=45)
        return {
            **self._about(account),
            "Subject": self._dice.choice(("Call", "Send quote", "Follow up", "Renewal")),
            "ActivityDate": day.isoformat(),
            "Status": _DONE if done else _OPEN,
            "IsClosed": int(done),
            "CompletedDateTime": f"{day.isoformat()}T17:00:00.000Z" if done else None,
        }

    def _event(self, account: Row) -> Row:
        day = self._day(first=-300, last=30)
        return {
            **self._about(account),
            "Subject": self._dice.choice(("Visit", "Site survey", "Quarterly review")),
            "ActivityDate": day.isoformat(),
            "ActivityDateTime": f"{day.isoformat()}T14:00:00.000Z",
            "DurationInMinutes": self._dice.choice((30, 60, 90)),
        }

    def _member(self, parent: Row, field: str) -> Row:
        stamps = {name: parent[name] for name in _STAMPS}
        return {
            field: parent["Id"],
            "UserId": self._dice.choice(self._people.reps).user_id,
            "TeamMemberRole": self._dice.choice(TEAM_ROLES),
            **stamps,
        }

    def _name_members(self) -> None:
        self._connection.execute(
            'UPDATE OpportunityTeamMember SET Name = (SELECT Name FROM "User" WHERE '
            '"User".Id = OpportunityTeamMember.UserId) WHERE Name IS NULL'
        )

    def _note_last_activity(self, activities: list[Row]) -> None:
        today = self._today.isoformat()
        done = [
            (one["ActivityDate"], one["AccountId"])
            for one in activities
            if one["ActivityDate"] <= today and one.get("IsClosed", 1)
        ]
        self._connection.executemany(
            "UPDATE Account SET LastActivityDate = ? WHERE Id = ?", sorted(done)
        )
