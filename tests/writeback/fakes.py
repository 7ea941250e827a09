"""An org and a journal in memory, which can be told to break at any call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sfterritory.errors import JobRunningError
from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied
from sfterritory.model.ports import (
    MAX_COLLECTION_RECORDS,
    Intent,
    JobEnd,
    OnJob,
    RecordWrite,
    Refusal,
    WriteResult,
)

LOCKED = "UNABLE_TO_LOCK_ROW"
MODIFIED = "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"
_MEANINGS = {
    LOCKED: Refusal.PASSING,
    MODIFIED: Refusal.CONFLICT,
    "ENTITY_IS_LOCKED": Refusal.CONFLICT,
    "STORAGE_LIMIT_EXCEEDED": Refusal.GENERAL,
}


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@dataclass
class Fuse:
    """Blows at the n-th step; every call takes two, one before and one after its effect."""

    blows_at: int | None = None
    error: BaseException = field(default_factory=Killed)
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.blows_at:
            raise self.error


@dataclass
class Job:
    """A Bulk job: it writes when it is worked on, whoever waits for it or does not."""

    rows: Sequence[RecordWrite]
    closed: bool = False
    answers: dict[str, WriteResult] = field(default_factory=dict)
    aborted: bool = False
    polls: int = 0


@dataclass
class FakeOrg:
    """Records by id. `refuses` answers a write with a code; `distorts` alters what is stored.

    `reaches` is how many of a job's records it reaches before it ends, `polls` how often a job is
    asked before it is worked on; asked more than `patience` times, its client gives up.
    """

    records: dict[str, dict[str, Scalar]]
    refuses: Callable[[RecordWrite], str] = lambda _: ""
    distorts: Callable[[RecordWrite], Mapping[str, Scalar]] = lambda row: row.fields
    fuse: Fuse = field(default_factory=Fuse)
    written: Counter[str] = field(default_factory=Counter)
    batches: list[tuple[str, ...]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    reaches: int = 1_000_000
    aborts: bool = False
    polls: int = 0
    patience: int = 3
    ticks: int = 0

    def read(
        self, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Scalar]]:
        self.fuse.step()
        return {
            one: {name: self.records[one].get(name) for name in fields}
            for one in record_ids
            if one in self.records
        }

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        assert len(rows) <= MAX_COLLECTION_RECORDS
        return self._send(rows)

    def write_unmodified(
        self, rows: Sequence[RecordWrite], *, rows_per_request: int
    ) -> Sequence[WriteResult]:
        return [
            answer
            for start in range(0, len(rows), rows_per_request)
            for answer in self._send(rows[start : start + rows_per_request], conditional=True)
        ]

    def write_in_bulk(self, rows: Sequence[RecordWrite], *, on_job: OnJob) -> JobEnd:
        self.fuse.step()
        job_id = f"750{len(self.jobs):012d}AAA"
        self.jobs[job_id] = Job(tuple(rows))
        on_job(job_id, rows)
        self.fuse.step()
        self.batches.append(tuple(row.record_id for row in rows))
        self.jobs[job_id].closed = True
        self.fuse.step()
        return self._wait(job_id, rows)

    def finish_job(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        self.fuse.step()
        if not self.jobs[job_id].closed:
            self.jobs[job_id].aborted = True
            return JobEnd([None] * len(rows))
        return self._wait(job_id, rows)

    def work(self) -> None:
        """Do what every job still has to do, as Salesforce does while nobody looks."""
        for job in self.jobs.values():
            if job.closed and not job.answers and not job.aborted:
                for row in job.rows[: self.reaches]:
                    job.answers[row.record_id] = self._write(row)
                job.aborted = self.aborts

    def _wait(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        job = self.jobs[job_id]
        for _ in range(self.patience):
            if job.polls >= self.polls:
                self.work()
                self.fuse.step()
                answers = [job.answers.get(row.record_id) for row in rows]
                return JobEnd(answers, f"job {job_id} was aborted" if job.aborted else "")
            job.polls += 1
        raise JobRunningError(f"job {job_id} is still InProgress", remedy="run again later")

    def _send(
        self, rows: Sequence[RecordWrite], *, conditional: bool = False
    ) -> Sequence[WriteResult]:
        self.fuse.step()
        self.batches.append(tuple(row.record_id for row in rows))
        answers = [self._write(row, conditional=conditional) for row in rows]
        self.fuse.step()
        return answers

    def _write(self, row: RecordWrite, *, conditional: bool = False) -> WriteResult:
        code = self.refuses(row)
        record = self.records[row.record_id]
        if conditional and record["LastModifiedDate"] != row.unmodified_since:
            code = MODIFIED
        if code:
            meaning = _MEANINGS.get(code, Refusal.FINAL)
            return WriteResult(
                row.record_id,
                accepted=False,
                code=code,
                message="refused",
                refusal=meaning,
                remedy="ask the admin",
            )
        record.update(self.distorts(row))
        self.written[row.record_id] += 1
        self.ticks += 1
        stamp = f"{9 + self.ticks // 3600:02d}:{self.ticks // 60 % 60:02d}:{self.ticks % 60:02d}"
        record["LastModifiedDate"] = f"2026-11-23T{stamp}.000+0000"
        return WriteResult(row.record_id, accepted=True)


@dataclass
class FakeJournal:
    """Keeps what reached the disk, whoever is killed."""

    fuse: Fuse = field(default_factory=Fuse)
    settled: dict[str, Applied] = field(default_factory=dict)
    pending: dict[str, Intent] = field(default_factory=dict)

    def outcomes(self) -> Mapping[str, Applied]:
        return dict(self.settled)

    def unsettled(self) -> Sequence[Intent]:
        return tuple(self.pending.values())

    def sending(self, batch_id: int, intents: Sequence[Intent]) -> None:
        self.fuse.step()
        self.pending |= {f"{one.object_name}:{one.record_id}": one for one in intents}
        self.fuse.step()

    def settle(self, applied: Sequence[Applied]) -> None:
        self.fuse.step()
        for one in applied:
            assert one.key not in self.settled, f"{one.key} settled twice"
            self.settled[one.key] = one
            self.pending.pop(one.key, None)
        self.fuse.step()
