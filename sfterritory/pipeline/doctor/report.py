"""What a check says: how it ended, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from sfterritory.errors import SfTerritoryError
from sfterritory.model.document import Document

T = TypeVar("T")


class Health(StrEnum):
    """How a check ended.

    `unknown` is a question that Salesforce does not answer to this user: neither fine nor wrong.
    """

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"


class HealthCheck(Document):
    """One check; `remedy` says what to do where it is not ok."""

    name: str
    health: Health
    detail: str
    remedy: str = ""


class DoctorReport(Document):
    """Every check, in the order in which they depend on each other."""

    checks: tuple[HealthCheck, ...]

    @property
    def healthy(self) -> bool:
        """Return whether nothing failed; warnings and unknowns do not count."""
        return all(one.health is not Health.FAILED for one in self.checks)


def ok(name: str, detail: str) -> HealthCheck:
    """Return a check that found nothing wrong."""
    return HealthCheck(name=name, health=Health.OK, detail=detail)


def warning(name: str, detail: str, *, remedy: str) -> HealthCheck:
    """Return a check that found what may do harm."""
    return HealthCheck(name=name, health=Health.WARNING, detail=detail, remedy=remedy)


def unknown(name: str, detail: str, *, remedy: str) -> HealthCheck:
    """Return a check whose question was not answered."""
    return HealthCheck(name=name, health=Health.UNKNOWN, detail=detail, remedy=remedy)


def failed(name: str, detail: str, *, remedy: str) -> HealthCheck:
    """Return a check that found what stops the main job."""
    return HealthCheck(name=name, health=Health.FAILED, detail=detail, remedy=remedy)


def tried(name: str, ask: Callable[[], T]) -> tuple[HealthCheck | None, T | None]:
    """Return what `ask` gives, or the failed check that it makes."""
    try:
        return None, ask()
    except SfTerritoryError as error:
        return failed(name, error.problem, remedy=error.remedy), None
