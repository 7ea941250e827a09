"""Writing records only if nobody modified them: alone, or several in one composite."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import ClientCredentials
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.connectors.salesforce.retry import RetryPolicy
from sfterritory.model.ports import AmbiguousWriteError, RecordWrite, Refusal

from .conftest import Connected
from .fault_server import EXPIRED, ROOT, Answer, fault_server, json_answer, refusal

BEN = "005000000000002AAA"
SEEN = "2026-05-01T07:25:37.000+0000"
DONE = Answer(204, b"")
MODIFIED = "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"


def _id(number: int) -> str:
    return f"001{number:012d}AAA"


def _write(number: int) -> RecordWrite:
    return RecordWrite("Account", _id(number), {"OwnerId": BEN}, unmodified_since=SEEN)


def _path(number: int) -> str:
    return f"/sobjects/Account/{_id(number)}"


def _part(number: int, status: int = 204, body: Any = None) -> dict[str, Any]:
    return {
        "body": body,
        "httpHeaders": {},
        "httpStatusCode": status,
        "referenceId": _id(number),
    }


def _answered(*parts: dict[str, Any]) -> Answer:
    return json_answer({"compositeResponse": list(parts)})


def test_a_record_goes_alone_with_the_moment_at_which_it_was_seen(connected: Connected) -> None:
    connected.server.on("PATCH", _path(1), DONE)

    (result,) = connected.org.write_unmodified([_write(1)], rows_per_request=1)

    assert result.accepted
    (request,) = connected.server.calls("PATCH", _path(1))
    assert request.headers["If-Unmodified-Since"] == "Fri, 01 May 2026 07:25:37 GMT"
    assert request.headers["Sforce-Auto-Assign"] == "FALSE"
    assert json.loads(request.body) == {"OwnerId": BEN}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(412, MODIFIED), id="with a code"),
        pytest.param(Answer(412, b""), id="without a word"),
    ],
)
@pytest.mark.parametrize("rows_per_request", [1, 2])
def test_a_record_that_somebody_modified_is_a_conflict(
    connected: Connected, answer: Answer, rows_per_request: int
) -> None:
    connected.server.on("PATCH", _path(1), answer)
    connected.server.on("PATCH", _path(2), DONE)
    body = json.loads(answer.body) if answer.body else None
    connected.server.on("POST", "/composite", _answered(_part(2), _part(1, 412, body)))

    modified, other = connected.org.write_unmodified(
        [_write(1), _write(2)], rows_per_request=rows_per_request
    )

    assert (modified.code, modified.refusal) == (MODIFIED, Refusal.CONFLICT)
    assert modified.message
    assert other.accepted


def test_a_composite_carries_a_condition_for_each_record(connected: Connected) -> None:
    rows = [
        _write(1),
        replace(_write(2), unmodified_since="2026-05-02T00:00:00.000+0000"),
        _write(3),
    ]
    connected.server.on("POST", "/composite", _answered(_part(2), _part(1)), _answered(_part(3)))

    results = connected.org.write_unmodified(rows, rows_per_request=2)

    assert [one.record_id for one in results if one.accepted] == [_id(1), _id(2), _id(3)]
    first, second = (json.loads(one.body) for one in connected.server.calls("POST", "/composite"))
    assert first["allOrNone"] is False
    assert [one["url"] for one in first["compositeRequest"]] == [
        f"{ROOT}{_path(1)}",
        f"{ROOT}{_path(2)}",
    ]
    assert [one["httpHeaders"]["If-Unmodified-Since"] for one in first["compositeRequest"]] == [
        "Fri, 01 May 2026 07:25:37 GMT",
        "Sat, 02 May 2026 00:00:00 GMT",
    ]
    assert first["compositeRequest"][0]["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE"
    assert len(second["compositeRequest"]) == 1


def test_locked_records_of_a_composite_are_sent_again_alone(connected: Connected) -> None:
    locked = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain"}]
    connected.server.on(
        "POST", "/composite", _answered(_part(1, 400, locked), _part(2)), _answered(_part(1))
    )

    results = connected.org.write_unmodified([_write(1), _write(2)], rows_per_request=25)

    assert [one.accepted for one in results] == [True, True]
    assert len(connected.waits_seconds) == 1


def test_a_refusal_is_the_records_own_and_the_next_one_is_sent(connected: Connected) -> None:
    connected.server.on("PATCH", _path(1), refusal(400, "INACTIVE_OWNER_OR_USER"))
    connected.server.on("PATCH", _path(2), refusal(400, "BRAND_NEW"))
    connected.server.on("PATCH", _path(3), EXPIRED, DONE)

    results = connected.org.write_unmodified([_write(1), _write(2), _write(3)], rows_per_request=1)

    assert [(one.accepted, one.code) for one in results] == [
        (False, "INACTIVE_OWNER_OR_USER"),
        (False, "BRAND_NEW"),
        (True, ""),
    ]


def test_what_every_record_would_meet_ends_the_write(connected: Connected) -> None:
    connected.server.on("PATCH", _path(1), refusal(403, "STORAGE_LIMIT_EXCEEDED"))

    with pytest.raises(RefusedError):
        connected.org.write_unmodified([_write(1), _write(2)], rows_per_request=1)

    assert connected.server.calls("PATCH", _path(2)) == []


@pytest.mark.parametrize(
    ("rows_per_request", "answer"),
    [
        pytest.param(1, Answer(drop=True), id="alone, hung up"),
        pytest.param(1, refusal(500, "UNKNOWN_EXCEPTION"), id="alone, crash"),
        pytest.param(2, Answer(drop=True), id="composite, hung up"),
        pytest.param(2, json_answer({"compositeResponse": []}), id="composite, no parts"),
        pytest.param(2, _answered(_part(1), _part(3)), id="composite, other records"),
        pytest.param(
            2,
            _answered(_part(1), _part(2, 500, [{"errorCode": "UNKNOWN_EXCEPTION"}])),
            id="composite, a part crashed",
        ),
    ],
)
def test_no_clear_answer_is_called_ambiguous_and_nothing_is_sent_twice(
    connected: Connected, rows_per_request: int, answer: Answer
) -> None:
    connected.server.on("PATCH", _path(1), answer)
    connected.server.on("POST", "/composite", answer)

    with pytest.raises(AmbiguousWriteError):
        connected.org.write_unmodified([_write(1), _write(2)], rows_per_request=rows_per_request)

    assert len([one for one in connected.server.seen if one.method == "PATCH"]) <= 1
    assert len(connected.server.calls("POST", "/composite")) <= 1


def test_a_server_that_is_gone_ends_the_run_and_is_no_refusal_of_a_record() -> None:
    with fault_server() as server:
        server.allow_sign_in()
        credentials = ClientCredentials(
            instance_url=server.url, client_id="key", client_secret=SecretStr("secret")
        )
        org = sign_in(credentials, retry=RetryPolicy(attempts=2), sleep=lambda _: None)

    with org, pytest.raises(RefusedError, match="no connection to http"):
        org.write_unmodified([_write(1), _write(2)], rows_per_request=1)


def test_a_write_without_a_condition_is_a_mistake_of_the_caller(connected: Connected) -> None:
    bare = replace(_write(1), unmodified_since=None)

    with pytest.raises(ValueError, match="has no unmodified_since"):
        connected.org.write_unmodified([bare], rows_per_request=1)
    with pytest.raises(ValueError, match="26 records a request"):
        connected.org.write_unmodified([_write(1)], rows_per_request=26)

    assert connected.server.calls("PATCH", _path(1)) == []
