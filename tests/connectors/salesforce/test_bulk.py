"""Bulk query jobs: waited for, fetched page by page, counted, resumed, deleted."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import replace
from tempfile import SpooledTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.connectors.salesforce.bulk import BulkJobRunningError
from sfterritory.connectors.salesforce.bulk_page import PageFile, PageScan
from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.page import PagePosition
from sfterritory.connectors.salesforce.soql import select
from sfterritory.errors import ExitCode, LimitReachedError

from .conftest import Connected
from .fault_server import EXPIRED, Answer, json_answer, refusal

JOB = "750000000000001AAA"
QUERY = select("Account", ["Id", "Name"])
RESULTS = f"/jobs/query/{JOB}/results"
FIRST = '"Id","Name"\n"1","a"\n"2","two\nlines, ""quoted"" \u2028"\n'
LAST = '"Id","Name"\n"3","NUL\x00"\n'


def _page(text: str, *, rows: int, locator: str = "null", cut_bytes: int = 0) -> Answer:
    headers = {
        "Content-Type": "text/csv",
        "Sforce-Locator": locator,
        "Sforce-NumberOfRecords": str(rows),
    }
    return Answer(200, text.encode(), headers, cut_bytes=cut_bytes)


def _script(
    connected: Connected, *pages: Answer, total: int = 3, state: str = "JobComplete"
) -> None:
    job = {"id": JOB, "state": state, "numberRecordsProcessed": total}
    connected.server.on("POST", "/jobs/query", json_answer({"id": JOB, "state": "UploadComplete"}))
    connected.server.on(
        "GET",
        f"/jobs/query/{JOB}",
        json_answer({"id": JOB, "state": "InProgress"}),
        json_answer(job),
    )
    connected.server.on("GET", RESULTS, *pages)
    connected.server.on("DELETE", f"/jobs/query/{JOB}", Answer(204, b""))


def _read_all(connected: Connected) -> list[list[Sequence[str]]]:
    """Return the rows of every page, as a loader would read them."""
    return [list(page.rows) for page in connected.org.bulk_pages(QUERY)]


def _deleted(connected: Connected) -> int:
    return len(connected.server.calls("DELETE", f"/jobs/query/{JOB}"))


def test_a_job_is_waited_for_fetched_whole_and_deleted(connected: Connected) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), _page(LAST, rows=1))
    jobs: list[str] = []

    pages = [
        (page, list(page.rows)) for page in connected.org.bulk_pages(QUERY, on_job=jobs.append)
    ]

    assert [rows for _, rows in pages] == [
        [["1", "a"], ["2", 'two\nlines, "quoted" \u2028']],
        [["3", "NUL"]],
    ]
    assert [page.position for page, _ in pages] == [
        PagePosition(JOB, "MTAw", 2),
        PagePosition(JOB, None, 3),
    ]
    asked = [one.query for one in connected.server.calls("GET", RESULTS)]
    assert asked == [{"maxRecords": ["2"]}, {"maxRecords": ["2"], "locator": ["MTAw"]}]
    assert jobs == [JOB]
    assert _deleted(connected) == 1


def test_deleted_rows_are_asked_for_by_their_own_operation(connected: Connected) -> None:
    _script(connected, _page('"Id","Name"\n', rows=0), total=0)

    pages = connected.org.bulk_pages(QUERY, include_deleted=True)

    assert [list(page.rows) for page in pages] == [[]]
    (created,) = connected.server.calls("POST", "/jobs/query")
    assert b'"queryAll"' in created.body


def test_a_later_run_goes_on_from_job_and_locator(connected: Connected) -> None:
    _script(connected, _page(LAST, rows=1))

    pages = connected.org.bulk_pages(QUERY, resume=PagePosition(JOB, "MTAw", 2))
    rows = [list(page.rows) for page in pages]

    assert rows == [[["3", "NUL"]]]
    assert connected.server.calls("POST", "/jobs/query") == []
    (asked,) = connected.server.calls("GET", RESULTS)
    assert asked.query["locator"] == ["MTAw"]


def test_a_run_that_had_every_page_only_deletes_the_job(connected: Connected) -> None:
    _script(connected)

    assert list(connected.org.bulk_pages(QUERY, resume=PagePosition(JOB, None, 3))) == []
    assert connected.server.calls("GET", RESULTS) == []
    assert _deleted(connected) == 1


def test_a_job_that_is_gone_says_to_start_anew(connected: Connected) -> None:
    with pytest.raises(ResumeLostError, match=f"job {JOB} is gone"):
        list(connected.org.bulk_pages(QUERY, resume=PagePosition(JOB, "MTAw", 2)))


def test_a_stuck_job_ends_with_its_exit_code_and_a_position_to_attach_to(
    connected: Connected,
) -> None:
    _script(connected, state="InProgress")

    with pytest.raises(BulkJobRunningError) as caught:
        list(connected.org.bulk_pages(QUERY))

    assert caught.value.exit_code is ExitCode.STILL_RUNNING
    assert caught.value.position == PagePosition(JOB, None, 0)
    assert sum(connected.waits_seconds) >= 30
    assert connected.waits_seconds == sorted(connected.waits_seconds)
    assert _deleted(connected) == 0


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_of_an_earlier_run_that_ended_without_a_result_is_made_anew(
    connected: Connected, state: str
) -> None:
    _script(connected, state=state)

    with pytest.raises(ResumeLostError, match=f"{JOB} ended as {state}"):
        list(connected.org.bulk_pages(QUERY, resume=PagePosition(JOB, None, 0)))


def test_a_job_that_failed_for_a_field_says_so_by_its_code(connected: Connected) -> None:
    _script(connected, state="Failed")
    job = {"id": JOB, "state": "Failed", "errorMessage": "INVALIDFIELD: No such column 'Tier__c'"}
    connected.server.on("GET", f"/jobs/query/{JOB}", json_answer(job))

    with pytest.raises(RefusedError, match="Tier__c") as caught:
        _read_all(connected)

    assert caught.value.code == "INVALID_FIELD"


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_failed_job_is_reported_with_its_id(connected: Connected, state: str) -> None:
    _script(connected, state=state)

    with pytest.raises(RefusedError, match=f"{JOB} ended as {state}"):
        list(connected.org.bulk_pages(QUERY))


TORN = {
    "short": (_page(LAST, rows=2), "announced 2 rows and held 1"),
    "empty": (_page("", rows=1), "announced 1 rows and held 0"),
    "torn": (_page('"Id","Name"\n"1","a', rows=1), "not whole CSV"),
    "narrow": (_page('"Id","Name"\n"1"\n', rows=1), "has 1 of 2 values"),
    "not quoted, short": (_page("Id,Name\n1,a\n", rows=2), "announced 2 rows and held 1"),
    "columns": (_page('"Id"\n"1"\n', rows=1), "the page has Id"),
    "uncounted": (Answer(200, LAST.encode()), "does not say how many rows"),
    "leading back": (_page(FIRST, rows=2, locator="MTAw"), "which was fetched before"),
}


@pytest.mark.parametrize(("answer", "says"), TORN.values(), ids=TORN)
def test_a_page_that_is_not_whole_is_refused_before_a_row_of_it_is_used(
    connected: Connected, answer: Answer, says: str
) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), answer)
    stored = []

    with pytest.raises(BadAnswerError, match=says):
        stored = [list(page.rows) for page in connected.org.bulk_pages(QUERY)]

    assert stored == []
    assert len(connected.server.calls("GET", RESULTS)) == 1 + 4  # the attempts of the policy
    assert _deleted(connected) == 0


@pytest.mark.parametrize("answer", [answer for answer, _ in TORN.values()], ids=TORN)
def test_a_page_that_is_not_whole_once_is_fetched_again(
    connected: Connected, answer: Answer
) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), answer, _page(LAST, rows=1))

    assert [len(rows) for rows in _read_all(connected)] == [2, 1]


def test_a_page_sent_twice_is_not_taken_for_the_next_one(connected: Connected) -> None:
    again = _page(FIRST, rows=2, locator="MjAw")
    last = _page('"Id","Name"\n"3","c"\n"4","d"\n', rows=2)
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), again, last, total=4)

    assert [row[0] for rows in _read_all(connected) for row in rows] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("total", [1, 4], ids=["more than the job", "fewer than the job"])
def test_pages_that_are_not_all_of_the_job_ask_for_a_new_one(
    connected: Connected, total: int
) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), _page(LAST, rows=1), total=total)

    with pytest.raises(ResumeLostError, match=f"processed {total} rows and its pages hold 3"):
        _read_all(connected)


def test_a_body_whose_gzip_was_cut_is_fetched_again(connected: Connected) -> None:
    page = _page(LAST, rows=1)
    headers = {**page.headers, "Content-Encoding": "gzip"}
    squeezed = gzip.compress(page.body)
    cut, whole = (Answer(200, body, headers) for body in (squeezed[:-20], squeezed))
    _script(connected, cut, whole, total=1)

    assert _read_all(connected) == [[["3", "NUL"]]]


cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=9)


@given(
    rows=st.lists(st.tuples(cells, cells | st.sampled_from(['"', '","', '"\n"', "\n\\."]))),
    chunk_bytes=st.integers(1, 40),
)
def test_any_whole_page_passes_and_without_its_last_row_none_is_read_to_its_end(
    rows: list[tuple[str, str]], chunk_bytes: int
) -> None:
    def page(held: list[tuple[str, str]]) -> PageFile:
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [("Id", "Name"), *held]
        )
        body, scan = text.getvalue().encode(), PageScan()
        for start in range(0, len(body), chunk_bytes):
            scan.feed(body[start : start + chunk_bytes])
        spool = SpooledTemporaryFile[bytes](max_size=1 << 20)
        spool.write(body)
        return PageFile(spool, len(rows), None, scan, doing="reading")

    def read(held: list[tuple[str, str]]) -> list[tuple[str, ...]]:
        made = page(held)
        with made.spool:
            made.check(QUERY.fields)  # text can look like what stands between rows
            return [tuple(row) for row in made.read(QUERY.fields)]

    assert read(rows) == rows
    if rows:
        with pytest.raises(BadAnswerError):
            read(rows[:-1])


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(json_answer({"state": "UploadComplete"}), "has no id", id="no-id"),
        pytest.param(json_answer([1]), "is not a job", id="list"),
        pytest.param(Answer(200, b"<html>fine</html>"), "is not JSON", id="html"),
    ],
)
def test_a_job_of_another_form_is_refused(connected: Connected, answer: Answer, says: str) -> None:
    connected.server.on("POST", "/jobs/query", answer)

    with pytest.raises(BadAnswerError, match=says):
        _read_all(connected)


def test_a_refused_page_keeps_salesforces_code(connected: Connected) -> None:
    _script(connected, refusal(409, "API_ERROR", "another version"))

    with pytest.raises(RefusedError, match="another version"):
        _read_all(connected)


def test_a_page_that_is_skipped_is_a_mistake_of_the_caller(connected: Connected) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), _page(LAST, rows=1))
    pages = connected.org.bulk_pages(QUERY)
    next(pages)

    with pytest.raises(RuntimeError, match="not read to its end"):
        next(pages)


def test_a_page_cut_on_the_way_is_fetched_again(connected: Connected) -> None:
    _script(connected, _page(LAST, rows=1, cut_bytes=9), _page(LAST, rows=1), total=1)

    assert _read_all(connected) == [[["3", "NUL"]]]


def test_an_expired_session_costs_one_login_and_no_job(connected: Connected) -> None:
    _script(connected, EXPIRED, _page(LAST, rows=1), total=1)

    assert _read_all(connected) == [[["3", "NUL"]]]
    assert len(connected.server.calls("POST", "/jobs/query")) == 1


def test_a_pull_given_up_half_way_leaves_the_job_to_resume_from(connected: Connected) -> None:
    _script(connected, _page(FIRST, rows=2, locator="MTAw"), _page(LAST, rows=1))
    pages = connected.org.bulk_pages(QUERY)

    next(pages)
    pages.close()  # type: ignore[attr-defined]  # a generator, as an interrupt would end it

    assert _deleted(connected) == 0


def test_calls_kept_for_others_end_the_paging_and_the_next_run_goes_on(
    connected: Connected,
) -> None:
    def counted(page: Answer, *, used: int) -> Answer:
        limits = {"Sforce-Limit-Info": f"api-usage={used}/100"}
        return replace(page, headers={**page.headers, **limits})

    first = counted(_page(FIRST, rows=2, locator="MTAw"), used=80)
    _script(connected, first, _page(LAST, rows=1))
    limits = {"DailyApiRequests": {"Max": 100, "Remaining": 30}}
    connected.server.on("GET", "/limits", json_answer(limits))
    stored = []

    def store_all() -> None:
        with connected.org.keeping_free(0.2):
            for page in connected.org.bulk_pages(QUERY):
                stored.append((list(page.rows), page.position))  # noqa: PERF401 - it is cut off

    with pytest.raises(LimitReachedError):
        store_all()

    (_, position), *more = stored
    assert more == []
    assert len(connected.server.calls("GET", RESULTS)) == 1
    rest = connected.org.bulk_pages(QUERY, resume=position)
    assert [list(page.rows) for page in rest] == [[["3", "NUL"]]]


def test_a_job_that_cannot_be_deleted_does_not_spoil_the_pull(connected: Connected) -> None:
    _script(connected, _page(LAST, rows=1), total=1)
    connected.server.on("DELETE", f"/jobs/query/{JOB}", refusal(400, "API_ERROR"))

    assert _read_all(connected) == [[["3", "NUL"]]]
