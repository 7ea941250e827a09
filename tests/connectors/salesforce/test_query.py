"""REST pages: followed, flattened, counted."""

from __future__ import annotations

from typing import Any

import pytest

from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.page import PagePosition
from sfterritory.connectors.salesforce.soql import select

from .conftest import Connected
from .fault_server import ROOT, Answer, json_answer, refusal

QUERY = select("Account", ["Id", "AnnualRevenue", "Owner.Name", "IsDeleted"])
NEXT = "/query/0r8xx0000000001AAA-2"


def _record(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "attributes": {"type": "Account"},
        "Id": f"001{number}",
        "AnnualRevenue": None,
        "Owner": {"attributes": {"type": "User"}, "Name": "Ann"},
        "IsDeleted": False,
        **fields,
    }


def _script(connected: Connected, *, total: int = 3) -> None:
    connected.server.on(
        "GET",
        "/query",
        json_answer(
            {
                "totalSize": total,
                "done": False,
                "nextRecordsUrl": f"{ROOT}{NEXT}",
                "records": [_record(1), _record(2, Owner=None, IsDeleted=True)],
            }
        ),
    )
    last = {"totalSize": total, "done": True, "records": [_record(3)]}
    body = json_answer(last).body.replace(b'"AnnualRevenue": null', b'"AnnualRevenue": 1.39E8')
    connected.server.on("GET", NEXT, Answer(200, body))


def test_pages_are_text_with_parents_as_columns(connected: Connected) -> None:
    _script(connected)

    pages = [(page, list(page.rows)) for page in connected.org.query_pages(QUERY)]

    assert [rows for _, rows in pages] == [
        [["0011", "", "Ann", "false"], ["0012", "", "", "true"]],
        [["0013", "139000000", "Ann", "false"]],
    ]
    assert [page.position for page, _ in pages] == [
        PagePosition(None, f"{ROOT}{NEXT}", 2),
        PagePosition(None, None, 3),
    ]


def test_a_cursor_that_died_says_to_start_anew(connected: Connected) -> None:
    _script(connected)
    connected.server.on("GET", NEXT, refusal(400, "INVALID_QUERY_LOCATOR"))

    with pytest.raises(ResumeLostError, match="no longer knows the cursor"):
        list(connected.org.query_pages(QUERY))


def test_fewer_rows_than_counted_fail_the_last_page(connected: Connected) -> None:
    _script(connected, total=4)
    first, last = connected.org.query_pages(QUERY)

    assert len(list(first.rows)) == 2
    with pytest.raises(BadAnswerError, match="counts 4 rows and sent 3"):
        list(last.rows)


def test_the_token_follows_no_foreign_address(connected: Connected) -> None:
    foreign = {"totalSize": 2, "done": False, "nextRecordsUrl": "@evil.example/", "records": []}
    connected.server.on("GET", "/query", json_answer(foreign))

    with pytest.raises(BadAnswerError, match="no usable nextRecordsUrl"):
        list(connected.org.query_pages(QUERY))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param([], "not a query result", id="list"),
        pytest.param({"totalSize": 1, "done": True}, "holds no records", id="no-records"),
        pytest.param({"done": True, "records": []}, "holds no totalSize", id="no-total"),
        pytest.param({"totalSize": 1, "records": []}, "no usable nextRecordsUrl", id="no-end"),
    ],
)
def test_an_answer_of_another_form_is_refused(
    connected: Connected, body: object, says: str
) -> None:
    connected.server.on("GET", "/query", json_answer(body))

    with pytest.raises(BadAnswerError, match=says):
        list(connected.org.query_pages(QUERY))


def test_a_record_without_a_field_that_was_asked_for_is_refused(connected: Connected) -> None:
    answer = {"totalSize": 1, "done": True, "records": [{"Id": "0011"}]}
    connected.server.on("GET", "/query", json_answer(answer))
    (page,) = connected.org.query_pages(QUERY)

    with pytest.raises(BadAnswerError, match="has no AnnualRevenue"):
        list(page.rows)


def test_a_hidden_field_is_named_by_salesforces_code(connected: Connected) -> None:
    connected.server.on("GET", "/query", refusal(400, "INVALID_FIELD", "No such column 'X__c'"))

    with pytest.raises(RefusedError, match="X__c") as caught:
        list(connected.org.query_pages(QUERY))

    assert caught.value.code == "INVALID_FIELD"
    assert "field-level security" in caught.value.remedy


def test_a_compound_field_is_refused_with_the_way_around(connected: Connected) -> None:
    compound = {"totalSize": 1, "done": True, "records": [_record(1, AnnualRevenue={"city": "X"})]}
    connected.server.on("GET", "/query", json_answer(compound))
    (page,) = connected.org.query_pages(QUERY)

    with pytest.raises(BadAnswerError, match="AnnualRevenue is not a single value"):
        list(page.rows)


def test_a_locator_that_leads_back_is_refused(connected: Connected) -> None:
    _script(connected)
    back = {"totalSize": 3, "done": False, "nextRecordsUrl": f"{ROOT}{NEXT}", "records": []}
    connected.server.on("GET", NEXT, json_answer(back))

    with pytest.raises(BadAnswerError, match="which was fetched before"):
        [list(page.rows) for page in connected.org.query_pages(QUERY)]


def test_an_answer_that_is_no_result_once_is_asked_again(connected: Connected) -> None:
    whole = {"totalSize": 1, "done": True, "records": [_record(1)]}
    connected.server.on("GET", "/query", json_answer({"totalSize": 1}), json_answer(whole))

    (page,) = connected.org.query_pages(QUERY)

    assert list(page.rows) == [["0011", "", "Ann", "false"]]
