"""What a bulk query may not ask, refused before it is made into SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.bulk.job import api_error

if TYPE_CHECKING:
    from sfterritory.sandbox.soql.compiled import Compiled

_TEXT = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_TOKEN = re.compile(r"[()]|\w+", re.ASCII)
_WHOLE_FIELDS = re.compile(r"\bFIELDS\s*\(\s*(?:ALL|CUSTOM)\s*\)", re.IGNORECASE)


def check_text(soql: str) -> None:
    """Refuse clauses by their words: they are no SOQL for every reader of it.

    Raises:
        ApiError: It has TYPEOF, a child sub-query, or fields without a list.
    """
    bare = _TEXT.sub("''", soql)
    selected = _select_list(bare)
    if re.search(r"\(\s*SELECT\b", selected, re.IGNORECASE):
        raise api_error("Aggregate Relationships not supported in Bulk Query")
    if re.search(r"\bTYPEOF\b", selected, re.IGNORECASE):
        raise api_error("TYPEOF not supported in Bulk Query")
    if _WHOLE_FIELDS.search(selected):
        raise api_error("FIELDS(ALL) and FIELDS(CUSTOM) not supported in Bulk Query")


def check_compiled(compiled: Compiled) -> None:
    """Refuse what only the meaning of a query shows.

    Raises:
        ApiError: It groups, counts, skips rows, or selects compound fields.
    """
    if compiled.grouped:
        raise api_error("Aggregate functions and GROUP BY not supported in Bulk Query")
    if compiled.has_offset:
        raise api_error("OFFSET not supported in Bulk Query")
    if any(one.field is not None and not one.field.stored for one in compiled.outputs):
        raise api_error("Selecting compound data not supported in Bulk Query")


def _select_list(bare: str) -> str:
    """Return a query without texts up to its own FROM, not that of a sub-query."""
    depth = 0
    for token in _TOKEN.finditer(bare):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0].lower() == "from":
            return bare[: token.start()]
    return bare
