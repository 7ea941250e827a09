"""The result files of an ingest job: rows that were saved, rows that failed, rows never tried."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.bulk.csv_form import CsvForm
from sfterritory.sandbox.api.bulk.upload import UploadError, read_header, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfterritory.sandbox.api.bulk.ingest_job import IngestJob
    from sfterritory.sandbox.refusal import RefusedError
    from sfterritory.sandbox.state import SandboxState

_CHUNK_LINES = 1000
_FIRST_COLUMNS = {"successful": ("sf__Id", "sf__Created"), "failed": ("sf__Id", "sf__Error")}


def success_line(form: CsvForm, cells: Sequence[str], *, record_id: str, created: bool) -> str:
    """Return a saved row's line."""
    return form.line((record_id, "true" if created else "false", *cells))


def failure_line(
    form: CsvForm, cells: Sequence[str], *, error: RefusedError, record_id: str
) -> str:
    """Return a failed row's line: `CODE:message:fields --` before what was uploaded."""
    fields = ",".join(error.fields)
    text = f"{error.code}:{error.message}:{fields + ' ' if fields else ''}--"
    return form.line((record_id, text, *cells))


def place_of(job_id: str, number: int, *, shuffled: bool) -> int:
    """Return where in its file a row stands: anywhere, but the same for every reading."""
    return zlib.crc32(f"{job_id}{number}".encode()) if shuffled else number


def result_lines(state: SandboxState, job: IngestJob, file: str) -> Iterator[bytes]:
    """Yield a file of settled rows in chunks: `successful` or `failed`."""
    first = job.form.between.join(f'"{name}"' for name in _FIRST_COLUMNS[file])
    yield f"{first}{job.form.between}{job.header}{job.form.line_end}".encode()
    with state.reading() as connection:
        found = connection.execute(
            "SELECT line FROM _ingest_result WHERE job_id = ? AND file = ? ORDER BY place, number",
            (job.id, file),
        )
        while lines := found.fetchmany(_CHUNK_LINES):
            yield "".join([line for (line,) in lines]).encode()


def unprocessed_lines(job: IngestJob, upload: bytes | None) -> Iterator[bytes]:
    """Yield the rows that a job never tried.

    Args:
        job: A job that ended.
        upload: What it was given; None where nothing of it is left.
    """
    yield (job.header + job.form.line_end).encode()
    if upload is None:
        return
    try:
        header = read_header(upload, job.form)
    except UploadError:
        return  # nothing in it could be told apart
    rows = read_rows(
        upload,
        job.form,
        columns=len(header.names),
        start_byte=job.next_byte or header.end_byte,
    )
    for row in rows:
        yield job.form.line(row.cells).encode()
