"""The sandbox's HTTP surface as an OpenAPI document, made from the server's own route tables.

Every path of a table is an operation; paths with an object's name in them are there once for any
name, and once for each object of `OBJECTS`, so that ids and fields fit the object.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import schemathesis
from hypothesis import strategies as st
from starlette.applications import Starlette
from pydantic import BaseModel
from starlette.routing import Route

from sandbox.client import DATA, Org
from sandbox.soql_trees import QUERIES
from sandbox.soql_writer import written
from sfterritory.sandbox import api
from sfterritory.sandbox.act import Act
from sfterritory.sandbox.api.admin import admin_app
from sfterritory.sandbox.faults.catalogue import KINDS
from sfterritory.sandbox.rule import Rule
from sfterritory.sandbox.schema import FieldDef, ObjectDef
from sfterritory.sandbox.state import SandboxState
from sfterritory.sandbox.switches import Switches

Json = dict[str, Any]

OBJECTS = (
    "Account", "Lead", "Contact", "Opportunity", "Case", "User", "Task", "Group", "GroupMember",
    "AccountTeamMember", "QueueSobject", "Territory2", "ObjectTerritory2Association",
    "AccountHistory",
)  # fmt: skip
_MOST_IDS = 4
_MOST_FIELDS = 14
_ODD_PER_VALUE = 4
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
    "2026-06-30T00:00:00Z", "2026-08-25T00:00:00+00:00", "2026-08-31T00:00:00.000Z",
    "2026-09-01T00:00:00Z", "2026-09-01T11:58:00Z", "2026-09-01T12:00:00-05:00", "2026-09-01",
]  # fmt: skip
HTTP_DATES = ["Tue, 01 Sep 2026 12:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "2026-09-01", "0"]
HEADERS: Mapping[str, list[str]] = {
    "Sforce-Auto-Assign": ["TRUE", "FALSE", "01QSb0000000001AAA", "x"],
    "Sforce-Duplicate-Rule-Header": ["allowSave=true", "allowSave", ";=;"],
    "Sforce-Query-Options": ["batchSize=200", "batchSize=2000", "batchSize=x", "batchSize"],
    "Sforce-Call-Options": ["client=x", "defaultNamespace=n", "="],
    "Sforce-Mru": ["updateMru=true", "x"],
    "If-Match": ['"x"', "*", '"x", "y"', "W/x", '"'],
    "If-None-Match": ['"x"', "*", ","],
    "If-Modified-Since": HTTP_DATES,
    "If-Unmodified-Since": HTTP_DATES,
    "Accept-Encoding": ["gzip", "identity", "gzip;q=0", "*", "deflate, gzip;q=x"],
    "Content-Encoding": ["gzip", "identity", "deflate", "x"],
    "Range": ["bytes=0-1"],
}


@dataclass(frozen=True, slots=True)
class Surface:
    """What is asked of the org, and how.

    Attributes:
        document: OpenAPI 3.
        variants: By operation as the server's tables have it, `GET /limits`, its paths there.
    """

    document: Json
    variants: Mapping[str, tuple[tuple[str, str], ...]]


def operations() -> list[str]:
    """Return every operation of the server's tables, `GET /limits`, sorted."""
    return sorted(f"{method} {path}" for path, method in _tables())


def surface_of(org: Org) -> Surface:
    """Return the surface of a running org, with ids and keys that it really has."""
    _register_formats()
    known = _Known(org)
    paths: dict[str, Json] = {}
    variants: dict[str, list[tuple[str, str]]] = {}
    for path, method in _tables():
        for full, object_name in _addresses(path):
            described = _operation(known, path, method, object_name)
            paths.setdefault(full, {})[method.lower()] = described
            variants.setdefault(f"{method} {path}", []).append((full, method))
    document = {
        "openapi": "3.0.3",
        "info": {"title": "An org in a box", "version": "1"},
        "paths": paths,
    }
    return Surface(document, {name: tuple(listed) for name, listed in variants.items()})


def _tables() -> Iterator[tuple[str, str]]:
    """Yield path and method of everything that is served; data paths without their version."""
    for found in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        module = importlib.import_module(found.name)
        for table in ("ROUTES", "SITE_ROUTES"):
            routes: Mapping[str, Mapping[str, object]] = getattr(module, table, {})
            for path, methods in routes.items():
                yield from ((path, method) for method in methods)
    admin = cast("Starlette", admin_app(cast("SandboxState", None)))
    for route in admin.routes:
        assert isinstance(route, Route)
        yield from ((route.path, method) for method in route.methods or () if method != "HEAD")


def _addresses(path: str) -> list[tuple[str, str]]:
    """Return the paths of an operation in the document, each with the object that it is about."""
    if path.startswith(("/services/", "/id/", "/secur/", "/sandbox/")):
        return [(path, "")]
    named = [(path.replace("{name}", one), one) for one in OBJECTS] if "{name}" in path else []
    return [(DATA + one, about) for one, about in [(path, ""), *named]]


class _Known:
    """What the org has."""

    def __init__(self, org: Org) -> None:
        self.handle = org.handle
        self.schema = org.handle.state.schema
        self.ids = {name: self._ids(name) for name in OBJECTS if self.schema.find(name)}
        self.all_ids = [one for listed in self.ids.values() for one in listed[:2]]
        self.query_jobs, self.ingest_jobs = _query_jobs(org), _ingest_jobs(org)
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


def _register_formats() -> None:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    schemathesis.openapi.format("soql", st.one_of(QUERIES.map(written), texts))
    cells = st.sampled_from([one for one in ODD_TEXTS if "\x00" not in one])
    rows = st.lists(st.lists(cells, min_size=1, max_size=3).map(",".join), max_size=4)
    heads = st.sampled_from(["Name", "Id,Name", "Id,OwnerId", "Owner.Username,Name", "Nope", ""])
    csv = st.tuples(heads, rows).map(lambda one: "\n".join([one[0], *one[1], ""]).encode())
    schemathesis.openapi.media_type("text/csv", st.one_of(csv, st.binary(max_size=40)))
    envelopes = st.sampled_from([
        b"<x", b'<?xml version="1.0"?><a/>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        b'<login xmlns="urn:partner.soap.sforce.com"><username>a</username></login>'
        b"</e:Body></e:Envelope>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    ])  # fmt: skip
    schemathesis.openapi.media_type("text/xml", st.one_of(envelopes, st.binary(max_size=40)))
    schemathesis.openapi.media_type("text/plain", st.binary(max_size=40))


def _operation(known: _Known, path: str, method: str, about: str) -> Json:
    parameters = [
        {"name": one, "in": "path", "required": True, "schema": _path_value(known, path, one, about)}
        for one in _variables(path)
        if not (one == "name" and about)
    ]
    parameters += [
        {"name": name, "in": "query", "required": name == "q", "schema": schema}
        for name, schema in _query(known, path, about).items()
    ]
    parameters += [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string", "enum": some}}
        for name, some in HEADERS.items()
    ]
    described: Json = {"parameters": parameters, "responses": {"200": {"description": "OK"}}}
    bodies = _bodies(known, path, method, about)
    if bodies:
        described["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind, schema in bodies.items()},
        }
    return described


def _variables(path: str) -> list[str]:
    return [one[1:-1] for one in path.split("/") if one.startswith("{")]


def _any_of(name: str, *real: Any) -> Json:
    """Return the schema of one of these values, or of one of a few odd ones, drawn by name."""
    start = sum(map(ord, name)) % len(ODD)
    odd = [ODD[(start + step * 7) % len(ODD)] for step in range(_ODD_PER_VALUE)]
    values = [*real, *odd]
    return {"enum": [one for place, one in enumerate(values) if one not in values[:place]]}


def _text(*known: str) -> Json:
    """Return the schema of a text: one of these or any."""
    return {"anyOf": [{"type": "string", "enum": sorted(set(known))}, {"type": "string"}]}


def _path_value(known: _Known, path: str, name: str, about: str) -> Json:
    if name == "id" and path.startswith("/jobs/"):
        jobs = known.query_jobs if path.startswith("/jobs/query") else known.ingest_jobs
        return _text(*jobs, "750Sb0000000999AAA")
    if name == "id":
        ids = known.ids.get(about, known.all_ids)
        return _text(*ids, *(one[:15] for one in ids[:1]), "x", "001Sb0000000999AAA", "Email")
    values = {
        "name": [*OBJECTS, "account", "Nothing", "_token", "sqlite_master"],
        "key": ["Id", "Email", "Username", "id", "Name", "Nope", "Owner", "Contacts", "Parent"],
        "value": [*known.all_ids, "nobody@example.org", "OwnerId", "describe"],
        "locator": known.locators,
        "version": ["62.0", "31.0", "x"],
        "org": [known.handle.org_id, "x"],
        "user": [*known.ids["User"], "x"],
    }
    return _text(*values[name])


def _query(known: _Known, path: str, about: str) -> dict[str, Json]:
    described = known.schema.find(about or "Account") or known.schema.objects["Account"]
    names = [one.name for one in described.fields[:8]]
    ids = known.ids.get(about, known.all_ids)
    fields = _text("Id", ",".join(names), "Owner.Name", "Nope", "Id,,Id", *names[:3])
    several = _text(",".join(ids), ",".join([*ids, ids[0]]) if ids else "x", *ids, "x,y", ",")
    moment = {"start": _text(*MOMENTS), "end": _text(*MOMENTS)}
    boolean = _text("true", "false", "TRUE", "1")
    last = path.rpartition("/")[2]
    if path in {"/query", "/queryAll"}:
        return {"q": {"type": "string", "format": "soql"}}
    if last in {"updated", "deleted"}:
        return moment
    if path.startswith("/sobjects/{name}/"):
        return {"fields": fields, "updateOnly": boolean}
    if path.startswith("/composite/sobjects"):
        return {"ids": several, "fields": fields, "allOrNone": boolean}
    if path.startswith("/jobs/"):
        return {
            "locator": _text("MA", "MTAw", "null", "0"),
            "maxRecords": _text("1", "50", "0", "-1", "9" * 30),
            "queryLocator": _text("MTA", "1"),
            "jobType": _text("V2Query", "V2Ingest", "Classic"),
            "isPkChunkingEnabled": boolean,
            "concurrencyMode": _text("parallel", "serial"),
        }
    if path == "/limits/recordCount":
        return {"sObjects": _text("Account", "Account,Lead,Nope", ",")}
    return _form(known) if path.startswith(("/services/oauth2", "/secur")) else {}


def _form(known: _Known) -> dict[str, Json]:
    """Return the fields of the sign-in forms."""
    return {
        "grant_type": _text(
            "client_credentials", "refresh_token", "authorization_code", "password",
            "urn:ietf:params:oauth:grant-type:jwt-bearer", "hybrid_token",
        ),
        "client_id": _text(known.handle.client_id, "x"),
        "client_secret": _text(known.handle.client_secret, "x"),
        "assertion": _text("a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.AA", "..", "e30.e30."),
        "refresh_token": _text("5Aep861x", "x"),
        "token": _text("5Aep861x", "x"),
        "token_type_hint": _text("access_token", "refresh_token"),
        "code": _text("aPrxx", "x"),
        "code_challenge": _text("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "x"),
        "code_challenge_method": _text("S256", "plain"),
        "code_verifier": _text("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "x"),
        "redirect_uri": _text("http://localhost:1717/OauthRedirect", "http://[", "https://x.y/"),
        "response_type": _text("code", "token", ""),
        "scope": _text("api refresh_token", "openid", "api"),
        "login_hint": _text("nobody", "x@y"),
        "state": _text("a b", "\r\n", "€"),
        "username": _text("nobody", "x@y"),
        "password": _text("sandbox", "x"),
        "version": _text("62.0", "latest", "x"),
        "format": _text("json", "xml", "urlencoded"),
    }  # fmt: skip


def _bodies(known: _Known, path: str, method: str, about: str) -> dict[str, Json]:
    """Return the bodies of an operation by media type; none where it takes none."""
    if path.startswith("/services/Soap"):
        return {"text/xml": {"type": "string", "format": "binary"}}
    if method == "GET" or (method == "DELETE" and not path.startswith("/sandbox")):
        return {}
    if path.startswith(("/services/oauth2", "/secur", "/id/")):
        form = {"type": "object", "properties": _form(known)}
        return {"application/x-www-form-urlencoded": form}
    if path.endswith("/batches"):
        return {"text/csv": {"type": "string", "format": "binary"}}
    schema = _json_body(known, path, about)
    bodies = {"application/json": schema, "text/plain": {"type": "string", "format": "binary"}}
    if path == "/jobs/ingest":
        parts = {"job": _job(known), "content": {"type": "string"}}
        bodies["multipart/form-data"] = {"type": "object", "properties": parts}
    return bodies


def _json_body(known: _Known, path: str, about: str) -> Json:
    record = _record(known, about or "Account")
    others = [_record(known, one) for one in ("Account", "Contact", "Lead")]
    records = {"type": "array", "items": {"anyOf": [record, *others]}, "maxItems": 3}
    every = {"allOrNone": {"anyOf": [{"type": "boolean"}, {}]}}
    if path.startswith("/sandbox/"):
        return _admin_body(known, path)
    if path.startswith("/jobs/"):
        return _job(known)
    if path == "/composite/sobjects/{name}":
        ids = {"type": "array", "items": _any_of(f"ids{about}", *known.ids.get(about, known.all_ids))}
        fields = {"type": "array", "items": _any_of(f"fields{about}", "Id", "Name", "Owner.Name")}
        return _object({"ids": ids, "fields": fields})
    if path == "/composite/tree/{name}":
        return _object({"records": records})
    if path.startswith("/composite/sobjects"):
        return _object({"records": records}, **every)
    if path == "/composite":
        return _object({"compositeRequest": _parts(known)}, **every)
    if path == "/composite/graph":
        graph = _object({"graphId": _any_of("graphId", "g1", "g2"), "compositeRequest": _parts(known)})
        return _object({"graphs": {"type": "array", "items": graph, "maxItems": 2}})
    if path == "/composite/batch":
        urls = ["v62.0/limits", "v62.0/sobjects/Account", "v99.0/x", "x", "v62.0/query?q=x"]
        part = _object(
            {"method": _any_of("method", "GET", "POST", "PATCH"), "url": _any_of("url", *urls)},
            richInput=record,
            binaryPartName={},
        )
        return _object(
            {"batchRequests": {"type": "array", "items": part, "maxItems": 3}}, haltOnError={}
        )
    return record


def _object(required: Json, **optional: Json) -> Json:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _parts(known: _Known) -> Json:
    urls = [
        f"{DATA}/sobjects/Account", f"{DATA}/sobjects/Account/{known.ids['Account'][0]}",
        f"{DATA}/sobjects/Contact/Email/@{{a.id}}", f"{DATA}/composite/sobjects",
        f"{DATA}/query?q=SELECT+Id+FROM+Account", f"{DATA}/sobjects/Account/@{{a.id}}",
        f"{DATA}/composite/sobjects/Account?ids=@{{a.id}}", f"{DATA}/jobs/query", f"{DATA}/limits",
        f"{DATA}/sobjects/Account/@{{a.records[0].Id}}/Contacts", f"{DATA}/composite/batch",
    ]  # fmt: skip
    headers = {"type": "object", "properties": {name: {"enum": v} for name, v in HEADERS.items()}}
    part = _object(
        {
            "method": _any_of("verb", "GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"),
            "url": _any_of("url", *urls),
            "referenceId": _any_of("referenceId", "a", "b", "c"),
        },
        body={"anyOf": [_record(known, "Account"), _record(known, "Contact"), {}]},
        httpHeaders={"anyOf": [headers, {}]},
    )
    return {"type": "array", "items": part, "maxItems": 3}


def _job(known: _Known) -> Json:
    return _object(
        {"operation": _any_of("operation", "insert", "update", "upsert", "delete", "query", "queryAll")},
        object=_any_of("object", *OBJECTS, "account"),
        query={"anyOf": [{"type": "string", "format": "soql"}, _any_of("query")]},
        state=_any_of("state", "UploadComplete", "Aborted", "Open"),
        contentType=_any_of("contentType", "CSV", "JSON"),
        lineEnding=_any_of("lineEnding", "LF", "CRLF"),
        columnDelimiter=_any_of("delimiter", "COMMA", "TAB", "PIPE"),
        externalIdFieldName=_any_of("external", "Id", "Email", "Username"),
        assignmentRuleId=_any_of("rule", "01QSb0000000001AAA"),
    )


def _record(known: _Known, name: str) -> Json:
    """Return the schema of an object's record: a kind, an id, and fields with fitting values."""
    described = known.schema.find(name) or known.schema.objects["Account"]
    ids = known.ids.get(described.name, [])
    properties = {
        "attributes": _object({"type": _any_of(f"type{name}", described.name, "Account", "Lead")}),
        "id": _any_of(f"id{name}", *ids),
        **{one.name: _any_of(one.name, *_values(known, one)) for one in _fields(described)},
        "Owner": {"anyOf": [_object({"Username": _any_of("Username")}), {}]},
    }
    return {"type": "object", "properties": properties}


def _fields(described: ObjectDef) -> list[FieldDef]:
    """Return the fields that matter most: required, telling, then any that can be written."""
    return sorted(
        described.fields,
        key=lambda one: (one.nillable, one.name not in _TELLING_FIELDS, not one.createable),
    )[:_MOST_FIELDS]


def _values(known: _Known, one: FieldDef) -> list[Any]:
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


def _admin_body(known: _Known, path: str) -> Json:
    if path.endswith("/switches"):
        values = {one: _any_of(one, getattr(Switches(), one, 1)) for one in _SWITCHES}
        return {"type": "object", "properties": values}
    acts, rules = (get_args(get_args(one)[0]) for one in (Act, Rule))
    kinds = {"acts": (acts, "act"), "rules": (rules, "kind"), "faults": (KINDS.values(), "kind")}
    models, key = kinds[path.rpartition("/")[2]]
    shapes = [_document(known, model, key) for model in models]
    return {"anyOf": [*shapes, _object({}, number=_any_of("number", 1, 2))]}


def _document(known: _Known, model: type[BaseModel], key: str) -> Json:
    """Return the schema of one of the admin's documents, each value real or odd."""
    kind = model.model_fields[key].default
    field = ("OwnerId", "Name", "Site", "Industry")
    condition = _object(
        {"field": _any_of("field", *field)},
        operator=_any_of("operator", "equals", "changed", "less", "contains"),
        value=_any_of("value", "Hot", 1),
    )
    known_values: dict[str, tuple[Any, ...]] = {
        "object": ("Account", "Lead", "Contact"), "field": field, "column": field,
        "id": tuple(known.all_ids), "record_id": tuple(known.all_ids), "into": known.ids["Account"],
        "by": tuple(known.ids["User"]), "account_id": tuple(known.ids["Account"]),
        "profile": ("Integration User", "Sales User"), "access": ("hidden", "read_only"),
        "until": tuple(MOMENTS), "on": ("any", "query", "write"), "path": ("/services/*",),
        "number": (1, 2), "to": ("Sector__c", "textarea"), "when": ("Before", "After"),
        "action": ("alert", "block"), "which": ("daily", "concurrent"), "status": (503, 200),
    }  # fmt: skip
    lists: dict[str, Json] = {
        "conditions": {"type": "array", "items": condition, "maxItems": 2},
        "fields": {"type": "array", "items": _any_of("fields", *field), "maxItems": 2},
        "losers": {"type": "array", "items": _any_of("losers", *known.all_ids), "maxItems": 3},
        "values": _record(known, "Account"),
    }
    properties = {
        name: lists.get(name)
        or _any_of(f"{kind}{name}", *known_values.get(name, ("x", 1, True)))
        for name in model.model_fields
        if name != key
    }
    required = {name: properties.pop(name) for name in list(properties)
                if model.model_fields[name].is_required()}
    return _object({key: {"enum": [kind]}, **required}, **properties)


_SWITCHES = (
    "session_minutes", "query_page_records", "bulk_page_records", "bulk_datetime_suffix",
    "multi_currency", "dead_locator_status", "person_accounts", "fiscal_year_start_month",
    "delete_log_hours", "daily_api_requests", "nope",
)  # fmt: skip
