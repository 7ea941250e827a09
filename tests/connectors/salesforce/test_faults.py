"""What Salesforce's failures mean to us."""

from __future__ import annotations

import pytest

from sfterritory.connectors.salesforce.fault_table import RULES, Act
from sfterritory.connectors.salesforce.faults import RefusedError, error_for, fault_of_answer
from sfterritory.errors import ConnectorError, LimitReachedError, SignInError


@pytest.mark.parametrize(
    ("status", "body", "act", "kind"),
    [
        pytest.param(
            401,
            [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
            Act.REFRESH,
            SignInError,
            id="expired",
        ),
        pytest.param(403, b"Bad_OAuth_Token", Act.REFRESH, SignInError, id="bare-word"),
        pytest.param(
            403,
            [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
            Act.STOP,
            LimitReachedError,
            id="daily-limit",
        ),
        pytest.param(
            403,
            [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentPerOrgLongTxn Limit"}],
            Act.RETRY,
            LimitReachedError,
            id="concurrent-limit",
        ),
        pytest.param(
            400,
            [
                {
                    "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    "message": "execution of BeforeUpdate: UNABLE_TO_LOCK_ROW, unable to obtain",
                }
            ],
            Act.RETRY,
            RefusedError,
            id="trigger-around-a-lock",
        ),
        pytest.param(502, "<html>Bad gateway</html>", Act.RETRY, RefusedError, id="html"),
        pytest.param(418, b"\xff\xfe", Act.STOP, RefusedError, id="no-text"),
        pytest.param(400, {"error": "invalid_grant"}, Act.STOP, SignInError, id="oauth"),
        pytest.param(404, [], Act.FINAL, RefusedError, id="empty-list"),
    ],
)
def test_an_error_answer_is_read_by_its_code(
    status: int, body: object, act: Act, kind: type[ConnectorError]
) -> None:
    fault = fault_of_answer(status, body)

    assert fault.act is act
    assert type(error_for(fault, "reading Account")) is kind


def test_only_a_refusal_or_a_dated_503_certainly_changed_nothing() -> None:
    assert fault_of_answer(400, b"").nothing_happened
    assert fault_of_answer(503, b"", retry_after="5").nothing_happened
    assert not fault_of_answer(503, b"").nothing_happened
    assert not fault_of_answer(
        503, b"", retry_after="Fri, 01 May 2026 07:25:37 GMT"
    ).nothing_happened
    assert not fault_of_answer(500, [{"errorCode": "UNKNOWN_EXCEPTION"}]).nothing_happened
    assert not fault_of_answer(408, b"").nothing_happened


def test_every_code_has_a_remedy_of_its_own_words() -> None:
    assert len(RULES) > 40
    assert [code for code, rule in RULES.items() if len(rule.remedy) < 10] == []
