# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Features that an org may have: person accounts, state and country picklists, currencies."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org
from sandbox.switching import switch


def read(org: Org, name: str, record_id: str, *fields: str) -> tuple[Any, ...]:
    (row,) = org.soql(f"SELECT {', '.join(fields)} FROM {name} WHERE Id = '{record_id}'")
    return tuple(row[one] for one in fields)


def test_a_plain_org_has_none_of_their_fields_and_objects(reading_org: Org) -> None:
    for query in (
        "SELECT IsPersonAccount FROM Account",
        "SELECT BillingCountryCode FROM Account",
        "SELECT CurrencyIsoCode FROM Lead",
    ):
        assert reading_org.refusal(query)["errorCode"] == "INVALID_FIELD"
    for name in ("CurrencyType", "Territory2", "ObjectTerritory2Association"):
        assert reading_org.refusal(f"SELECT Id FROM {name}")["errorCode"] == "INVALID_TYPE"
    assert reading_org.soql("SELECT IsSandbox FROM Organization")[0]["IsSandbox"] is True


def test_production_says_that_it_is_no_sandbox(org: Org) -> None:
    switch(org, is_sandbox=False)

    assert org.soql("SELECT IsSandbox FROM Organization")[0]["IsSandbox"] is False


def test_a_person_account_has_a_contact_that_follows_it(org: Org) -> None:
    switch(org, person_accounts=True)
    body = {"FirstName": "Ada", "LastName": "Marsh", "PersonEmail": "ada@mail.example"}
    account = org.post("/sobjects/Account", json=body).json()["id"]
    contact, name, person = read(
        org, "Account", account, "PersonContactId", "Name", "IsPersonAccount"
    )
    rep = org.reps()[0]

    org.change("Account", {"id": account, "OwnerId": rep, "LastName": "Farrow"})
    (alone,) = org.change("Contact", {"id": contact, "OwnerId": org.reps()[1]})
    (named,) = org.change("Account", {"id": account, "Name": "Farrow Ltd"})

    assert (name, person) == ("Ada Marsh", True)
    assert read(org, "Account", account, "Name", "OwnerId") == ("Ada Farrow", rep)
    assert read(org, "Contact", contact, "Name", "Email", "OwnerId", "AccountId") == (
        "Ada Farrow",
        "ada@mail.example",
        rep,
        account,
    )
    assert alone["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert named["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_business_in_an_org_with_persons_stays_a_business(org: Org) -> None:
    switch(org, person_accounts=True)
    account = org.post("/sobjects/Account", json={"Name": "Marsh Ltd"}).json()["id"]

    (refused,) = org.change("Account", {"id": account, "LastName": "Marsh"})
    (renamed,) = org.change("Account", {"id": account, "Name": "Marsh & Co"})

    assert refused["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert renamed["success"]
    assert read(org, "Account", account, "Name", "IsPersonAccount", "PersonContactId") == (
        "Marsh & Co",
        False,
        None,
    )
    types = org.soql("SELECT IsPersonType FROM RecordType WHERE SobjectType = 'Account'")
    assert sorted(one["IsPersonType"] for one in types) == [False, True]


PLACE = ("BillingCountry", "BillingCountryCode", "BillingState", "BillingStateCode")


@pytest.fixture(scope="module")
def places_org(writing_org: Org) -> Org:
    switch(writing_org, state_country_picklists=True)
    return writing_org


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param(
            {"BillingCountryCode": "US", "BillingStateCode": "TX"},
            ("United States", "US", "Texas", "TX"),
            id="codes bring texts",
        ),
        pytest.param(
            {"BillingCountry": "Canada", "BillingState": "Ontario"},
            ("Canada", "CA", "Ontario", "ON"),
            id="texts bring codes",
        ),
        pytest.param(
            {"BillingCountryCode": "MX", "BillingCountry": "Canada"},
            ("Mexico", "MX", None, None),
            id="the code wins on create",
        ),
        pytest.param(
            {"BillingCountry": "Germany"}, ("Germany", "DE", None, None), id="without states"
        ),
    ],
)
def test_codes_and_texts_are_kept_in_step(
    places_org: Org, given: dict[str, str], kept: tuple[str | None, ...]
) -> None:
    made = places_org.post("/sobjects/Account", json={"Name": "Somewhere", **given})

    assert read(places_org, "Account", made.json()["id"], *PLACE) == kept


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"BillingState": "Nowhere"}, id="no state"),
        pytest.param({"BillingCountry": "Atlantis"}, id="no country"),
        pytest.param({"BillingStateCode": "ON"}, id="a state of another country"),
        pytest.param({"BillingCountryCode": "CA"}, id="a country without the present state"),
        pytest.param(
            {"BillingStateCode": "TX", "BillingState": "Ohio"}, id="code and text disagree"
        ),
    ],
)
def test_places_that_do_not_fit_are_refused(places_org: Org, given: dict[str, str]) -> None:
    body = {"Name": "Austin Works", "BillingCountryCode": "US", "BillingStateCode": "TX"}
    account = places_org.post("/sobjects/Account", json=body).json()["id"]

    (refused,) = places_org.change("Account", {"id": account, **given})

    assert refused["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert read(places_org, "Account", account, *PLACE) == ("United States", "US", "Texas", "TX")


def test_without_a_country_there_is_no_state(places_org: Org) -> None:
    body = {"Name": "Austin Works", "BillingCountryCode": "US", "BillingStateCode": "TX"}
    account = places_org.post("/sobjects/Account", json=body).json()["id"]
    alone = places_org.post("/sobjects/Account", json={"Name": "x", "BillingState": "Texas"})

    (emptied,) = places_org.change("Account", {"id": account, "BillingCountryCode": None})

    assert emptied["success"]
    assert read(places_org, "Account", account, *PLACE) == (None, None, None, None)
    assert alone.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_what_was_there_is_converted_where_it_names_a_place(places_org: Org) -> None:
    texts = {
        (one["BillingCountry"], one["BillingCountryCode"])
        for one in places_org.soql(
            "SELECT BillingCountry, BillingCountryCode FROM Account WHERE BillingCountry != null"
        )
    }

    assert ("United States", "US") in texts
    assert not any(text in {"US", "DE", "Germany "} for text, _ in texts)
    (address,) = places_org.soql(
        "SELECT BillingAddress FROM Account WHERE BillingStateCode != null LIMIT 1"
    )
    assert address["BillingAddress"]["countryCode"] == "US"


def test_a_record_has_a_currency_and_the_org_its_rates(org: Org) -> None:
    switch(org, multi_currency=True)
    (deal,) = org.soql("SELECT Id, CurrencyIsoCode FROM Opportunity LIMIT 1")

    (changed,) = org.change("Opportunity", {"id": deal["Id"], "CurrencyIsoCode": "EUR"})
    (refused,) = org.change("Opportunity", {"id": deal["Id"], "CurrencyIsoCode": "XXX"})
    rate = {"IsoCode": "EUR", "StartDate": "2026-07-01", "ConversionRate": 0.9}
    made = org.post("/sobjects/DatedConversionRate", json=rate)

    assert (deal["CurrencyIsoCode"], changed["success"]) == ("USD", True)
    assert refused["errors"][0]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    corporate = org.soql(
        "SELECT IsoCode, ConversionRate FROM CurrencyType WHERE IsCorporate = true"
    )
    assert [(one["IsoCode"], one["ConversionRate"]) for one in corporate] == [("USD", 1)]
    assert made.status_code == 201
    days = org.soql(
        "SELECT StartDate, NextStartDate FROM DatedConversionRate WHERE IsoCode = 'EUR' "
        "ORDER BY StartDate"
    )
    assert [one["NextStartDate"] for one in days] == ["2026-01-01", "2026-07-01", "9999-12-31"]
