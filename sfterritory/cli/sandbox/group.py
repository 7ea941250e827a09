"""The verbs of the sandbox, one file each."""

from __future__ import annotations

import click

from sfterritory.cli.sandbox.fault import fault
from sfterritory.cli.sandbox.load import load
from sfterritory.cli.sandbox.record import convert, delete, edit, merge, touch, undelete
from sfterritory.cli.sandbox.reset import reset
from sfterritory.cli.sandbox.rule import rule
from sfterritory.cli.sandbox.serve import serve
from sfterritory.cli.sandbox.switch import switch


@click.group(name="sandbox", short_help="Run an embedded Salesforce org to practise with.")
def command() -> None:
    """Run an embedded Salesforce org: serve it, load data into it, set faults and switches."""


_RECORD_VERBS = (edit, delete, undelete, merge, convert, touch)

for verb in (serve, load, reset, fault, switch, rule, *_RECORD_VERBS):
    command.add_command(verb)
