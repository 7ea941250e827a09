"""Bodies of requests as JSON schemas: forms, records, composites, jobs, the admin's documents."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from sandbox.client import DATA
from sandbox.http_values import (
    CLASSIC,
    CONDITIONS,
    HEADERS,
    MOMENTS,
    OBJECTS,
    Json,
    Known,
    any_of,
    object_of,
    record_of,
    text,
)
from sfterritory.sandbox.act import Act
from sfterritory.sandbox.faults.catalogue import KINDS
from sfterritory.sandbox.rule import Rule
from sfterritory.sandbox.switches import Switches

_SWITCHES = (
    "session_minutes", "query_page_records", "bulk_page_records", "bulk_datetime_suffix",
    "multi_currency", "dead_locator_status", "person_accounts", "fiscal_year_start_month",
    "delete_log_hours", "daily_api_requests", "nope",
)  # fmt: skip


def bodies(known: Known, path: str, method: str, about: str) -> dict[str, Json]:
    """Return the bodies of an operation by media type; none where it takes none."""
    if path.startswith("/services/Soap"):
        return {"text/xml": {"type": "string", "format": "binary"}}
    if path.startswith(CLASSIC) and method == "POST":
        return _classic_bodies(path)
    if method == "GET" or (method == "DELETE" and not path.startswith("/sandbox")):
        return {}
    if path.startswith(("/services/oauth2", "/secur", "/id/")):
        fields = form(known)
        needed = {name: fields.pop(name) for name in ("grant_type", "client_id", "client_secret")}
        return {"application/x-www-form-urlencoded": object_of(needed, **fields)}
    if path.endswith("/batches"):
        return {"text/csv": {"type": "string", "format": "binary"}}
    schema = _json_body(known, path, about)
    media = {"application/json": schema}
    if path in {"/jobs/query", "/composite"}:
        media["text/plain"] = {"type": "string", "format": "binary"}
    if path == "/jobs/ingest":
        parts = {"job": _ingest_job(), "content": {"type": "string"}}
        media["multipart/form-data"] = {"type": "object", "properties": parts}
    return media


def form(known: Known) -> dict[str, Json]:
    """Return the fields of the sign-in forms."""
    return {
        "grant_type": text(
            "client_credentials", "refresh_token", "authorization_code", "password",
            "urn:ietf:params:oauth:grant-type:jwt-bearer", "hybrid_token",
        ),
        "client_id": text(known.handle.client_id, "x"),
        "client_secret": text(known.handle.client_secret, "x"),
        "assertion": text("a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.AA", "..", "e30.e30."),
        "refresh_token": text("5Aep861x", "x"),
        "token": text("5Aep861x", "x"),
        "token_type_hint": text("access_token", "refresh_token"),
        "code": text("aPrxx", "x"),
        "code_challenge": text("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "x"),
        "code_challenge_method": text("S256", "plain"),
        "code_verifier": text("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "x"),
        "redirect_uri": text("http://localhost:1717/OauthRedirect", "http://[", "https://x.y/"),
        "response_type": text("code", "token", ""),
        "scope": text("api refresh_token", "openid", "api"),
        "login_hint": text("nobody", "x@y"),
        "state": text("a b", "\r\n", "€"),
        "username": text("nobody", "x@y"),
        "password": text("sandbox", "x"),
        "version": text("62.0", "latest", "x"),
        "format": text("json", "xml", "urlencoded"),
    }  # fmt: skip


def _json_body(known: Known, path: str, about: str) -> Json:
    if path.startswith("/sandbox/"):
        return _admin_body(known, path)
    record = record_of(known, about or "Account")
    if path.startswith("/composite"):
        return _composite_body(known, path, about, record=record)
    if path.startswith("/jobs/"):
        jobs = {"/jobs/query": _query_job(), "/jobs/ingest": _ingest_job()}
        return jobs.get(path) or object_of(
            {"state": any_of("state", "UploadComplete", "Aborted", "Open")}
        )
    return record


def _composite_body(known: Known, path: str, about: str, *, record: Json) -> Json:
    """Return the schema of several records or requests in one."""
    others = [record_of(known, one) for one in ("Account", "Contact", "Lead")]
    records = _list({"anyOf": [record, *others]})
    every = {"allOrNone": any_of("allOrNone", True, False)}
    ids = _list(any_of(f"ids{about}", *known.ids.get(about, known.all_ids)))
    fields = _list(any_of(f"fields{about}", "Id", "Name", "Owner.Name"))
    graph = {"graphId": any_of("graphId", "g1", "g2"), "compositeRequest": _parts(known)}
    shapes = {
        "/composite/sobjects/{name}": object_of({"ids": ids, "fields": fields}),
        "/composite/tree/{name}": object_of({"records": records}),
        "/composite": object_of({"compositeRequest": _parts(known)}, **every),
        "/composite/graph": object_of({"graphs": _list(object_of(graph))}),
        "/composite/batch": _batch(record),
    }
    return shapes.get(path) or object_of({"records": records}, **every)


def _batch(record: Json) -> Json:
    urls = ["v62.0/limits", "v62.0/sobjects/Account", "v99.0/x", "x", "v62.0/query?q=x"]
    part = object_of(
        {"method": any_of("method", "GET", "POST", "PATCH"), "url": any_of("url", *urls)},
        richInput=record,
        binaryPartName=any_of("binaryPartName"),
    )
    return object_of({"batchRequests": _list(part)}, haltOnError=any_of("haltOnError", True, False))


def _list(items: Json) -> Json:
    """Return the schema of a few of them."""
    return {"type": "array", "items": items, "maxItems": 3}


def _parts(known: Known) -> Json:
    urls = [
        f"{DATA}/sobjects/Account", f"{DATA}/sobjects/Account/{known.ids['Account'][0]}",
        f"{DATA}/sobjects/Contact/Email/@{{a.id}}", f"{DATA}/composite/sobjects",
        f"{DATA}/query?q=SELECT+Id+FROM+Account", f"{DATA}/sobjects/Account/@{{a.id}}",
        f"{DATA}/composite/sobjects/Account?ids=@{{a.id}}", f"{DATA}/jobs/query", f"{DATA}/limits",
        f"{DATA}/sobjects/Account/@{{a.records[0].Id}}/Contacts", f"{DATA}/composite/batch",
    ]  # fmt: skip
    headers = {
        "type": "object",
        "properties": {name: {"enum": some} for name, some in {**HEADERS, **CONDITIONS}.items()},
    }
    part = object_of(
        {
            "method": any_of("verb", "GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"),
            "url": any_of("url", *urls),
            "referenceId": any_of("referenceId", "a", "b", "c"),
        },
        body={
            "anyOf": [*(record_of(known, one) for one in ("Account", "Contact")), any_of("body")]
        },
        httpHeaders={"anyOf": [headers, any_of("httpHeaders")]},
    )
    return _list(part)


def _classic_bodies(path: str) -> dict[str, Json]:
    """Return the bodies of Bulk API 1.0: facts about a job, or the rows of a batch."""
    binary: Json = {"type": "string", "format": "binary"}
    if path.endswith("/batch"):
        return {"text/csv": binary, "application/json": _list({"type": "object"})}
    facts = {
        "operation": any_of("operation", "insert", "update", "upsert", "query"),
        "object": any_of("object", *OBJECTS),
        "contentType": any_of("contentType", "CSV", "JSON"),
        "concurrencyMode": any_of("concurrencyMode", "Serial"),
        "externalIdFieldName": any_of("external", "Id", "Email"),
        "state": any_of("state", "Closed", "Aborted"),
    }
    return {"application/json": object_of({}, **facts), "text/xml": binary}


def _query_job() -> Json:
    return object_of(
        {
            "operation": any_of("queryOperation", "query", "queryAll"),
            "query": {"anyOf": [{"type": "string", "format": "soql"}, any_of("soql")]},
        },
        contentType=any_of("contentType", "CSV"),
        lineEnding=any_of("lineEnding", "LF", "CRLF"),
        columnDelimiter=any_of("delimiter", "COMMA", "TAB", "PIPE"),
    )


def _ingest_job() -> Json:
    return object_of(
        {
            "operation": any_of("operation", "insert", "update", "upsert", "delete"),
            "object": any_of("object", *OBJECTS, "account"),
        },
        contentType=any_of("contentType", "CSV"),
        lineEnding=any_of("lineEnding", "LF", "CRLF"),
        columnDelimiter=any_of("delimiter", "COMMA", "TAB", "PIPE"),
        externalIdFieldName=any_of("external", "Id", "Email"),
        assignmentRuleId=any_of("rule", "01QSb0000000001AAA"),
    )


def _admin_body(known: Known, path: str) -> Json:
    if path.endswith("/switches"):
        values = {one: any_of(one, getattr(Switches(), one, 1)) for one in _SWITCHES}
        return {"type": "object", "properties": values}
    acts, rules = (get_args(get_args(one)[0]) for one in (Act, Rule))
    kinds = {"acts": (acts, "act"), "rules": (rules, "kind"), "faults": (KINDS.values(), "kind")}
    models, key = kinds[path.rpartition("/")[2]]
    shapes = [_document(known, model, key) for model in models]
    return {"anyOf": [*shapes, object_of({}, number=any_of("number", 1, 2))]}


def _document(known: Known, model: type[BaseModel], key: str) -> Json:
    """Return the schema of one of the admin's documents, each value real or odd."""
    kind = model.model_fields[key].default
    field = ("OwnerId", "Name", "Site", "Industry")
    condition = object_of(
        {"field": any_of("field", *field)},
        operator=any_of("operator", "equals", "changed", "less", "contains"),
        value=any_of("value", "Hot", 1),
    )
    known_values: dict[str, tuple[Any, ...]] = {
        "object": ("Account", "Lead", "Contact"), "field": field, "column": field,
        "id": tuple(known.all_ids), "record_id": tuple(known.all_ids),
        "by": tuple(known.ids["User"]),
        "into": tuple(known.ids["Account"]), "account": tuple(known.ids["Account"]),
        "profile": ("Integration User", "Sales User"), "access": ("hidden", "read_only"),
        "until": tuple(MOMENTS), "on": ("any", "query", "write"), "path": ("/services/*",),
        "number": (1, 2), "to": ("Sector__c", "textarea"), "when": ("Before", "After"),
        "action": ("alert", "block"), "which": ("daily", "concurrent"), "status": (503, 200),
    }  # fmt: skip
    lists: dict[str, Json] = {
        "conditions": _list(condition),
        "fields": _list(any_of("fields", *field)),
        "losers": _list(any_of("losers", *known.all_ids)),
        "values": record_of(known, "Account"),
    }
    properties = {
        name: lists.get(name) or any_of(f"{kind}{name}", *known_values.get(name, ("x", 1, True)))
        for name in model.model_fields
        if name != key
    }
    required = {
        name: properties.pop(name)
        for name in list(properties)
        if model.model_fields[name].is_required()
    }
    return object_of({key: {"enum": [kind]}, **required}, **properties)
