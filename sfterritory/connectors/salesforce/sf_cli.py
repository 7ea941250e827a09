"""The login that Salesforce's own command `sf` keeps on this machine, asked for by running it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from sfterritory.connectors.salesforce.address import origin_of
from sfterritory.errors import SignInError

TIME_LIMIT_SECONDS = 60.0  # it starts a Node program, and may have to renew the session
LONGEST_TEXT = 300
# `sf org display` shows tokens in place of this since May 2026.
REDACTED = "[REDACTED]"
_COLOURS_OFF = {"NO_COLOR": "1", "FORCE_COLOR": "0"}


@dataclass(frozen=True, slots=True)
class SfLogin:
    """What `sf` knows of an org.

    Attributes:
        origin: Scheme, host and port of the org's API.
    """

    origin: str
    token: SecretStr


def sf_login(alias: str, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> SfLogin:
    """Ask `sf` for an org's address and a token that lives.

    Raises:
        SignInError: There is no `sf`, it does not know the org, its session there has ended, or
            it answers something else.
    """
    shown = _ask("org", "display", alias=alias, flags=("--verbose",), limit_s=time_limit_seconds)
    status = shown.get("connectedStatus")  # a scratch org has none
    if status not in {None, "Connected"}:
        raise SignInError(
            f"sf's login to {alias!r} has ended: {_short(status)}",
            remedy=f"run `sf org login web --alias {alias}`, then the same command again",
        )
    token = shown.get("accessToken")
    if not isinstance(token, str) or token.startswith(REDACTED):
        told = _ask(
            "org", "auth", "show-access-token", alias=alias, flags=(), limit_s=time_limit_seconds
        )
        token = told.get("accessToken")
    if not isinstance(token, str) or not token:
        raise SignInError(
            f"sf shows no access token for {alias!r}", remedy="update sf: `sf update`"
        )
    try:
        origin = origin_of(str(shown.get("instanceUrl")))
    except ValueError as error:
        raise SignInError(
            f"sf names an address for {alias!r} that cannot be used: {error}",
            remedy=f"run `sf org login web --alias {alias}` with the org's My Domain address",
        ) from error
    return SfLogin(origin, SecretStr(token))


def _ask(*words: str, alias: str, flags: tuple[str, ...], limit_s: float) -> Mapping[str, Any]:
    """Run one `sf` command and return the `result` of its JSON answer."""
    program = shutil.which("sf")
    if program is None:
        raise SignInError(
            "the command `sf` is not on the PATH",
            remedy="install the Salesforce CLI, or choose another way to sign in",
        )
    command = [program, *words, "--target-org", alias, *flags, "--json"]
    # Our own secrets are none of its business.
    environ = {name: value for name, value in os.environ.items() if "SFTERRITORY_" not in name}
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            command,
            capture_output=True,
            check=False,
            env=environ | _COLOURS_OFF,
            stdin=subprocess.DEVNULL,
            timeout=limit_s,
        )
    except subprocess.TimeoutExpired as error:
        raise SignInError(
            f"`sf {' '.join(words)}` did not answer within {limit_s:g} seconds",
            # the original holds what was printed so far, which may be a token
            remedy=f"try `sf org display --target-org {alias}` by hand",
        ) from _without_output(error)
    except OSError as error:
        raise SignInError(
            f"`sf` cannot be run: {error.strerror}", remedy=f"check the permissions of {program}"
        ) from error
    return _result(done.stdout, code=done.returncode, words=words, alias=alias)


def _result(stdout: bytes, *, code: int, words: tuple[str, ...], alias: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SignInError(
            f"`sf {' '.join(words)}` ended with {code} and without a JSON answer",
            remedy=f"try `sf org display --target-org {alias} --json` by hand",
        )
    result = answer.get("result")
    if code == 0 and isinstance(result, dict):
        return result
    raise SignInError(
        f"sf refuses the org {alias!r}: {_short(answer.get('name'))}: "
        f"{_short(answer.get('message'))}",
        remedy=f"list what sf knows with `sf org list`; log in with "
        f"`sf org login web --alias {alias}`",
    )


def _short(text: object) -> str:
    return str(text or "no reason given")[:LONGEST_TEXT]


def _without_output(error: subprocess.TimeoutExpired) -> subprocess.TimeoutExpired:
    error.output = error.stderr = None
    return error
