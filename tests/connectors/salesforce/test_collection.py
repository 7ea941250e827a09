"""Writing owners: one answer a record, and never a guess about what was written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.model.ports import (
    AmbiguousWriteError,
    OwnerGateway,
    RecordWrite,
    Refusal,
    WriteResult,
)

from .conftest import Connected
from .fault_server import EXPIRED, Answer, json_answer, refusal

PATH = "/composite/sobjects"
ANN, BEN = "005000000000001AAA", "005000000000002AAA"
LOCKED = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain", "fields": []}


def _id(number: int) -> str:
    return f"001{number:012d}AAA"


def _write(number: int, object_name: str = "Account") -> RecordWrite:
    return RecordWrite(object_name, _id(number), {"OwnerId": BEN})


def _done(number: int) -> dict[str, Any]:
    return {"id": _id(number), "success": True, "errors": []}


def _refused(**error: Any) -> dict[str, Any]:
    return {"success": False, "errors": [error]}


def _sent(connected: Connected) -> list[list[str]]:
    """Return the ids of each request that arrived."""
    return [
        [record["id"] for record in json.loads(one.body)["records"]]
        for one in connected.server.calls("PATCH", PATH)
    ]


def test_answers_are_matched_by_place_and_headers_are_explicit(connected: Connected) -> None:
    gateway: OwnerGateway = connected.org
    refusal_text = {"statusCode": "INACTIVE_OWNER_OR_USER", "message": "inactive", "fields": []}
    connected.server.on("PATCH", PATH, json_answer([_done(1), _refused(**refusal_text), _done(3)]))

    results = gateway.write([_write(1), _write(2), _write(3)])

    assert results == [
        WriteResult(_id(1), accepted=True),
        WriteResult(
            _id(2),
            accepted=False,
            code="INACTIVE_OWNER_OR_USER",
            message="inactive",
            remedy="choose an active owner, or pull users again",
        ),
        WriteResult(_id(3), accepted=True),
    ]
    (request,) = connected.server.calls("PATCH", PATH)
    assert request.headers["Sforce-Auto-Assign"] == "FALSE"
    assert request.headers["Sforce-Call-Options"] == "client=sfterritory"
    assert request.headers["Sforce-Duplicate-Rule-Header"] == "allowSave=true"
    assert json.loads(request.body)["allOrNone"] is False
    assert request.body.index(b'"attributes"') < request.body.index(b'"id"')


def test_only_locked_records_are_sent_again_and_in_smaller_requests(
    connected: Connected,
) -> None:
    locked = _refused(**LOCKED)
    connected.server.on(
        "PATCH",
        PATH,
        json_answer([locked, _done(2), locked, locked, _done(5)]),
        json_answer([locked, _done(3)]),
        json_answer([_done(4)]),
        json_answer([_done(1)]),
    )

    results = connected.org.write([_write(number) for number in range(1, 6)])

    assert [result.accepted for result in results] == [True] * 5
    assert [result.record_id for result in results] == [_id(number) for number in range(1, 6)]
    assert _sent(connected) == [
        [_id(number) for number in range(1, 6)],
        [_id(1), _id(3)],
        [_id(4)],
        [_id(1)],
    ]
    first, second = connected.waits_seconds
    assert 0.5 <= first <= 1.0 <= second <= 1.5  # it doubles, with up to half a second of jitter


def test_a_lock_that_a_trigger_wraps_is_tried_again(connected: Connected) -> None:
    wrapped = {
        "statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "message": "Rollup: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to",
    }
    connected.server.on("PATCH", PATH, json_answer([_refused(**wrapped)]), json_answer([_done(1)]))

    (result,) = connected.org.write([_write(1)])

    assert result.accepted


def test_a_record_that_stays_locked_keeps_salesforces_own_code(connected: Connected) -> None:
    connected.server.on("PATCH", PATH, json_answer([_refused(**LOCKED)]))

    (result,) = connected.org.write([_write(1)])

    assert (result.accepted, result.code) == (False, "UNABLE_TO_LOCK_ROW")
    assert result.refusal is Refusal.PASSING
    assert "other loads" in result.remedy
    assert len(_sent(connected)) == 4


@pytest.mark.parametrize("key", ["duplicateResut", "duplicateResult"])
def test_a_duplicate_is_told_with_its_rule_and_the_records_that_match(
    connected: Connected, key: str
) -> None:
    match = {"record": {"attributes": {"type": "Account"}, "Id": _id(7)}}
    detail = {"duplicateRule": "Accounts_DR", "matchResults": [{"matchRecords": [match]}]}
    error = {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?"}
    connected.server.on("PATCH", PATH, json_answer([_refused(**error, **{key: detail})]))

    (result,) = connected.org.write([_write(1)])

    assert result.message == (
        f"Use one of these records?; duplicate rule Accounts_DR, matching {_id(7)}"
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(drop=True), id="hung-up"),
        pytest.param(Answer(200, b'[{"id"', cut_bytes=40), id="cut"),
        pytest.param(Answer(200, b"<html>fine</html>"), id="html"),
        pytest.param(json_answer([_done(1)]), id="one-answer-for-two"),
        pytest.param(json_answer([_done(2), _done(1)]), id="other-records"),
        pytest.param(json_answer([]), id="empty"),
        pytest.param(Answer(504, b"<html>Gateway timeout</html>"), id="gateway"),
        pytest.param(refusal(500, "UNKNOWN_EXCEPTION"), id="crash"),
        pytest.param(refusal(503, "SERVER_UNAVAILABLE"), id="503-without-a-time"),
    ],
)
def test_a_write_without_a_clear_answer_is_sent_once_and_called_ambiguous(
    connected: Connected, answer: Answer
) -> None:
    connected.server.on("PATCH", PATH, answer, json_answer([_done(1), _done(2)]))

    with pytest.raises(AmbiguousWriteError) as caught:
        connected.org.write([_write(1), _write(2)])

    assert len(_sent(connected)) == 1
    assert "reads Salesforce" in caught.value.remedy


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(EXPIRED, id="expired-session"),
        pytest.param(refusal(503, "SERVER_UNAVAILABLE", Retry_After="3"), id="dated-503"),
        pytest.param(refusal(400, "UNABLE_TO_LOCK_ROW"), id="locked-as-a-whole"),
    ],
)
def test_a_write_that_certainly_did_nothing_is_sent_again(
    connected: Connected, answer: Answer
) -> None:
    connected.server.on("PATCH", PATH, answer, json_answer([_done(1)]))

    (result,) = connected.org.write([_write(1)])

    assert result.accepted
    assert len(_sent(connected)) == 2


def test_a_write_refused_as_a_whole_keeps_the_code(connected: Connected) -> None:
    connected.server.on("PATCH", PATH, refusal(400, "JSON_PARSER_ERROR"))

    with pytest.raises(RefusedError) as caught:
        connected.org.write([_write(1)])

    assert caught.value.code == "JSON_PARSER_ERROR"


def test_types_that_alternate_are_cut_into_requests_that_salesforce_takes(
    connected: Connected,
) -> None:
    rows = [_write(n, "Account" if n % 2 else "Contact") for n in range(12)]
    connected.server.on(
        "PATCH",
        PATH,
        json_answer([_done(n) for n in range(10)]),
        json_answer([_done(10), _done(11)]),
    )

    results = connected.org.write(rows)

    assert [result.record_id for result in results] == [row.record_id for row in rows]
    assert [len(ids) for ids in _sent(connected)] == [10, 2]


def test_mistakes_of_the_caller_are_refused_before_anything_is_sent(connected: Connected) -> None:
    with pytest.raises(ValueError, match="201 records"):
        connected.org.write([_write(n) for n in range(201)])
    with pytest.raises(ValueError, match="changes"):
        connected.org.write([RecordWrite("Account", _id(1), {})])
    with pytest.raises(ValueError, match="changes"):
        connected.org.write([RecordWrite("Account", _id(1), {"ID": _id(2)})])

    assert _sent(connected) == []


def test_reading_back_leaves_out_what_is_gone_and_gives_scalars(connected: Connected) -> None:
    record = {"attributes": {"type": "Account"}, "Id": _id(1), "OwnerId": ANN, "IsDeleted": False}
    answer = json_answer({"totalSize": 1, "done": True, "records": [{**record, "Score__c": 1.5}]})
    connected.server.on("GET", "/query", answer)

    found = connected.org.read(
        "Account", [_id(1)[:15], _id(2)], fields=["OwnerId", "IsDeleted", "Score__c"]
    )

    assert found == {_id(1): {"OwnerId": ANN, "IsDeleted": False, "Score__c": 1.5}}


def test_many_ids_are_asked_for_in_addresses_that_salesforce_takes(connected: Connected) -> None:
    connected.server.on("GET", "/query", json_answer({"totalSize": 0, "done": True, "records": []}))

    assert connected.org.read("Account", [_id(n) for n in range(401)], fields=["OwnerId"]) == {}

    asked = [one.query["q"][0] for one in connected.server.calls("GET", "/query")]
    assert [text.count("'001") for text in asked] == [200, 200, 1]


def test_a_read_back_that_is_too_much_at_once_is_done_in_halves(connected: Connected) -> None:
    too_large = refusal(400, "OPERATION_TOO_LARGE")
    nothing = json_answer({"totalSize": 0, "done": True, "records": []})
    connected.server.on("GET", "/query", too_large, nothing)

    connected.org.read("Account", [_id(n) for n in range(5)], fields=["OwnerId"])

    asked = [one.query["q"][0] for one in connected.server.calls("GET", "/query")]
    assert [text.count("'001") for text in asked] == [5, 2, 3]


def test_a_write_that_is_too_much_at_once_goes_in_halves(connected: Connected) -> None:
    connected.server.on(
        "PATCH",
        PATH,
        refusal(400, "REQUEST_RUNNING_TOO_LONG"),
        json_answer([_done(1)]),
        json_answer([_done(2), _done(3)]),
    )

    results = connected.org.write([_write(1), _write(2), _write(3)])

    assert [one.accepted for one in results] == [True] * 3
    assert [len(ids) for ids in _sent(connected)] == [3, 1, 2]
