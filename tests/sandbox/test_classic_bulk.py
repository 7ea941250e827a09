"""Bulk API 1.0, below `/services/async`: what older clients need of it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import httpx
import pytest

from sandbox.client import Org

ROOT = "/services/async/62.0"
NAMESPACE = 'xmlns="http://www.force.com/2009/06/asyncapi/dataload"'


class Classic:
    """A client of Bulk API 1.0, looking at answers raw."""

    def __init__(self, org: Org, *, token: str = "") -> None:
        self.http = org.http
        self.session = {"X-SFDC-Session": token or org.handle.access_token, "Authorization": ""}

    def get(self, path: str, kind: str = "application/xml") -> httpx.Response:
        return self.http.get(ROOT + path, headers={**self.session, "Content-Type": kind})

    def post(self, path: str, body: Any, kind: str = "application/xml") -> httpx.Response:
        if kind == "application/json":
            return self.http.post(ROOT + path, headers=self.session, json=body)
        headers = {**self.session, "Content-Type": f"{kind}; charset=UTF-8"}
        return self.http.post(ROOT + path, headers=headers, content=body)

    def xml_job(self, **facts: str) -> str:
        leaves = "".join(f"<{name}>{text}</{name}>" for name, text in facts.items())
        answer = self.post("/job", f"<jobInfo {NAMESPACE}>{leaves}</jobInfo>")
        assert (answer.status_code, answer.headers["content-type"]) == (201, "application/xml")
        return leaf(answer, "id")

    def json_job(self, **facts: str) -> str:
        answer = self.post("/job", facts, "application/json")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def classic(org: Org) -> Classic:
    return Classic(org)


def leaf(answer: httpx.Response, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", answer.text)
    assert found is not None, answer.text
    return found[1]


def test_an_xml_job_saves_csv_and_tells_outcomes_in_the_order_of_its_rows(
    classic: Classic,
) -> None:
    job = classic.xml_job(operation="insert", object="Lead", contentType="CSV")
    rows = "LastName,Company\n" + "".join(f"L{n},{'' if n == 1 else 'C'}\n" for n in range(250))
    batch = classic.post(f"/job/{job}/batch", rows, "text/csv")
    closed = classic.post(f"/job/{job}", f"<jobInfo {NAMESPACE}><state>Closed</state></jobInfo>")
    path = f"/job/{job}/batch/{leaf(batch, 'id')}"
    told = classic.get(path)
    result = classic.get(f"{path}/result")
    outcomes = list(csv.reader(io.StringIO(result.text, newline="")))

    assert (job[:3], leaf(batch, "id")[:3], batch.status_code) == ("750", "751", 201)
    assert (leaf(batch, "state"), leaf(told, "state")) == ("Queued", "Completed")
    assert (leaf(told, "numberRecordsProcessed"), leaf(told, "numberRecordsFailed")) == ("250", "1")
    assert leaf(closed, "state") == "Closed"
    assert result.headers["content-type"] == "text/csv"
    assert outcomes[0] == ["Id", "Success", "Created", "Error"]
    assert outcomes[1][0].startswith("00Q")
    assert outcomes[1][1:] == ["true", "true", ""]
    assert outcomes[2][:3] == ["", "false", "false"]
    assert outcomes[2][3].startswith("REQUIRED_FIELD_MISSING:")
    assert len(outcomes) == 251


def test_a_json_job_updates_with_nulls_and_parents_by_key(classic: Classic, org: Org) -> None:
    (account,) = org.soql("SELECT Id, Industry FROM Account WHERE Industry != null LIMIT 1")
    owner = org.soql("SELECT Username FROM User WHERE Title = 'Account Executive' LIMIT 1")[0]
    job = classic.json_job(operation="update", object="Account", contentType="JSON")
    records = [
        {"Id": account["Id"], "Industry": None, "Owner": {"Username": owner["Username"]}},
        {"Id": "001000000000000AAA", "Site": "x"},
    ]
    batch = classic.post(f"/job/{job}/batch", records, "application/json").json()
    saved, refused = classic.get(
        f"/job/{job}/batch/{batch['id']}/result", "application/json"
    ).json()
    after = org.get(f"/sobjects/Account/{account['Id']}").json()
    (new_owner,) = org.ids(f"SELECT Id FROM User WHERE Username = '{owner['Username']}'")  # noqa: S608 - a name of our own

    assert saved == {"success": True, "created": False, "id": account["Id"], "errors": []}
    assert (refused["id"], refused["errors"][0]["statusCode"]) == (
        None,
        "INVALID_CROSS_REFERENCE_KEY",
    )
    assert (after["Industry"], after["OwnerId"]) == (None, new_owner)


def test_a_query_gives_csv_or_json_with_moments_in_milliseconds(classic: Classic) -> None:
    soql = "SELECT Id, CreatedDate, Owner.Name FROM Account ORDER BY Id"
    found: dict[str, httpx.Response] = {}
    for kind, content in (("CSV", "text/csv"), ("JSON", "application/json")):
        job = classic.json_job(operation="query", object="Account", contentType=kind)
        headers = {**classic.session, "Content-Type": content}
        sent = classic.http.post(f"{ROOT}/job/{job}/batch", headers=headers, content=soql)
        batch = sent.json()["id"] if kind == "JSON" else leaf(sent, "id")
        path = f"/job/{job}/batch/{batch}/result"
        listed = classic.get(path)
        result = listed.json()[0] if kind == "JSON" else leaf(listed, "result")
        found[kind] = classic.get(f"{path}/{result}")
    rows = list(csv.DictReader(io.StringIO(found["CSV"].text, newline="")))
    records = found["JSON"].json()

    assert [row["Id"] for row in rows] == [record["Id"] for record in records]
    assert len(rows) == 250
    assert rows[0]["Owner.Name"] == records[0]["Owner"]["Name"]
    assert isinstance(records[0]["CreatedDate"], int)


def test_a_query_without_rows_says_so_and_a_wrong_one_fails_its_batch(classic: Classic) -> None:
    job = classic.xml_job(operation="queryAll", object="Account", contentType="CSV")
    none, wrong = (
        classic.post(f"/job/{job}/batch", soql, "text/csv")
        for soql in ("SELECT Id FROM Account WHERE Name = '-'", "SELECT Nope FROM Account")
    )
    path = f"/job/{job}/batch/{leaf(none, 'id')}/result"
    text = classic.get(f"{path}/{leaf(classic.get(path), 'result')}").text
    failed = classic.get(f"/job/{job}/batch/{leaf(wrong, 'id')}")

    assert text == "Records not found for this query"
    assert leaf(failed, "state") == "Failed"
    assert leaf(failed, "stateMessage").startswith(
        "InvalidBatch : Failed to process query: INVALID_"
    )


def test_refusals_are_400_with_an_exception_code_in_the_form_that_the_client_speaks(
    org: Org, classic: Classic
) -> None:
    dead = Classic(org, token="dead")
    query = {"operation": "query", "object": "Account"}

    as_json = dead.post("/job", query, "application/json")
    as_xml = dead.get("/job/750000000000000AAA")

    assert (as_json.status_code, as_json.json()["exceptionCode"]) == (400, "InvalidSessionId")
    assert (as_xml.status_code, leaf(as_xml, "exceptionCode")) == (400, "InvalidSessionId")
    assert leaf(classic.get("/job/750000000000000AAA"), "exceptionCode") == "InvalidJob"
    mistakes: tuple[dict[str, object], ...] = (
        {"operation": "dance"},
        {"object": "Nope"},
        {"contentType": "XML"},
        {"operation": []},
    )
    for wrong in mistakes:
        answer = classic.post("/job", {**query, **wrong}, "application/json")
        assert answer.json()["exceptionCode"] == "InvalidJob"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b'[{"Id": [1]}]', b'[{"Id": {"a": {"b": 1}}}]', b"\xff\xfe", b"{}"],
    ids=["empty", "cut", "numbers", "list", "deep", "bytes", "object"],
)
def test_a_batch_that_cannot_be_read_fails_and_saves_nothing(classic: Classic, body: bytes) -> None:
    job = classic.json_job(operation="update", object="Account", contentType="JSON")
    headers = {**classic.session, "Content-Type": "application/json"}

    sent = classic.http.post(f"{ROOT}/job/{job}/batch", headers=headers, content=body)
    told = classic.get(f"/job/{job}/batch/{sent.json()['id']}").json()

    assert sent.status_code == 201
    assert told["state"] == "Failed"
    assert told["stateMessage"].startswith("InvalidBatch")
