"""The code and the text of an error answer, in each of the shapes that Salesforce gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sfterritory.connectors.salesforce.fault_table import known_code

LONGEST_TEXT = 500  # an HTML page of an edge server says nothing after that
_LISTED_MATCHES = 5
# Salesforce misspells it in most versions.
_DUPLICATE_KEYS = ("duplicateResut", "duplicateResult")


def code_and_message(body: object) -> tuple[str, str]:
    """Return code and text of an error answer; ("", text) where it has none of the shapes."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", errors="replace")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            text = str(body).strip()
            # the token endpoint answers a bare word; anything longer is a page of a server between
            return (text, text) if known_code(text) else ("", text[:LONGEST_TEXT])
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, Mapping):
        return "", str(body)[:LONGEST_TEXT] if body else ""
    code = (
        body.get("errorCode")
        or body.get("statusCode")  # of one record of a collection
        or body.get("exceptionCode")  # of Bulk API 1.0
        or body.get("error")  # of OAuth
        or ""
    )
    return str(code), message_of(body)


def message_of(error: Mapping[str, Any]) -> str:
    """Return an error's text, with the rule and the records that a duplicate was found by."""
    text = (
        error.get("message")
        or error.get("exceptionMessage")
        or error.get("error_description")
        or ""
    )
    parts = [str(text)[:LONGEST_TEXT], *_duplicates(error)]
    return "; ".join(part for part in parts if part)


def _duplicates(error: Mapping[str, Any]) -> Iterator[str]:
    """Yield `duplicate rule Contacts_DR, matching 003..., 003...`; nothing of any other error."""
    for key in _DUPLICATE_KEYS:
        result = error.get(key)
        if not isinstance(result, Mapping):
            continue
        matches = [
            str(record["Id"]) for record in _matching(result) if record.get("Id") is not None
        ]
        rule = result.get("duplicateRule") or "without a name"
        more = len(matches) - _LISTED_MATCHES
        listed = ", ".join(matches[:_LISTED_MATCHES]) + (f" and {more} more" if more > 0 else "")
        yield f"duplicate rule {rule}" + (f", matching {listed}" if matches else "")


def _matching(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the records that match, whatever of the nested lists is absent."""
    for match in _mappings(result.get("matchResults")):
        for found in _mappings(match.get("matchRecords")):
            record = found.get("record")
            if isinstance(record, Mapping):
                yield record


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
