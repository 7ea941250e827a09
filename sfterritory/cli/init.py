"""`init`: a project folder with commented mappings."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfterritory.errors import ConfigError

PROJECT_FILE = "sfterritory.yaml"
GITIGNORE = ".sfterritory/\nplans/\n"


@click.command("init", short_help="Make a project folder with commented mappings.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
def command(folder: Path, *, as_json: bool) -> None:
    """Make a project FOLDER (default: this one) with commented mappings.

    Files that are already there are kept as they are.
    """
    samples = _samples()
    wanted = {
        folder / (name if name == PROJECT_FILE else f"mappings/{name}"): text
        for name, text in samples.items()
    }
    wanted[folder / ".gitignore"] = GITIGNORE
    kept = [path for path in wanted if path.exists()]
    written = [path for path in wanted if path not in kept]
    try:
        for path in written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written: {error.strerror}",
            remedy="choose a folder that you may write to",
        ) from error
    if as_json:
        answer = {"written": [str(path) for path in written], "kept": [str(path) for path in kept]}
        click.echo(json.dumps({"format_version": 1, "init": answer}))
        return
    for path in written:
        click.echo(f"  + {path}")
    for path in kept:
        click.echo(f"  = {path} (kept as it is)")
    into = "" if folder == Path() else f"`cd {folder}`; "
    click.echo(
        f"\nNext: {into}set SFTERRITORY_INSTANCE_URL and credentials (sfterritory.yaml lists "
        "them),\n"
        "or start an org to practise with: `sfterritory sandbox serve`. Then: `sfterritory doctor`."
    )


def _samples() -> dict[str, str]:
    """Return the sample files by name: from the wheel, or from the checkout beside the package."""
    package = Path(__file__).parent.parent
    for folder in (package / "_mappings", package.parent / "mappings"):
        if folder.is_dir():
            return {
                path.name: path.read_text(encoding="utf-8")
                for path in sorted(folder.iterdir())
                if path.suffix in {".yaml", ".csv"}
            }
    raise ConfigError(
        f"the sample mappings are missing from the installation in {package}",
        remedy="install sfterritory again",
    )
