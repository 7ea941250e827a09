"""The plan as a file: its hash beside it, so that an edited file is refused."""

from __future__ import annotations

import json
from typing import Never

from pydantic import JsonValue, ValidationError

from sfterritory.errors import ConfigError, PlanStaleError
from sfterritory.model.document import canonical_json, content_hash
from sfterritory.model.plan import FORMAT_VERSION, Plan

_KEYS = {"format_version", "hash", "plan"}
_MAKE_AGAIN = "make the plan again with `sfterritory plan --out FILE`"


def dumps_plan(plan: Plan) -> str:
    """Return the text of a plan file: one line of canonical JSON."""
    document: JsonValue = {
        "format_version": plan.format_version,
        "hash": plan.hash,
        "plan": plan.model_dump(mode="json"),
    }
    return canonical_json(document) + "\n"


def loads_plan(text: str) -> Plan:
    """Read the text of a plan file.

    Raises:
        ConfigError: Not a plan file, or of a format that this version does not know.
        PlanStaleError: It was edited: its content no longer has the hash that it names.
    """
    document = _parsed(text)
    version = document["format_version"]
    if version != FORMAT_VERSION:
        raise ConfigError(
            f"the plan file has format {version!r}; this version reads format {FORMAT_VERSION}",
            remedy=f"read it with the version that wrote it, or {_MAKE_AGAIN}",
        )
    _refuse_edited(named=document["hash"], content=content_hash(document["plan"]))
    try:
        plan = Plan.model_validate(document["plan"])
    except ValidationError as error:
        raise ConfigError(_listed(error), remedy=_MAKE_AGAIN) from error
    # A value that was only spelled otherwise (a 15-character id) makes another document, too.
    _refuse_edited(named=document["hash"], content=plan.hash)
    return plan


def _parsed(text: str) -> dict[str, JsonValue]:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ConfigError(f"the plan file is not JSON: {error}", remedy=_MAKE_AGAIN) from error
    if not isinstance(document, dict) or set(document) != _KEYS:
        raise ConfigError(
            f"the plan file is not a plan: it needs the keys {', '.join(sorted(_KEYS))}",
            remedy=_MAKE_AGAIN,
        )
    return document


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_edited(*, named: JsonValue, content: str) -> None:
    if named != content:
        raise PlanStaleError(
            f"the plan file was edited: it names hash {named}, its content has hash {content}",
            remedy=f"{_MAKE_AGAIN}; reject single lines with `sfterritory reject`",
        )


def _listed(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    ]
    return "the plan file holds values that a plan cannot have:\n" + "\n".join(lines)
