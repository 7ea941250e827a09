"""Who writes, when, and by which rules: what every step of a save needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.rule_book import NO_RULES, RuleBook

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Transaction:
    """The writing connection and the circumstances of the writing.

    Attributes:
        user_id: Who writes.
        schema: What that user sees of the org.
        now: The server's time.
        rules: What the org's administrator declared.
    """

    connection: sqlite3.Connection
    user_id: str
    schema: OrgSchema
    now: datetime
    switches: Switches
    rules: RuleBook = NO_RULES

    @property
    def stamp(self) -> str:
        """The moment, as the tables hold it."""
        return stored(self.now)

    def has_feature(self, name: str) -> bool:
        """Whether the org has a feature."""
        return name in self.switches.features
