"""Faults that answer in place of the org: errors, limits, refusals, redirects.

With `processed=true` the org does the work first and its answer is lost.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sfterritory.sandbox.faults.document import Occasion, RequestFault
from sfterritory.sandbox.faults.whole import Answer

if TYPE_CHECKING:
    from sfterritory.sandbox.state import SandboxState

_JSON = "application/json;charset=UTF-8"
_EDGE = "sfdcedge"  # the machines before the org; they know nothing of its JSON


class InsteadFault(RequestFault):
    """A fault with an answer of its own.

    Attributes:
        processed: Whether the org has done the work before.
    """

    processed: bool = False

    @abstractmethod
    def answer(self, state: SandboxState) -> Answer:
        """Return the answer that the client gets."""


class ServerError(InsteadFault):
    """The edge answers 500, 502, 503, 504 or 420 with a page of HTML, perhaps with Retry-After."""

    kind: Literal["server_error"] = "server_error"
    status: Literal[420, 500, 502, 503, 504] = 503
    retry_after_s: int | None = Field(default=None, ge=0, le=31_536_000)
    retry_after_as: Literal["seconds", "date"] = "seconds"

    def answer(self, state: SandboxState) -> Answer:
        """Return a page of HTML."""
        page = f"<html><head><title>{self.status}</title></head><body>Service error</body></html>"
        whole = _whole(self.status, page.encode(), "text/html;charset=UTF-8")
        return _retry(whole.with_header("server", _EDGE), self, state)


class Limit(InsteadFault):
    """A limit is reached: the daily allocation, concurrent long requests, or 429 for too many."""

    kind: Literal["limit"] = "limit"
    which: Literal["daily", "concurrent", "too_many"] = "daily"
    retry_after_s: int | None = Field(default=None, ge=0, le=31_536_000)
    retry_after_as: Literal["seconds", "date"] = "seconds"

    def answer(self, state: SandboxState) -> Answer:
        """Return the platform's refusal; a used-up allocation says so in the header too."""
        if self.which == "too_many":
            answer = refusal(429, "TOO_MANY_REQUESTS", "Too many requests")
        elif self.which == "concurrent":
            message = "ConcurrentPerOrgLongTxn Limit exceeded."
            answer = refusal(403, "REQUEST_LIMIT_EXCEEDED", message)
        else:
            most = state.switches.daily_api_requests
            message = state.switches.daily_limit_message
            answer = refusal(403, "REQUEST_LIMIT_EXCEEDED", message)
            answer = answer.with_header("sforce-limit-info", f"api-usage={most}/{most}")
        return _retry(answer, self, state)


class Refuse(InsteadFault):
    """The org refuses with any status, code and message."""

    kind: Literal["refuse"] = "refuse"
    status: int = Field(default=400, ge=400, le=599)
    code: str = "UNKNOWN_EXCEPTION"
    message: str = "An unexpected error occurred"

    def answer(self, state: SandboxState) -> Answer:  # noqa: ARG002 - the same for every org
        """Return the platform's list of errors."""
        return refusal(self.status, self.code, self.message)


class RefuseSignIn(InsteadFault):
    """The token endpoint refuses, whatever the flow: a session that ends cannot be renewed."""

    occasion: ClassVar[Occasion] = "sign_in"

    kind: Literal["refuse_sign_in"] = "refuse_sign_in"
    status: int = Field(default=400, ge=400, le=599)
    error: str = "invalid_grant"
    description: str | None = "expired access/refresh token"

    def answer(self, state: SandboxState) -> Answer:  # noqa: ARG002 - the same for every org
        """Return an OAuth error; real ones may lack the description."""
        body = {"error": self.error}
        if self.description is not None:
            body["error_description"] = self.description
        return _whole(self.status, json.dumps(body).encode(), _JSON)


class Redirect(InsteadFault):
    """The answer sends the client to another host, which must not be given the token."""

    kind: Literal["redirect"] = "redirect"
    to: str = Field(default="https://elsewhere.invalid/", pattern=r"^[!-~]+$")
    status: Literal[301, 302, 303, 307, 308] = 302

    def answer(self, state: SandboxState) -> Answer:  # noqa: ARG002 - the same for every org
        """Return a redirect without a body."""
        return _whole(self.status, b"", "text/html").with_header("location", self.to)


class LostAnswer(InsteadFault):
    """A write is committed and its answer lost: an error of the edge comes instead."""

    occasion: ClassVar[Occasion] = "write"

    kind: Literal["lost_answer"] = "lost_answer"
    processed: Literal[True] = True
    status: Literal[500, 502, 503, 504] = 502

    def answer(self, state: SandboxState) -> Answer:
        """Return a page of HTML."""
        return ServerError(status=self.status).answer(state)


def refusal(status: int, code: str, message: str) -> Answer:
    """Return the platform's list of one error."""
    body = json.dumps([{"message": message, "errorCode": code}]).encode()
    return _whole(status, body, _JSON)


def _whole(status: int, body: bytes, content_type: str) -> Answer:
    return Answer(status, (("content-type", content_type),)).with_body(body)


def _retry(answer: Answer, fault: ServerError | Limit, state: SandboxState) -> Answer:
    if fault.retry_after_s is None:
        return answer
    value = str(fault.retry_after_s)
    if fault.retry_after_as == "date":
        later = state.now() + timedelta(seconds=fault.retry_after_s)
        value = format_datetime(later, usegmt=True)
    return answer.with_header("retry-after", value)
