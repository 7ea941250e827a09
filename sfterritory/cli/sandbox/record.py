"""`sfterritory sandbox edit` and its kin: what people do in the user interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sfterritory.cli.sandbox.admin import ask, opened_org, pairs_of, url_option
from sfterritory.cli.sandbox.state_file import json_option, state_option

_by_option = click.option(
    "--by", metavar="USER", help="Username or id of the person; by default the API's own user."
)


def _perform(act: dict[str, Any], *, state: Path, url: str | None, as_json: bool) -> None:
    """Do an act and tell the ids concerned."""
    if url is not None:
        told = ask(url, "POST", "/sandbox/acts", act)
    else:
        with opened_org(state) as org:
            from sfterritory.sandbox.act import perform

            told = perform(org, act)
    if as_json:
        click.echo(json.dumps(told))
        return
    facts = (f"{name} {value}" for name, value in told.items() if name != "id" and value)
    click.echo(", ".join((f"{act['act']} {told['id']}", *facts)))


@click.command()
@click.argument("record_id", metavar="ID")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option(
    "--with-children",
    is_flag=True,
    help="A new owner takes over the old one's contacts and open opportunities.",
)
@_by_option
@state_option
@url_option
@json_option
def edit(  # noqa: PLR0913 - one argument an option
    *,
    record_id: str,
    values: tuple[str, ...],
    with_children: bool,
    by: str | None,
    state: Path,
    url: str | None,
    as_json: bool,
) -> None:
    """Change fields of a record; assignment rules do not run."""
    act = {
        "act": "edit",
        "id": record_id,
        "values": pairs_of(values),
        "with_children": with_children,
        "by": by,
    }
    _perform(act, state=state, url=url, as_json=as_json)


@click.command()
@click.argument("record_id", metavar="ID")
@_by_option
@state_option
@url_option
@json_option
def delete(*, record_id: str, by: str | None, state: Path, url: str | None, as_json: bool) -> None:
    """Put a record into the recycle bin, with what cannot be without it."""
    _perform({"act": "delete", "id": record_id, "by": by}, state=state, url=url, as_json=as_json)


@click.command()
@click.argument("record_id", metavar="ID")
@_by_option
@state_option
@url_option
@json_option
def undelete(
    *, record_id: str, by: str | None, state: Path, url: str | None, as_json: bool
) -> None:
    """Take a record out of the recycle bin, with what went in along with it."""
    _perform({"act": "undelete", "id": record_id, "by": by}, state=state, url=url, as_json=as_json)


@click.command()
@click.argument("master_id", metavar="MASTER")
@click.argument("loser_ids", nargs=-1, required=True, metavar="LOSER...")
@_by_option
@state_option
@url_option
@json_option
def merge(
    *,
    master_id: str,
    loser_ids: tuple[str, ...],
    by: str | None,
    state: Path,
    url: str | None,
    as_json: bool,
) -> None:
    """Merge one or two accounts, contacts or leads into another one."""
    act = {"act": "merge", "id": master_id, "losers": list(loser_ids), "by": by}
    _perform(act, state=state, url=url, as_json=as_json)


@click.command()
@click.argument("lead_id", metavar="LEAD")
@click.option("--account", metavar="ID", help="Account that is there; by default a new one.")
@click.option("--opportunity", metavar="NAME", help="Make an opportunity of this name too.")
@_by_option
@state_option
@url_option
@json_option
def convert(  # noqa: PLR0913 - one argument an option
    *,
    lead_id: str,
    account: str | None,
    opportunity: str | None,
    by: str | None,
    state: Path,
    url: str | None,
    as_json: bool,
) -> None:
    """Convert a lead into a contact, an account and, if wanted, an opportunity."""
    act = {
        "act": "convert",
        "id": lead_id,
        "account": account,
        "opportunity": opportunity,
        "by": by,
    }
    _perform(act, state=state, url=url, as_json=as_json)


@click.command()
@click.argument("record_id", metavar="ID")
@state_option
@url_option
@json_option
def touch(*, record_id: str, state: Path, url: str | None, as_json: bool) -> None:
    """Move a record's SystemModstamp as background work does; LastModifiedDate stays."""
    _perform({"act": "touch", "id": record_id}, state=state, url=url, as_json=as_json)
