"""Continuity: how much dearer a change of owner is for accounts that have more to lose by it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, NumberColumn, TimeColumn
from sfterritory.model.store.store import Store
from sfterritory.optimize.params import RELATIONSHIP, TENURE
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.people import TERRITORIES_FILE
from sfterritory.settings.project import Settings

_WHERE = f"{TERRITORIES_FILE}: territories.churn_weights"
_DAY = np.timedelta64(1, "D")


def churn_factor(
    settings: Settings, store: Store, book: Book, *, taken_at: datetime
) -> tuple[Floats, tuple[str, ...]]:
    """Return what multiplies the price of a change for each account, at least 1, and notes.

    An account with the mean of a source costs that source's weight more, as a share of the price.

    Args:
        settings: Of the project.
        store: Where histories and activities are kept.
        book: The accounts.
        taken_at: When they were pulled: days are counted up to then.

    Raises:
        ConfigError: A source holds no amounts, or was not pulled.
    """
    factor, notes = np.ones(len(book.accounts)), []
    for name, weight in sorted(settings.territories.territories.churn_weights.items()):
        if name == TENURE:
            amount, unknown = _tenure_days(store, book, taken_at)
            if unknown:
                notes.append(
                    f"tenure: of {unknown:,} of {len(amount):,} accounts no change of owner is "
                    "known: their owners are taken to have had them since they were created"
                )
        elif name == RELATIONSHIP:
            amount = _touches(store, book)
        else:
            amount = _amounts(book, name, taken_at)
        amount = np.maximum(np.nan_to_num(amount), 0.0)
        mean = float(amount.mean()) if len(amount) else 0.0
        if mean > 0:
            factor += weight * amount / mean
    return factor, tuple(notes)


def _tenure_days(store: Store, book: Book, taken_at: datetime) -> tuple[Floats, int]:
    """Return days that today's owner has had each account, and how many rest on its creation."""
    if "AccountHistory" not in store.mirror.pulled():
        raise ConfigError(
            f"{_WHERE}: {TENURE} asks for owner changes, and AccountHistory was not pulled",
            remedy="put AccountHistory among pull.objects of mappings/salesforce.yaml and pull "
            "again; or name a date field of Account instead, as Owner_Since__c",
        )
    changed, created = store.owners_since("Account"), store.created("Account")
    ids = book.accounts.ids.tolist()
    since = _moments([changed.get(one) or created.get(one) for one in ids])
    return _days(since, taken_at), sum(one not in changed for one in ids)


def _touches(store: Store, book: Book) -> Floats:
    """Return how many completed tasks and events of its owner each account has."""
    if not {"Task", "Event"} & store.mirror.pulled().keys():
        raise ConfigError(
            f"{_WHERE}: {RELATIONSHIP} counts tasks and events, and neither was pulled",
            remedy="put Task and Event among pull.objects of mappings/salesforce.yaml, pull again",
        )
    touches = store.mirror.owner_activities()
    return np.array([touches.get(one, 0) for one in book.accounts.ids.tolist()], dtype=np.float64)


def _amounts(book: Book, name: str, taken_at: datetime) -> Floats:
    """Return a number field as it is, a date field as days up to the pull."""
    column = book.fields([name])[name]
    if isinstance(column, TimeColumn):
        return _days(column.values, taken_at)
    if isinstance(column, NumberColumn):
        return column.values
    raise ConfigError(
        f"{_WHERE}: Account.{name} holds neither numbers nor dates",
        remedy=f"name a number, currency or date field, {TENURE} or {RELATIONSHIP}",
    )


def _days(since: np.ndarray[tuple[int], np.dtype[np.datetime64]], taken_at: datetime) -> Floats:
    """Return days from moments to the pull, NaN where there is none."""
    days: Floats = (_moments([taken_at]) - since) / _DAY
    return days


def _moments(
    moments: list[datetime | None] | list[datetime],
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array(
        [
            np.datetime64("NaT") if one is None else one.astimezone(UTC).replace(tzinfo=None)
            for one in moments
        ],
        dtype="datetime64[ms]",
    )
