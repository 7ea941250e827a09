"""A user's desk: a project folder, an org, and the command line between them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfterritory.cli.main import run
from sfterritory.sandbox.running import SandboxHandle

Row = dict[str, Any]

# What belongs to the server itself: tokens, cursors, jobs.
_NO_RECORDS = "NAME NOT LIKE '\\_%' ESCAPE '\\' AND NAME NOT LIKE 'sqlite%'"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command left: exit code, stdout and stderr."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Desk:
    """One project folder; `org` is the sandbox that the environment names, where one runs."""

    root: Path

    def try_(self, *words: str) -> Shown:
        """Type a command and return how it ended, whatever the exit code."""
        place = [] if words[0] in {"init", "completion", "sandbox", "demo"} else self._project
        with _captured() as (out, err):
            code = run([*words, *place])
        return Shown(code, out.getvalue(), err.getvalue().decode())

    def run(self, *words: str, code: int = 0) -> Shown:
        """Type a command that has to end with this exit code."""
        shown = self.try_(*words)
        assert shown.code == code, f"{words} ended with {shown.code}:\n{shown.all}"
        return shown

    def ask(self, *words: str, code: int = 0) -> Any:
        """Return what a command answers as JSON, without the wrapping."""
        answer = self.run(*words, "--json", code=code).json
        assert answer["format_version"] == 1
        return answer[words[0]]

    def plan(self) -> Any:
        """Build, route and plan from the last pull; return the plan as `show --json` has it."""
        for step in ("build", "route"):
            self.run(step)
        return self.ask("plan", "--no-html")

    def edit(self, name: str, old: str, new: str) -> int:
        """Replace a text in a file of the project; return its line number."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    @property
    def store_file(self) -> Path:
        return self.root / ".sfterritory" / "store.db"

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.store_file}"

    @property
    def _project(self) -> list[str]:
        return ["--project", str(self.root)]


def records(org: SandboxHandle, *object_names: str) -> dict[str, dict[str, Row]]:
    """Return every stored value of every record, by object and id; of all objects by default."""
    with org.state.reading() as connection:
        names = object_names or [
            name
            for (name,) in connection.execute(
                f"SELECT name FROM sqlite_master WHERE type = 'table' AND {_NO_RECORDS}"  # noqa: S608 - a constant
            )
        ]
        found = {}
        for name in sorted(names):
            cursor = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - our own names
            heading = [column[0] for column in cursor.description]
            rows = (dict(zip(heading, row, strict=True)) for row in cursor)
            found[name] = {row["Id"]: row for row in rows}
    return found


def owners(org: SandboxHandle) -> dict[str, str]:
    """Return the owner of every account and lead by record id."""
    found = records(org, "Account", "Lead")
    return {record_id: row["OwnerId"] for rows in found.values() for record_id, row in rows.items()}


def owner_moves(org: SandboxHandle) -> list[tuple[str, str, str]]:
    """Return (record, old owner, new owner) of the org's owner history, in order of ids."""
    return sorted(
        (row[parent], row["OldValue"], row["NewValue"])
        for name, parent in (("AccountHistory", "AccountId"), ("LeadHistory", "LeadId"))
        for row in records(org, name)[name].values()
        if row["Field"] == "Owner" and row["DataType"] == "EntityId"
    )


def reps(org: SandboxHandle) -> list[Row]:
    """Return the active account executives, in order of ids."""
    users = records(org, "User")["User"]
    return [
        users[record_id]
        for record_id in sorted(users)
        if users[record_id]["IsActive"] and users[record_id]["Title"] == "Account Executive"
    ]


def environment(org: SandboxHandle) -> Mapping[str, str]:
    """Return what a user puts into the environment to reach an org."""
    return {
        "SFTERRITORY_INSTANCE_URL": org.url,
        "SFTERRITORY_CLIENT_ID": org.client_id,
        "SFTERRITORY_CLIENT_SECRET": org.client_secret,
    }


@contextmanager
def _captured() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Catch stdout and stderr, bytes and all; neither is a terminal."""
    out, err = io.BytesIO(), io.BytesIO()
    text = [
        io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=True)
        for raw in (out, err)
    ]
    with redirect_stdout(text[0]), redirect_stderr(text[1]):
        yield out, err
        for one in text:
            one.flush()
    for one in text:
        one.detach()
