# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Describe, limits, and the seeded org itself."""

from __future__ import annotations

import base64
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.ids import normalised, to18
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import seed_org
from sfterritory.sandbox.state import SandboxState
from sfterritory.sandbox.state_file import connect
from sfterritory.sandbox.switches import Switches


def test_every_described_field_can_be_selected(reading_org: Org) -> None:
    listed = reading_org.get("/sobjects").json()["sobjects"]

    for one in listed:
        fields = reading_org.http.get(one["urls"]["describe"]).json()["fields"]
        names = ", ".join(field["name"] for field in fields)
        assert reading_org.soql(f"SELECT {names} FROM {one['name']} LIMIT 1") is not None


def test_describe_tells_types_lengths_and_what_may_be_written(reading_org: Org) -> None:
    described = reading_org.get("/sobjects/account/describe/").json()

    fields = {one["name"]: one for one in described["fields"]}
    assert (described["name"], described["keyPrefix"]) == ("Account", "001")
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert fields["OwnerId"]["relationshipName"] == "Owner"
    assert not fields["SystemModstamp"]["updateable"]
    assert fields["First_Owner__c"]["custom"]
    assert fields["First_Owner__c"]["length"] == 18
    assert fields["BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert described["recordTypeInfos"][0]["recordTypeId"] == "012000000000000AAA"


def test_sub_queries_go_by_the_names_that_describe_lists(reading_org: Org) -> None:
    for one in reading_org.get("/sobjects").json()["sobjects"]:
        children = reading_org.http.get(one["urls"]["describe"]).json()["childRelationships"]
        names = [child["relationshipName"] for child in children if child["relationshipName"]]
        assert len(names) == len(set(names))
        for start in range(0, len(names), 20):
            listed = ", ".join(f"(SELECT Id FROM {name})" for name in names[start : start + 20])
            assert reading_org.soql(f"SELECT {listed} FROM {one['name']} LIMIT 1") is not None


def test_what_describe_says_of_fields_is_what_queries_do(reading_org: Org) -> None:
    fields = reading_org.get("/sobjects/Account/describe").json()["fields"]

    for field in fields:
        name = field["name"]
        for flag, query in (
            ("filterable", f"SELECT Id FROM Account WHERE {name} = null"),
            ("sortable", f"SELECT Id FROM Account ORDER BY {name} LIMIT 1"),
            ("groupable", f"SELECT {name} FROM Account GROUP BY {name} LIMIT 1"),
            ("aggregatable", f"SELECT count_distinct({name}) FROM Account"),
        ):
            status = reading_org.get("/query", params={"q": query}).status_code
            assert (status == 200) == field[flag], (name, flag)
    described = {one["name"]: one for one in fields}
    assert not described["Description"]["filterable"]
    assert not described["AnnualRevenue"]["groupable"]


def test_a_dependent_picklist_says_for_what_its_values_are_valid(state_file: Path) -> None:
    switches = Switches(state_country_picklists=True)
    with running_sandbox(state_file, switches=switches) as handle, Org(handle) as org:
        fields = {
            one["name"]: one for one in org.get("/sobjects/Account/describe").json()["fields"]
        }

    state = fields["BillingStateCode"]
    countries = [one["value"] for one in fields["BillingCountryCode"]["picklistValues"]]
    (texas,) = [one for one in state["picklistValues"] if one["value"] == "TX"]
    bits = "".join(f"{byte:08b}" for byte in base64.b64decode(texas["validFor"]))
    assert (state["controllerName"], state["dependentPicklist"]) == ("BillingCountryCode", True)
    assert [countries[at] for at, bit in enumerate(bits) if bit == "1"] == ["US"]


def test_describe_is_not_sent_again_until_the_schema_changes(org: Org, clock: Ticking) -> None:
    paths = ("/sobjects", "/sobjects/Account/describe", "/sobjects/Lead/describe")
    first = [org.get(path) for path in paths]
    told = {(one.headers["ETag"], one.headers["Last-Modified"]) for one in first}
    ((etag, modified),) = told
    clock.advance(hours=1)

    def again(path: str) -> list[httpx.Response]:
        return [
            org.get(path, headers={"If-Modified-Since": modified}),
            org.get(path, headers={"If-None-Match": etag}),
        ]

    same = [answer for path in paths for answer in again(path)]
    org.handle.state.set_switches(replace(org.handle.state.switches, multi_currency=True))
    changed = [answer for path in paths for answer in again(path)]

    assert {(one.status_code, one.content) for one in same} == {(304, b"")}
    assert {one.headers["ETag"] for one in same} == {etag}
    assert {one.status_code for one in changed} == {200}
    ((new_etag, new_modified),) = {
        (one.headers["ETag"], one.headers["Last-Modified"]) for one in changed
    }
    assert new_etag != etag
    assert parsedate_to_datetime(new_modified) > parsedate_to_datetime(modified)


def test_recent_items_are_what_was_looked_at(org: Org, clock: Ticking) -> None:
    accounts = org.soql("SELECT Id, Name FROM Account ORDER BY Id LIMIT 3")
    for account in accounts:
        org.soql(f"SELECT Id FROM Account WHERE Id = '{account['Id']}' FOR VIEW")
        clock.advance(minutes=1)
    org.delete(f"/sobjects/Account/{accounts[0]['Id']}")

    answer = org.get("/sobjects/Account").json()

    assert answer["objectDescribe"]["name"] == "Account"
    assert answer["recentItems"] == [accounts[2], accounts[1]]


def test_record_counts_are_those_of_the_query(reading_org: Org) -> None:
    answer = reading_org.get("/limits/recordCount", params={"sObjects": "Account,Lead"}).json()

    assert answer == {
        "sObjects": [{"count": 250, "name": "Account"}, {"count": 80, "name": "Lead"}]
    }


def test_ids_of_15_characters_get_the_platforms_checksum() -> None:
    assert to18("001dM00003kS3tN") == "001dM00003kS3tNQAS"
    assert normalised("0013h00000Ffg19") == "0013h00000Ffg19AAB"
    assert normalised("0013h00000Ffg19AAA") is None


def test_the_same_seed_gives_the_same_org_and_another_seed_another(tmp_path: Path) -> None:
    def rows(name: str, seed: int) -> list[tuple[object, ...]]:
        seed_org(tmp_path / name, seed=seed, accounts=60, leads=30, reps=4)
        connection = connect(tmp_path / name)
        found = [
            row
            for table in ("Account", "Lead", "Contact", "User", "AccountHistory")
            for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY Id')
        ]
        connection.close()
        return found

    assert rows("a.db", 7) == rows("b.db", 7)
    assert rows("c.db", 8) != rows("d.db", 7)


def test_the_seeded_org_holds_as_much_dirt_as_it_says(tmp_path: Path) -> None:
    report = seed_org(tmp_path / "org.db", accounts=400, leads=50, reps=6)

    with running_sandbox(tmp_path / "org.db") as handle, Org(handle) as org:

        def count(condition: str) -> int:
            answer = org.get("/query", params={"q": f"SELECT count() FROM Account {condition}"})
            return int(answer.json()["totalSize"])

        counts = report.counts
        assert count("WHERE BillingStreet = null") == counts["accounts without any address"]
        assert count("WHERE BillingPostalCode = null") == (
            counts["accounts without any address"] + counts["accounts without postal code"]
        )
        assert count("WHERE Owner.IsActive = false") == counts["accounts with inactive owner"]
        assert count("WHERE Territory_Locked__c = true") == counts["accounts locked"]
        names = org.soql(
            "SELECT Name, count(Id) FROM User WHERE IsActive = true GROUP BY Name "
            "HAVING count(Id) > 1"
        )
        assert [one["expr0"] for one in names] == [2]


def test_a_restart_keeps_the_org_its_changes_and_its_tokens(state_file: Path) -> None:
    with running_sandbox(state_file) as handle, Org(handle) as org:
        (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
        org.change("Account", {"id": account, "Site": "kept"})
        page = org.get(
            "/query", params={"q": "SELECT Id FROM Account"},
            headers={"Sforce-Query-Options": "batchSize=200"},
        ).json()  # fmt: skip
        token, secret = handle.access_token, handle.client_secret

    with running_sandbox(state_file) as handle, Org(handle) as org:
        org.http.headers["Authorization"] = f"Bearer {token}"

        assert org.soql(f"SELECT Site FROM Account WHERE Id = '{account}'")[0]["Site"] == "kept"
        assert len(org.http.get(page["nextRecordsUrl"]).json()["records"]) == 50
        assert handle.client_secret == secret


def test_a_state_file_of_another_version_or_kind_is_refused(
    state_file: Path, tmp_path: Path
) -> None:
    connection = connect(state_file)
    connection.execute("UPDATE _meta SET value = '999' WHERE key = 'format'")
    connection.close()
    other = tmp_path / "notes.txt"
    other.write_text("these are no tables" * 100)

    for path, problem in ((state_file, "format 999"), (other, "not a sandbox state file")):
        with pytest.raises(SandboxError) as caught:
            SandboxState(path)
        assert problem in caught.value.problem
        assert caught.value.remedy
