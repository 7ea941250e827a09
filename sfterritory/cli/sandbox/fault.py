"""`sfterritory sandbox fault`: let things go wrong on request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sfterritory.cli.sandbox.admin import ask, opened_org, pairs_of, url_option
from sfterritory.cli.sandbox.state_file import json_option, state_option

_PATH = "/sandbox/faults"
_NO_PARAMETERS = frozenset({"number", "kind", "seen", "fired"})


@click.group()
def fault() -> None:
    """Let things go wrong on request: cut answers, locked rows, edits by others and so on."""


@fault.command()
@click.argument("kind")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@state_option
@url_option
@json_option
def add(
    kind: str,
    parameters: tuple[str, ...],
    *,
    state: Path,
    url: str | None,
    as_json: bool,
) -> None:
    """Add a fault; `sandbox fault kinds` lists them with their parameters."""
    values = {"kind": kind, **pairs_of(parameters)}
    if url is not None:
        number = ask(url, "POST", _PATH, values)["number"]
    else:
        with opened_org(state) as org:
            from sfterritory.sandbox.faults.keeping import add_fault

            number = add_fault(org, values)
    click.echo(json.dumps({"number": number}) if as_json else f"fault {number}: {kind}")


@fault.command(name="list")
@state_option
@url_option
@json_option
def list_faults(*, state: Path, url: str | None, as_json: bool) -> None:
    """List the faults; with --url also how often each has struck since the server started."""
    faults = ask(url, "GET", _PATH)["faults"] if url is not None else _kept(state)
    if as_json:
        click.echo(json.dumps({"faults": faults}))
        return
    if not faults:
        click.echo("no faults")
    for one in faults:
        parameters = " ".join(
            f"{name}={_shown(value)}" for name, value in one.items() if name not in _NO_PARAMETERS
        )
        struck = f"  struck {one['fired']} of {one['seen']}" if "fired" in one else ""
        click.echo(f"{one['number']}  {one['kind']} {parameters}".rstrip() + struck)


@fault.command()
@click.argument("number", type=click.IntRange(1), required=False)
@state_option
@url_option
@json_option
def clear(*, number: int | None, state: Path, url: str | None, as_json: bool) -> None:
    """Take one fault out, or all; without any, clock and schema are as they were."""
    if url is not None:
        cleared = ask(url, "DELETE", _PATH, {} if number is None else {"number": number})["cleared"]
    else:
        with opened_org(state) as org:
            from sfterritory.sandbox.faults.keeping import clear_faults

            cleared = clear_faults(org, number=number)
    click.echo(json.dumps({"cleared": cleared}) if as_json else f"{cleared} cleared")


@fault.command()
@json_option
def kinds(*, as_json: bool) -> None:
    """List every kind of fault, what it does, and its own parameters with their defaults."""
    from sfterritory.sandbox.faults.catalogue import KINDS
    from sfterritory.sandbox.faults.document import parameters, summary

    if as_json:
        listed = [
            {"kind": name, "does": summary(kind), "parameters": parameters(kind)}
            for name, kind in KINDS.items()
        ]
        click.echo(json.dumps({"kinds": listed}))
        return
    for name, kind in KINDS.items():
        own = " ".join(f"{key}={_shown(value)}" for key, value in parameters(kind).items())
        click.echo(f"{name}: {summary(kind)}\n    {own}".rstrip())


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _kept(state: Path) -> list[dict[str, Any]]:
    """Return the faults that a state file keeps; it does not count."""
    with opened_org(state) as org:
        from sfterritory.sandbox.faults.catalogue import fault_values
        from sfterritory.sandbox.faults.keeping import kept_faults

        with org.reading() as connection:
            faults = kept_faults(connection)
    return [{"number": number, **fault_values(one)} for number, one in faults.items()]
