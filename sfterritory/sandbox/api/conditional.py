"""Conditional requests: ETag and Last-Modified, and the four headers that compare with them.

Source: RFC 9110, section 13, for their order. The platform's ETags end with the content coding, so
one read with gzip does not match a request that does not accept it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.answer import ApiError
from sfterritory.sandbox.api.coding import accepts_gzip

if TYPE_CHECKING:
    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.schema import ObjectDef

WITH_ETAG = frozenset({"Account"})
_TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Validators:
    """What a client may compare a resource with.

    Attributes:
        modified: With a resolution of one second; None for objects without the stamp.
        etag: In its quotes; None for objects without one.
    """

    modified: datetime | None
    etag: str | None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell them."""
        told = {}
        if self.modified is not None:
            told["Last-Modified"] = format_datetime(self.modified, usegmt=True)
        if self.etag is not None:
            told["ETag"] = self.etag
        return told


def validators_of(call: Call, described: ObjectDef, row: Mapping[str, Any]) -> Validators:
    """Return the validators of a stored row, as this request would see them."""
    stamp = row.get("LastModifiedDate")
    modified = datetime.fromisoformat(stamp).astimezone(UTC) if stamp else None
    if modified is not None:
        modified = modified.replace(microsecond=0)
    if described.name not in WITH_ETAG:
        return Validators(modified, None)
    digest = hashlib.sha256(repr(sorted(row.items())).encode()).digest()
    return Validators(modified, f'"{base64.b64encode(digest).decode()}{coding_suffix(call)}"')


def coding_suffix(call: Call) -> str:
    """Return the end of an ETag that names the answer's content coding."""
    switches = call.state.switches
    compressed = switches.compress_answers and accepts_gzip(call.headers)
    return "--gzip" if compressed and switches.etag_carries_coding else ""


def not_modified(call: Call, validators: Validators) -> Response | None:
    """Judge the request's conditions: None goes on, a 304 answer ends it.

    Raises:
        ApiError: 412 where a condition fails, 400 where one cannot be read.
    """
    reading = call.method in {"GET", "HEAD"}
    if not _if_match(call, validators) or not _if_unmodified(call, validators):
        raise _failed(call)
    if not _if_none_match(call, validators):
        if reading:
            return _unchanged(validators)
        raise _failed(call)
    without_tags = validators.etag is None or "if-none-match" not in call.headers
    if without_tags and not _if_modified(call, validators):
        return _unchanged(validators)
    return None


def _if_match(call: Call, validators: Validators) -> bool:
    tags = _tags(call, "if-match")
    return tags is None or validators.etag is None or "*" in tags or validators.etag in tags


def _if_none_match(call: Call, validators: Validators) -> bool:
    tags = _tags(call, "if-none-match")
    if tags is None or validators.etag is None:
        return True
    return "*" not in tags and validators.etag not in tags


def _if_unmodified(call: Call, validators: Validators) -> bool:
    if "if-match" in call.headers and validators.etag is not None:
        return True  # the stronger condition has spoken
    since = _moment(call, "if-unmodified-since")
    return since is None or validators.modified is None or validators.modified <= since


def _if_modified(call: Call, validators: Validators) -> bool:
    since = _moment(call, "if-modified-since")
    return since is None or validators.modified is None or validators.modified > since


def _tags(call: Call, name: str) -> list[str] | None:
    value = call.headers.get(name)
    if value is None:
        return None
    if value.strip() == "*":
        return ["*"]
    tags, at = [], 0
    while at < len(value):
        found = _TAG.match(value, at)
        if found is None:
            raise _unreadable(name, value)
        tags.append(found[1])
        at = found.end()
    return tags


def _moment(call: Call, name: str) -> datetime | None:
    value = call.headers.get(name)
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError) as error:
        raise _unreadable(name, value) from error
    if moment.tzinfo is None:
        raise _unreadable(name, value)
    return moment.astimezone(UTC)


def _unchanged(validators: Validators) -> Response:
    return Response(status_code=304, headers=validators.headers)


def _failed(call: Call) -> ApiError:
    code = call.state.switches.precondition_failed_code
    return ApiError(412, code, "The record was changed since the given time or version")


def _unreadable(name: str, value: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", f"{name} header cannot be read: {value[:80]}")
