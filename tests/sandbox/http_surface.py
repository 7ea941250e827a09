"""The sandbox's HTTP surface as an OpenAPI document, made from the server's own route tables.

Every path of a table is an operation; paths with an object's name in them are there once for any
name, and once for each object of `OBJECTS`, so that ids and fields fit the object.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import schemathesis
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.client import DATA, Org
from sandbox.http_bodies import bodies, form
from sandbox.http_values import (
    CLASSIC,
    CODINGS,
    CONDITIONS,
    HEADERS,
    MOMENTS,
    OBJECTS,
    ODD_TEXTS,
    Json,
    Known,
    text,
)
from sandbox.soql_trees import QUERIES
from sandbox.soql_writer import written
from sfterritory.sandbox import api
from sfterritory.sandbox.api.admin import admin_app
from sfterritory.sandbox.state import SandboxState

_LOGIN = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    b'<login xmlns="urn:partner.soap.sforce.com"><username>a</username></login>'
    b"</e:Body></e:Envelope>"
)


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
    known = Known(org)
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
    """Yield path and method of everything that is served; REST paths begin behind the version."""
    for found in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        module = importlib.import_module(found.name)
        for table in ("ROUTES", "SITE_ROUTES"):
            routes: Mapping[str, Mapping[str, object]] = getattr(module, table, {})
            root = CLASSIC if ".classic." in found.name else ""
            for path, methods in routes.items():
                yield from ((root + path, method) for method in methods)
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


def _register_formats() -> None:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    schemathesis.openapi.format("soql", st.one_of(QUERIES.map(written), texts))
    cells = st.sampled_from([one for one in ODD_TEXTS if "\x00" not in one])
    rows = st.lists(st.lists(cells, min_size=1, max_size=3).map(",".join), max_size=4)
    heads = st.sampled_from(["Name", "Id,Name", "Id,OwnerId", "Owner.Username,Name", "Nope", ""])
    csv = st.tuples(heads, rows).map(lambda one: "\n".join([one[0], *one[1], ""]).encode())
    schemathesis.openapi.media_type("text/csv", st.one_of(csv, st.binary(max_size=40)))
    envelopes = st.sampled_from([
        b"<x", b'<?xml version="1.0"?><a/>', _LOGIN,
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    ])  # fmt: skip
    schemathesis.openapi.media_type("text/xml", st.one_of(envelopes, st.binary(max_size=40)))
    schemathesis.openapi.media_type("text/plain", st.binary(max_size=40))


def _operation(known: Known, path: str, method: str, about: str) -> Json:
    parameters = [
        {
            "name": one,
            "in": "path",
            "required": True,
            "schema": _path_value(known, path, one, about),
        }
        for one in _variables(path)
        if not (one == "name" and about)
    ]
    parameters += [
        {"name": name, "in": "query", "required": name == "q", "schema": schema}
        for name, schema in _query(known, path, about).items()
    ]
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "enum": some},
        }
        for name, some in _headers(path).items()
    ]
    described: Json = {"parameters": parameters, "responses": {"200": {"description": "OK"}}}
    media = bodies(known, path, method, about)
    if media:
        described["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind, schema in media.items()},
        }
    return described


def _headers(path: str) -> dict[str, list[str]]:
    """Return the headers of a path: too many at once would refuse every request at the door."""
    if path in {"/limits", "/query", "/jobs/query", "/services/oauth2/token"}:
        return {**HEADERS, **CODINGS}
    one_row = path.startswith("/sobjects") and path.count("{") < 3
    return {**HEADERS, **CONDITIONS} if one_row else dict(HEADERS)


def _variables(path: str) -> list[str]:
    return [one[1:-1] for one in path.split("/") if one.startswith("{")]


def _path_value(known: Known, path: str, name: str, about: str) -> Json:
    if name == "id" and path.startswith(CLASSIC):
        return text(*known.classic_jobs)
    if name == "id" and path.startswith("/jobs/"):
        jobs = known.query_jobs if path.startswith("/jobs/query") else known.ingest_jobs
        return text(*jobs, "750Sb0000000999AAA")
    if name == "id":
        ids = known.ids.get(about, known.all_ids)
        return text(*ids, *(one[:15] for one in ids[:1]), "001Sb0000000999AAA", "Email")
    values = {
        "name": [*OBJECTS, "account", "Nothing", "_token", "sqlite_master"],
        "key": ["Id", "Email", "Username", "id", "Name", "Nope", "Owner", "Contacts", "Parent"],
        "value": [*known.all_ids, "nobody@example.org", "OwnerId", "describe"],
        "locator": known.locators,
        "batch": known.classic_batches,
        "result": known.classic_results,
        "version": ["62.0", "31.0", "x"],
        "org": [known.handle.org_id, "x"],
        "user": [*known.ids["User"], "x"],
    }
    return text(*values[name])


def _query(known: Known, path: str, about: str) -> dict[str, Json]:
    """Return the query string of a path."""
    soql = {"q": {"type": "string", "format": "soql"}}
    exact: dict[str, dict[str, Json]] = {
        "/query": soql,
        "/queryAll": soql,
        "/sobjects/{name}/updated": _window(),
        "/sobjects/{name}/deleted": _window(),
        "/limits/recordCount": {"sObjects": text("Account", "Account,Lead,Nope", ",")},
    }
    if path in exact:
        return exact[path]
    if path.startswith(("/sobjects/{name}/", "/composite/sobjects")):
        return _rows(known, about)
    if path.startswith("/jobs/"):
        return _JOBS
    return form(known) if path.startswith(("/services/oauth2", "/secur")) else {}


def _window() -> dict[str, Json]:
    return {"start": text(*MOMENTS[:3]), "end": text(*MOMENTS[3:])}


def _rows(known: Known, about: str) -> dict[str, Json]:
    described = known.schema.find(about or "Account") or known.schema.objects["Account"]
    names = [one.name for one in described.fields[:8]]
    ids = known.ids.get(about, known.all_ids)
    boolean = text("true", "false", "TRUE", "1")
    return {
        "ids": text(",".join(ids), ",".join([*ids, *ids[:1]]), *ids, "x,y", ","),
        "fields": text("Id", ",".join(names), "Owner.Name", "Nope", "Id,,Id", *names[:3]),
        "allOrNone": boolean,
        "updateOnly": boolean,
    }


_JOBS: dict[str, Json] = {
    "locator": text("MA", "MTAw", "null", "0"),
    "maxRecords": text("1", "50", "0", "-1", "9" * 30),
    "queryLocator": text("MTA", "1"),
    "jobType": text("V2Query", "V2Ingest", "Classic"),
    "isPkChunkingEnabled": text("true", "false"),
    "concurrencyMode": text("parallel", "serial"),
}
