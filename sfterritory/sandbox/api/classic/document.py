"""The documents of Bulk API 1.0: facts about jobs and batches, as XML or as JSON.

Incoming XML is looked at as text: nothing of it is parsed, so nothing of it is expanded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, unescape

from starlette.responses import Response

from sfterritory.sandbox.api.json_body import JsonError, parsed_json
from sfterritory.sandbox.state import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML_TYPE = "application/xml"
JSON_TYPE = "application/json"
_LEAF = re.compile(r"<(?:\w+:)?(\w+)>([^<]*)</")
_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_CODES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "NOT_FOUND": "InvalidUrl",
    "GONE": "InvalidVersion",
}

Facts = dict[str, Any]


class ClassicError(Exception):
    """A refused request: HTTP 400 with `exceptionCode` and `exceptionMessage`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def translated(code: str, message: str) -> ClassicError:
    """Return a refusal of the REST API in the words of this one."""
    return ClassicError(_CODES.get(code, code), message)


def speaks_json(headers: Mapping[str, str]) -> bool:
    """Tell whether a client that sends these headers reads JSON; by custom it is XML."""
    return headers.get("content-type", "").lower().startswith(JSON_TYPE)


def read_info(body: bytes, *, as_json: bool) -> Facts:
    """Return the facts of a `jobInfo` document.

    Raises:
        ClassicError: It is none.
    """
    if not as_json:
        found = _LEAF.findall(body.decode("utf-8", "replace"))
        return {name: unescape(text.strip()) for name, text in found}
    try:
        facts = parsed_json(body)
    except JsonError as error:
        raise ClassicError("InvalidJob", f"Unable to parse Job: {error}") from error
    if not isinstance(facts, dict):
        raise ClassicError("InvalidJob", "Unable to parse Job: no JSON object")
    return facts


def info_answer(name: str, facts: Facts, *, as_json: bool, status: int = 200) -> Response:
    """Answer one document: `jobInfo`, `batchInfo` or `error`."""
    if as_json:
        return _answer(dump_json(facts), JSON_TYPE, status)
    return _answer(_xml(name, _leaves(facts)), XML_TYPE, status)


def list_answer(name: str, item: str, items: Iterable[Facts | str], *, as_json: bool) -> Response:
    """Answer documents in a row, `batchInfoList`, or texts, `result-list`."""
    listed = list(items)
    if as_json:
        texts = all(isinstance(one, str) for one in listed) and name == "result-list"
        return _answer(dump_json(listed if texts else {item: listed}), JSON_TYPE, 200)
    inner = (_text(one) if isinstance(one, str) else _leaves(one) for one in listed)
    return _answer(_xml(name, "".join(f"<{item}>{one}</{item}>" for one in inner)), XML_TYPE, 200)


def error_answer(error: ClassicError, *, as_json: bool) -> Response:
    """Answer a refusal."""
    facts = {"exceptionCode": error.code, "exceptionMessage": error.message}
    return info_answer("error", facts, as_json=as_json, status=400)


def _leaves(facts: Facts) -> str:
    given = ((name, value) for name, value in facts.items() if value is not None)
    return "".join(f"<{name}>{_text(str(value))}</{name}>" for name, value in given)


def _text(value: str) -> str:
    """Return a text as XML holds it; characters that XML cannot hold become U+FFFD."""
    return escape(_NO_XML.sub("\ufffd", value))


def _xml(name: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{NAMESPACE}">{inner}</{name}>'


def _answer(text: str, kind: str, status: int) -> Response:
    # Clients compare the whole value: it has no charset.
    return Response(
        text.encode("utf-8", "replace"), status_code=status, headers={"Content-Type": kind}
    )
