"""Bulk API 2.0 jobs, of queries and of writes alike: asking for one, and waiting for its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from pydantic import Field

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.faults import AnswerError, BadAnswerError
from sfterritory.connectors.salesforce.session import Session
from sfterritory.errors import JobRunningError
from sfterritory.events import emit
from sfterritory.model.document import Document

ENDED: Final = frozenset({"JobComplete", "Failed", "Aborted"})
GONE: Final = frozenset({"NOT_FOUND", "HTTP 404", "NotFound", "InvalidJob", "INVALIDJOB"})
_PAUSE_GROWTH = 1.6


class Patience(Document):
    """How a job is waited for."""

    first_poll_seconds: float = Field(gt=0)
    longest_poll_seconds: float = Field(default=20.0, gt=0)
    wait_limit_seconds: float = Field(default=3600.0, ge=0)


class JobResource:
    """The jobs of one kind.

    Args:
        session: Who asks.
        client: Carries the requests.
        kind: What the jobs do.
        doing: What is being done, for messages.
        remedy: What to do about an answer that is none.
    """

    def __init__(
        self,
        session: Session,
        client: http.Client,
        kind: Literal["query", "ingest"],
        *,
        doing: str,
        remedy: str,
    ) -> None:
        self._session = session
        self._client = client
        self._kind = kind
        self._doing = doing
        self._remedy = remedy

    def url(self, rest: str) -> str:
        """Return the path of something below the jobs of this kind."""
        return f"{self._session.path}jobs/{self._kind}{rest}"

    def headers(self, accept: str) -> dict[str, str]:
        """Return the headers of a request; ask again for every request."""
        return {
            "Authorization": f"Bearer {self._session.token}",
            "Accept": accept,
            # tells our own changes apart in Change Data Capture
            "Sforce-Call-Options": "client=sfterritory",
        }

    def noted(self, response: http.Response) -> http.Response:
        """Return a response that is no failure, its headers taken note of.

        Raises:
            AnswerError: It is one.
        """
        self._session.observed.note(response.headers)
        if response.status_code >= 300:
            raise AnswerError(
                response.status_code,
                response.read(),
                retry_after=response.headers.get("Retry-After"),
            )
        return response

    def created(self, object_name: str, body: Mapping[str, str]) -> str:
        """Make a job and return its id.

        A lost answer is simply asked again: a job without a file writes nothing, and one that
        only reads does no harm.
        """
        job = self._session.read(self._doing, lambda: self.json("POST", "", body=body))
        job_id = job.get("id")
        if not isinstance(job_id, str):
            raise BadAnswerError(f"{self._doing}: the new job has no id", remedy=self._remedy)
        emit("bulk.job_created", object=object_name, job_id=job_id)
        return job_id

    def state_of(self, job_id: str) -> Mapping[str, Any]:
        """Return what Salesforce says of a job.

        Raises:
            RefusedError: It is gone (one of `GONE`).
        """
        return self._session.read(self._doing, lambda: self.json("GET", f"/{job_id}"))

    def ended(
        self, job_id: str, patience: Patience, late: Callable[[str], JobRunningError]
    ) -> Mapping[str, Any]:
        """Wait for a job's end, and return what Salesforce says of it.

        Args:
            job_id: The job.
            patience: How long.
            late: Makes the error of a job that outlasted it from what happened.
        """
        waited_seconds, pause_seconds = 0.0, patience.first_poll_seconds
        while True:
            job = self.state_of(job_id)
            state = str(job.get("state"))
            if state in ENDED:
                return job
            if waited_seconds >= patience.wait_limit_seconds:
                raise late(
                    f"{self._doing}: job {job_id} is still {state} after "
                    f"{waited_seconds:,.0f} seconds"
                )
            emit("bulk.waiting", job_id=job_id, state=state, waited_seconds=waited_seconds)
            self._session.sleep(pause_seconds)
            waited_seconds += pause_seconds
            pause_seconds = min(pause_seconds * _PAUSE_GROWTH, patience.longest_poll_seconds)

    def json(
        self, method: str, rest: str, *, body: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Return the JSON answer of one request, sent once; {} for an empty one."""
        response = self.noted(
            self._client.request(
                method, self.url(rest), json=body, headers=self.headers("application/json")
            )
        )
        if not response.content:
            return {}
        try:
            answer = response.json()
        except ValueError as error:
            raise BadAnswerError(
                f"{self._doing}: the answer is not JSON", remedy=self._remedy
            ) from error
        if not isinstance(answer, Mapping):
            raise BadAnswerError(f"{self._doing}: the answer is not a job", remedy=self._remedy)
        return answer
