"""The room of runs: each apply, and the durable journal of what it sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from sfterritory.errors import StoreError
from sfterritory.model.document import canonical_json
from sfterritory.model.plan import Applied
from sfterritory.model.ports import Intent
from sfterritory.model.store.bulk import put
from sfterritory.model.store.database import Database
from sfterritory.model.store.journal_table import JournalRow, RunRow
from sfterritory.model.store.tables import table_of

_RUN = table_of(RunRow)
_JOURNAL = table_of(JournalRow)

Clock = Callable[[], datetime]


class RunState(StrEnum):
    """How far a run got; one that was killed stays open."""

    OPEN = "open"
    DONE = "done"
    PARTLY = "partly"  # some records drifted, failed or did not read back as planned
    STOPPED = "stopped"  # a guard, a limit or an interrupt ended it early


class ItemState(StrEnum):
    """How far one record of a run got."""

    SENDING = "sending"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Run:
    """One apply of one plan; `ended_at` is None while it is open."""

    id: str
    plan_hash: str
    started_at: datetime
    ended_at: datetime | None
    who: str
    host: str
    state: RunState
    counts: Mapping[str, int]


class RunRoom:
    """The runs of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self, run_id: str, *, plan_hash: str, started_at: datetime, who: str, host: str
    ) -> Run:
        """Record the start of a run.

        Raises:
            StoreError: The id is taken, or the store has no such plan.
        """
        run = Run(run_id, plan_hash, started_at, None, who, host, RunState.OPEN, {})
        values: dict[str, Any] = {
            "id": run_id,
            "plan_hash": plan_hash,
            "started_at": started_at,
            "who": who,
            "host": host,
            "state": RunState.OPEN.value,
            "counts": "{}",
        }
        with self._database.write_durably() as connection:
            connection.execute(insert(_RUN).values(**values))
        return run

    def close(
        self, run_id: str, *, ended_at: datetime, state: RunState, counts: Mapping[str, int]
    ) -> None:
        """Record the end of a run.

        Raises:
            StoreError: There is no such run.
        """
        statement = update(_RUN).where(_RUN.c.id == run_id)
        with self._database.write_durably() as connection:
            values = {"ended_at": ended_at, "state": state.value}
            ended = statement.values(**values, counts=canonical_json(dict(counts)))
            if connection.execute(ended).rowcount == 0:
                raise _unknown(run_id)

    def get(self, run_id: str) -> Run:
        """Return one run.

        Raises:
            StoreError: There is no such run.
        """
        with self._database.read() as connection:
            row = connection.execute(select(_RUN).where(_RUN.c.id == run_id)).one_or_none()
        if row is None:
            raise _unknown(run_id)
        return _run(row)

    def list(self) -> tuple[Run, ...]:
        """Return every run, the latest first."""
        query = select(_RUN).order_by(_RUN.c.started_at.desc(), _RUN.c.id)
        with self._database.read() as connection:
            return tuple(_run(row) for row in connection.execute(query))

    def unfinished(self, plan_hash: str) -> Run | None:
        """Return the latest run of a plan that is still open, None where there is none."""
        query = (
            select(_RUN)
            .where(_RUN.c.plan_hash == plan_hash, _RUN.c.state == RunState.OPEN.value)
            .order_by(_RUN.c.started_at.desc(), _RUN.c.id)
        )
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _run(row)

    def outcomes(self, run_id: str) -> Mapping[str, Applied]:
        """Return what is settled of one run, by `Account:001...`, batch by batch."""
        applied = [_applied(row) for row in _rows(self._database, run_id, ItemState.SETTLED)]
        return {one.key: one for one in applied}

    def unsettled(self, run_id: str) -> Sequence[Intent]:
        """Return what one run was about to write when it was cut off, batch by batch."""
        return tuple(
            Intent(
                row.object_name,
                row.record_id,
                json.loads(row.sent),
                json.loads(row.found),
                job_id=row.job_id or "",
            )
            for row in _rows(self._database, run_id, ItemState.SENDING)
        )

    def of_record(self, record_id: str) -> tuple[tuple[Run, Applied], ...]:
        """Return every run that settled a record and how it ended there, the latest run first."""
        query = (
            select(_JOURNAL)
            .where(_JOURNAL.c.record_id == record_id, _JOURNAL.c.state == ItemState.SETTLED.value)
            .order_by(_JOURNAL.c.run_id)
        )
        with self._database.read() as connection:
            applied = {row.run_id: _applied(row) for row in connection.execute(query)}
        return tuple((run, applied[run.id]) for run in self.list() if run.id in applied)

    def journal(self, run_id: str, *, clock: Clock) -> StoreJournal:
        """Return the journal of one run; `clock` tells when an entry is written."""
        return StoreJournal(self._database, run_id, clock=clock)


class StoreJournal:
    """The `Journal` of one run: each call is a transaction that has reached the disk on return."""

    def __init__(self, database: Database, run_id: str, *, clock: Clock) -> None:
        self._database = database
        self._run_id = run_id
        self._clock = clock

    def outcomes(self) -> Mapping[str, Applied]:
        """Return what is already settled, by `Account:001...`."""
        return RunRoom(self._database).outcomes(self._run_id)

    def unsettled(self) -> Sequence[Intent]:
        """Return what was about to be written when the run was cut off, batch by batch."""
        return RunRoom(self._database).unsettled(self._run_id)

    def sending(self, batch_id: int, intents: Sequence[Intent]) -> None:
        """Record a batch before it is sent; a settled record keeps the job that it went by."""
        at = self._clock()
        with self._database.write_durably() as connection:
            for intent in intents:
                values: dict[str, Any] = {
                    **self._key(intent.object_name, intent.record_id),
                    "batch_id": batch_id,
                    "job_id": intent.job_id or None,
                    "state": ItemState.SENDING.value,
                    "outcome": None,
                    "code": "",
                    "message": "",
                    "sent": canonical_json(dict(intent.sent)),
                    "found": canonical_json(dict(intent.found)),
                    "read_back": "{}",
                    "at": at,
                }
                put(connection, _JOURNAL, values)

    def settle(self, applied: Sequence[Applied]) -> None:
        """Record how each record of a batch ended, whether it was sent or not."""
        at = self._clock()
        with self._database.write_durably() as connection:
            for one in applied:
                values: dict[str, Any] = {
                    **self._key(one.object_name, one.record_id),
                    "state": ItemState.SETTLED.value,
                    "outcome": one.outcome.value,
                    "code": one.code,
                    "message": one.message,
                    "sent": canonical_json(dict(one.sent)),
                    "found": canonical_json(dict(one.found)),
                    "read_back": canonical_json(dict(one.read_back)),
                    "at": at,
                }
                put(connection, _JOURNAL, values)

    def _key(self, object_name: str, record_id: str) -> dict[str, Any]:
        return {"run_id": self._run_id, "object_name": object_name, "record_id": record_id}


def _rows(database: Database, run_id: str, state: ItemState) -> Sequence[Row[Any]]:
    query = (
        select(_JOURNAL)
        .where(_JOURNAL.c.run_id == run_id, _JOURNAL.c.state == state.value)
        .order_by(_JOURNAL.c.batch_id, _JOURNAL.c.object_name, _JOURNAL.c.record_id)
    )
    with database.read() as connection:
        return connection.execute(query).all()


def _unknown(run_id: str) -> StoreError:
    return StoreError(
        f"the store has no run {run_id!r}", remedy="name a run that `sfterritory log` lists"
    )


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.plan_hash,
        row.started_at,
        row.ended_at,
        row.who,
        row.host,
        RunState(row.state),
        json.loads(row.counts),
    )


def _applied(row: Row[Any]) -> Applied:
    return Applied(
        object_name=row.object_name,
        record_id=row.record_id,
        outcome=row.outcome,
        code=row.code,
        message=row.message,
        sent=json.loads(row.sent),
        found=json.loads(row.found),
        read_back=json.loads(row.read_back),
    )
