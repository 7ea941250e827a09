"""`query?columns=true`: the columns of a query, as command lines ask for them."""

from __future__ import annotations

from typing import Any

from sandbox.client import Org


def columns(org: Org, soql: str) -> Any:
    answer = org.get("/query", params={"q": soql, "columns": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_columns_follow_parents_and_children_in_the_order_of_the_query(org: Org) -> None:
    got = columns(
        org,
        "SELECT Id, Owner.Profile.Name, AnnualRevenue, (SELECT Email FROM Contacts) FROM Account",
    )
    identity, owner, revenue, contacts = got["columnMetadata"]

    assert (got["entityName"], got["keyPrefix"], got["idSelected"]) == ("Account", "001", True)
    assert (identity["columnName"], identity["apexType"]) == ("Id", "Id")
    assert (revenue["numberType"], revenue["updatable"]) == (True, True)
    assert owner["joinColumns"][0]["joinColumns"][0]["columnName"] == "Name"
    assert (contacts["aggregate"], contacts["columnName"]) == (True, "Contacts")
    assert [one["columnName"] for one in contacts["joinColumns"]] == ["Email"]


def test_columns_of_aggregates_are_named_and_shown_as_written(org: Org) -> None:
    got = columns(org, "SELECT Industry, COUNT(Id), MAX(Name) last FROM Account GROUP BY Industry")

    shown = [
        (one["columnName"], one["displayName"], one["aggregate"]) for one in got["columnMetadata"]
    ]
    assert shown == [
        ("Industry", "Industry", False),
        ("expr0", "COUNT(Id)", True),
        ("last", "MAX(Name)", True),
    ]
    assert got["groupBy"] is True
    assert columns(org, "SELECT COUNT() FROM Account")["columnMetadata"] == []


def test_columns_of_a_wrong_query_are_refused(org: Org) -> None:
    answer = org.get("/query", params={"q": "SELECT Nope FROM Account", "columns": "true"})

    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
