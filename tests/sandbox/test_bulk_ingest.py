# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Bulk API 2.0 ingest jobs."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.client import DATA, Org
from sandbox.conftest import Ticking
from sfterritory.sandbox.api.bulk.allocation import bulk_limits
from sfterritory.sandbox.api.bulk.csv_form import DELIMITERS, LINE_ENDINGS, CsvForm
from sfterritory.sandbox.rule import RowLock
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.state import store_token

Job = dict[str, Any]


def create(org: Org, operation: str, object_name: str = "Account", **options: Any) -> Job:
    body = {"operation": operation, "object": object_name, "contentType": "CSV", **options}
    answer = org.post("/jobs/ingest/", json=body)
    assert answer.status_code == 200, answer.text
    created: Job = answer.json()
    return created


def put(org: Org, job: Job, content: str | bytes, **headers: str) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return org.http.put(
        f"/{job['contentUrl']}", content=data, headers={"Content-Type": "text/csv", **headers}
    )


def close(org: Org, job: Job, state: str = "UploadComplete") -> httpx.Response:
    return org.patch(f"/jobs/ingest/{job['id']}", json={"state": state})


def info(org: Org, job: Job) -> Job:
    shown: Job = org.get(f"/jobs/ingest/{job['id']}").json()
    return shown


def run(
    org: Org, operation: str, content: str | bytes, object_name: str = "Account", **options: Any
) -> Job:
    """Create, upload, close; return the job as it is then."""
    job = create(org, operation, object_name, **options)
    assert put(org, job, content).status_code == 201
    assert close(org, job).status_code == 200
    return info(org, job)


def file(org: Org, job: Job, name: str, form: CsvForm | None = None) -> list[list[str]]:
    answer = org.get(f"/jobs/ingest/{job['id']}/{name}/")
    assert answer.status_code == 200, answer.text
    between = (form or CsvForm("COMMA", "LF")).between
    return list(csv.reader(io.StringIO(answer.text, newline=""), delimiter=between))


def switch(org: Org, **changes: Any) -> None:
    org.handle.state.set_switches(replace(org.handle.state.switches, **changes))


def account_ids(org: Org, count: int) -> list[str]:
    return org.ids(f"SELECT Id FROM Account ORDER BY Id LIMIT {count}")


def rated(ids: list[str], rating: str = "Hot") -> str:
    return "Id,Rating\n" + "".join(f"{one},{rating}\n" for one in ids)


def test_a_job_goes_through_its_life_with_the_facts_of_each_stage(writing_org: Org) -> None:
    job = create(writing_org, "update", columnDelimiter=None, allOrNone=None)
    uploaded = put(writing_org, job, rated(account_ids(writing_org, 2)))
    again = put(writing_org, job, "Id\n", **{"Content-Type": "text/csv; charset=UTF-8"})
    closed = close(writing_org, job).json()
    done = info(writing_org, job)

    assert list(job) == [
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state",
        "concurrencyMode", "contentType", "apiVersion", "contentUrl", "lineEnding",
        "columnDelimiter",
    ]  # fmt: skip
    assert (job["id"][:3], len(job["id"]), job["state"]) == ("750", 18, "Open")
    assert job["contentUrl"] == f"services/data/v62.0/jobs/ingest/{job['id']}/batches"
    assert (job["apiVersion"], job["createdDate"][-5:]) == (62.0, "+0000")
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert list(closed) == list(job)[:10]
    assert closed["state"] == "UploadComplete"
    assert (done["state"], done["jobType"]) == ("JobComplete", "V2Ingest")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 0)
    assert {"retries", "totalProcessingTime", "apiActiveProcessingTime"} < set(done)
    assert "contentUrl" not in done
    listed = writing_org.get("/jobs/ingest").json()["records"]
    assert job["id"] in {one["id"] for one in listed}


def test_empty_leaves_a_value_and_na_empties_it(org: Org) -> None:
    (account,) = account_ids(org, 1)
    org.change("Account", {"id": account, "Rating": "Hot", "Phone": "1", "BillingStreet": "x"})

    run(org, "update", f'Id,Rating,Phone,BillingStreet\n{account},,#N/A,"two\nlines, ""x"""\n')

    (record,) = org.soql(f"SELECT Rating, Phone, BillingStreet FROM Account WHERE Id = '{account}'")
    assert (record["Rating"], record["Phone"]) == ("Hot", None)
    assert record["BillingStreet"] == 'two\nlines, "x"'


def test_refused_rows_are_named_in_a_file_and_the_others_are_saved(org: Org) -> None:
    first, second = account_ids(org, 2)
    (gone,) = org.ids("SELECT Id FROM User WHERE IsActive = false LIMIT 1")
    owner = org.reps()[0]
    content = (
        f'Id,"OwnerId",NumberOfEmployees\n{first},{owner},7\n{second},{gone},7\n'
        f"001000000000000AAA,{owner},7\n{second},,many\n,{owner},7\n"
    )

    done = run(org, "update", content)

    succeeded = org.get(f"/jobs/ingest/{done['id']}/successfulResults")
    failed = file(org, done, "failedResults")
    assert succeeded.headers["content-type"] == "text/csv"
    assert succeeded.text == (
        f'"sf__Id","sf__Created",Id,"OwnerId",NumberOfEmployees\n'
        f'"{first}","false","{first}","{owner}","7"\n'
    )
    assert failed[0] == ["sf__Id", "sf__Error", "Id", "OwnerId", "NumberOfEmployees"]
    assert {row[0] for row in failed[1:]} == {""}
    errors = {tuple(row[2:]): row[1] for row in failed[1:]}
    assert errors[second, gone, "7"].startswith("INACTIVE_OWNER_OR_USER:operation performed with")
    assert errors["001000000000000AAA", owner, "7"].endswith("--")
    assert errors[second, "", "many"] == (
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Employees: value not of required type: many"
        ":NumberOfEmployees --"
    )
    assert errors["", owner, "7"] == "MISSING_ARGUMENT:Id not specified in an update call:--"
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete", 5, 4,
    )  # fmt: skip
    changes = org.soql(f"SELECT Field FROM AccountHistory WHERE AccountId = '{first}'")
    assert [one["Field"] for one in changes].count("Owner") >= 2
    assert file(org, done, "unprocessedrecords") == [["Id", "OwnerId", "NumberOfEmployees"]]
    assert file(org, done, "unprocessedRecords") == file(org, done, "UNPROCESSEDRECORDS")


def test_failed_rows_may_fail_the_job_and_name_their_record(org: Org) -> None:
    switch(org, bulk_row_failures_fail_job=True, bulk_failed_rows_carry_id=True)
    (account,) = account_ids(org, 1)

    done = run(org, "update", f"Id,NumberOfEmployees\n{account},many\n")

    assert (done["state"], bool(done["errorMessage"])) == ("Failed", True)
    assert file(org, done, "failedResults")[1][0] == account


def test_every_operation_does_what_its_name_says(org: Org) -> None:
    inserted = run(org, "insert", "Name;Phone\r\nBulk One;1\r\nBulk Two;2\r\n",
                   columnDelimiter="SEMICOLON", lineEnding="CRLF")  # fmt: skip
    made = file(org, inserted, "successfulResults", CsvForm("SEMICOLON", "CRLF"))[1:]
    ids = [row[0] for row in sorted(made, key=lambda row: row[2])]
    email = "bulk@mail.example"
    upsert = {"object_name": "Contact", "externalIdFieldName": "Email"}
    created = run(org, "upsert", f"LastName,Email\nOne,{email}\n", **upsert)
    changed = run(org, "upsert", f"LastName,Email\nTwo,{email}\n,\n", **upsert)
    deleted = run(org, "delete", f"Id\n{ids[0]}\n{ids[0]}\n")

    assert {row[1] for row in made} == {"true"}
    assert file(org, created, "successfulResults")[1][1:] == ["true", "One", email]
    assert file(org, changed, "successfulResults")[1][1:] == ["false", "Two", email]
    assert org.soql(f"SELECT LastName FROM Contact WHERE Email = '{email}'")[0]["LastName"] == "Two"
    assert file(org, deleted, "failedResults")[1][1] == "ENTITY_IS_DELETED:entity is deleted:--"
    names = org.soql("SELECT Name FROM Account WHERE Name LIKE 'Bulk %'")
    assert [one["Name"] for one in names] == ["Bulk Two"]


def test_hard_delete_needs_its_permission_and_leaves_nothing(org: Org) -> None:
    (account,) = account_ids(org, 1)
    body = {"operation": "hardDelete", "object": "Account"}
    refused = org.post("/jobs/ingest", json=body).json()[0]
    switch(org, bulk_hard_delete_allowed=True)

    done = run(org, "hardDelete", f"Id\n{account}\n")

    found = org.get("/queryAll", params={"q": f"SELECT Id FROM Account WHERE Id = '{account}'"})
    assert refused["errorCode"] == "FEATURENOTENABLED"
    assert done["numberRecordsFailed"] == 0
    assert found.json()["totalSize"] == 0


def test_a_parent_is_found_by_its_key(org: Org) -> None:
    first, second = account_ids(org, 2)
    rep = org.soql("SELECT Id, Username FROM User WHERE Title = 'Account Executive' AND "
                   "IsActive = true LIMIT 1")[0]  # fmt: skip

    done = run(org, "update", f"Id,Owner.Username\n{first},{rep['Username']}\n{second},nobody@x\n")

    assert org.soql(f"SELECT OwnerId FROM Account WHERE Id = '{first}'")[0]["OwnerId"] == rep["Id"]
    assert file(org, done, "failedResults")[1][1] == (
        "INVALID_FIELD:Foreign key external ID: nobody@x not found for field Username in entity "
        "User:--"
    )


def test_assignment_rules_run_only_for_a_job_that_names_one(org: Org) -> None:
    with org.handle.state.reading() as connection:
        rule, field, value, owner = connection.execute(
            "SELECT rule_id, field, allowed, owner_id FROM _assignment_entry ORDER BY position"
        ).fetchone()
    word = value.strip('[]"').split('"')[0]
    content = f"LastName,Company,{field}\nLee,Bulk,{word}\n"

    plain = run(org, "insert", content, "Lead")
    ruled = run(org, "insert", content, "Lead", assignmentRuleId=rule)
    unknown = run(org, "insert", content, "Lead", assignmentRuleId="01Q000000000000AAA")
    switch(org, bulk_assigns_by_default=True)
    default = run(org, "insert", content, "Lead")

    owners = {
        job["id"]: org.soql(
            f"SELECT OwnerId FROM Lead WHERE Id = '{file(org, job, 'successfulResults')[1][0]}'"
        )[0]["OwnerId"]
        for job in (plain, ruled, default)
    }
    assert list(owners.values()) == [plain["createdById"], owner, owner]
    assert ruled["assignmentRuleId"] == rule
    assert file(org, unknown, "failedResults")[1][1].startswith("INVALID_ASSIGNMENT_RULE:")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        pytest.param("Id,Nope\n1,2\n", {}, "InvalidBatch : Field name not found : Nope",
                     id="unknown column"),
        pytest.param("Id,BillingAddress\n1,2\n", {},
                     "InvalidBatch : Field name not found : BillingAddress", id="compound"),
        pytest.param("Id,Rating,rating\n1,2,3\n", {},
                     "InvalidBatch : Duplicate field name : rating", id="twice"),
        pytest.param("Id,Rating\r\n1,2\r\n", {}, "ClientInputError : LineEnding is invalid on user "
                     "data. Current LineEnding setting is LF", id="CRLF for LF"),
        pytest.param("Id,Rating\n1,2\n", {"lineEnding": "CRLF"}, "ClientInputError : LineEnding is "
                     "invalid on user data. Current LineEnding setting is CRLF", id="LF for CRLF"),
        pytest.param(b"Id,Rating\n1,\xff\n", {}, "not UTF-8 at byte 0xff", id="another encoding"),
        pytest.param("", {}, "no header", id="nothing"),
        pytest.param('"Id\n1', {}, "Failed to parse CSV header", id="open quote"),
        pytest.param("Id," + "x" * 32_000 + "\n", {}, "at most 32000", id="long header"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_used_fails_the_whole_job(
    writing_org: Org, content: str | bytes, options: dict[str, str], message: str
) -> None:
    done = run(writing_org, "update", content, **options)

    assert done["state"] == "Failed"
    assert message in done["errorMessage"]
    assert done["numberRecordsProcessed"] == 0
    assert file(writing_org, done, "successfulResults")[0][0] == "sf__Id"


def test_a_delete_takes_ids_alone_and_hands_back_what_it_never_tried(writing_org: Org) -> None:
    done = run(writing_org, "delete", 'Id,Name\n1,"a,b"\n')

    assert done["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids."
    answer = writing_org.get(f"/jobs/ingest/{done['id']}/unprocessedrecords")
    assert answer.text == 'Id,Name\n"1","a,b"\n'


def test_a_row_that_is_no_csv_fails_alone(org: Org) -> None:
    broken = ["{0}", "{0},Hot,x", '{0}, "Hot"', '{0},"Hot" ', '{0},"Ho"t', '{0},"' + "x" * 131_073]
    (account,) = account_ids(org, 1)
    lines = [one.format(account) for one in broken[:-1]]
    content = "\ufeffId,Rating\n" + "\n".join([*lines, f"{account},Warm", "", ""])

    done = run(org, "update", content)
    endless = run(org, "update", f"Id,Rating\n{account},Cold\n" + broken[-1].format(account))

    errors = [row[1] for row in file(org, done, "failedResults")[1:]]
    assert len(errors) == len(lines)
    assert all(one.startswith("INVALID_CSV:") for one in errors)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (6, 5)
    assert (endless["numberRecordsProcessed"], endless["numberRecordsFailed"]) == (2, 1)
    assert file(org, done, "successfulResults")[0] == ["sf__Id", "sf__Created", "Id", "Rating"]


values = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'\n\r,;|\t^`#\x00\ufeff "),
    max_size=40,
).filter(lambda text: text != "#N/A")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(values, min_size=1, max_size=5),
    delimiter=st.sampled_from(sorted(DELIMITERS)),
    line_ending=st.sampled_from(sorted(LINE_ENDINGS)),
)
def test_what_goes_in_comes_out(
    writing_org: Org, texts: list[str], delimiter: str, line_ending: str
) -> None:
    form = CsvForm(delimiter, line_ending)
    options = {"columnDelimiter": delimiter, "lineEnding": line_ending}
    rows = [(f"in {number}", text) for number, text in enumerate(texts)]
    content = "".join(form.line(row) for row in [("Name", "BillingStreet"), *rows])

    done = run(writing_org, "insert", content, **options)
    saved = file(writing_org, done, "successfulResults", form)[1:]
    listed = "', '".join(row[0] for row in saved)
    body = {
        "operation": "query",
        "query": f"SELECT Name, BillingStreet FROM Account WHERE Id IN ('{listed}') ORDER BY Name",
        **options,
    }
    query = writing_org.post("/jobs/query", json=body).json()["id"]
    page = writing_org.get(f"/jobs/query/{query}/results")
    read = list(csv.reader(io.StringIO(page.text, newline=""), delimiter=form.between))

    assert sorted(tuple(row[2:]) for row in saved) == sorted(rows)
    assert read == [["Name", "BillingStreet"], *([name, text.strip()] for name, text in rows)]


def test_result_files_have_an_order_of_their_own(org: Org) -> None:
    ids = account_ids(org, 30)

    shuffled = file(org, run(org, "update", rated(ids)), "successfulResults")[1:]
    switch(org, bulk_results_shuffled=False)
    straight = file(org, run(org, "update", rated(ids)), "successfulResults")[1:]

    assert [row[0] for row in straight] == ids
    assert sorted(shuffled) == sorted(straight)
    assert shuffled != straight


def test_a_job_aborted_half_way_keeps_what_it_did_and_hands_back_the_rest(org: Org) -> None:
    switch(org, bulk_rows_per_poll=2, bulk_jobs_go_on_alone=False, bulk_results_shuffled=False)
    ids = account_ids(org, 5)
    job = create(org, "update")
    put(org, job, rated(ids))
    close(org, job)

    early = org.get(f"/jobs/ingest/{job['id']}/failedResults")
    aborted = close(org, job, "Aborted")
    again = close(org, job, "Aborted")

    assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert again.status_code == 400
    done = info(org, job)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Aborted", 2)
    assert [row[0] for row in file(org, done, "successfulResults")[1:]] == ids[:2]
    assert [row[0] for row in file(org, done, "unprocessedrecords")[1:]] == ids[2:]
    rows = org.soql(f"SELECT Id FROM Account WHERE Rating = 'Hot' AND Id IN ('{ids[0]}')")
    assert len(rows) == 1


@pytest.mark.parametrize(("hang", "state"), [(False, "Failed"), (True, "InProgress")])
def test_a_job_may_stop_on_its_way(org: Org, hang: bool, state: str) -> None:  # noqa: FBT001 - a parameter
    switch(org, bulk_stop_after_rows=3, bulk_stopped_jobs_hang=hang)
    ids = account_ids(org, 5)

    done = run(org, "update", rated(ids))
    complete = run(org, "update", rated(ids[:3]))

    assert (done["state"], done["numberRecordsProcessed"]) == (state, 3)
    assert ("errorMessage" in done) is not hang
    if hang:
        close(org, done, "Aborted")
    assert [row[0] for row in file(org, done, "unprocessedrecords")[1:]] == ids[3:]
    assert complete["state"] == "JobComplete"


def test_a_job_goes_on_after_the_server_was_stopped(org: Org, clock: Ticking) -> None:
    switch(org, bulk_rows_per_poll=200, bulk_jobs_go_on_alone=False)
    ids = account_ids(org, 250)
    job = create(org, "update")
    put(org, job, rated(ids, "Cold"))
    close(org, job)
    org.handle.state.close()

    with running_sandbox(org.handle.path, clock=clock) as handle, Org(handle) as other:
        done = info(other, job)
        saved = file(other, done, "successfulResults")[1:]

    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 250)
    assert sorted(row[0] for row in saved) == sorted(ids)


def test_a_large_job_goes_on_alone_and_settles_each_row_once(org: Org) -> None:
    switch(org, bulk_rows_per_poll=20)
    ids = account_ids(org, 250)

    done = run(org, "update", rated(ids, "Cold"))
    deadline = time.monotonic() + 10
    while done["state"] == "InProgress" and time.monotonic() < deadline:
        done = info(org, done)

    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 250)
    saved = [row[0] for row in file(org, done, "successfulResults")[1:]]
    assert sorted(saved) == sorted(ids)


def test_a_locked_row_is_tried_again_before_it_fails(org: Org) -> None:
    switch(org, bulk_results_shuffled=False)
    first, second = account_ids(org, 2)
    org.handle.state.add_rule(RowLock(record_id=first, attempts=2))
    org.handle.state.add_rule(RowLock(record_id=second))

    done = run(org, "update", rated([first, second]))

    assert [row[0] for row in file(org, done, "successfulResults")[1:]] == [first]
    failed = file(org, done, "failedResults")[1:]
    assert [row[2] for row in failed] == [second]
    assert failed[0][1].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")
    assert done["retries"] == 4


def test_a_job_waits_until_it_was_asked_often_enough(org: Org) -> None:
    switch(org, bulk_polls_before_complete=2)
    (account,) = account_ids(org, 1)

    states = [run(org, "update", rated([account]))]
    states += [info(org, states[0]) for _ in range(2)]

    assert [one["state"] for one in states] == ["InProgress", "InProgress", "JobComplete"]
    assert [one["numberRecordsProcessed"] for one in states] == [0, 0, 1]


def test_only_the_creator_may_fill_close_or_abort_a_job(org: Org) -> None:
    job = create(org, "update")
    token = store_token(org.handle.state, org.reps()[0])
    org.http.headers["Authorization"] = f"OAuth {token}"

    answers = [put(org, job, "Id\n"), close(org, job), close(org, job, "Aborted")]

    assert {one.status_code for one in answers} == {403}
    assert {one.json()[0]["errorCode"] for one in answers} == {"INSUFFICIENT_ACCESS"}


def test_an_open_job_dies_after_a_day_and_every_job_is_forgotten_after_a_week(
    org: Org, clock: Ticking
) -> None:
    switch(org, session_minutes=60 * 24 * 30)
    token = store_token(org.handle.state, org.handle.state.credentials().run_as_user_id)
    org.http.headers["Authorization"] = f"Bearer {token}"
    opened = create(org, "update")
    done = run(org, "update", rated(account_ids(org, 1)))
    clock.advance(hours=24, seconds=1)
    states = [info(org, opened)["state"], info(org, done)["state"]]
    refused = put(org, opened, "Id\n")
    clock.advance(days=6)
    gone = org.get(f"/jobs/ingest/{done['id']}")

    assert states == ["Aborted", "JobComplete"]
    assert refused.status_code == 400
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    create(org, "update")
    with org.handle.state.reading() as connection:
        assert connection.execute("SELECT count(*) FROM _ingest_job").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM _ingest_result").fetchone() == (0,)


def test_a_small_load_comes_with_the_request_that_makes_the_job(org: Org) -> None:
    (account,) = account_ids(org, 1)
    fence = "--frontier"
    body = (
        f'--{fence}\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="job"'
        '\r\n\r\n{"object":"Account","operation":"update","lineEnding":"CRLF"}\r\n'
        f"--{fence}\r\nContent-Type: text/csv\r\n"
        'Content-Disposition: form-data; name="content"; filename="content"\r\n\r\n'
        f'Id,Phone\r\n{account},"--{fence}x"\r\n\r\n--{fence}--\r\n'
    )

    answer = org.post(
        "/jobs/ingest",
        content=body.encode(),
        headers={"Content-Type": f'multipart/form-data; boundary="{fence}"'},
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    assert "contentUrl" not in answer.json()
    assert info(org, answer.json())["numberRecordsFailed"] == 0
    record = org.soql(f"SELECT Phone FROM Account WHERE Id = '{account}'")[0]
    assert record["Phone"] == f"--{fence}x"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Account", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Nothing", "operation": "insert"}, "INVALIDJOB"),
        ({"object": "AccountHistory", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "upsert", "externalIdFieldName": "Fax"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "columnDelimiter": "SPACE"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "contentType": "JSON"}, "INVALIDJOB"),
        ({"object": 7, "operation": ["insert"]}, "INVALIDJOB"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_is_refused(writing_org: Org, body: Job, code: str) -> None:
    answer = writing_org.post("/jobs/ingest", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_what_is_no_csv_is_not_taken(writing_org: Org) -> None:
    job = create(writing_org, "insert")

    wrong = put(writing_org, job, "{}", **{"Content-Type": "application/json"})

    assert wrong.status_code == 415
    assert put(writing_org, job, "Name\nBulk\n").status_code == 201


@pytest.mark.slow
def test_an_upload_has_at_most_100_megabytes(writing_org: Org) -> None:
    job = create(writing_org, "insert")

    assert put(writing_org, job, b"x" * (100 * 1024 * 1024 + 1)).status_code == 413
    assert put(writing_org, job, "Name\nBulk\n").status_code == 201


def test_only_a_job_that_has_ended_can_be_deleted(writing_org: Org) -> None:
    job = create(writing_org, "insert")

    refused = writing_org.delete(f"/jobs/ingest/{job['id']}")
    close(writing_org, job, "Aborted")
    deleted = writing_org.delete(f"/jobs/ingest/{job['id']}")

    assert (refused.status_code, deleted.status_code, deleted.content) == (400, 204, b"")
    assert writing_org.get(f"/jobs/ingest/{job['id']}").status_code == 404


def test_the_day_has_so_many_batches_and_rows_beyond_are_recorded_nowhere(
    org: Org, clock: Ticking
) -> None:
    switch(org, daily_bulk_batches=1, session_minutes=60 * 48)
    ids = account_ids(org, 3)
    waiting = create(org, "update")
    put(org, waiting, rated(ids))
    run(org, "update", rated(ids))

    refused = org.post("/jobs/ingest", json={"operation": "update", "object": "Account"})
    close(org, waiting)
    with org.handle.state.reading() as connection:
        left = bulk_limits(connection, switches=org.handle.state.switches, now=clock.now)

    assert refused.json()[0]["errorCode"] == "LIMIT_EXCEEDED"
    done = info(org, waiting)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 0)
    assert len(file(org, done, "unprocessedrecords")) == 1
    assert left["DailyBulkApiBatches"] == {"Max": 1, "Remaining": 0}
    assert org.get("/limits").json()["DailyBulkApiBatches"] == left["DailyBulkApiBatches"]


def test_job_lists_are_paged_and_filtered(org: Org) -> None:
    switch(org, bulk_jobs_listed=2)
    made = [create(org, "update")["id"] for _ in range(5)]
    pages = [org.get("/jobs/ingest?jobType=V2Ingest&concurrencyMode=parallel").json()]
    while not pages[-1]["done"]:
        pages.append(org.http.get(pages[-1]["nextRecordsUrl"]).json())

    assert [one["id"] for page in pages for one in page["records"]] == made
    assert [len(page["records"]) for page in pages] == [2, 2, 1]
    assert pages[-1]["nextRecordsUrl"] is None
    for query in ("jobType=Classic", "isPkChunkingEnabled=true", "concurrencyMode=Serial"):
        assert org.get(f"/jobs/ingest?{query}").json()["records"] == []
    assert org.get("/jobs/ingest?jobType=V9").status_code == 400


def test_another_version_reads_the_same_job(writing_org: Org) -> None:
    job = create(writing_org, "insert")

    answer = writing_org.http.get(f"{DATA.replace('62', '61')}/jobs/ingest/{job['id'][:15]}")

    assert answer.json()["apiVersion"] == 62.0
