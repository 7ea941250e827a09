"""A request as faults see it: what it is for, and what it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = r"/services/data/v[^/]+"
_WRITES = (
    rf"POST {_DATA}/sobjects/[^/]+",
    rf"(PATCH|PUT|DELETE) {_DATA}/sobjects/.+",
    rf"(POST|PATCH|DELETE) {_DATA}/composite/sobjects",
    rf"PATCH {_DATA}/composite/sobjects/.+",
    rf"POST {_DATA}/composite(/batch|/graph|/tree/.+)?",
    rf"PATCH {_DATA}/jobs/ingest/[^/]+",
)
OCCASIONS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "any": r".*",
        "data": rf"\w+ {_DATA}/.+",
        "sign_in": r"POST /services/oauth2/token",
        "describe": rf"GET {_DATA}/sobjects(/[^/]+(/describe)?)?",
        "query": rf"GET {_DATA}/query(All)?(/.+)?",
        "page": rf"GET {_DATA}/(query(All)?/.+|query(All)?|jobs/query/[^/]+/results)",
        "poll": rf"GET {_DATA}/jobs/(query|ingest)/[^/]+",
        "job": rf"GET {_DATA}/jobs/(query|ingest)/.+",
        "results": rf"GET {_DATA}/jobs/(query/[^/]+/results|ingest/[^/]+/[^/]+)",
        "ingest": rf"\w+ {_DATA}/jobs/ingest.*",
        "read": rf"GET {_DATA}/.+|POST {_DATA}/(jobs/query|composite/sobjects/.+)",
        "write": "|".join(_WRITES),
    }.items()
}
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_IN_BODY = re.compile(r'"(?:type|object)"\s*:\s*"(\w+)"')
_IN_PATH = re.compile(r"/sobjects/(\w+)|/composite/(?:sobjects|tree)/(\w+)")
_JOB = re.compile(r"/jobs/\w+/(\w+)")
_RECORD_ID = re.compile(rb"(?<![A-Za-z0-9])[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?(?![A-Za-z0-9])")


@dataclass(frozen=True)
class FaultRequest:
    """A request.

    Attributes:
        query: The query string, decoded.
        job_object: What the job in the path is about; '' where there is none.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    job_object: str = ""

    @cached_property
    def occasions(self) -> frozenset[str]:
        """What kinds of request it is."""
        line = f"{self.method} {self.path}"
        return frozenset(name for name, kind in OCCASIONS.items() if kind.fullmatch(line))

    @cached_property
    def objects(self) -> frozenset[str]:
        """The objects that it is about, in lower case."""
        text = self.body[:200_000].decode("utf-8", "replace")
        named = [*_FROM.findall(self.query), *_FROM.findall(text), *_IN_BODY.findall(text)]
        named += [one for pair in _IN_PATH.findall(self.path) for one in pair]
        return frozenset(one.lower() for one in (*named, self.job_object) if one)

    def is_about(self, name: str) -> bool:
        """Tell whether it concerns an object; a later page of a query says nothing, and does."""
        if "page" in self.occasions and not self.objects:
            return True
        return name.lower() in self.objects

    def record_ids(self, prefix: str) -> list[str]:
        """Return the ids of a kind that path, query and body name, in the order they come."""
        whole = b" ".join((self.path.encode(), self.query.encode(), self.body))
        found = (one.decode() for one in _RECORD_ID.findall(whole))
        return list(dict.fromkeys(one for one in found if one.startswith(prefix)))


def fault_request(
    method: str,
    path: str,
    *,
    query: bytes,
    headers: Mapping[str, str],
    body: bytes,
    job_object: str = "",
) -> FaultRequest:
    """Return a request as it arrived."""
    return FaultRequest(
        method="GET" if method == "HEAD" else method,
        path=path.rstrip("/") or "/",
        query=unquote_plus(query.decode("latin-1")),
        headers=headers,
        body=body,
        job_object=job_object,
    )


def job_id(path: str) -> str | None:
    """Return the job that a path names, or None."""
    found = _JOB.search(path)
    return found[1] if found else None
