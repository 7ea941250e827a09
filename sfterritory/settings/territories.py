"""`mappings/territories.yaml`: who gets a territory, what is shared out, and what has to stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from sfterritory.connectors.road.params import TravelParams
from sfterritory.geography.params import GeographyParams
from sfterritory.model.document import Document
from sfterritory.optimize.cadence import ProposalParams
from sfterritory.optimize.params import CHURN_SOURCES, TerritoryParams, WorkloadParams
from sfterritory.routing.rules import Condition

HOURS, VALUE, ACCOUNTS = "hours", "value", "accounts"
OWN_MEASURES = (HOURS, VALUE, ACCOUNTS)
OWNERS = "owners"
"""What the first team is called beside overlays."""

Name = Annotated[str, Field(min_length=1, pattern=r"\S")]


class RosterParams(Document):
    """Which users get a territory, and how large a one."""

    where: Condition
    capacity: dict[str, float] = Field(default_factory=dict)
    levels: tuple[Name, ...] = Field(
        default=(), description="attributes of reps that figures are rolled up by, highest first"
    )


class LockRule(Document):
    """Accounts that stay with today's owner, because of what they or their children are now."""

    name: Name
    account: Condition | None = None
    opportunity: Condition | None = None
    case: Condition | None = None
    date: str | None = None
    within_days: int | None = Field(default=None, ge=0, le=3660)

    @model_validator(mode="after")
    def _one_question(self) -> LockRule:
        asked = [name for name in ("account", "opportunity", "case", "date") if getattr(self, name)]
        if len(asked) != 1:
            raise ValueError(
                "a lock rule asks one thing: account, opportunity, case, or date with within_days; "
                f"found {' and '.join(asked) or 'none of them'}"
            )
        if (self.date is None) != (self.within_days is None):
            raise ValueError(
                "date and within_days belong together: a field, and days from the pull"
            )
        return self


class LockParams(Document):
    """Which accounts stay with today's owner."""

    where: Condition | None = None
    list: str | None = None
    rules: tuple[LockRule, ...] = ()

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[LockRule, ...]) -> tuple[LockRule, ...]:
        _refuse_repeats("lock rules", [one.name for one in rules])
        return rules


class Reserved(Document):
    """Accounts that only some reps may have, or had better have: skills, named lists, products.

    Attributes:
        prefer_km: How many kilometres nearer another rep has to be to get them all the same; null
            is a demand: nobody else may have them.
        only: The reps may have no other accounts: a territory without geography.
    """

    name: Name
    accounts: Condition
    reps: Condition
    prefer_km: float | None = Field(default=None, gt=0, le=20_000)
    only: bool = False


class RepLimits(Document):
    """What one rep's part of a measure is, where it is not that of the others."""

    share: float | None = Field(default=None, ge=0, le=100)
    at_least: float | None = Field(default=None, ge=0)
    at_most: float | None = Field(default=None, ge=0)


class Balance(Document):
    """A measure of which every territory gets its part.

    Attributes:
        measure: `hours`, `value`, `accounts`, or a number field of Account.
        tolerance: Allowed distance from the fair part, as a share of it; null: no fair part.
        at_least: Hard minimum of a full rep.
        at_most: Hard maximum of a full rep.
        reps: Other parts and limits, by username.
    """

    measure: Name
    tolerance: float | None = Field(default=None, ge=0.005, le=10)
    at_least: float | None = Field(default=None, ge=0)
    at_most: float | None = Field(default=None, ge=0)
    reps: dict[str, RepLimits] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _in_order(self) -> Balance:
        given = {"": (self.at_least, self.at_most)}
        given |= {f"reps.{ref}: ": (one.at_least, one.at_most) for ref, one in self.reps.items()}
        for where, (least, most) in given.items():
            if least is not None and most is not None and least > most:
                raise ValueError(f"{where}at_least {least:g} is above at_most {most:g}")
        return self


FamilyKeeping = Literal["ignore", "together", "split"]


def _check_split(families: FamilyKeeping, split: Condition | None) -> None:
    if (families == "split") != (split is not None):
        raise ValueError("families: split goes with a condition in `split`, and only it does")


class FamilyRule(Document):
    """What holds for the families of a segment, where that is not what holds for the others.

    Attributes:
        when: Asked of the ultimate parent; of the first member where that is not in the org.
        split: Members that stand alone, with `families: split`.
    """

    when: Condition
    families: FamilyKeeping
    split: Condition | None = None

    @model_validator(mode="after")
    def _split_has_a_condition(self) -> FamilyRule:
        _check_split(self.families, self.split)
        return self


class UnitParams(Document):
    """What is never cut in two: units of land, and families of accounts."""

    by: Literal["account", "postal_code", "county", "cell", "area"] = "account"
    cell_km: float = Field(default=10.0, gt=0, le=1000, description="width of a cell")
    area_set: str | None = Field(
        default=None, description="with `area`: which of geography.area_sets"
    )
    families: FamilyKeeping = "ignore"
    parent: str = Field(default="ParentId", description="field that names the parent account")
    split: Condition | None = Field(
        default=None, description="members that stand alone, where families are split"
    )
    family_rules: tuple[FamilyRule, ...] = Field(
        default=(), description="segments with another way; the first rule that matches decides"
    )

    @model_validator(mode="after")
    def _split_has_a_condition(self) -> UnitParams:
        _check_split(self.families, self.split)
        return self

    @property
    def heeds_families(self) -> bool:
        """Tell whether some families may have to stay together."""
        return any(one != "ignore" for one in (self.families, *self._of_rules))

    @property
    def _of_rules(self) -> tuple[FamilyKeeping, ...]:
        return tuple(one.families for one in self.family_rules)

    @property
    def conditions(self) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
        """Yield every condition on Account, with its place below `units`."""
        if self.split is not None:
            yield ("split",), self.split
        for at, rule in enumerate(self.family_rules):
            yield ("family_rules", at, "when"), rule.when
            if rule.split is not None:
                yield ("family_rules", at, "split"), rule.split


class Overlay(Document):
    """A further team on the same accounts, with territories of its own: experts, partners."""

    name: Name
    roster: RosterParams
    scope: Condition | None = None
    balance: tuple[Balance, ...] = (Balance(measure=HOURS, tolerance=0.1),)
    mode: Literal["homes", "greenfield"] = "homes"
    calls_share: float = Field(
        default=1.0, gt=0, le=100, description="calls of this team for each call of the owner"
    )


class TerritoriesFile(Document):
    """`mappings/territories.yaml`."""

    version: Literal[1]
    roster: RosterParams
    scope: Condition | None = None
    units: UnitParams = UnitParams()
    locks: LockParams = LockParams()
    reserved: tuple[Reserved, ...] = Field(default=(), max_length=60)
    workload: WorkloadParams = WorkloadParams()
    balance: tuple[Balance, ...] = (
        Balance(measure=HOURS, tolerance=0.05),
        Balance(measure=VALUE, tolerance=0.15),
    )
    territories: TerritoryParams = TerritoryParams()
    travel: TravelParams = TravelParams()
    geography: GeographyParams = GeographyParams()
    proposals: ProposalParams = ProposalParams()
    overlays: tuple[Overlay, ...] = ()

    @field_validator("balance")
    @classmethod
    def _measures_differ(cls, balance: tuple[Balance, ...]) -> tuple[Balance, ...]:
        _refuse_repeats("balance", [one.measure for one in balance])
        return balance

    @field_validator("reserved")
    @classmethod
    def _names_differ(cls, reserved: tuple[Reserved, ...]) -> tuple[Reserved, ...]:
        _refuse_repeats("reserved", [one.name for one in reserved])
        return reserved

    @field_validator("overlays")
    @classmethod
    def _teams_differ(cls, overlays: tuple[Overlay, ...]) -> tuple[Overlay, ...]:
        _refuse_repeats("overlays", [one.name for one in overlays])
        if any(one.name == OWNERS for one in overlays):
            raise ValueError(f"overlays: {OWNERS!r} is what the first team is called")
        return overlays

    @model_validator(mode="after")
    def _area_set_known(self) -> TerritoriesFile:
        known = [one.name for one in self.geography.area_sets]
        if (self.units.by == "area") != (self.units.area_set is not None):
            raise ValueError("units: `by: area` and area_set belong together")
        if self.units.area_set is not None and self.units.area_set not in known:
            raise ValueError(
                f"units.area_set {self.units.area_set!r} is none of geography.area_sets: "
                f"{', '.join(known) or 'there are none'}"
            )
        return self

    @property
    def account_conditions(self) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
        """Yield every condition on Account, with its place in the file."""
        if self.scope is not None:
            yield ("scope",), self.scope
        if self.locks.where is not None:
            yield ("locks", "where"), self.locks.where
        for at, rule in enumerate(self.locks.rules):
            if rule.account is not None:
                yield ("locks", "rules", at, "account"), rule.account
        for at, one in enumerate(self.reserved):
            yield ("reserved", at, "accounts"), one.accounts
        for path, condition in self.units.conditions:
            yield ("units", *path), condition
        for at, overlay in enumerate(self.overlays):
            if overlay.scope is not None:
                yield ("overlays", at, "scope"), overlay.scope

    @property
    def account_fields(self) -> frozenset[str]:
        """Return every field of Account that is asked for by name or in a condition."""
        named = {rule.date for rule in self.locks.rules if rule.date}
        named |= {one.measure for one in self.all_balance if one.measure not in OWN_MEASURES}
        named |= set(self.territories.churn_weights) - CHURN_SOURCES
        if self.units.heeds_families:
            named.add(self.units.parent)
        for _, condition in self.account_conditions:
            named |= condition.fields
        return frozenset(named)

    @property
    def all_balance(self) -> Iterator[Balance]:
        """Yield the measures of the territories and of every overlay."""
        yield from self.balance
        for overlay in self.overlays:
            yield from overlay.balance

    @property
    def user_conditions(self) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
        """Yield every condition on User, with its place in the file."""
        yield ("roster", "where"), self.roster.where
        for at, one in enumerate(self.reserved):
            yield ("reserved", at, "reps"), one.reps
        for at, overlay in enumerate(self.overlays):
            yield ("overlays", at, "roster", "where"), overlay.roster.where

    def child_fields(self, object_name: str) -> frozenset[str]:
        """Return the fields of children that lock rules ask for."""
        asked = self.child_rules(object_name).values()
        return frozenset(name for condition in asked for name in condition.fields)

    def child_rules(self, object_name: str) -> dict[int, Condition]:
        """Return the lock rules on children of one kind, by their place in the file."""
        return {
            at: condition
            for at, rule in enumerate(self.locks.rules)
            if (condition := rule.opportunity if object_name == "Opportunity" else rule.case)
        }


def _refuse_repeats(what: str, names: list[str]) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise ValueError(f"{what}: {twice[0]!r} stands twice")
