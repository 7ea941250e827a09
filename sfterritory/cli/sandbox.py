"""`sfterritory sandbox`: an org in a box, to try rules and to train without credentials."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from types import FrameType

    from sfterritory.sandbox.load import LoadReport
    from sfterritory.sandbox.running import SandboxHandle

DEFAULT_STATE = Path(".sfterritory/sandbox.db")
_REJECTS_SHOWN = 20

_state_option = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_STATE,
    show_default=True,
    help="File that holds the org.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group(name="sandbox", short_help="Run an embedded Salesforce org to practise with.")
def command() -> None:
    """Run an embedded Salesforce org: serve it, load data into it, reset it."""


@command.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address.")
@click.option(
    "--jwt-public-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file of the key whose JWT bearer assertions are accepted.",
)
@_state_option
@_json_option
def serve(port: int, host: str, jwt_public_key: Path | None, state: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands options over by name
    """Serve the org over HTTP until Ctrl-C; a new state file is seeded with a sample org."""
    with _explained():
        from sfterritory.sandbox.running import handle_of, listening_socket, sandbox_server
        from sfterritory.sandbox.seed import seed_org
        from sfterritory.sandbox.state import SandboxState

        key = _read_key(jwt_public_key)
        with listening_socket(host, port) as listener:
            if not state.exists():
                click.echo(f"seeding a sample org into {state} ...", err=True)
                seed_org(state)
            opened = SandboxState(state)
            try:
                server = sandbox_server(opened, jwt_public_key=key)

                def stop(_signal: int, _frame: FrameType | None) -> None:
                    server.should_exit = True

                signal.signal(signal.SIGINT, stop)
                signal.signal(signal.SIGTERM, stop)
                listener.listen(128)
                _announce(handle_of(opened, listener), as_json=as_json)
                server.run(sockets=[listener])
            finally:
                opened.close()


@command.command()
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
@_state_option
@_json_option
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
    with _explained():
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


@command.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--empty", is_flag=True, help="Users and queues, but no accounts or leads.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another org.")
@click.option(
    "--accounts", type=click.IntRange(0), default=2000, show_default=True, help="How many."
)
@click.option("--leads", type=click.IntRange(0), default=600, show_default=True, help="How many.")
@click.option("--reps", type=click.IntRange(1), default=15, show_default=True, help="How many.")
@_state_option
@_json_option
def reset(  # noqa: PLR0913 - one argument an option
    *,
    yes: bool,
    empty: bool,
    seed: int,
    accounts: int,
    leads: int,
    reps: int,
    state: Path,
    as_json: bool,
) -> None:
    """Drop the org's state file and seed it again."""
    if state.exists() and not yes:
        click.confirm(
            f"Drop the org in {state} with every change made to it?", abort=True, err=True
        )
    with _explained():
        from sfterritory.sandbox.seed import remove_state_file, seed_org

        remove_state_file(state)
        report = seed_org(
            state,
            seed=seed,
            accounts=0 if empty else accounts,
            leads=0 if empty else leads,
            reps=reps,
        )
    if as_json:
        answer = {"state": str(state), "records": report.records, "dirt": report.counts}
        click.echo(json.dumps(answer))
        return
    counts = ", ".join(f"{count:,} {name}" for name, count in report.records.items())
    click.echo(f"{state}: {counts}")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the sandbox's own failures into those that a command shows."""
    from sfterritory.sandbox.failure import SandboxError

    try:
        yield
    except SandboxError as error:
        raise ConfigError(error.problem, remedy=error.remedy) from error


def _read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the public key {path} cannot be read: {error}",
            remedy="name a PEM file with --jwt-public-key",
        ) from error


def _announce(handle: SandboxHandle, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "url": handle.url,
            "client_id": handle.client_id,
            "client_secret": handle.client_secret,
            "access_token": handle.access_token,
            "org_id": handle.org_id,
            "state": str(handle.path),
        }
        click.echo(json.dumps(facts))
    else:
        lines = (
            f"sandbox org {handle.org_id} at {handle.url} (state: {handle.path})",
            "",
            f"export SFTERRITORY_INSTANCE_URL={handle.url}",
            f"export SFTERRITORY_CLIENT_ID={handle.client_id}",
            f"export SFTERRITORY_CLIENT_SECRET={handle.client_secret}",
            f"export SFTERRITORY_ACCESS_TOKEN='{handle.access_token}'",
            "",
            "Ctrl-C stops it; the org is kept.",
        )
        click.echo("\n".join(lines))
    sys.stdout.flush()


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
