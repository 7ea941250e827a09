"""Writing by Bulk jobs: every record's fate by its id, whatever becomes of the job."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.connectors.salesforce.faults import BadAnswerError
from sfterritory.connectors.salesforce.ingest_file import NULL, result_rows, uploads
from sfterritory.errors import JobRunningError, LimitReachedError
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.ports import AmbiguousWriteError, RecordWrite, Refusal

from .conftest import Connected
from .fault_server import EXPIRED, Answer, FaultServer, json_answer, refusal

JOBS = "/jobs/ingest"
FIRST, SECOND = "750000000000001AAA", "750000000000002AAA"
BEN = "005000000000002AAA"
HEADER = '"sf__Id","sf__Created",Id,OwnerId\n'
FAILED_HEADER = '"sf__Id","sf__Error",Id,OwnerId\n'


def _id(number: int) -> str:
    return to_18(f"001{number:012d}")


def _write(number: int, **fields: Scalar) -> RecordWrite:
    return RecordWrite("Account", _id(number), {"OwnerId": BEN, **fields})


def _csv(text: str) -> Answer:
    return Answer(200, text.encode(), {"Content-Type": "text/csv"})


def _job(state: str, job_id: str = FIRST, **more: object) -> Answer:
    return json_answer({"id": job_id, "object": "Account", "state": state, **more})


def _serve(
    server: FaultServer,
    *states: Answer,
    job_id: str = FIRST,
    done: str = HEADER,
    failed: str = FAILED_HEADER,
    unprocessed: str = "Id,OwnerId\n",
) -> None:
    """Script one job that goes through states and ends with result files."""
    server.on("PUT", f"{JOBS}/{job_id}/batches", Answer(201, b""))
    server.on("PATCH", f"{JOBS}/{job_id}", _job("UploadComplete", job_id))
    server.on("GET", f"{JOBS}/{job_id}", *(states or (_job("JobComplete", job_id),)))
    server.on("GET", f"{JOBS}/{job_id}/successfulResults", _csv(done))
    server.on("GET", f"{JOBS}/{job_id}/failedResults", _csv(failed))
    server.on("GET", f"{JOBS}/{job_id}/unprocessedrecords", _csv(unprocessed))


def _states_sent(server: FaultServer, job_id: str = FIRST) -> list[str]:
    return [json.loads(one.body)["state"] for one in server.calls("PATCH", f"{JOBS}/{job_id}")]


def test_each_record_gets_its_own_answer_by_id_and_not_by_its_place(connected: Connected) -> None:
    server, noted = connected.server, []
    server.on("POST", JOBS, _job("Open"))
    error = "INACTIVE_OWNER_OR_USER:operation performed with: inactive user:OwnerId --"
    _serve(
        server,
        _job("InProgress"),
        _job("JobComplete", numberRecordsFailed=1),
        done=f'{HEADER}"{_id(4)}","false","{_id(4)}","{BEN}"\n"{_id(1)}","false","{_id(1)}",""\n',
        failed=f'{FAILED_HEADER}"","{error}","{_id(2)}","two\nlines"\n',
        unprocessed=f'Id,OwnerId\n"{_id(3)}","{BEN}"\n',
    )

    def note(job_id: str, rows: Sequence[RecordWrite]) -> None:
        assert server.calls("PUT", f"{JOBS}/{FIRST}/batches") == []  # nothing is uploaded yet
        noted.append((job_id, [row.record_id for row in rows]))

    end = connected.org.write_in_bulk([_write(n) for n in range(1, 6)], on_job=note)

    first, second, *untold = end.answers
    assert noted == [(FIRST, [_id(n) for n in range(1, 6)])]
    assert first is not None
    assert first.accepted
    assert second is not None
    assert (second.code, second.refusal) == ("INACTIVE_OWNER_OR_USER", Refusal.FINAL)
    assert second.message == "operation performed with: inactive user:OwnerId"
    assert [one.record_id if one else None for one in untold] == [None, _id(4), None]
    assert end.aborted == ""
    (upload,) = server.calls("PUT", f"{JOBS}/{FIRST}/batches")
    assert upload.headers["Content-Type"].startswith("text/csv")
    assert upload.body.decode().splitlines() == [
        "Id,OwnerId",
        *(f"{_id(n)},{BEN}" for n in range(1, 6)),
    ]
    assert _states_sent(server) == ["UploadComplete"]


def test_a_session_that_ends_on_the_way_loses_neither_job_nor_records(
    connected: Connected,
) -> None:
    server = connected.server
    server.on("POST", JOBS, EXPIRED, _job("Open"))
    _serve(server, EXPIRED, _job("JobComplete"), done=f'{HEADER}"{_id(1)}","false",{_id(1)},x\n')
    server.on("PUT", f"{JOBS}/{FIRST}/batches", EXPIRED, Answer(201, b""))

    (result,) = connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None).answers

    assert result is not None
    assert result.accepted


def test_an_upload_without_an_answer_is_dropped_with_its_job_and_made_anew(
    connected: Connected,
) -> None:
    server, noted = connected.server, []
    server.on("POST", JOBS, _job("Open"), _job("Open", SECOND))
    _serve(server)
    _serve(server, job_id=SECOND, done=f'{HEADER}"{_id(1)}","false",{_id(1)},x\n')
    server.on("PUT", f"{JOBS}/{FIRST}/batches", Answer(drop=True))

    end = connected.org.write_in_bulk([_write(1)], on_job=lambda one, _: noted.append(one))

    assert noted == [FIRST, SECOND]
    assert _states_sent(server) == ["Aborted"]  # so that it can never write
    assert _states_sent(server, SECOND) == ["UploadComplete"]
    assert [one is not None and one.accepted for one in end.answers] == [True]


def test_uploads_that_never_get_an_answer_end_as_ambiguous_and_leave_no_open_job(
    connected: Connected,
) -> None:
    server = connected.server
    server.on("POST", JOBS, _job("Open"))
    _serve(server)
    server.on("PUT", f"{JOBS}/{FIRST}/batches", Answer(drop=True))

    with pytest.raises(AmbiguousWriteError):
        connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None)

    assert _states_sent(server) == ["Aborted"] * 3


def test_a_close_whose_answer_is_lost_is_looked_up(connected: Connected) -> None:
    server = connected.server
    server.on("POST", JOBS, _job("Open"))
    _serve(server, _job("InProgress"), _job("JobComplete"))
    server.on(
        "PATCH", f"{JOBS}/{FIRST}", Answer(drop=True), refusal(400, "INVALIDJOBSTATE", "is closed")
    )

    end = connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None)

    assert list(end.answers) == [None]
    assert len(server.calls("PUT", f"{JOBS}/{FIRST}/batches")) == 1


def test_a_job_that_an_admin_aborts_tells_what_it_did_and_no_other_is_begun(
    connected: Connected,
) -> None:
    server = connected.server
    server.on("POST", JOBS, _job("Open"), _job("Open", SECOND))
    _serve(server, _job("Aborted"), done=f'{HEADER}"{_id(1)}","false",{_id(1)},{BEN}\n')

    rows = [_write(1), _write(2), _write(3, Reason__c="another set of fields")]
    end = connected.org.write_in_bulk(rows, on_job=lambda *_: None)

    assert FIRST in end.aborted
    assert [one is not None and one.accepted for one in end.answers] == [True, False, False]
    assert len(server.calls("POST", JOBS)) == 1


def test_a_job_that_failed_as_a_whole_leaves_its_records_without_an_answer(
    connected: Connected,
) -> None:
    connected.server.on("POST", JOBS, _job("Open"))
    _serve(connected.server, _job("Failed", errorMessage="InvalidBatch : Field name not found"))

    end = connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None)

    assert (list(end.answers), end.aborted) == ([None], "")


def test_a_stuck_job_is_named_and_a_later_run_attaches_to_it(connected: Connected) -> None:
    server = connected.server
    server.on("POST", JOBS, _job("Open"))
    _serve(server, _job("InProgress"))

    with pytest.raises(JobRunningError, match=f"{FIRST} is still InProgress"):
        connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None)
    assert 3600 <= sum(connected.waits_seconds) < 3700

    _serve(server, done=f'{HEADER}"{_id(1)}","false",{_id(1)},{BEN}\n')
    (result,) = connected.org.finish_job(FIRST, [_write(1)]).answers
    assert result is not None
    assert result.accepted
    assert len(server.calls("POST", JOBS)) == 1


def test_a_job_found_open_is_aborted_and_one_that_is_gone_tells_nothing(
    connected: Connected,
) -> None:
    server = connected.server
    _serve(server, _job("Open"), _job("Aborted"))

    found_open = connected.org.finish_job(FIRST, [_write(1)])
    gone = connected.org.finish_job(SECOND, [_write(1)])

    assert _states_sent(server) == ["Aborted"]
    assert (list(found_open.answers), list(gone.answers)) == ([None], [None])
    assert server.calls("GET", f"{JOBS}/{FIRST}/successfulResults") == []


def test_a_torn_result_file_is_fetched_again(connected: Connected) -> None:
    server = connected.server
    server.on("POST", JOBS, _job("Open"))
    whole = f'{HEADER}"{_id(1)}","false",{_id(1)},{BEN}\n'
    _serve(server)
    server.on(
        "GET",
        f"{JOBS}/{FIRST}/successfulResults",
        Answer(200, whole.encode()[:40], cut_bytes=30),
        _csv(f'{HEADER}"{_id(1)}","fal'),
        _csv(whole),
    )

    (result,) = connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None).answers

    assert result is not None
    assert result.accepted


def test_a_used_up_allocation_ends_the_write_before_a_job_is_made(connected: Connected) -> None:
    connected.server.on("POST", JOBS, refusal(400, "ExceededQuota"))

    with pytest.raises(LimitReachedError):
        connected.org.write_in_bulk([_write(1)], on_job=lambda *_: None)

    assert len(connected.server.calls("POST", JOBS)) == 1


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10_000, 10_000),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
)


@given(
    st.lists(st.dictionaries(st.sampled_from("ABC"), VALUES, min_size=1), max_size=8),
    st.integers(1, 3),
    st.integers(250, 500),
)
def test_every_cell_of_an_upload_says_something_and_can_be_read_back(
    values: list[dict[str, Scalar]], max_rows: int, max_bytes: int
) -> None:
    rows = [RecordWrite("Account", _id(n), fields) for n, fields in enumerate(values)]

    files = list(uploads(rows, max_rows=max_rows, max_bytes=max_bytes))

    read: dict[str, dict[str, str]] = {}
    for file in files:
        assert 1 <= len(file.rows) <= max_rows
        assert len(file.content) <= max_bytes
        table = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
        assert [one["Id"] for one in table] == [row.record_id for row in file.rows]
        read |= {one.pop("Id"): one for one in table}
    assert all(cell for cells in read.values() for cell in cells.values())
    for row in rows:
        if NULL in row.fields.values():
            assert row.record_id not in read
            continue
        cells = read[row.record_id]
        assert cells.keys() == row.fields.keys()
        for name, value in row.fields.items():
            if value is None or value == "":
                assert cells[name] == NULL
            elif isinstance(value, bool):
                assert cells[name] == str(value).lower()
            elif isinstance(value, int | float):
                assert float(cells[name]) == value
            else:
                assert cells[name] == value


def test_a_result_file_is_read_as_csv_and_not_by_lines() -> None:
    text = f'"sf__Id","sf__Error",Id,N__c\r\n"","X:y","{_id(1)}","a\u2028b\n""c""\x00"\r\n'

    rows = result_rows(text.encode(), doing="reading")

    assert rows[_id(1)]["n__c"] == 'a\u2028b\n"c"'
    with pytest.raises(BadAnswerError, match="not whole CSV"):
        result_rows(f'Id,A\n{_id(1)},"x'.encode(), doing="reading")
    with pytest.raises(BadAnswerError, match="not whole CSV"):
        result_rows(f"Id,A\n{_id(1)}\n".encode(), doing="reading")
