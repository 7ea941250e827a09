"""The seeded org's customers: accounts and what hangs on them, leads among them."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.objects.values import (
    ACCOUNT_TYPES,
    INDUSTRIES,
    LEAD_STATUSES,
    RATINGS,
    SOURCES,
    STAGES,
)
from sfterritory.sandbox.places import METROS, Place, all_places, distance_km, metro_places
from sfterritory.sandbox.seed_dirt import add_dirt
from sfterritory.sandbox.seed_names import (
    CAMPAIGNS,
    COMPANY_FORMS,
    COMPANY_HEADS,
    COMPANY_TRADES,
    FIRST_NAMES,
    JOB_TITLES,
    LAST_NAMES,
)
from sfterritory.sandbox.seed_people import People, Row, phone, street
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

YEARS_BACK = 5
_SHARE_ELSEWHERE = 0.08
_SHARE_FORMER = 0.05
_SHARE_RURAL = 0.08
_CONVERTED = LEAD_STATUSES[2]


class RecordMaker:
    """Makes the rows of one org; every die is thrown in a fixed order.

    Attributes:
        counts: How many rows got each kind of dirt or trait.
    """

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
        self._as_of = as_of
        self._cases = 0
        self.counts: Counter[str] = Counter()

    def accounts(self, count: int) -> list[Row]:
        """Return so many accounts, their addresses spoiled as people spoil them."""
        ids = take_ids(self._connection, "001", count)
        rows = [self._account(record_id) for record_id in ids]
        add_dirt(rows, self._dice, self.counts)
        return rows

    def _account(self, record_id: str) -> Row:
        dice = self._dice
        place = self._place()
        owner = self._account_owner(place)
        name = self._company()
        site = name.lower().split(" ")[0]
        located = dice.random() < 0.35
        self.counts["accounts with coordinates"] += located
        locked = dice.random() < 0.02
        self.counts["accounts locked"] += locked
        return {
            "Id": record_id,
            "Name": name,
            "Type": dice.choice(ACCOUNT_TYPES),
            "Industry": dice.choice(INDUSTRIES),
            "AnnualRevenue": float(round(dice.lognormvariate(math.log(4e6), 1.4), -3)),
            "NumberOfEmployees": max(1, int(dice.lognormvariate(math.log(40), 1.2))),
            "Rating": dice.choice((*RATINGS, None)),
            "AccountSource": dice.choice(SOURCES),
            "AccountNumber": f"A-{record_id[9:15]}",
            "Phone": phone(dice),
            "Website": f"https://{site}.example",
            "BillingStreet": street(dice),
            "BillingCity": place.city,
            "BillingState": place.state,
            "BillingPostalCode": place.postal_code,
            "BillingCountry": "US",
            **(self._coordinates(place, "Billing") if located else {}),
            "OwnerId": owner,
            "Territory_Locked__c": int(locked),
            "Calls_Per_Year__c": dice.choice((None, None, None, 2.0, 4.0, 6.0, 8.0)),
            "Visit_Minutes__c": dice.choice((None, None, None, 30.0, 45.0, 60.0, 90.0)),
            **self._territory_history(owner),
            **self._stamps(),
        }

    def _place(self) -> Place:
        dice = self._dice
        if dice.random() < _SHARE_RURAL:
            return dice.choice(all_places())
        (metro,) = dice.choices(METROS, weights=[one.weight for one in METROS])
        return dice.choice(metro_places(metro))

    def _account_owner(self, place: Place) -> str:
        die = self._dice.random()
        if die < _SHARE_FORMER:
            self.counts["accounts with inactive owner"] += 1
            return self._dice.choice(self._people.former_ids)
        if die < _SHARE_FORMER + _SHARE_ELSEWHERE:
            return self._dice.choice(self._people.reps).user_id
        return min(self._people.reps, key=lambda rep: distance_km(rep.metro, place)).user_id

    def _company(self) -> str:
        dice = self._dice
        parts = (
            dice.choice(COMPANY_HEADS),
            dice.choice(COMPANY_TRADES),
            dice.choice(COMPANY_FORMS),
        )
        return " ".join(part for part in parts if part)

    def _coordinates(self, place: Place, prefix: str) -> Row:
        dice = self._dice
        accuracy = dice.choice(("Address", "Address", "Street", "Zip", "City"))
        return {
            f"{prefix}Latitude": round(place.lat_deg + dice.uniform(-0.03, 0.03), 6),
            f"{prefix}Longitude": round(place.lon_deg + dice.uniform(-0.03, 0.03), 6),
            f"{prefix}GeocodeAccuracy": accuracy,
        }

    def _territory_history(self, owner: str) -> Row:
        dice = self._dice
        facts: Row = {}
        if dice.random() < 0.30:
            facts["Original_Campaign__c"] = dice.choice(CAMPAIGNS)
        if dice.random() < 0.25:
            first = dice.choice((owner, *self._people.former_ids))
            facts["First_Owner__c"] = first
            facts["First_Assigned_At__c"] = stored(self._moment(2.0, YEARS_BACK))
            if first != owner:
                facts["Previous_Owner__c"] = first
                facts["Owner_Since__c"] = stored(self._moment(0.2, 1.9))
        return facts

    def _moment(self, years_from: float, years_to: float) -> datetime:
        """Return a moment between so many years ago."""
        return self._as_of - timedelta(
            seconds=int(365 * 86400 * self._dice.uniform(years_from, years_to))
        )

    def _stamps(self) -> Row:
        created = self._moment(0.02, YEARS_BACK)
        modified = created + (self._as_of - created) * self._dice.random()
        author = self._dice.choice((self._people.integration_id, self._people.manager_id))
        return {
            "CreatedDate": stored(created),
            "CreatedById": author,
            "LastModifiedDate": stored(modified),
            "LastModifiedById": self._people.integration_id,
            "SystemModstamp": stored(modified),
        }

    def _person(self) -> Row:
        first, last = self._dice.choice(FIRST_NAMES), self._dice.choice(LAST_NAMES)
        return {"FirstName": first, "LastName": last, "Name": f"{first} {last}"}

    def contacts(self, accounts: list[Row]) -> list[Row]:
        """Return contacts: none to three for each account."""
        dice = self._dice
        parents = [one for one in accounts for _ in range(dice.choice((0, 1, 1, 1, 2, 3)))]
        ids = take_ids(self._connection, "003", len(parents))
        rows = []
        for record_id, account in zip(ids, parents, strict=True):
            person = self._person()
            rows.append(
                {
                    "Id": record_id,
                    **person,
                    "AccountId": account["Id"],
                    "OwnerId": self._child_owner(account),
                    "Title": dice.choice(JOB_TITLES),
                    "Email": _email(person, record_id),
                    "Phone": phone(dice),
                    "MailingCity": account["BillingCity"],
                    "MailingState": account["BillingState"],
                    "MailingPostalCode": account["BillingPostalCode"],
                    "MailingCountry": account["BillingCountry"],
                    **self._stamps(),
                }
            )
        return rows

    def _child_owner(self, account: Row) -> str:
        if self._dice.random() < 0.9:
            return str(account["OwnerId"])
        return self._dice.choice(self._people.reps).user_id

    def leads(self, count: int, accounts: list[Row]) -> list[Row]:
        """Return so many leads; some are converted, some a queue's."""
        ids = take_ids(self._connection, "00Q", count)
        rows = [self._lead(record_id, accounts) for record_id in ids]
        add_dirt(rows, self._dice, self.counts, prefix="")
        return rows

    def _lead(self, record_id: str, accounts: list[Row]) -> Row:
        dice = self._dice
        place = self._place()
        person = self._person()
        converted = bool(accounts) and dice.random() < 0.12
        queued = not converted and dice.random() < 0.25
        self.counts["leads converted"] += converted
        self.counts["leads owned by a queue"] += queued
        owner = (
            dice.choice((self._people.unassigned_queue_id, self._people.international_queue_id))
            if queued
            else self._account_owner_of_lead(place)
        )
        stamps = self._stamps()
        return {
            "Id": record_id,
            **person,
            "Company": self._company(),
            "Title": dice.choice(JOB_TITLES),
            "Email": _email(person, record_id),
            "Phone": phone(dice),
            "Street": street(dice),
            "City": place.city,
            "State": place.state,
            "PostalCode": place.postal_code,
            "Country": "US",
            "LeadSource": dice.choice(SOURCES),
            "Status": _CONVERTED if converted else dice.choice(LEAD_STATUSES[:2]),
            "Industry": dice.choice(INDUSTRIES),
            "Rating": dice.choice((*RATINGS, None)),
            "NumberOfEmployees": max(1, int(dice.lognormvariate(math.log(30), 1.2))),
            "AnnualRevenue": float(round(dice.lognormvariate(math.log(2e6), 1.4), -3)),
            "OwnerId": owner,
            "IsConverted": int(converted),
            "ConvertedDate": stamps["LastModifiedDate"][:10] if converted else None,
            "ConvertedAccountId": dice.choice(accounts)["Id"] if converted else None,
            "Original_Campaign__c": dice.choice(CAMPAIGNS) if dice.random() < 0.3 else None,
            **stamps,
        }

    def _account_owner_of_lead(self, place: Place) -> str:
        if self._dice.random() < 0.7:
            return min(self._people.reps, key=lambda rep: distance_km(rep.metro, place)).user_id
        return self._dice.choice(self._people.reps).user_id

    def opportunities(self, accounts: list[Row]) -> list[Row]:
        """Return open and closed deals of the accounts."""
        dice = self._dice
        parents = [one for one in accounts for _ in range(dice.choice((0, 0, 1, 1, 2)))]
        ids = take_ids(self._connection, "006", len(parents))
        rows = []
        for record_id, account in zip(ids, parents, strict=True):
            stage = dice.choice(STAGES)
            closed = stage.startswith("Closed")
            close = self._moment(0.0, 2.0) if closed else self._moment(-0.5, 0.0)
            rows.append(
                {
                    "Id": record_id,
                    "AccountId": account["Id"],
                    "Name": f"{account['Name'][:80]} - {dice.choice(COMPANY_TRADES)}",
                    "StageName": stage,
                    "Amount": float(round(dice.lognormvariate(math.log(25_000), 1.1), 2)),
                    "Probability": {"Closed Won": 100.0, "Closed Lost": 0.0}.get(stage, 40.0),
                    "CloseDate": stored(close)[:10],
                    "Type": dice.choice(("Existing Business", "New Business")),
                    "LeadSource": dice.choice(SOURCES),
                    "IsClosed": int(closed),
                    "IsWon": int(stage == "Closed Won"),
                    "OwnerId": self._child_owner(account),
                    **self._stamps(),
                }
            )
        return rows

    def cases(self, accounts: list[Row]) -> list[Row]:
        """Return support cases of some accounts."""
        dice = self._dice
        parents = [one for one in accounts if dice.random() < 0.2]
        ids = take_ids(self._connection, "500", len(parents))
        rows = []
        for record_id, account in zip(ids, parents, strict=True):
            self._cases += 1
            closed = dice.random() < 0.6
            stamps = self._stamps()
            queued = dice.random() < 0.3
            rows.append(
                {
                    "Id": record_id,
                    "CaseNumber": f"{self._cases:08d}",
                    "AccountId": account["Id"],
                    "Type": dice.choice(("Problem", "Feature Request", "Question")),
                    "Status": "Closed" if closed else dice.choice(("New", "Working")),
                    "Origin": dice.choice(("Phone", "Email", "Web")),
                    "Subject": "Question about an order",
                    "Priority": dice.choice(("High", "Medium", "Low")),
                    "IsClosed": int(closed),
                    "ClosedDate": stamps["LastModifiedDate"] if closed else None,
                    "OwnerId": self._people.unassigned_queue_id
                    if queued
                    else self._child_owner(account),
                    **stamps,
                }
            )
        return rows


def _email(person: Row, record_id: str) -> str:
    last = person["LastName"].lower().replace("'", "")
    return f"{person['FirstName'].lower()}.{last}.{record_id[11:15].lower()}@mail.example"
