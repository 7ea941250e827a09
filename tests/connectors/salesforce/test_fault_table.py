"""Every code that Salesforce may answer, through a real HTTP client: what is done about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfterritory.connectors.salesforce.credentials import ClientCredentials
from sfterritory.connectors.salesforce.fault_table import LIMIT_CODES, OAUTH_CODES, RULES, Act, Rule
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.errors import ConnectorError, LimitReachedError, SignInError
from sfterritory.model.ports import RecordWrite, Refusal

from .conftest import Connected
from .fault_server import TOKEN_PATH, FaultServer, json_answer, refusal

FACTS = Path(__file__).parents[4] / "shared" / "salesforce.md"
LIMITS = json_answer({"DailyApiRequests": {"Max": 15000, "Remaining": 14998}})
RECORD, BEN = "001000000000001AAA", "005000000000002AAA"
WRITE = RecordWrite("Account", RECORD, {"OwnerId": BEN})
BY_CODE = [
    pytest.param(code, rule, id=code) for code, rule in RULES.items() if code not in OAUTH_CODES
]
REFUSAL_OF = {Act.RETRY: Refusal.PASSING, Act.CONFLICT: Refusal.CONFLICT, Act.STOP: Refusal.GENERAL}


def kind_of(code: str, rule: Rule) -> type[ConnectorError]:
    if code in LIMIT_CODES:
        return LimitReachedError
    return SignInError if rule.act is Act.REFRESH else RefusedError


@pytest.mark.parametrize(("code", "rule"), BY_CODE)
@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_request_that_is_refused_is_treated_by_its_code_whatever_the_status(
    connected: Connected, code: str, rule: Rule, status: int
) -> None:
    connected.server.on("GET", "/limits", refusal(status, code), LIMITS)
    calls = 2 if rule.act in {Act.RETRY, Act.REFRESH} else 1

    if calls == 2:
        assert connected.org.limits().allowed == 15000
    else:
        with pytest.raises(ConnectorError) as caught:
            connected.org.limits()
        assert type(caught.value) is kind_of(code, rule)
        assert caught.value.remedy == rule.remedy
        assert code in caught.value.problem

    assert len(connected.server.calls("GET", "/limits")) == calls
    assert len(connected.waits_seconds) == (rule.act is Act.RETRY)
    sign_ins = 2 if rule.act is Act.REFRESH else 1
    assert len(connected.server.calls("POST", TOKEN_PATH)) == sign_ins


@pytest.mark.parametrize(("code", "rule"), BY_CODE)
def test_a_record_that_is_refused_says_what_its_code_means(
    connected: Connected, code: str, rule: Rule
) -> None:
    answer = {"success": False, "errors": [{"statusCode": code, "message": "as scripted"}]}
    connected.server.on("PATCH", "/composite/sobjects", json_answer([answer]))

    (result,) = connected.org.write([WRITE])

    assert (result.code, result.message, result.remedy) == (code, "as scripted", rule.remedy)
    assert result.refusal is REFUSAL_OF.get(rule.act, Refusal.FINAL)


@pytest.mark.parametrize("code", sorted(OAUTH_CODES & RULES.keys()))
def test_a_sign_in_that_is_refused_ends_with_the_remedy_of_its_code(
    server: FaultServer, credentials: ClientCredentials, code: str
) -> None:
    refused = json_answer({"error": code, "error_description": "as scripted"}, 400)
    server.on("POST", TOKEN_PATH, refused)

    with pytest.raises(SignInError) as caught:
        sign_in(credentials, sleep=lambda _: None)

    assert caught.value.remedy == RULES[code].remedy
    attempts = 3 if RULES[code].act is Act.RETRY else 1
    assert len(server.calls("POST", TOKEN_PATH)) == attempts


def test_a_code_that_nobody_knows_is_final_for_a_record_and_ends_a_request(
    connected: Connected,
) -> None:
    unheard = {"success": False, "errors": [{"statusCode": "BRAND_NEW", "message": "?"}]}
    connected.server.on("PATCH", "/composite/sobjects", json_answer([unheard]))
    connected.server.on("GET", "/limits", refusal(400, "BRAND_NEW"))

    (result,) = connected.org.write([WRITE])
    with pytest.raises(RefusedError) as caught:
        connected.org.limits()

    assert result.refusal is Refusal.FINAL
    assert caught.value.act is Act.STOP
    assert len(connected.server.calls("GET", "/limits")) == 1


@pytest.mark.parametrize(
    ("code", "message", "calls"),
    [
        pytest.param("INVALIDJOBSTATE", "shouted", 1, id="spelled otherwise"),
        pytest.param("TXN_SECURITY_METERING", "a policy of the org's own", 1, id="kin"),
        pytest.param(
            "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", 2, id="concurrent"
        ),
        pytest.param("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 1, id="daily"),
    ],
)
def test_codes_of_one_kind_are_one_and_the_same(
    connected: Connected, code: str, message: str, calls: int
) -> None:
    connected.server.on("GET", "/limits", refusal(400, code, message), LIMITS)

    if calls == 2:
        connected.org.limits()
    else:
        with pytest.raises(ConnectorError) as caught:
            connected.org.limits()
        assert "look the code up" not in caught.value.remedy

    assert len(connected.server.calls("GET", "/limits")) == calls


def told_acts() -> dict[str, Act]:
    """Return the act of each code in the table of the fact sheet."""
    section = FACTS.read_text(encoding="utf-8").split("\n### 2.3")[1].split("\n## 3")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    acts: dict[str, Act] = {}
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for code in re.findall(r"[A-Z][A-Z_]{3,}", cells[0]):
            acts[code] = _act(cells[3])
    return acts


def _act(told: str) -> Act:
    # A clause that names the usual case stands first; a field or object is dropped by its caller.
    for pattern, act in (
        (r"refresh", Act.REFRESH),
        (r"split", Act.SPLIT),
        (r"daily: X|X\b|drop field / X", Act.STOP),
        (r"R\b", Act.RETRY),
        (r"C/F|F\b|inspect|look at the sibling", Act.FINAL),
        (r"C\b", Act.CONFLICT),
    ):
        if re.match(pattern, told):
            return act
    raise AssertionError(f"the fact sheet says {told!r}, which this test cannot read")


@pytest.mark.skipif(not FACTS.exists(), reason="the fact sheet ../shared/salesforce.md is absent")
def test_the_table_holds_every_code_of_the_fact_sheet_with_its_act() -> None:
    told = told_acts()

    assert len(told) > 45
    assert {code: RULES[code].act if code in RULES else None for code in told} == told
