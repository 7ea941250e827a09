"""What requests are made of: values that the org has, and odd ones beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.client import DATA, Org
from sfterritory.sandbox.schema import FieldDef, ObjectDef

Json = dict[str, Any]

CLASSIC = "/services/async/62.0"

OBJECTS = (
    "Account", "Lead", "Contact", "Opportunity", "Case", "User", "Task", "Group", "GroupMember",
    "AccountTeamMember", "QueueSobject", "Territory2", "ObjectTerritory2Association",
    "AccountHistory",
)  # fmt: skip
_MOST_IDS = 4
_MOST_FIELDS = 10
_ODD_PER_VALUE = 1  # a request has many values: more, and none would come through
_TELLING_FIELDS = (
    "Id", "OwnerId", "AccountId", "ParentId", "Email", "Username", "IsActive", "Status",
    "StageName", "CloseDate", "BillingCountry", "BillingStateCode", "RecordTypeId",
    "CurrencyIsoCode", "Territory2Id", "IsPersonAccount", "Company", "ConvertedAccountId",
)  # fmt: skip

# Odd in a way that a JSON schema does not think of.
ODD: tuple[Any, ...] = (
    "", " ", "#N/A", "null", "\x00", "a\x00b", "\u2028", "\ufeff", "😀", "İ", "ß", "%", "'", '"',
    "\\", "../..", "<b>", "x" * 300, "9" * 400, "1e999", "-0", "2026-02-30", "0000-00-00",
    "2026-06-30T00:00:00Z", "2026-06-30T00:00:00.123+0530", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "true", True, False, None, 0, -1, 2**31, 2**63, 2**64, -(2**63),
    10**30, 1.5, -0.0, 1e308, [], {}, [[]], {"attributes": None}, {"type": "Account"},
    "001Sb0000000001", "001Sb0000000001AAA", "001Sb0000000001AAB", "001sb0000000001aaa",
    "00QSb0000000001AAA", "012000000000000AAA", "000000000000000AAA", "@{a.id}", "@{a[0].b}",
)  # fmt: skip
ODD_TEXTS = [one for one in ODD if isinstance(one, str)]
MOMENTS = [
    "2026-08-30T00:00:00Z", "2026-08-25T00:00:00+00:00", "2026-08-31T00:00:00.000Z",
    "2026-09-01T00:00:00Z", "2026-09-01T11:58:00Z", "2026-09-01T12:00:00-05:00", "2026-09-01",
]  # fmt: skip
HTTP_DATES = ["Tue, 01 Sep 2026 12:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "2026-09-01", "0"]
HEADERS: Mapping[str, list[str]] = {
    "Sforce-Auto-Assign": ["TRUE", "FALSE", "01QSb0000000001AAA", "x"],
    "Sforce-Duplicate-Rule-Header": ["allowSave=true", "allowSave", ";=;"],
    "Sforce-Query-Options": ["batchSize=200", "batchSize=2000", "batchSize=x", "batchSize"],
    "Sforce-Call-Options": ["client=x", "defaultNamespace=n", "="],
    "Accept-Encoding": ["gzip", "identity", "gzip;q=0", "*", "deflate, gzip;q=x"],
}
CONDITIONS: Mapping[str, list[str]] = {
    "If-Match": ['"x"', "*", '"x", "y"', "W/x", '"'],
    "If-None-Match": ['"x"', "*", ","],
    "If-Modified-Since": HTTP_DATES,
    "If-Unmodified-Since": HTTP_DATES,
}
CODINGS: Mapping[str, list[str]] = {
    "Content-Encoding": ["gzip", "identity", "deflate", "x"],
    "Accept": ["application/json", "text/html", "*/*;q=0", "application/xml"],
}


class Known:
    """What the org has."""

    def __init__(self, org: Org) -> None:
        self.handle = org.handle
        self.schema = org.handle.state.schema
        self.ids = {name: self._ids(name) for name in OBJECTS if self.schema.find(name)}
        self.all_ids = [one for listed in self.ids.values() for one in listed[:2]]
        self.query_jobs, self.ingest_jobs = _query_jobs(org), _ingest_jobs(org)
        self.classic_jobs, self.classic_batches, self.classic_results = _classic_jobs(org)
        page = org.get(
            "/query",
            params={"q": "SELECT Id FROM Account"},
            headers={"Sforce-Query-Options": "batchSize=200"},
        ).json()
        self.locators = [page["nextRecordsUrl"].rpartition("/")[2], "0r8Sb0000000001AAA-1", "x-y"]

    def _ids(self, name: str) -> list[str]:
        with self.handle.state.reading() as connection:
            found = connection.execute(
                f'SELECT Id FROM "{name}" ORDER BY Id LIMIT {_MOST_IDS}'  # noqa: S608 - our names
            ).fetchall()
        return [str(one) for (one,) in found]

    def ids_of(self, names: tuple[str, ...]) -> list[str]:
        return [one for name in names for one in self.ids.get(name, ())]


def _query_jobs(org: Org) -> list[str]:
    bodies = (
        {"operation": "query", "query": "SELECT Id, Name, OwnerId FROM Account"},
        {"operation": "queryAll", "query": "SELECT Id FROM Lead", "columnDelimiter": "PIPE"},
        {"operation": "query", "query": "SELECT Id FROM Contact WHERE Name = 'nobody'"},
    )
    return [org.post("/jobs/query", json=body).json()["id"] for body in bodies]


def _ingest_jobs(org: Org) -> list[str]:
    """Return an open job, one with an upload, one that is done, and an aborted one."""
    jobs = [
        str(org.post("/jobs/ingest", json={"object": "Account", "operation": one}).json()["id"])
        for one in ("insert", "insert", "update", "insert")
    ]
    for job in jobs[1:3]:
        answer = org.http.put(
            f"{DATA}/jobs/ingest/{job}/batches",
            content=b"Name\nA\n" if job == jobs[1] else b"Id,Name\n001Sb0000000001AAA,A\nx,B\n",
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 201, answer.text
    org.patch(f"/jobs/ingest/{jobs[2]}", json={"state": "UploadComplete"})
    org.patch(f"/jobs/ingest/{jobs[3]}", json={"state": "Aborted"})
    return jobs


def _classic_jobs(org: Org) -> tuple[list[str], list[str], list[str]]:
    """Return open jobs of Bulk API 1.0, the batches of the first ones, and a query's results."""
    jobs, batches, results = [], [], []
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    for operation, content in (("query", "SELECT Id FROM Lead"), ("insert", "LastName\nA\n")):
        facts = {"operation": operation, "object": "Lead", "contentType": "CSV"}
        job = org.http.post(f"{CLASSIC}/job", json=facts).json()["id"]
        url = f"{CLASSIC}/job/{job}/batch"
        answer = org.http.post(url, content=content, headers=headers).text
        batch = answer.partition("<id>")[2].partition("<")[0]
        listed = org.http.get(f"{url}/{batch}/result").text
        results += [one.partition("<")[0] for one in listed.split("<result>")[1:]]
        jobs.append(job)
        batches.append(batch)
    return jobs, batches, results


def any_of(name: str, *real: Any) -> Json:
    """Return the schema of one of these values, or of one of a few odd ones, drawn by name."""
    start = sum(map(ord, name)) % len(ODD)
    odd = [ODD[(start + step * 7) % len(ODD)] for step in range(_ODD_PER_VALUE)]
    values = [*real, *odd]
    return {"enum": [one for place, one in enumerate(values) if one not in values[:place]]}


def text(*known: str) -> Json:
    """Return the schema of a text: one of these, or an odd one.

    "Or any" would swallow the list: what contradicts the document brings those.
    """
    start = sum(map(ord, "".join(known))) % len(ODD_TEXTS)
    odd = [ODD_TEXTS[(start + step * 5) % len(ODD_TEXTS)] for step in range(_ODD_PER_VALUE)]
    return {"type": "string", "enum": list(dict.fromkeys([*known, *odd]))}


def object_of(required: Json, **optional: Json) -> Json:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def record_of(known: Known, name: str) -> Json:
    """Return the schema of an object's record: a kind, an id, and fields with fitting values."""
    described = known.schema.find(name) or known.schema.objects["Account"]
    ids = known.ids.get(described.name, [])
    properties = {
        "attributes": object_of({"type": any_of(f"type{name}", described.name, "Account", "Lead")}),
        "id": any_of(f"id{name}", *ids),
        **{one.name: any_of(one.name, *_values(known, one)) for one in _fields(described)},
        "Owner": {"anyOf": [object_of({"Username": any_of("Username")}), any_of("Owner")]},
    }
    return object_of({}, **properties)


def _fields(described: ObjectDef) -> list[FieldDef]:
    """Return the fields that matter most: required, telling, then any that can be written."""
    return sorted(
        described.fields,
        key=lambda one: (one.nillable, one.name not in _TELLING_FIELDS, not one.createable),
    )[:_MOST_FIELDS]


def _values(known: Known, one: FieldDef) -> list[Any]:
    """Return values that a field takes."""
    if one.type in {"reference", "id"}:
        return known.ids_of(one.reference_to) or known.all_ids[:4]
    if one.picklist:
        return list(one.picklist[:3])
    fitting: dict[str, list[Any]] = {
        "boolean": [True, False],
        "int": [1, 250],
        "double": [1.5, -75.25],
        "currency": [100, 1.39e8],
        "date": ["2026-06-30"],
        "datetime": ["2026-06-30T10:00:00Z", "2026-06-30T10:00:00.000+0000"],
        "email": ["someone@example.org", "nobody@example.org"],
    }
    return fitting.get(one.type, ["Some name", "Another"])
