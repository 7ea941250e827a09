"""A signed-in session: it renews itself once when it ends, and never signs in without end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from simple_salesforce.api import Salesforce

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.credentials import (
    ACCESS_TOKEN,
    AccessToken,
    Credentials,
    SfCli,
)
from sfterritory.connectors.salesforce.fault_table import Act
from sfterritory.connectors.salesforce.faults import (
    FOREIGN,
    AnswerError,
    Fault,
    RefusedError,
    fault_of,
    with_retry_after,
)
from sfterritory.connectors.salesforce.login import Login, login_of
from sfterritory.connectors.salesforce.retry import Retrier, RetryPolicy, Sleep
from sfterritory.connectors.salesforce.transport import Observed, lead_home, open_session
from sfterritory.connectors.salesforce.value import exact, id_of
from sfterritory.errors import SignInError
from sfterritory.events import emit
from sfterritory.model.document import Document

T = TypeVar("T")

USER_INFO_PATH = "/services/oauth2/userinfo"
SIGN_IN_ATTEMPTS = 3  # someone waits for the answer: wrong address, server not started
_IDENTITY = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})\Z")
_TOKEN_OF_ORG = re.compile(r"(?P<org>00D[A-Za-z0-9]{12})(?:[A-Za-z0-9]{3})?!")


class Guard(Protocol):
    """Raises where a read would take API calls that are not ours to use."""

    def __call__(self, doing: str, *, calls: int = 1) -> None:
        """Pass so many calls, or raise."""


class SessionParams(Document):
    """How a session talks to Salesforce."""

    api_version: str = "66.0"
    retry: RetryPolicy = RetryPolicy()
    read_timeout_seconds: float = http.READ_TIMEOUT_SECONDS
    max_logins: int = 20  # of one process; each failed login counts towards the user's lock-out


class Session:
    """Signs in on construction; `read` and `write` run requests under the retry policy.

    Raises:
        SignInError: Salesforce refused the credentials.
        ConnectorError: Salesforce cannot be reached.
    """

    def __init__(
        self,
        credentials: Credentials,
        params: SessionParams,
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.params = params
        self.observed = Observed()
        self.sleep = sleep
        self.guard: Guard | None = None  # asked before every attempt to read
        self._credentials = credentials
        self._token = self._origin = self._org_of_token = ""
        self._fetch_login = login_of(credentials)
        self._requests = open_session(
            self.observed, read_timeout_seconds=params.read_timeout_seconds
        )
        if credentials.instance_url is not None:
            self._lead_home(credentials.instance_url)
        self._retrier = Retrier(params.retry, sleep=sleep, fault_of=self._fault_of)
        self._lock = threading.Lock()
        self._logins = 0
        try:
            self._sign_in()
        except BaseException:
            self._requests.close()
            raise

    @property
    def rest(self) -> Any:
        """The simple-salesforce client of the current token; it never signs in by itself."""
        return self._rest

    @property
    def token(self) -> str:
        """The current access token; ask again for every request."""
        return self._token

    @property
    def origin(self) -> str:
        """Scheme, host and port of the org's API."""
        return self._origin

    @property
    def path(self) -> str:
        """The path that every resource of this API version begins with."""
        return f"/services/data/v{self.params.api_version}/"

    def close(self) -> None:
        """Close the connections; the token stays valid."""
        self._requests.close()

    def read(self, doing: str, attempt: Callable[[], T]) -> T:
        """Run a request that changes nothing; see `Retrier.read`."""

        def allowed() -> T:
            if self.guard is not None:
                self.guard(doing)
            return self._renewing(attempt)

        return self._retrier.read(doing, allowed)

    def write(self, doing: str, attempt: Callable[[], T]) -> T:
        """Run a request that changes records; see `Retrier.write`."""
        return self._retrier.write(doing, lambda: self._renewing(attempt))

    def _renewing(self, attempt: Callable[[], T]) -> T:
        """Run an attempt; if the session has ended, renew it and run it once more."""
        token = self._token
        self.observed.forget_retry_after()
        try:
            return attempt()
        except FOREIGN as error:
            if self._fault_of(error).act is not Act.REFRESH:
                raise
            self._renew(ended_token=token, cause=error)
        return attempt()

    def _renew(self, *, ended_token: str, cause: Exception) -> None:
        """Sign in again, unless another thread has done so since `ended_token`."""
        with self._lock:
            if self._token != ended_token:
                return
            if isinstance(self._credentials, AccessToken):
                raise SignInError(
                    "Salesforce says that the access token has ended or was never valid",
                    remedy=f"set a new {ACCESS_TOKEN}, or secret of the profile, or use client "
                    "credentials, which renew themselves",
                ) from cause
            if self._logins >= self.params.max_logins:
                raise SignInError(
                    f"Salesforce ended the session again after {self._logins} sign-ins",
                    remedy="look at the org's session settings and Login History; another process "
                    "of the same user may revoke the sessions",
                ) from cause
            emit("salesforce.session_renewed", logins=self._logins + 1)
            self._sign_in()
            if self._token == ended_token and isinstance(self._credentials, SfCli):
                raise SignInError(
                    "the session of sf has ended, and sf gave the same dead token again",
                    remedy=f"run `sf org login web --alias {self._credentials.alias}`, then the "
                    "same command again",
                ) from cause

    def _sign_in(self) -> None:
        """Fetch a token and make the client that carries it."""
        policy = self.params.retry
        brief = policy.model_copy(update={"attempts": min(policy.attempts, SIGN_IN_ATTEMPTS)})
        retrier = Retrier(brief, sleep=self.sleep, fault_of=self._fault_of)
        login = retrier.read("signing in to Salesforce", self._login)
        # A token in the form of a JWT does not begin with its org; the answer beside it names it.
        org = _TOKEN_OF_ORG.match(login.token) or _IDENTITY.search(self.observed.identity_url or "")
        org_of_token = org["org"][:15] if org else ""
        if self._org_of_token and org_of_token != self._org_of_token:
            raise SignInError(
                "the renewed session belongs to another org than the first",
                remedy="stop, and check what the app and the address stand for",
            )
        self._lead_home(login.origin)
        self._token, self._org_of_token = login.token, org_of_token
        self._rest = self._client()

    def _login(self) -> Login:
        """Log in once; a ready token costs no login."""
        self._logins += not isinstance(self._credentials, AccessToken)
        return self._fetch_login(self._requests)

    def _lead_home(self, origin: str) -> None:
        if origin == self._origin:
            return  # a second adapter would leave the first one's connections open
        self._origin = origin
        lead_home(self._requests, origin, read_timeout_seconds=self.params.read_timeout_seconds)

    def _client(self) -> Any:
        """Return a simple-salesforce client in its direct form, which cannot sign in.

        Left to itself it would sign in up to four times for one request, and without end from
        some of its methods.
        """
        client = Salesforce(
            session_id=self._token,
            instance_url=self._origin,
            session=self._requests,
            version=self.params.api_version,
            parse_float=exact,
            object_pairs_hook=None,
        )
        del client.headers["X-PrettyPrint"]  # a describe is a third smaller without indentation
        return client

    def _fault_of(self, error: BaseException) -> Fault:
        return with_retry_after(fault_of(error), self.observed.retry_after)

    def identity(self) -> tuple[str, str | None]:
        """Return (org id, user id) of who is signed in; no user id where Salesforce tells none.

        A sign-in is answered with both. A token that was fetched elsewhere begins with its org's
        id; the user is named by the API's list of resources, or by userinfo.
        """
        url = self.observed.identity_url or self._resource_identity() or self._user_info()
        if match := _IDENTITY.search(url):
            return id_of(match["org"]), id_of(match["user"])
        if not self._org_of_token:
            raise SignInError(
                "the access token does not begin with an org's id (00D...!...)",
                remedy=f"set {ACCESS_TOKEN}, or secret of the profile, to the whole token, in "
                "quotes: the shell eats a bare !",
            )
        return id_of(self._org_of_token), None

    def _resource_identity(self) -> str:
        """Return the identity URL that the API's list of resources names, '' if it names none."""
        answer = self.read("asking who is signed in", lambda: self.rest.restful(""))
        return str((answer or {}).get("identity", ""))

    def _user_info(self) -> str:
        """Return the identity of userinfo in the form of its URL, '' where it is not offered.

        The token is known to live by now, so a refusal means only that its scopes leave this out.
        """
        headers = {"Authorization": f"Bearer {self._token}"}

        def ask() -> Any:
            response = self._requests.get(f"{self._origin}{USER_INFO_PATH}", headers=headers)
            if not response.ok:
                raise AnswerError(response.status_code, response.content)
            return response.json()

        try:
            answer = self._retrier.read("asking userinfo", ask)
        except (RefusedError, SignInError):
            return ""
        if not isinstance(answer, dict):
            return ""
        return f"/id/{answer.get('organization_id')}/{answer.get('user_id')}"
