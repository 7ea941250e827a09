"""The table of faults says what the code does, and its examples can be typed."""

from __future__ import annotations

import json
import shlex
from typing import get_args

from docs.page import quoted, rows, sections
from sfterritory.cli.sandbox.admin import pairs_of
from sfterritory.sandbox.faults.catalogue import KINDS, fault_from
from sfterritory.sandbox.faults.document import (
    Fault,
    Occasion,
    RequestFault,
    RowFault,
    parameters,
    summary,
)
from sfterritory.sandbox.faults.request import OCCASIONS

SECTION = "Faults on request"
COMMAND = ["sfterritory", "sandbox", "fault", "add"]


def faults_of_the_page() -> list[list[str]]:
    return [row for row in rows(sections("sandbox.md")[SECTION]) if len(row) == 4]


def test_the_page_tells_of_every_fault_what_it_does_and_takes() -> None:
    def shown(value: object) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    listed = {quoted(row[0])[0]: (row[1], quoted(row[2])) for row in faults_of_the_page()}

    assert listed == {
        name: (summary(kind), [f"{key}={shown(one)}" for key, one in parameters(kind).items()])
        for name, kind in KINDS.items()
    }


def test_every_example_is_a_command_that_adds_this_fault() -> None:
    for row in faults_of_the_page():
        words = shlex.split(quoted(row[3])[0])
        verb, (kind, *given) = words[: len(COMMAND)], words[len(COMMAND) :]

        assert verb == COMMAND
        assert fault_from({"kind": kind, **pairs_of(given)}).kind == quoted(row[0])[0]


def test_the_page_tells_when_a_fault_strikes() -> None:
    shared = {*Fault.model_fields, *RequestFault.model_fields, *RowFault.model_fields}
    text = [row for row in rows(sections("sandbox.md")[SECTION]) if len(row) == 2]

    assert {name for row in text for name in quoted(row[0])} == shared - {"kind"}
    (on,) = [row[1] for row in text if row[0] == "`on`"]
    assert set(quoted(on)) == set(get_args(Occasion)) == set(OCCASIONS)
