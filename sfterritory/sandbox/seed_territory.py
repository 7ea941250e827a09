"""The seeded org's Sales Territories: one active model, a root and five territories by state.

They are there in every org and shown in those that have the feature switched on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.objects.territory import BY_RULE, MANUAL
from sfterritory.sandbox.seed_names import STATE_NAMES
from sfterritory.sandbox.seed_people import People, Row, insert_records
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

_LEAVES = 5
_MANUAL_ACCOUNTS = 3


class TerritoryMaker:
    """Writes a model whose territories are those of the first reps' home states."""

    def __init__(self, connection: sqlite3.Connection, *, people: People, stamp: str) -> None:
        self._connection = connection
        self._people = people
        self._stamps = {
            "CreatedDate": stamp,
            "CreatedById": people.integration_id,
            "LastModifiedDate": stamp,
            "LastModifiedById": people.integration_id,
            "SystemModstamp": stamp,
        }
        self._stamp = stamp

    def write(self) -> None:
        """Write the model, its territories, rules, members and accounts."""
        leaves = self._territories()
        self._members(leaves)
        for place, (state, territory_id) in enumerate(leaves.items()):
            self._rule(state, territory_id, model_id=self._model_id)
            if place == 0:
                self._by_hand(state, territory_id)
            self._accounts(state, territory_id)

    def _insert(self, name: str, prefix: str, rows: list[Row]) -> list[str]:
        ids = take_ids(self._connection, prefix, len(rows))
        insert_records(
            self._connection,
            name,
            [{"Id": one, **row, **self._stamps} for one, row in zip(ids, rows, strict=True)],
        )
        return ids

    def _territories(self) -> dict[str, str]:
        """Write model, types and territories; return territory by state."""
        (self._model_id,) = self._insert(
            "Territory2Model",
            "0MA",
            [
                {
                    "Name": "Field Sales",
                    "DeveloperName": "Field_Sales",
                    "State": "Active",
                    "ActivatedDate": self._stamp,
                }
            ],
        )
        region, patch = self._insert(
            "Territory2Type",
            "0M5",
            [
                {"DeveloperName": "Region", "MasterLabel": "Region", "Priority": 1},
                {"DeveloperName": "Patch", "MasterLabel": "Patch", "Priority": 2},
            ],
        )
        model = {"Territory2ModelId": self._model_id}
        (root,) = self._insert(
            "Territory2",
            "0MI",
            [{"Name": "Field", "DeveloperName": "Field", "Territory2TypeId": region, **model}],
        )
        states = list(dict.fromkeys(one.home.state for one in self._people.reps))[:_LEAVES]
        ids = self._insert(
            "Territory2",
            "0MI",
            [
                {
                    "Name": STATE_NAMES[state],
                    "DeveloperName": f"Field_{state}",
                    "Territory2TypeId": patch,
                    "ParentTerritory2Id": root,
                    **model,
                }
                for state in states
            ],
        )
        return dict(zip(states, ids, strict=True))

    def _members(self, leaves: dict[str, str]) -> None:
        """Put every rep who lives in a territory's state into it."""
        rows = [
            {
                "UserId": rep.user_id,
                "Territory2Id": leaves[rep.home.state],
                "RoleInTerritory2": "Sales Rep",
            }
            for rep in self._people.reps
            if rep.home.state in leaves
        ]
        self._insert("UserTerritory2Association", "01J", rows)

    def _rule(self, state: str, territory_id: str, *, model_id: str) -> None:
        (rule_id,) = self._insert(
            "ObjectTerritory2AssignmentRule",
            "0M7",
            [
                {
                    "DeveloperName": f"Accounts_in_{state}",
                    "MasterLabel": f"Accounts in {STATE_NAMES[state]}",
                    "ObjectType": "Account",
                    "Territory2ModelId": model_id,
                    "IsActive": 1,
                }
            ],
        )
        item = {
            "RuleId": rule_id,
            "Field": "Account.BillingState",
            "Operation": "equals",
            "Value": f"{state},{STATE_NAMES[state]}",
            "SortOrder": 1,
        }
        self._insert("ObjectTerritory2AssignmentRuleItem", "0M8", [item])
        tie = {"RuleId": rule_id, "Territory2Id": territory_id}
        self._insert("RuleTerritory2Association", "0M9", [tie])

    def _accounts(self, state: str, territory_id: str) -> None:
        found = self._connection.execute(
            "SELECT Id FROM Account WHERE BillingState IN (?, ?) ORDER BY Id",
            (state, STATE_NAMES[state]),
        )
        while some := found.fetchmany(20_000):
            self._tie([row[0] for row in some], territory_id, BY_RULE)

    def _by_hand(self, state: str, territory_id: str) -> None:
        """Put a few accounts of other states into a territory, as people do."""
        found = self._connection.execute(
            "SELECT Id FROM Account WHERE BillingState NOT IN (?, ?) ORDER BY Id LIMIT ?",
            (state, STATE_NAMES[state], _MANUAL_ACCOUNTS),
        ).fetchall()
        self._tie([row[0] for row in found], territory_id, MANUAL)

    def _tie(self, account_ids: list[str], territory_id: str, cause: str) -> None:
        rows = [
            {
                "ObjectId": account_id,
                "Territory2Id": territory_id,
                "AssociationCause": cause,
                "SobjectType": "Account",
            }
            for account_id in account_ids
        ]
        self._insert("ObjectTerritory2Association", "01K", rows)
