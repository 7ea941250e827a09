"""Everything that can go wrong for a user, each with what to do next.

The class says who can act on it; the exit code is part of the class, so a script can branch on it.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means; `docs/commands.md` lists the same table."""

    DONE = 0
    ERROR = 1
    CHANGES_PRESENT = 2
    PARTLY_APPLIED = 3
    PLAN_STALE = 4
    LOCK_HELD = 5
    NOT_APPROVED = 6
    SIGN_IN = 7
    LIMIT_REACHED = 8
    USAGE = 64
    STILL_RUNNING = 69
    INTERRUPTED = 130


class SfTerritoryError(Exception):
    """A failure that a user can act on.

    Attributes:
        problem: What happened, with the value that caused it; several lines where there are
            several mistakes.
        remedy: What to do next, as an imperative sentence.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class ConfigError(SfTerritoryError):
    """A project file, mapping or environment variable is wrong; every mistake is listed."""


class StepMissingError(SfTerritoryError):
    """An earlier step of the domain's order has no result yet; the message names the step."""


class StoreError(SfTerritoryError):
    """The local store cannot be used: unreachable, damaged, or of another version."""


class LockHeldError(SfTerritoryError):
    """Another run holds the lock; nothing was touched."""

    exit_code = ExitCode.LOCK_HELD


class PlanStaleError(SfTerritoryError):
    """The plan no longer describes what it was made from, or it has expired."""

    exit_code = ExitCode.PLAN_STALE


class NotApprovedError(SfTerritoryError):
    """The plan, or the part of it that was asked for, has no valid approval."""

    exit_code = ExitCode.NOT_APPROVED


class ConnectorError(SfTerritoryError):
    """An outside service failed; the message keeps its own code and text."""


class SignInError(ConnectorError):
    """Salesforce refused the credentials, or none were given."""

    exit_code = ExitCode.SIGN_IN


class LimitReachedError(ConnectorError):
    """An API allocation is used up; running again later resumes."""

    exit_code = ExitCode.LIMIT_REACHED


class JobRunningError(ConnectorError):
    """A Bulk job is still running on the server; running again later attaches to it."""

    exit_code = ExitCode.STILL_RUNNING
