"""A signed-in session: it renews itself once when it ends, and never signs in without end."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import jwt
import requests
from pydantic import SecretStr
from simple_salesforce.api import Salesforce
from simple_salesforce.login import SalesforceLogin

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.credentials import (
    ACCESS_TOKEN,
    AccessToken,
    ClientCredentials,
    Credentials,
    JwtBearer,
)
from sfterritory.connectors.salesforce.fault_table import Act
from sfterritory.connectors.salesforce.faults import (
    FOREIGN,
    BadAnswerError,
    Fault,
    fault_of,
    with_retry_after,
)
from sfterritory.connectors.salesforce.retry import Retrier, RetryPolicy, Sleep
from sfterritory.connectors.salesforce.transport import (
    LOOPBACK_LOGIN_PREFIX,
    Observed,
    open_session,
)
from sfterritory.connectors.salesforce.value import exact, id_of
from sfterritory.errors import SignInError
from sfterritory.events import emit
from sfterritory.model.document import Document

T = TypeVar("T")

SIGN_IN_ATTEMPTS = 3  # someone waits for the answer: wrong address, server not started
_IDENTITY = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})\Z")
_TOKEN_OF_ORG = re.compile(r"(?P<org>00D[A-Za-z0-9]{12})(?:[A-Za-z0-9]{3})?!")


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
        self._credentials = credentials
        self._requests = open_session(
            credentials.instance_url,
            self.observed,
            read_timeout_seconds=params.read_timeout_seconds,
        )
        self._retrier = Retrier(params.retry, sleep=sleep, fault_of=self._fault_of)
        self._lock = threading.Lock()
        self._logins = 0
        self._org_of_token = ""
        self._sign_in()

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
        return self._retrier.read(doing, lambda: self._renewing(attempt))

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
                    remedy=f"set a new {ACCESS_TOKEN}, or use client credentials, which renew "
                    "themselves",
                ) from cause
            if self._logins >= self.params.max_logins:
                raise SignInError(
                    f"Salesforce ended the session again after {self._logins} sign-ins",
                    remedy="look at the org's session settings and Login History; another process "
                    "of the same user may revoke the sessions",
                ) from cause
            emit("salesforce.session_renewed", logins=self._logins + 1)
            self._sign_in()

    def _sign_in(self) -> None:
        """Fetch a token and make the client that carries it."""
        policy = self.params.retry
        brief = policy.model_copy(update={"attempts": min(policy.attempts, SIGN_IN_ATTEMPTS)})
        retrier = Retrier(brief, sleep=self.sleep, fault_of=self._fault_of)
        token, origin = retrier.read("signing in to Salesforce", self._login)
        org = _TOKEN_OF_ORG.match(token)
        org_of_token = org["org"] if org else ""
        if self._org_of_token and org_of_token != self._org_of_token:
            raise SignInError(
                "the renewed session belongs to another org than the first",
                remedy="stop, and check what the app and the address stand for",
            )
        self._token, self._origin, self._org_of_token = token, origin, org_of_token
        self._rest = self._client()

    def _login(self) -> tuple[str, str]:
        """Return (token, origin); one login, by the way that the credentials stand for."""
        credentials = self._credentials
        if isinstance(credentials, AccessToken):
            return credentials.access_token.get_secret_value(), credentials.instance_url
        self._logins += 1
        with warnings.catch_warnings():
            # it explains in a page how to approve an app; our remedy says it in a line
            warnings.simplefilter("ignore", UserWarning)
            token, instance = _simple_salesforce_login(credentials, self._requests)
        if urlsplit(credentials.instance_url).scheme == "http":
            return token, credentials.instance_url
        return token, f"https://{instance}"

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

        A sign-in is answered with both. A ready token begins with its org's id, and the API's
        list of resources names the user.
        """
        if match := _IDENTITY.search(self.observed.identity_url or self._identity_url()):
            return id_of(match["org"]), id_of(match["user"])
        if not self._org_of_token:
            raise SignInError(
                "the access token does not begin with an org's id (00D...!...)",
                remedy=f"set {ACCESS_TOKEN} to the whole token, in quotes: the shell eats a bare !",
            )
        return id_of(self._org_of_token), None

    def _identity_url(self) -> str:
        """Ask who a ready token belongs to."""
        answer = self.read("asking who is signed in", lambda: self.rest.restful(""))
        return str((answer or {}).get("identity", ""))


def _simple_salesforce_login(
    credentials: ClientCredentials | JwtBearer, session: requests.Session
) -> tuple[str, str]:
    """Return (token, host) from simple-salesforce's sign-in."""
    prefix = _login_prefix(credentials.instance_url)
    try:
        if isinstance(credentials, ClientCredentials):
            token, instance = SalesforceLogin(
                session=session,
                consumer_key=credentials.client_id,
                consumer_secret=credentials.client_secret.get_secret_value(),
                domain=prefix,
            )
        else:
            _check_key(credentials.private_key)
            token, instance = SalesforceLogin(
                session=session,
                username=credentials.username,
                consumer_key=credentials.client_id,
                privatekey=credentials.private_key.get_secret_value(),
                domain=credentials.audience,
                instance_url=prefix,
            )
    except AttributeError as error:  # simple-salesforce reads instance_url without a look
        raise _no_token() from error
    if not token:
        raise _no_token()
    return str(token), str(instance)


def _no_token() -> BadAnswerError:
    return BadAnswerError(
        "the sign-in was answered without a token or without the org's address",
        remedy="check that SFTERRITORY_INSTANCE_URL is Salesforce",
    )


def _check_key(key: SecretStr) -> None:
    """Refuse a private key that cannot sign, before anything is sent."""
    try:
        jwt.encode({}, key.get_secret_value(), algorithm="RS256")
    except (jwt.exceptions.PyJWTError, ValueError, TypeError) as error:
        raise SignInError(
            f"the private key cannot sign ({type(error).__name__})",
            remedy="set SFTERRITORY_PRIVATE_KEY_FILE to an RSA private key in PEM form, without "
            "a passphrase",
        ) from error


def _login_prefix(instance_url: str) -> str:
    """Return what simple-salesforce puts before `.salesforce.com` to sign in."""
    parts = urlsplit(instance_url)
    if parts.scheme == "http":
        return LOOPBACK_LOGIN_PREFIX
    return (parts.hostname or "").removesuffix(".salesforce.com")
