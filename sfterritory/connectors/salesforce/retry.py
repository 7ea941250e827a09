"""One policy for trying again: growing waits with jitter, the server's own wish, and an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import tenacity
from pydantic import Field

from sfterritory.connectors.salesforce.fault_table import Act
from sfterritory.connectors.salesforce.faults import (
    FOREIGN,
    BadAnswerError,
    Fault,
    RowsLockedError,
    error_for,
    fault_of,
)
from sfterritory.errors import ConnectorError
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.ports import AmbiguousWriteError

T = TypeVar("T")
Sleep = Callable[[float], None]
Reader = Callable[[BaseException], Fault]

RETRYABLE = (*FOREIGN, RowsLockedError, BadAnswerError)


class RetryPolicy(Document):
    """How long a request is tried."""

    attempts: int = Field(default=6, ge=1, le=20)
    first_wait_seconds: float = Field(default=0.5, ge=0)
    longest_wait_seconds: float = Field(default=60.0, ge=0)
    deadline_seconds: float = Field(
        default=600.0, ge=0, description="all attempts and waits of one request together"
    )


class Retrier:
    """Runs a request until it succeeds, or until trying again makes no sense."""

    def __init__(
        self, policy: RetryPolicy, *, sleep: Sleep = time.sleep, fault_of: Reader = fault_of
    ) -> None:
        self._policy = policy
        self._sleep = sleep
        self._fault_of = fault_of
        self._jittered = tenacity.wait_exponential_jitter(
            multiplier=policy.first_wait_seconds,
            max=policy.longest_wait_seconds,
            jitter=policy.first_wait_seconds,
        )

    def read(self, doing: str, attempt: Callable[[], T]) -> T:
        """Run a request that changes nothing, again after every passing failure.

        Raises:
            ConnectorError: It failed for good; the class says how.
        """
        return self._run(doing, attempt, may_repeat=lambda _: True)

    def write(self, doing: str, attempt: Callable[[], T]) -> T:
        """Run a request that changes records, again only when it certainly changed none.

        Raises:
            AmbiguousWriteError: It was sent, and it is unknown whether it happened.
            ConnectorError: It failed for good, and changed nothing.
        """
        try:
            return self._run(doing, attempt, may_repeat=_certainly_not_done)
        except _UnsettledError as unsettled:
            raise AmbiguousWriteError(
                f"{doing}: no answer came, so it is unknown what was written "
                f"({unsettled.fault.code}: {unsettled.fault.message})",
                remedy="run the same command again: it reads Salesforce to learn what was written",
            ) from unsettled.__cause__

    def _run(
        self, doing: str, attempt: Callable[[], T], *, may_repeat: Callable[[Fault], bool]
    ) -> T:
        def again(error: BaseException) -> bool:
            if not isinstance(error, RETRYABLE):
                return False
            fault = self._fault_of(error)
            return fault.act is Act.RETRY and may_repeat(fault)

        retrying = tenacity.Retrying(
            stop=self._is_enough,
            wait=self._wait_seconds,
            retry=tenacity.retry_if_exception(again),
            sleep=self._sleep,
            before_sleep=self._report,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except RowsLockedError:
            raise
        except RETRYABLE as error:
            fault = self._fault_of(error)
            if not may_repeat(fault):
                raise _UnsettledError(fault) from error
            if isinstance(error, BadAnswerError):
                raise
            attempts = int(retrying.statistics.get("attempt_number", 1))
            raise error_for(fault, doing, attempts=attempts) from error

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        """Return the jittered wait, or what the server asked for if that is longer."""
        asked = self._fault_of(_failure(state)).retry_after_seconds or 0.0
        return max(asked, self._jittered(state))

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        """Tell whether the attempts are used up, or the next wait would pass the deadline."""
        if state.attempt_number >= self._policy.attempts:
            return True
        # idle_for counts injected sleeps too, which move no clock
        spent_seconds = max(state.seconds_since_start or 0.0, state.idle_for)
        return spent_seconds + state.upcoming_sleep > self._policy.deadline_seconds

    def _report(self, state: tenacity.RetryCallState) -> None:
        emit(
            "salesforce.retry",
            code=self._fault_of(_failure(state)).code,
            attempt=state.attempt_number,
            wait_seconds=round(state.upcoming_sleep, 3),
        )


class _UnsettledError(ConnectorError):
    """A write that may have happened, on its way out of the loop."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message, remedy=fault.remedy)
        self.fault = fault


def _certainly_not_done(fault: Fault) -> bool:
    """Tell whether a failed write left no trace, or settled its records one by one."""
    return fault.nothing_happened or fault.code == "UNABLE_TO_LOCK_ROW"


def _failure(state: tenacity.RetryCallState) -> BaseException:
    """Return the exception that ended the last attempt; there is one whenever we wait."""
    error = state.outcome.exception() if state.outcome else None
    if error is None:
        raise AssertionError("a wait without a failure")
    return error
