"""Sending records again that another transaction held: only those, and fewer at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from sfterritory.connectors.salesforce.fault_table import Act, row_is_locked
from sfterritory.connectors.salesforce.faults import RefusedError, RowsLockedError
from sfterritory.connectors.salesforce.session import Session
from sfterritory.model.ports import RecordWrite, WriteResult

Send = Callable[[Sequence[RecordWrite]], Sequence[WriteResult]]


def write_until_unlocked(
    session: Session, rows: Sequence[RecordWrite], send: Send, *, doing: str
) -> list[WriteResult]:
    """Return one answer for each record, in order.

    Locked records are sent again after growing, jittered pauses, each time in requests of half
    the size, until the session's retry policy runs out of attempts or time; then each of them
    has that refusal as its answer. A request that is too much for Salesforce goes in two halves.

    Args:
        session: Its policy, and its way to pause.
        rows: What one request may hold.
        send: Sends one request, and returns one answer for each of its records.
        doing: What is being done, for messages.

    Raises:
        AmbiguousWriteError: A request was sent and not answered.
        ConnectorError: Salesforce refused a request as a whole.
    """
    sending = _Sending(rows, send)
    try:
        with suppress(RowsLockedError):
            session.write(doing, sending.send_pending)
    except RefusedError as error:
        if error.act is not Act.SPLIT or sending.answered or len(rows) < 2:
            raise
        half = len(rows) // 2
        parts = (rows[:half], rows[half:])
        return [
            one for part in parts for one in write_until_unlocked(session, part, send, doing=doing)
        ]
    return sending.results()


class _Sending:
    """Records on their way, with the answers they have so far; known by their place."""

    def __init__(self, rows: Sequence[RecordWrite], send: Send) -> None:
        self._rows = rows
        self._send = send
        self._results: dict[int, WriteResult] = {}
        self._pending = list(range(len(rows)))
        self._locked: list[int] = []
        self._size = max(1, len(rows))

    @property
    def answered(self) -> bool:
        return bool(self._results)

    def results(self) -> list[WriteResult]:
        return [self._results[index] for index in range(len(self._rows))]

    def send_pending(self) -> None:
        """Send what is pending; what is locked is pending again, for smaller requests.

        A transaction of fewer records locks fewer parents, so it meets fewer others.
        """
        while self._pending:
            sent = self._pending[: self._size]
            answers = self._send([self._rows[index] for index in sent])
            self._results |= zip(sent, answers, strict=True)
            del self._pending[: self._size]  # only now: a request that failed is sent again
            self._locked += [index for index in sent if _is_locked(self._results[index])]
        if self._locked:
            self._pending, self._locked = self._locked, []
            self._size = max(1, self._size // 2)
            raise RowsLockedError(
                f"{len(self._pending)} of {len(self._rows)} records are locked by another "
                "transaction",
                remedy="run again when other loads have finished",
            )


def _is_locked(result: WriteResult) -> bool:
    return not result.accepted and row_is_locked(result.code, result.message)
