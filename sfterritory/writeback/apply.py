"""The one writer: send approved changes to Salesforce, each checked before and read back after.

A batch goes through five steps: read, compare, journal, write, read back. Killed between any two
of them, the next run settles what is in doubt by reading, so nothing is lost or written twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from pydantic import Field

from sfterritory.errors import (
    ConnectorError,
    ExitCode,
    LimitReachedError,
    SfTerritoryError,
    SignInError,
)
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.plan import Applied, Outcome, OwnerChange
from sfterritory.model.ports import (
    MAX_COLLECTION_RECORDS,
    Intent,
    Journal,
    OwnerGateway,
    RecordWrite,
    WriteResult,
)
from sfterritory.writeback.approvals import Approved
from sfterritory.writeback.diff import family_order
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

# Another transaction held the record or its parent for ten seconds; it may be free a moment later.
_LOCKED = "UNABLE_TO_LOCK_ROW"


class ApplyStoppedError(SfTerritoryError):
    """Too many changes of a run failed; it stopped, and what was written stays written."""

    exit_code = ExitCode.PARTLY_APPLIED


class ApplyParams(Document):
    """How a run writes, and when it stops by itself."""

    batch_size: int = Field(
        default=MAX_COLLECTION_RECORDS, ge=1, le=MAX_COLLECTION_RECORDS, description="records"
    )
    max_failure_share: float = Field(
        default=0.10, gt=0, le=1, description="stop when a larger share of the run failed ..."
    )
    min_failures: int = Field(default=50, ge=1, description="... once at least so many failed")


DEFAULT_PARAMS = ApplyParams()


def _never() -> bool:
    return False


def apply_changes(
    approved: Approved,
    gateway: OwnerGateway,
    *,
    journal: Journal,
    applied_at: datetime,
    params: ApplyParams = DEFAULT_PARAMS,
    stop: Callable[[], bool] = _never,
) -> Iterator[Applied]:
    """Write the approved changes, yielding each outcome after the journal has it.

    What an earlier, interrupted call left in doubt is settled first; what the journal holds as
    settled is skipped and not yielded again. A batch that got no answer is read, and what did not
    arrive is sent once more.

    Args:
        approved: The lines that may be written.
        gateway: Salesforce.
        journal: The log of this run.
        applied_at: Fills `Fill.APPLIED_AT`.
        params: Batch size and the failure guard, which counts this call only.
        stop: Asked between batches; True ends the run there, to be resumed by another call.

    Raises:
        ApplyStoppedError: More changes failed than `params` allows.
        ConnectorError: Salesforce cannot be read, or twice took a batch without answering; what
            is in doubt stays `sending` in the journal.
    """
    writer = _Writer(gateway, journal, Moment(applied_at, approved.plan_hash))
    guard = _Guard(params)
    changes = {change.key: change for change in sorted(approved.changes, key=family_order)}
    for doubtful in writer.in_doubt(params.batch_size):
        yield from guard.counted(writer.settle_in_doubt(doubtful, changes))
    settled = journal.outcomes().keys()
    waiting = [change for key, change in changes.items() if key not in settled]
    places = {key: place for place, key in enumerate(changes)}
    earlier = guard.total
    for batch in _batches(waiting, params.batch_size):
        if stop():
            emit("apply.interrupted", left=len(waiting) + earlier - guard.total)
            return
        # A batch is named by the place of its first record: the same on every attempt.
        yield from guard.counted(writer.write_batch(places[batch[0].key], batch))
        guard.check(left=len(waiting) + earlier - guard.total)


@dataclass(slots=True)
class _Guard:
    """Counts outcomes, and stops a run in which too many failed."""

    params: ApplyParams
    counts: Counter[Outcome] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.counts.total()

    def counted(self, outcomes: Iterator[Applied]) -> Iterator[Applied]:
        for applied in outcomes:
            self.counts[applied.outcome] += 1
            yield applied

    def check(self, *, left: int) -> None:
        failed = self.counts[Outcome.FAILED] + self.counts[Outcome.UNVERIFIED]
        limit = self.params.max_failure_share
        if failed >= self.params.min_failures and failed > limit * self.total:
            raise ApplyStoppedError(
                f"stopped after {failed:,} of {self.total:,} changes failed "
                f"({failed / self.total:.1%}, the limit is {limit:.1%}); {left:,} were not sent",
                remedy="look at the causes with `sfterritory log`, then run `sfterritory apply` "
                "once more for the rest, or `sfterritory revert` for what was written",
            )


@dataclass(frozen=True, slots=True)
class _Writer:
    gateway: OwnerGateway
    journal: Journal
    moment: Moment

    def in_doubt(self, batch_size: int) -> list[list[Intent]]:
        """Return what was about to be sent when an earlier call ended, in batches of one object."""
        last = {key_of(intent): intent for intent in self.journal.unsettled()}
        ordered = sorted(last.values(), key=lambda one: (one.object_name, one.record_id))
        return [
            rows[start : start + batch_size]
            for _, group in groupby(ordered, key=lambda one: one.object_name)
            for rows in [list(group)]
            for start in range(0, len(rows), batch_size)
        ]

    def settle_in_doubt(
        self, intents: Sequence[Intent], changes: Mapping[str, OwnerChange]
    ) -> Iterator[Applied]:
        """Settle by reading; what did not arrive and is still approved waits to be sent."""
        rows = self._read_back(intents)
        ended = []
        for intent in intents:
            row, change = rows.get(intent.record_id), changes.get(key_of(intent))
            applied = settle(intent, row, answer=None, change=change)
            if applied is None and change is None and row is not None:
                applied = not_sent(intent, row)
            if applied is not None:
                ended.append(applied)
        yield from self._recorded(ended)

    def write_batch(self, batch_id: int, batch: Sequence[OwnerChange]) -> Iterator[Applied]:
        """Write changes of one object, twice where the first time got no answer."""
        first = self._attempt(batch_id, batch, again=False)
        yield from first.ended
        if first.left and isinstance(first.error, SignInError | LimitReachedError):
            raise first.error  # trying again is what a locked-out or throttled caller must not do
        if not first.left:
            return
        second = self._attempt(batch_id, first.left, again=True)
        yield from second.ended
        if second.left and second.error:
            raise second.error

    def _attempt(self, batch_id: int, batch: Sequence[OwnerChange], *, again: bool) -> _Attempt:
        found = self.gateway.read(
            batch[0].subject.object_name,
            [change.subject.record_id for change in batch],
            fields=sorted({name for change in batch for name in fields_of(change)}),
        )
        ended: list[Applied] = []
        sending: list[tuple[OwnerChange, Intent]] = []
        for change in batch:
            verdict = examine(change, found.get(change.subject.record_id), moment=self.moment)
            if isinstance(verdict, Intent):
                sending.append((change, verdict))
            else:
                ended.append(verdict)
        self._recorded(ended)
        if not sending:
            return _Attempt(ended, [], None)
        intents = [intent for _, intent in sending]
        self.journal.sending(batch_id, intents)
        answers, error = self._send(intents)
        written, left = self._settled(sending, answers, error, again=again)
        emit("apply.batch", batch=batch_id, sent=len(intents), settled=len(written), left=len(left))
        return _Attempt(ended + self._recorded(written), left, error)

    def _send(
        self, intents: Sequence[Intent]
    ) -> tuple[Sequence[WriteResult | None], ConnectorError | None]:
        """Write; one answer each, or None and the error where it is not known what happened."""
        rows = [RecordWrite(one.object_name, one.record_id, one.sent) for one in intents]
        try:
            answers = self.gateway.write(rows)
        except ConnectorError as error:
            return [None] * len(rows), error
        if len(answers) != len(rows):
            return [None] * len(rows), ConnectorError(
                f"Salesforce gave {len(answers)} answers for {len(rows)} records",
                remedy="run `sfterritory apply` once more: it reads what became of each",
            )
        return answers, None

    def _settled(
        self,
        sending: Sequence[tuple[OwnerChange, Intent]],
        answers: Sequence[WriteResult | None],
        error: ConnectorError | None,
        *,
        again: bool,
    ) -> tuple[list[Applied], list[OwnerChange]]:
        """Read back and settle each record; what is worth sending again comes second."""
        try:
            rows = self._read_back([intent for _, intent in sending])
        except ConnectorError as unread:
            raise unread from error
        written, left = [], []
        for (change, intent), answer in zip(sending, answers, strict=True):
            row = rows.get(intent.record_id)
            applied = settle(intent, row, answer=answer, change=change)
            locked = applied is not None and applied.code == _LOCKED and not again
            if applied is None or (locked and applied.outcome is Outcome.FAILED):
                left.append(change)
            else:
                written.append(applied)
        return written, left

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
class _Attempt:
    """What one attempt at a batch settled, what it left, and why."""

    ended: list[Applied]
    left: list[OwnerChange]
    error: ConnectorError | None


def _batches(changes: Sequence[OwnerChange], size: int) -> Iterator[list[OwnerChange]]:
    """Cut sorted changes into batches, each of one object."""
    for _, group in groupby(changes, key=lambda change: change.subject.object_name):
        rows = list(group)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
