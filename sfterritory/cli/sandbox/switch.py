"""`sfterritory sandbox switch`: what the org has chosen, and what the documents leave open."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sfterritory.cli.sandbox.admin import ask, opened_org, pairs_of, url_option
from sfterritory.cli.sandbox.state_file import explained, json_option, state_option

_PATH = "/sandbox/switches"


@click.command()
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@state_option
@url_option
@json_option
def switch(*, settings: tuple[str, ...], state: Path, url: str | None, as_json: bool) -> None:
    """Set switches of the org, and list all with their defaults.

    A running server takes them over. `?` marks what Salesforce's documents leave uncertain.
    """
    changes = pairs_of(settings)
    if url is not None:
        method, body = ("PATCH", changes) if changes else ("GET", None)
        values = ask(url, method, _PATH, body)["switches"]
    else:
        values = _in_file(state, changes)
    with explained():
        from sfterritory.sandbox.switch_notes import switch_notes

        notes = switch_notes()
    if as_json:
        listed = [{**asdict(one), "value": values.get(one.name, one.default)} for one in notes]
        click.echo(json.dumps({"switches": listed}))
        return
    for one in notes:
        value = values.get(one.name, one.default)
        default = "" if value == one.default else f" (default {json.dumps(one.default)})"
        mark = "?" if one.uncertain else " "
        click.echo(f"{mark} {one.name} = {json.dumps(value)}{default}\n    {one.question}")


def _in_file(state: Path, changes: dict[str, Any]) -> dict[str, Any]:
    """Change the switches that a state file keeps, and return all of them."""
    with opened_org(state) as org:
        from sfterritory.sandbox.switches import switches_from

        if changes:
            org.set_switches(switches_from({**asdict(org.switches), **changes}))
        return asdict(org.switches)
