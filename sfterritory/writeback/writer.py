"""One batch on its way: read, compare, journal, write by one of the ways, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sfterritory.errors import SfTerritoryError
from sfterritory.events import emit
from sfterritory.model.plan import Applied, Outcome, OwnerChange
from sfterritory.model.ports import (
    AmbiguousWriteError,
    Intent,
    JobAbortedError,
    Journal,
    OwnerGateway,
    RecordWrite,
    Refusal,
    WriteResult,
)
from sfterritory.writeback.guard import ApplyStoppedError
from sfterritory.writeback.method import ApplyParams, Method, batches
from sfterritory.writeback.settle import (
    Fields,
    Moment,
    examine,
    fields_of,
    fields_to_read,
    key_of,
    not_sent,
    settle,
)
from sfterritory.writeback.verify import LAST_MODIFIED

_READS_FIRST = "run `sfterritory apply` once more: it reads what became of each record"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes batches and settles what an earlier run left in doubt; the journal has it first."""

    gateway: OwnerGateway
    journal: Journal
    moment: Moment
    params: ApplyParams
    owner_names: Mapping[str, str]

    def in_doubt(self) -> list[list[Intent]]:
        """Return what was about to be sent when an earlier call ended, by job and object."""
        last = {key_of(intent): intent for intent in self.journal.unsettled()}
        ordered = sorted(last.values(), key=lambda one: (one.job_id, *_subject(one)))
        size = self.params.batch_size
        groups = []
        for (job_id, _), group in groupby(ordered, key=lambda one: (one.job_id, one.object_name)):
            rows = list(group)
            step = len(rows) if job_id else size
            groups += [rows[start : start + step] for start in range(0, len(rows), step)]
        return groups

    def settle_in_doubt(
        self, intents: Sequence[Intent], changes: Mapping[str, OwnerChange]
    ) -> Iterator[Applied]:
        """Settle by job and by reading; what did not arrive and is still approved is to be sent."""
        answers = self._told_by_job(intents)
        rows = self._read_back(intents)
        ended = []
        for intent, answer in zip(intents, answers, strict=True):
            row, change = rows.get(intent.record_id), changes.get(key_of(intent))
            applied = settle(intent, row, answer=answer, change=change, names=self.owner_names)
            if applied is None and change is None and row is not None:
                applied = not_sent(intent, row, why="the run was cut off, and it is not approved")
            if applied is not None and not (change and _may_pass(applied, answer)):
                ended.append(applied)
        yield from self._recorded(ended)

    def _told_by_job(self, intents: Sequence[Intent]) -> Sequence[WriteResult | None]:
        """Bring the intents' job to its end; no answers where there was none."""
        job_id = intents[0].job_id
        if not job_id:
            return [None] * len(intents)
        return self.gateway.finish_job(job_id, [_write(one) for one in intents]).answers

    def write_batch(
        self, batch_id: int, batch: Sequence[OwnerChange], method: Method
    ) -> Iterator[Applied]:
        """Write changes of one object, twice where the first time settled nothing."""
        first = self._attempt(batch_id, batch, method, again=False)
        yield from first.ended
        if first.stopped_by:
            raise first.stopped_by
        # Bulk tries no locked record again, and collections write one after the other.
        then = Method.COLLECTIONS if method is Method.BULK else method
        for part in batches(first.left, self.params.rows_at_once(then)):
            second = self._attempt(batch_id, part, then, again=True)
            yield from second.ended
            if second.stopped_by:
                raise second.stopped_by

    def _attempt(
        self, batch_id: int, batch: Sequence[OwnerChange], method: Method, *, again: bool
    ) -> _Attempt:
        """Take a batch through the five steps, once."""
        ended, sending = self._examined(batch)
        if not sending:
            return _Attempt(ended, [])
        intents = [intent for _, intent in sending]
        self.journal.sending(batch_id, intents)
        sent = self._send(batch_id, intents, method)
        stopped_by: SfTerritoryError | None = _refused_for_all(sent.answers)
        # Collections and conditional writes have tried a locked record for minutes already.
        relock = method is Method.BULK and stopped_by is None
        written, left = self._settled(sending, sent, relock=relock)
        if stopped_by is not None and left:  # this run is over, and nobody goes on with it
            written, left = [*written, *self._given_up(left, sending)], []
        elif left:
            stopped_by = sent.aborted or (sent.unclear if again else None)
        emit(
            "apply.batch",
            batch=batch_id,
            method=method.value,
            sent=len(intents),
            settled=len(written),
            left=len(left),
        )
        return _Attempt(ended + self._recorded(written), left, stopped_by)

    def _examined(
        self, batch: Sequence[OwnerChange]
    ) -> tuple[list[Applied], list[tuple[OwnerChange, Intent]]]:
        """Read a batch and part it: what ends here and now, and what is to be sent."""
        found = self.gateway.read(
            batch[0].subject.object_name,
            [change.subject.record_id for change in batch],
            fields=sorted({name for change in batch for name in fields_of(change)}),
        )
        ended: list[Applied] = []
        sending: list[tuple[OwnerChange, Intent]] = []
        for change in batch:
            row = found.get(change.subject.record_id)
            verdict = examine(change, row, moment=self.moment, names=self.owner_names)
            if isinstance(verdict, Intent):
                sending.append((change, verdict))
            else:
                ended.append(verdict)
        return self._recorded(ended), sending

    def _send(self, batch_id: int, intents: Sequence[Intent], method: Method) -> _Sent:
        """Write; one answer each, or None and why it is not known what happened."""
        rows = [_write(intent) for intent in intents]
        try:
            if method is Method.BULK:
                return self._send_in_bulk(batch_id, intents, rows)
            answers = (
                self.gateway.write_unmodified(rows, rows_per_request=self.params.conditional_rows)
                if method is Method.CONDITIONAL
                else self.gateway.write(rows)
            )
        except AmbiguousWriteError as error:
            return _Sent([None] * len(rows), unclear=error)
        if len(answers) != len(rows):
            problem = f"Salesforce gave {len(answers)} answers for {len(rows)} records"
            unclear = AmbiguousWriteError(problem, remedy=_READS_FIRST)
            return _Sent([None] * len(rows), unclear=unclear)
        return _Sent(answers)

    def _send_in_bulk(
        self, batch_id: int, intents: Sequence[Intent], rows: Sequence[RecordWrite]
    ) -> _Sent:
        """Write by Bulk jobs, each in the journal before its records are uploaded."""
        intent_of = {intent.record_id: intent for intent in intents}

        def note(job_id: str, of_job: Sequence[RecordWrite]) -> None:
            handed = [replace(intent_of[row.record_id], job_id=job_id) for row in of_job]
            self.journal.sending(batch_id, handed)

        end = self.gateway.write_in_bulk(rows, on_job=note)
        aborted = JobAbortedError(end.aborted, remedy=_READS_FIRST) if end.aborted else None
        return _Sent(end.answers, aborted=aborted)

    def _settled(
        self, sending: Sequence[tuple[OwnerChange, Intent]], sent: _Sent, *, relock: bool
    ) -> tuple[list[Applied], list[OwnerChange]]:
        """Read back and settle each record; what is worth sending again comes second."""
        try:
            rows = self._read_back([intent for _, intent in sending])
        except SfTerritoryError as unread:
            raise unread from sent.unclear
        written, left = [], []
        for (change, intent), answer in zip(sending, sent.answers, strict=True):
            row = rows.get(intent.record_id)
            applied = settle(intent, row, answer=answer, change=change, names=self.owner_names)
            if applied is None or (relock and _may_pass(applied, answer)):
                left.append(change)
            else:
                written.append(applied)
        return written, left

    def _given_up(
        self, left: Sequence[OwnerChange], sending: Sequence[tuple[OwnerChange, Intent]]
    ) -> Iterator[Applied]:
        """Settle what a run did not write that ends here."""
        keys = {change.key for change in left}
        intents = [intent for change, intent in sending if change.key in keys]
        rows = self._read_back(intents)
        for intent in intents:
            row = rows.get(intent.record_id)
            if row is not None:
                yield not_sent(intent, row, why="Salesforce refused another for a general cause")

    def _read_back(self, intents: Sequence[Intent]) -> Mapping[str, Fields]:
        return self.gateway.read(
            intents[0].object_name,
            [intent.record_id for intent in intents],
            fields=sorted({name for intent in intents for name in fields_to_read(intent)}),
        )

    def _recorded(self, ended: list[Applied]) -> list[Applied]:
        if ended:
            self.journal.settle(ended)
        return ended


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is known of one batch: an answer each, and why some have none."""

    answers: Sequence[WriteResult | None]
    unclear: AmbiguousWriteError | None = None
    aborted: JobAbortedError | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one attempt at a batch settled, what it left, and why nothing more is to be sent."""

    ended: list[Applied]
    left: list[OwnerChange]
    stopped_by: SfTerritoryError | None = None


def _may_pass(applied: Applied, answer: WriteResult | None) -> bool:
    """Tell whether a record was refused for something that goes away by itself."""
    refused = answer is not None and answer.refusal is Refusal.PASSING
    return refused and applied.outcome is Outcome.FAILED


def _refused_for_all(answers: Sequence[WriteResult | None]) -> ApplyStoppedError | None:
    """Return why the run ends: one record was refused for a cause that every other has too."""
    for answer in answers:
        if answer is not None and not answer.accepted and answer.refusal is Refusal.GENERAL:
            return ApplyStoppedError(
                f"stopped: Salesforce refused {answer.record_id} with {answer.code}: "
                f"{answer.message}, and would refuse every other record too",
                remedy=answer.remedy,
            )
    return None


def _write(intent: Intent) -> RecordWrite:
    seen = intent.found.get(LAST_MODIFIED)
    return RecordWrite(
        intent.object_name,
        intent.record_id,
        intent.sent,
        unmodified_since=None if seen is None else str(seen),
    )


def _subject(intent: Intent) -> tuple[str, str]:
    return intent.object_name, intent.record_id
