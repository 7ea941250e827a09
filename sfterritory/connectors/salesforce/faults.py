"""Where every foreign failure becomes ours: Salesforce's error codes, HTTP, and the libraries'.

Salesforce is read by `errorCode`, never by its text (which comes in the user's language) and only
where there is no code by the HTTP status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import requests
import urllib3.exceptions
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.fault_table import (
    AGAIN_LATER,
    OAUTH_CODES,
    RULES,
    UNKNOWN,
    Act,
    Rule,
)
from sfterritory.errors import ConnectorError, LimitReachedError, SignInError

LONGEST_TEXT = 500  # an HTML page of an edge server says nothing after that


class RefusedError(ConnectorError):
    """Salesforce refused a request for good.

    Attributes:
        code: Salesforce's own error code, `INVALID_FIELD` for example; "" where it gave none.
    """

    def __init__(self, problem: str, *, remedy: str, code: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.code = code


class AmbiguousWriteError(ConnectorError):
    """A write was sent and no answer came: it may or may not have happened.

    Whoever catches this reads the records to learn which; sending again is not safe.
    """


class ResumeLostError(ConnectorError):
    """The job or cursor that a pull wanted to go on with is gone: start that object anew."""


class RowsLockedError(ConnectorError):
    """Some records of a write were locked by another transaction; only they are sent again."""


class BadAnswerError(ConnectorError):
    """Salesforce answered, and the answer is cut short or not in the agreed form."""


class AnswerError(Exception):
    """An answer with an error status, of a client that does not raise by itself."""

    def __init__(self, status: int, body: bytes | str, *, retry_after: str | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.retry_after = retry_after


FOREIGN: Final = (SalesforceError, requests.RequestException, http.HttpError, AnswerError)


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure, understood.

    Attributes:
        code: Salesforce's code, or a short name of ours in lower case (`not_connected`).
        nothing_happened: It is certain that the request changed nothing.
        retry_after_seconds: What the server asked us to wait, if it did.
    """

    code: str
    message: str
    act: Act
    remedy: str
    status: int | None = None
    nothing_happened: bool = False
    retry_after_seconds: float | None = None


def fault_of(error: BaseException) -> Fault:  # noqa: PLR0911 - one line per kind of failure
    """Return what a foreign exception means.

    Raises:
        TypeError: Not one of `FOREIGN`, nor our own `RowsLockedError` or `BadAnswerError`.
    """
    match error:
        case RowsLockedError():
            return Fault("UNABLE_TO_LOCK_ROW", error.problem, Act.RETRY, error.remedy)
        case BadAnswerError():
            return Fault("bad_answer", error.problem, Act.RETRY, error.remedy)
        case SalesforceAuthenticationFailed():
            return _sign_in_fault(error)
        case SalesforceError():
            return fault_of_answer(error.status, error.content)
        case AnswerError():
            return fault_of_answer(error.status, error.body, retry_after=error.retry_after)
        case requests.exceptions.InvalidJSONError():
            return Fault("bad_answer", "the answer is not JSON", Act.RETRY, AGAIN_LATER)
        case requests.RequestException() | http.HttpError():
            return _network_fault(error)
    raise TypeError(f"{type(error).__name__} is not a failure of Salesforce or the network")


def fault_of_answer(status: int, body: object, *, retry_after: str | None = None) -> Fault:
    """Return what an error answer means: `body` is parsed JSON, text or bytes."""
    code, message = _code_and_message(body)
    rule = RULES.get(code) or _rule_by_status(status)
    if _is_passing(code, message):
        rule = Rule(Act.RETRY, AGAIN_LATER)
    wait_seconds = _seconds(retry_after)
    return Fault(
        code=code or f"HTTP {status}",
        message=message or f"HTTP {status} without a text",
        act=rule.act,
        remedy=rule.remedy,
        status=status,
        # Below 500 the whole request was refused; a 503 that names a time never started on it.
        nothing_happened=(400 <= status < 500 and status != 408)
        or (status == 503 and wait_seconds is not None),
        retry_after_seconds=wait_seconds,
    )


def row_is_locked(code: str, message: str) -> bool:
    """Tell whether a refused record was only locked, perhaps inside a trigger's own error."""
    return code == "UNABLE_TO_LOCK_ROW" or (
        code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and "UNABLE_TO_LOCK_ROW" in message
    )


def with_retry_after(fault: Fault, retry_after: str | None) -> Fault:
    """Return the fault with the wait that the answer's header asked for.

    simple-salesforce keeps status and body of a failed answer, and drops its headers.
    """
    if fault.status is None or fault.retry_after_seconds is not None:
        return fault
    seconds = _seconds(retry_after)
    if seconds is None:
        return fault
    return replace(
        fault,
        retry_after_seconds=seconds,
        nothing_happened=fault.nothing_happened or fault.status == 503,
    )


def error_for(fault: Fault, doing: str, *, attempts: int = 1) -> ConnectorError:
    """Return our error for a fault that nothing more is done about.

    Args:
        fault: What went wrong.
        doing: What was tried, as in "reading Account".
        attempts: How often.
    """
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    problem = f"{doing} failed{tries}: {fault.code}: {fault.message}"
    if fault.code == "REQUEST_LIMIT_EXCEEDED":
        return LimitReachedError(problem, remedy=fault.remedy)
    if fault.act is Act.REFRESH or fault.code in OAUTH_CODES:
        return SignInError(problem, remedy=fault.remedy)
    return RefusedError(problem, remedy=fault.remedy, code=fault.code)


def _sign_in_fault(error: SalesforceAuthenticationFailed) -> Fault:
    """Return what a refused sign-in means; `code` is an OAuth error or an HTTP status."""
    if isinstance(error.code, int):
        return fault_of_answer(error.code, error.auth_message)
    code = error.code or "invalid_grant"
    rule = RULES.get(code, RULES["invalid_grant"])
    text = error.auth_message or "no description"
    return Fault(code, text, rule.act, rule.remedy, nothing_happened=True)


def _network_fault(error: requests.RequestException | http.HttpError) -> Fault:
    """Return what a failure below HTTP means; the URL is left out, it may carry a query."""
    host = _host(error)
    if _never_connected(error):
        return Fault(
            "not_connected",
            f"no connection to {host}",
            Act.RETRY,
            "check SFTERRITORY_INSTANCE_URL and the network; if it is the sandbox, start it with "
            "`sfterritory sandbox serve`",
            nothing_happened=True,
        )
    if isinstance(error, requests.exceptions.SSLError):
        return Fault(
            "tls", f"{host} has no valid certificate", Act.STOP, "check the address and the clock"
        )
    kind = type(error).__name__
    return Fault("cut_off", f"the connection to {host} broke ({kind})", Act.RETRY, AGAIN_LATER)


def _never_connected(error: requests.RequestException | http.HttpError) -> bool:
    """Tell whether the failure came before a byte of the request left."""
    if isinstance(error, (*http.NotConnectedError, requests.exceptions.ConnectTimeout)):
        return True
    if not isinstance(error, requests.exceptions.ConnectionError) or not error.args:
        return False
    reason = getattr(error.args[0], "reason", None)
    return isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )


def _host(error: requests.RequestException | http.HttpError) -> str:
    """Return the address that was called, without path and query."""
    try:
        request = error.request
    except RuntimeError:  # httpx refuses to show a request that it never attached
        return "Salesforce"
    url = str(getattr(request, "url", None) or "")
    return "/".join(url.split("/")[:3]) or "Salesforce"


def _code_and_message(body: object) -> tuple[str, str]:
    """Return code and text of any of Salesforce's error shapes; ("", text) when it is none."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", errors="replace")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            text = str(body).strip()
            # the token endpoint answers a bare word; anything longer is a page of a server between
            return (text, text) if text in RULES else ("", text[:LONGEST_TEXT])
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, Mapping):
        return "", str(body)[:LONGEST_TEXT] if body else ""
    code = body.get("errorCode") or body.get("exceptionCode") or body.get("error") or ""
    message = (
        body.get("message") or body.get("exceptionMessage") or body.get("error_description") or ""
    )
    return str(code), str(message)[:LONGEST_TEXT]


def _rule_by_status(status: int) -> Rule:
    """Return what a status without a known code means."""
    if status == 401:
        return RULES["INVALID_SESSION_ID"]
    if status == 429 or status >= 500:
        return Rule(Act.RETRY, AGAIN_LATER)
    return UNKNOWN


def _is_passing(code: str, message: str) -> bool:
    """Tell whether a code that is usually final goes away by itself this time."""
    concurrent = code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in message
    return concurrent or row_is_locked(code, message)


def _seconds(retry_after: str | None) -> float | None:
    """Return a Retry-After in seconds; its other form, a date, is taken as not given."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return max(0.0, seconds)
