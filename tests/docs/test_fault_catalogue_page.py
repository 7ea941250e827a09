"""The table of faults can be tried as it stands, and every line of it has its proof."""

from __future__ import annotations

import ast
import shlex
from dataclasses import fields
from functools import cache

import pytest

from docs.page import ROOT, quoted, rows, text_of
from sfterritory.cli.sandbox.admin import pairs_of
from sfterritory.errors import ExitCode
from sfterritory.sandbox.faults.catalogue import KINDS, fault_from
from sfterritory.sandbox.switches import Switches

ADD_FAULT = ["sfterritory", "sandbox", "fault", "add"]
SET_SWITCH = ["sfterritory", "sandbox", "switch"]
LINES = rows(text_of("faults.md"))


@cache
def proofs_of(path: str) -> dict[str, str]:
    """Return the source of every test of a file, its parameters included, by its name."""
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    return {
        node.name: "\n".join(
            lines[
                min([node.lineno, *(one.lineno for one in node.decorator_list)])
                - 1 : node.end_lineno
            ]
        )
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_line_names_a_test_that_exists_and_is_about_its_row() -> None:
    for number, _, _, _, _, proof in LINES:
        path, name = quoted(proof)[0].split("::")
        source = proofs_of(path).get(name)

        assert source is not None, proof
        if "test_fault_catalogue" in path:
            assert f"row {number}:" in source or f"row_{number}_" in source, (number, name)


def test_every_row_that_a_test_tells_of_stands_in_the_table() -> None:
    listed = {(line[0], quoted(line[5])[0].split("::")[0]) for line in LINES}

    for side in ("pull", "apply"):
        path = f"tests/end_to_end/test_fault_catalogue_{side}.py"
        for name in proofs_of(path):
            if name.startswith("test_row_"):
                assert (name.split("_")[2], path) in listed, name


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"row {line[0]}: {line[1]}")
def test_what_injects_a_fault_is_a_command_that_does_it(line: list[str]) -> None:
    words = shlex.split(quoted(line[2])[0])

    if words[:3] == SET_SWITCH:
        (pair,) = words[3:]
        assert pair.partition("=")[0] in {one.name for one in fields(Switches)}
    else:
        verb, (kind, *given) = words[: len(ADD_FAULT)], words[len(ADD_FAULT) :]
        assert verb == ADD_FAULT
        assert fault_from({"kind": kind, **pairs_of(given)}).kind == kind


def test_every_kind_of_fault_is_in_the_table() -> None:
    shown = {
        shlex.split(quoted(line[2])[0])[len(ADD_FAULT)] for line in LINES if "fault" in line[2]
    }

    assert shown == set(KINDS)


def test_exit_codes_are_those_that_the_commands_have() -> None:
    assert {int(line[4]) for line in LINES} <= {int(code) for code in ExitCode}
