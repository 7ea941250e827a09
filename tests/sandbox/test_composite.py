# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Several requests in one: composite, batch, graph and tree."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import DATA, Org
from sandbox.switching import switch

SOQL = "SELECT+Id,NumberOfEmployees+FROM+Account+WHERE+Id="


def part(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": DATA + path, "referenceId": name, "body": body, **more}


def composite(org: Org, *parts: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = org.post("/composite", json={"compositeRequest": list(parts), **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"])


def count(org: Org, name: str) -> int:
    return len(org.ids(f"SELECT Id FROM Account WHERE Name = '{name}'"))


def used(org: Org) -> int:
    return int(org.get("/limits").headers["sforce-limit-info"].split("=")[1].split("/")[0])


@pytest.mark.parametrize("all_or_none", [True, False, None])
def test_later_parts_use_what_earlier_ones_answered(org: Org, *, all_or_none: bool | None) -> None:
    before = used(org)

    made, child, found, read, changed = composite(
        org,
        part("made", "POST", "/sobjects/Account", {"Name": "Fern", "NumberOfEmployees": 7}),
        part("child", "POST", "/sobjects/Contact", {"LastName": "Ash", "AccountId": "@{made.id}"}),
        part("found", "GET", f"/query?q={SOQL}'@{{made.id}}'"),
        part("read", "GET", "/sobjects/Account/@{found.records[0].Id}?fields=Name"),
        part("changed", "PATCH", "/sobjects/Account/@{made.id}",
             {"Site": "@{read.Name} & co",
              "NumberOfEmployees": "@{found.records[0].NumberOfEmployees}"}),
        allOrNone=all_or_none,
    )  # fmt: skip

    account = made["body"]["id"]
    assert made["httpStatusCode"] == 201
    assert made["httpHeaders"]["Location"].endswith(f"/sobjects/Account/{account}")
    assert child["body"]["success"]
    assert found["body"]["records"][0]["Id"] == read["body"]["Id"] == account
    assert "ETag" in read["httpHeaders"]
    assert (changed["body"], changed["httpStatusCode"]) == (None, 204)
    assert org.soql(f"SELECT Site FROM Account WHERE Id = '{account}'")[0]["Site"] == "Fern & co"
    assert used(org) == before + 3  # the composite, the query, the limits


def test_a_failed_part_takes_the_others_back_or_leaves_them(org: Org) -> None:
    parts = (
        part("good", "POST", "/sobjects/Account", {"Name": "Oak"}),
        part("bad", "POST", "/sobjects/Account", {"Site": "nameless"}),
        part("needs", "GET", "/sobjects/Account/@{bad.id}"),
    )

    together = composite(org, *parts, allOrNone=True)
    after_together = count(org, "Oak")
    apart = composite(org, *parts)

    codes = [one["body"][0]["errorCode"] for one in together]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert {one["httpStatusCode"] for one in together} == {400}
    assert after_together == 0
    assert [one["httpStatusCode"] for one in apart] == [201, 400, 400]
    assert "No value for bad.id found in bad" in apart[2]["body"][0]["message"]
    assert count(org, "Oak") == 1


def test_a_part_has_its_own_headers(org: Org) -> None:
    (lead,) = org.ids("SELECT Id FROM Lead WHERE Country IN ('Germany', 'DE') LIMIT 1")
    rep = org.reps()[0]
    path, body = f"/sobjects/Lead/{lead}", {"OwnerId": rep}

    composite(org, part("a", "PATCH", path, body, httpHeaders={"Sforce-Auto-Assign": "FALSE"}))
    kept = org.get(path).json()["OwnerId"]
    composite(org, part("a", "PATCH", path, body))
    taken = org.get(path).json()["OwnerId"]

    assert kept == rep
    assert taken != rep


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "JSON_PARSER_ERROR"),
        ({"compositeRequest": []}, "JSON_PARSER_ERROR"),
        ({"compositeRequest": [part("a", "GET", "/limits")] * 2}, "DUPLICATE_VALUE"),
        ({"compositeRequest": [part(f"a{n}", "GET", "/limits") for n in range(26)]},
         "LIMIT_EXCEEDED"),
        ({"compositeRequest": [part(f"a{n}", "GET", "/query?q=x") for n in range(6)]},
         "LIMIT_EXCEEDED"),
        ({"compositeRequest": [{"method": "GET", "url": "limits", "referenceId": "a"}]},
         "JSON_PARSER_ERROR"),
        ({"compositeRequest": [part("a", "GET", "/limits", httpHeaders={"Accept": "*/*"})]},
         "JSON_PARSER_ERROR"),
        ({"compositeRequest": [part("a", "GET", "/limits")], "allOrNone": "yes"},
         "JSON_PARSER_ERROR"),
    ],
)  # fmt: skip
def test_a_malformed_composite_is_refused_whole(
    reading_org: Org, body: dict[str, Any], code: str
) -> None:
    answer = reading_org.post("/composite", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_parts_that_cannot_be_parts_fail_alone(reading_org: Org) -> None:
    answers = composite(
        reading_org,
        part("a", "POST", "/composite", {}),
        part("b", "GET", "/nothing"),
        part("c", "DELETE", "/limits"),
        part("d", "GET", "/limits/"),
    )

    assert [one["httpStatusCode"] for one in answers] == [400, 404, 405, 200]


def test_a_batch_goes_on_after_a_failure_unless_told_to_halt(org: Org) -> None:
    requests = [
        {"method": "GET", "url": "v57.0/limits"},
        {"method": "PATCH", "url": "v62.0/sobjects/Account/xyz", "richInput": {"Site": "x"}},
        {"method": "POST", "url": "/services/data/v62.0/sobjects/Account",
         "richInput": {"Name": "Elm"}},
    ]  # fmt: skip

    halted = org.post("/composite/batch", json={"batchRequests": requests, "haltOnError": True})
    whole = org.post("/composite/batch", json={"batchRequests": requests})

    assert halted.json()["hasErrors"]
    assert [one["statusCode"] for one in halted.json()["results"]] == [200, 400, 412]
    assert halted.json()["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert [one["statusCode"] for one in whole.json()["results"]] == [200, 400, 201]
    assert "DailyApiRequests" in whole.json()["results"][0]["result"]
    assert count(org, "Elm") == 1


def graph(name: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(parts)}


def test_each_graph_stands_or_falls_alone_and_after_fourteen_the_rest_waits(org: Org) -> None:
    good = part("a", "POST", "/sobjects/Account", {"Name": "Yew"})
    child = part("b", "POST", "/sobjects/Contact", {"LastName": "Y", "AccountId": "@{a.id}"})
    bad = part("c", "POST", "/sobjects/Contact", {"AccountId": "@{a.id}"})
    graphs = [
        graph("g0", good, child),
        *(graph(f"g{n}", good, bad) for n in range(1, 15)),
        graph("g15", good, child),
    ]

    answer = org.post("/composite/graph", json={"graphs": graphs}).json()["graphs"]

    assert [one["isSuccessful"] for one in answer] == [True] + [False] * 15
    last = answer[15]["graphResponse"]["compositeResponse"]
    assert {one["body"][0]["errorCode"] for one in last} == {"PROCESSING_HALTED"}
    assert count(org, "Yew") == 1


def test_a_graph_that_is_too_big_or_no_record_is_refused(reading_org: Org) -> None:
    chain = [part("n0", "GET", "/sobjects/Account/001")] + [
        part(f"n{n}", "GET", f"/sobjects/Account/@{{n{n - 1}.Id}}") for n in range(1, 16)
    ]
    wide = [part(f"n{n}", "GET", "/sobjects/Account/001") for n in range(501)]

    for parts in (chain, wide, [part("a", "GET", "/limits")]):
        answer = reading_org.post("/composite/graph", json={"graphs": [graph("g", *parts)]})
        assert answer.status_code == 400, parts[-1]


def record(name: str, kind: str = "Account", **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind, "referenceId": name}, **values}


def test_a_tree_of_records_is_created_whole_or_not_at_all(org: Org) -> None:
    child = record("c", "Contact", LastName="Leaf")
    tree = {"records": [record("p", Name="Pine", Contacts={"records": [child]}),
                        record("q", Name="Pine")]}  # fmt: skip
    nameless = {"records": [record("p", Name="Fir"), record("q", Site="x")]}

    made = org.post("/composite/tree/Account", json=tree)
    refused = org.post("/composite/tree/Account", json=nameless)

    ids = {one["referenceId"]: one["id"] for one in made.json()["results"]}
    assert (made.status_code, list(ids)) == (201, ["p", "c", "q"])
    assert org.get(f"/sobjects/Contact/{ids['c']}").json()["AccountId"] == ids["p"]
    assert refused.status_code == 400
    (error,) = refused.json()["results"]
    assert (error["referenceId"], error["errors"][0]["statusCode"]) == (
        "q", "REQUIRED_FIELD_MISSING",
    )  # fmt: skip
    assert count(org, "Fir") == 0


def test_the_number_of_queries_in_a_composite_is_a_switch(org: Org) -> None:
    parts = [part(f"a{n}", "GET", "/query?q=SELECT+Id+FROM+Account+LIMIT+1") for n in range(6)]
    switch(org, composite_max_queries=6)

    assert {one["httpStatusCode"] for one in composite(org, *parts)} == {200}
