"""`sfterritory sandbox rule`: what the org's administrator declares."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfterritory.cli.sandbox.admin import ask, opened_org, url_option
from sfterritory.cli.sandbox.state_file import explained, json_option, state_option

_PATH = "/sandbox/rules"


@click.group()
def rule() -> None:
    """Declare validation, duplicate and trigger rules, locks, permissions and history tracking."""


@rule.command()
@click.argument("document")
@state_option
@url_option
@json_option
def add(document: str, *, state: Path, url: str | None, as_json: bool) -> None:
    """Declare a rule, written as a JSON document: docs/sandbox.md has one of each kind."""
    with explained():
        from sfterritory.sandbox.rule_book import rule_of_text

        declared = rule_of_text(document)
    if url is not None:
        number = ask(url, "POST", _PATH, declared.model_dump(mode="json"))["number"]
    else:
        with opened_org(state) as org:
            number = org.add_rule(declared)
    click.echo(json.dumps({"number": number}) if as_json else f"rule {number}: {declared.kind}")


@rule.command(name="list")
@state_option
@url_option
@json_option
def list_rules(*, state: Path, url: str | None, as_json: bool) -> None:
    """List the rules with their numbers."""
    if url is not None:
        rules = ask(url, "GET", _PATH)["rules"]
    else:
        with opened_org(state) as org:
            rules = org.listed_rules()
    if as_json:
        click.echo(json.dumps({"rules": rules}))
        return
    if not rules:
        click.echo("no rules")
    for one in rules:
        facts = {name: value for name, value in one.items() if name not in {"number", "kind"}}
        click.echo(f"{one['number']} {one['kind']} {json.dumps(facts)}")


@rule.command()
@click.argument("number", type=int, required=False)
@state_option
@url_option
@json_option
def remove(*, number: int | None, state: Path, url: str | None, as_json: bool) -> None:
    """Take a rule back by its number, or all of them."""
    if url is not None:
        removed = ask(url, "DELETE", _PATH, {"number": number})["removed"]
    else:
        with opened_org(state) as org:
            removed = org.drop_rules(number)
    click.echo(json.dumps({"removed": removed}) if as_json else f"rules removed: {removed}")
