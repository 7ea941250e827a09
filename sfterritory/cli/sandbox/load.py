"""`sfterritory sandbox load`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.sandbox.state_file import explained, json_option, state_option
from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from sfterritory.sandbox.load import LoadReport

_REJECTS_SHOWN = 20


@click.command()
@click.option(
    "--accounts", type=click.Path(dir_okay=False, path_type=Path), help="CSV or .csv.gz file."
)
@click.option(
    "--leads", type=click.Path(dir_okay=False, path_type=Path), help="CSV or .csv.gz file."
)
@click.option(
    "--users", type=click.Path(dir_okay=False, path_type=Path), help="CSV or .csv.gz file."
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="KIND.FIELD=COLUMN",
    help="Which column fills a field, e.g. accounts.Name=brand; `a|b` takes the first filled one.",
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file: kind, then field: column.",
)
@click.option(
    "--deal-owners",
    type=click.Choice(["blocks", "nearest"]),
    default="blocks",
    show_default=True,
    help="How records without an owner get one.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the dealing.")
@click.option(
    "--replace", is_flag=True, help="Empty accounts, leads and all below them before loading."
)
@state_option
@json_option
def load(  # noqa: PLR0913 - one argument an option
    *,
    accounts: Path | None,
    leads: Path | None,
    users: Path | None,
    maps: tuple[str, ...],
    mapping: Path | None,
    deal_owners: str,
    seed: int,
    replace: bool,
    state: Path,
    as_json: bool,
) -> None:
    """Load CSV files of users, accounts and leads into the org."""
    given = {"users": users, "accounts": accounts, "leads": leads}
    files = {kind: path for kind, path in given.items() if path is not None}
    if not files:
        raise click.UsageError("name at least one of --accounts, --leads, --users")
    with explained():
        from sfterritory.sandbox.load import load_files
        from sfterritory.sandbox.seed import seed_org
        from sfterritory.sandbox.state import SandboxState

        columns = _mapping(maps, mapping)
        if not state.exists():
            seed_org(state)
        opened = SandboxState(state)
        try:
            report = load_files(
                opened,
                files,
                mapping=columns,
                deal="nearest" if deal_owners == "nearest" else "blocks",
                seed=seed,
                replace=replace,
            )
        finally:
            opened.close()
    _show_load(report, as_json=as_json)


def _mapping(maps: tuple[str, ...], path: Path | None) -> dict[str, dict[str, str]]:
    """Return field to column by kind: the file's, with --map on top."""
    columns = _mapping_file(path) if path is not None else {}
    problems = []
    for one in maps:
        target, equals, column = one.partition("=")
        kind, dot, name = target.partition(".")
        if not (equals and dot and kind and name and column):
            problems.append(f"--map {one}: not of the form KIND.FIELD=COLUMN")
            continue
        columns.setdefault(kind, {})[name] = column
    if problems:
        raise ConfigError("\n".join(problems), remedy="write e.g. --map accounts.Name=brand")
    return columns


def _mapping_file(path: Path) -> dict[str, dict[str, str]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    remedy = "write kinds, and below each field: column, e.g. accounts: {Name: brand}"
    try:
        found = YAML(typ="safe").load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", remedy=remedy) from error
    fits = isinstance(found, dict) and all(
        isinstance(kind, str)
        and isinstance(fields, dict)
        and all(isinstance(part, str) for pair in fields.items() for part in pair)
        for kind, fields in found.items()
    )
    if not fits:
        raise ConfigError(f"{path} is no mapping of kinds to fields to columns", remedy=remedy)
    return {kind: dict(fields) for kind, fields in found.items()}


def _show_load(report: LoadReport, *, as_json: bool) -> None:
    if as_json:
        answer = {
            "loaded": report.loaded,
            "dealt": report.dealt,
            "columns": report.columns,
            "unused_columns": {kind: list(names) for kind, names in report.unused.items()},
            "rejected": [
                {"kind": one.kind, "line": one.line, "field": one.field, "cause": one.cause}
                for one in report.rejects
            ],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    for kind, count in report.loaded.items():
        bad = [one for one in report.rejects if one.kind == kind]
        rows = sum(1 for one in bad if one.field is None)
        click.echo(
            f"{kind}: {count:,} loaded, {report.dealt.get(kind, 0):,} of them dealt an owner, "
            f"{rows:,} rows rejected, {len(bad) - rows:,} values left out"
        )
        for name, column in report.columns[kind].items():
            click.echo(f"  {name} <- {column}")
        if report.unused[kind]:
            click.echo(f"  not loaded: {', '.join(report.unused[kind])}")
    for one in report.rejects[:_REJECTS_SHOWN]:
        what = f"{one.field} left out" if one.field else "row rejected"
        click.echo(f"{one.kind} line {one.line}: {what}: {one.cause}", err=True)
    if len(report.rejects) > _REJECTS_SHOWN:
        more = len(report.rejects) - _REJECTS_SHOWN
        click.echo(f"... and {more:,} more: --json lists them all", err=True)
