"""Where every foreign failure becomes ours: Salesforce's error codes, HTTP, and the libraries'.

Salesforce is read by `errorCode`, never by its text (which comes in the user's language) and only
where there is no code by the HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import requests
import urllib3.exceptions
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.address import ADDRESS_OF_ORG
from sfterritory.connectors.salesforce.error_text import code_and_message
from sfterritory.connectors.salesforce.fault_table import (
    AGAIN_LATER,
    LIMIT_CODES,
    OAUTH_CODES,
    RULES,
    Act,
    known_code,
    rule_of_request,
)
from sfterritory.connectors.salesforce.tls import tls_trouble
from sfterritory.errors import ConnectorError, LimitReachedError, SignInError

# Names of ours, in lower case, for failures that are not an answer of Salesforce.
BAD_ANSWER, CUT_OFF, NOT_CONNECTED, TLS = "bad_answer", "cut_off", "not_connected", "tls"
NO_ANSWER: Final = frozenset({BAD_ANSWER, CUT_OFF, NOT_CONNECTED, TLS})


class RefusedError(ConnectorError):
    """A request failed for good, and changed nothing.

    Attributes:
        code: Salesforce's own error code, `INVALID_FIELD` for example; one of `NO_ANSWER` where
            it is not Salesforce that refused; "" where it gave none.
        act: What the code asks for.
        message: Salesforce's own text.
    """

    def __init__(
        self,
        problem: str,
        *,
        remedy: str,
        code: str = "",
        act: Act = Act.FINAL,
        message: str = "",
    ) -> None:
        super().__init__(problem, remedy=remedy)
        self.code = code
        self.act = act
        self.message = message


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


_REFUSALS: Final = frozenset({Act.FINAL, Act.CONFLICT, Act.STOP})
FOREIGN: Final = (SalesforceError, requests.RequestException, http.HttpError, AnswerError)


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure, understood.

    Attributes:
        code: Salesforce's code, or one of `NO_ANSWER`.
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
            return Fault(BAD_ANSWER, error.problem, Act.RETRY, error.remedy)
        case SalesforceAuthenticationFailed():
            return _sign_in_fault(error)
        case SalesforceError():
            return fault_of_answer(error.status, error.content)
        case AnswerError():
            return fault_of_answer(error.status, error.body, retry_after=error.retry_after)
        case requests.exceptions.InvalidJSONError():
            return Fault(BAD_ANSWER, "the answer is not JSON", Act.RETRY, AGAIN_LATER)
        case requests.RequestException() | http.HttpError():
            return _network_fault(error)
    raise TypeError(f"{type(error).__name__} is not a failure of Salesforce or the network")


def fault_of_answer(status: int, body: object, *, retry_after: str | None = None) -> Fault:
    """Return what an error answer means: `body` is parsed JSON, text or bytes."""
    code, message = code_and_message(body)
    rule = rule_of_request(code, message, status=status)
    wait_seconds = _seconds(retry_after)
    understood = known_code(code) is not None and rule.act in _REFUSALS
    return Fault(
        code=code or f"HTTP {status}",
        message=message or f"HTTP {status} without a text",
        act=rule.act,
        remedy=rule.remedy,
        status=status,
        # Below 500 the whole request was refused; a 503 that names a time never started on it.
        nothing_happened=understood
        or (400 <= status < 500 and status != 408)
        or (status == 503 and wait_seconds is not None),
        retry_after_seconds=wait_seconds,
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
    if known_code(fault.code) in LIMIT_CODES or fault.status == 429:
        return LimitReachedError(problem, remedy=fault.remedy)
    if fault.act is Act.REFRESH or fault.code in OAUTH_CODES:
        return SignInError(problem, remedy=fault.remedy)
    return RefusedError(
        problem, remedy=fault.remedy, code=fault.code, act=fault.act, message=fault.message
    )


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
    if trouble := tls_trouble(error):
        # a refused certificate ends the handshake; anything else may come after a request was sent
        return Fault(
            TLS, f"{host}: {trouble.what}", Act.STOP, trouble.remedy,
            nothing_happened=trouble.before_any_request,
        )  # fmt: skip
    if _never_connected(error):
        return Fault(
            NOT_CONNECTED,
            f"no connection to {host}",
            Act.RETRY,
            f"check {ADDRESS_OF_ORG} and the network; if it is the sandbox, start it with "
            "`sfterritory sandbox serve`",
            nothing_happened=True,
        )
    kind = type(error).__name__
    return Fault(CUT_OFF, f"the connection to {host} broke ({kind})", Act.RETRY, AGAIN_LATER)


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


def _seconds(retry_after: str | None) -> float | None:
    """Return a Retry-After in seconds; its other form, a date, is taken as not given."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return max(0.0, seconds)
