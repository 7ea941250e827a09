"""The API versions that an org offers."""

from __future__ import annotations

from typing import Any

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.faults import (
    AnswerError,
    BadAnswerError,
    error_for,
    fault_of,
)


def offered_versions(origin: str) -> tuple[str, ...]:
    """Return the versions as `66.0`, ascending; asked without signing in.

    Raises:
        ConnectorError: The org cannot be reached, or answers something else.
    """
    doing = "asking for the API versions"
    try:
        answer = _ask(origin)
    except (http.HttpError, AnswerError) as error:
        raise error_for(fault_of(error), doing) from error
    except ValueError as error:
        raise _other(doing) from error
    try:
        versions = {str(one["version"]) for one in answer}
        return tuple(sorted(versions, key=float))
    except (TypeError, KeyError, ValueError) as error:
        raise _other(doing) from error


def _ask(origin: str) -> Any:
    with http.open_client(origin) as client:
        response = client.get("/services/data")
    if not response.is_success:
        raise AnswerError(response.status_code, response.content)
    return response.json()


def _other(doing: str) -> BadAnswerError:
    return BadAnswerError(
        f"{doing}: the answer is not a list of versions",
        remedy="check that the instance URL is Salesforce, and not a proxy's page",
    )
