"""The one writer: send approved changes to Salesforce, each checked before and read back after.

A batch goes through five steps: read, compare, journal, write, read back. Killed between any two
of them, the next run settles what is in doubt by reading, so nothing is lost or written twice.
What was handed to a Bulk job is first asked of that job: it may write long after the one who
started it died.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from sfterritory.events import emit
from sfterritory.model.plan import Applied
from sfterritory.model.ports import Journal, OwnerGateway
from sfterritory.writeback.approvals import Approved
from sfterritory.writeback.diff import family_order
from sfterritory.writeback.guard import Guard
from sfterritory.writeback.method import ApplyParams, batches
from sfterritory.writeback.settle import Moment
from sfterritory.writeback.writer import Writer

DEFAULT_PARAMS = ApplyParams()
NO_NAMES: Mapping[str, str] = MappingProxyType({})


def _never() -> bool:
    return False


def apply_changes(  # noqa: PLR0913 - what, where to, and how: the parts of one run
    approved: Approved,
    gateway: OwnerGateway,
    *,
    journal: Journal,
    applied_at: datetime,
    params: ApplyParams = DEFAULT_PARAMS,
    owner_names: Mapping[str, str] = NO_NAMES,
    stop: Callable[[], bool] = _never,
) -> Iterator[Applied]:
    """Write the approved changes, yielding each outcome after the journal has it.

    What an earlier, interrupted call left in doubt is settled first; what the journal holds as
    settled is skipped and not yielded again. A batch that got no answer is read, and what did not
    arrive is sent once more; so is what was locked, or not reached by its Bulk job.

    Args:
        approved: The lines that may be written.
        gateway: Salesforce.
        journal: The log of this run.
        applied_at: Fills `Fill.APPLIED_AT`.
        params: The way to write, its sizes, and the failure guard, which counts this call only.
        owner_names: By owner id, for messages.
        stop: Asked between batches; True ends the run there, to be resumed by another call.

    Raises:
        ApplyStoppedError: More changes failed than `params` allows, or Salesforce refused one
            for a cause that every other has too.
        JobRunningError: A Bulk job outlasted the wait; the next call attaches to it.
        JobAbortedError: Somebody ended a Bulk job in Salesforce.
        ConnectorError: Salesforce cannot be read, refused a request as a whole, or twice took a
            batch without answering; what is in doubt stays `sending` in the journal.
    """
    method = params.method_for(len(approved.changes))
    moment = Moment(applied_at, approved.plan_hash)
    writer = Writer(gateway, journal, moment, params, owner_names)
    guard = Guard(params)
    changes = {change.key: change for change in sorted(approved.changes, key=family_order)}
    for doubtful in writer.in_doubt():
        yield from guard.counted(writer.settle_in_doubt(doubtful, changes))
    settled = journal.outcomes().keys()
    waiting = [change for key, change in changes.items() if key not in settled]
    places = {key: place for place, key in enumerate(changes)}
    earlier = guard.total
    for batch in batches(waiting, params.rows_at_once(method)):
        if stop():
            emit("apply.interrupted", left=len(waiting) + earlier - guard.total)
            return
        # A batch is named by the place of its first record: the same on every attempt.
        yield from guard.counted(writer.write_batch(places[batch[0].key], batch, method))
        guard.check(left=len(waiting) + earlier - guard.total)
