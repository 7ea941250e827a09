"""One login: a token for credentials, by whichever way they stand for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from pydantic import SecretStr
from simple_salesforce.login import SalesforceLogin

from sfterritory.connectors.salesforce.address import CHECK_ADDRESS, origin_of
from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    Credentials,
    JwtBearer,
    RefreshToken,
    SfCli,
)
from sfterritory.connectors.salesforce.faults import AnswerError, BadAnswerError, fault_of_answer
from sfterritory.connectors.salesforce.secret import exchanging, keep_secret, read_secret
from sfterritory.connectors.salesforce.sf_cli import sf_login
from sfterritory.connectors.salesforce.transport import LOOPBACK_LOGIN_PREFIX, TOKEN_PATH
from sfterritory.errors import SignInError
from sfterritory.events import emit


@dataclass(frozen=True, slots=True)
class Login:
    """A token and the origin of the API that it opens; no `repr` shows the token."""

    token: str = field(repr=False)
    origin: str


FetchLogin = Callable[[requests.Session], Login]


def login_of(credentials: Credentials) -> FetchLogin:
    """Return how to log in; what is returned is called again when the session has ended.

    The call raises SignInError where it is certain that no login will work, `FOREIGN` failures
    as they come, and BadAnswerError for an answer without a token.
    """
    match credentials:
        case AccessToken():
            ready = Login(credentials.access_token.get_secret_value(), credentials.instance_url)
            return lambda _: ready
        case RefreshToken():
            return RefreshTokenGrant(credentials)
        case SfCli():
            return lambda _: _sf_cli(credentials)
    return lambda session: _simple_salesforce(credentials, session)


class RefreshTokenGrant:
    """Exchanges a refresh token for access tokens.

    An app may rotate: each answer then holds the next refresh token, and the old one is dead. The
    next one is put where the old one stood before anything else is done. Where that cannot be, the
    session at hand is used to its end and no further, and an event says so at once.
    """

    def __init__(self, credentials: RefreshToken) -> None:
        self._credentials = credentials
        self._lost: SignInError | None = None

    def __call__(self, session: requests.Session) -> Login:
        """Ask once."""
        source = self._credentials.source
        if self._lost is not None:
            raise SignInError(
                f"the session has ended, and the refresh token of {source.words} is used up: the "
                "app rotates its refresh tokens, and the next one could not be kept "
                f"({self._lost.problem})",
                remedy="authorise the app again, and keep the new refresh token in a file that "
                "this user may replace, or in the keyring",
            ) from self._lost
        with exchanging(source):
            spent = self._credentials.refresh_token
            if source.is_durable:  # another process may have renewed it
                spent = read_secret(source, {})
            answer = self._ask(session, spent)
            renewed = answer.get("refresh_token")
            if isinstance(renewed, str) and renewed not in {"", spent.get_secret_value()}:
                self._keep(SecretStr(renewed))
        try:
            token, origin = str(answer["access_token"]), origin_of(str(answer["instance_url"]))
        except (KeyError, ValueError) as error:
            raise _no_token() from error
        configured = self._credentials.instance_url
        return Login(token, configured if urlsplit(configured).scheme == "http" else origin)

    def _ask(self, session: requests.Session, token: SecretStr) -> dict[str, Any]:
        credentials = self._credentials
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials.client_id,
            "refresh_token": token.get_secret_value(),
        }
        if credentials.client_secret is not None:
            form["client_secret"] = credentials.client_secret.get_secret_value()
        response = session.post(f"{credentials.instance_url}{TOKEN_PATH}", data=form)
        if not response.ok:
            if fault_of_answer(response.status_code, response.content).code == "invalid_grant":
                raise SignInError(
                    f"Salesforce refuses the refresh token of {credentials.source.words}: "
                    "invalid_grant: it has expired, was revoked, or was used up by another process",
                    remedy="authorise the app again, and put the new refresh token there",
                )
            raise AnswerError(response.status_code, response.content)
        answer = response.json()
        if not isinstance(answer, dict):
            raise _no_token()
        return answer

    def _keep(self, token: SecretStr) -> None:
        source = self._credentials.source
        try:
            keep_secret(source, token)
        except SignInError as error:
            self._lost = error
            emit("salesforce.refresh_token_lost", place=source.words)
        else:
            emit("salesforce.refresh_token_rotated", place=source.words)


def _sf_cli(credentials: SfCli) -> Login:
    found = sf_login(credentials.alias)
    if credentials.instance_url not in {None, found.origin}:
        raise SignInError(
            f"sf's login {credentials.alias!r} leads to {found.origin}, and "
            f"{credentials.instance_url} is configured",
            remedy="correct the alias or the address",
        )
    return Login(found.token.get_secret_value(), found.origin)


def _simple_salesforce(
    credentials: ClientCredentials | JwtBearer, session: requests.Session
) -> Login:
    """Log in through simple-salesforce."""
    prefix = _login_prefix(credentials.instance_url)
    try:
        with warnings.catch_warnings():
            # it explains in a page how to approve an app; our remedy says it in a line
            warnings.simplefilter("ignore", UserWarning)
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
    if urlsplit(credentials.instance_url).scheme == "http":
        return Login(str(token), credentials.instance_url)
    return Login(str(token), f"https://{instance}")


def _no_token() -> BadAnswerError:
    return BadAnswerError(
        "the sign-in was answered without a token or without the org's address",
        remedy=CHECK_ADDRESS,
    )


def _check_key(key: SecretStr) -> None:
    """Refuse a private key that cannot sign, before anything is sent."""
    try:
        jwt.encode({}, key.get_secret_value(), algorithm="RS256")
    except (jwt.exceptions.PyJWTError, ValueError, TypeError) as error:
        raise SignInError(
            f"the private key cannot sign ({type(error).__name__})",
            remedy="give SFTERRITORY_PRIVATE_KEY_FILE, or secret of the profile, an RSA private "
            "key in PEM form, without a passphrase",
        ) from error


def _login_prefix(instance_url: str) -> str:
    """Return what simple-salesforce puts before `.salesforce.com` to sign in."""
    parts = urlsplit(instance_url)
    if parts.scheme == "http":
        return LOOPBACK_LOGIN_PREFIX
    return (parts.hostname or "").removesuffix(".salesforce.com")
