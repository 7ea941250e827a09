"""What people type into address fields: each kind of dirt in a known number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.places import all_places
from sfterritory.sandbox.seed_names import (
    CANADIAN_PLACES,
    COUNTRY_SPELLINGS,
    GERMAN_PLACES,
    STATE_NAMES,
)

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Callable

    from sfterritory.sandbox.seed_people import Row

    Dirt = Callable[[Row, str, random.Random], None]

_PARTS = ("Street", "City", "State", "PostalCode", "Country")
_GEOCODE = ("Latitude", "Longitude", "GeocodeAccuracy")


def add_dirt(
    rows: list[Row], dice: random.Random, counts: Counter[str], *, prefix: str = "Billing"
) -> None:
    """Spoil addresses in place; `counts` learns how many rows each kind got."""
    object_name = "accounts" if prefix else "leads"
    order = list(range(len(rows)))
    dice.shuffle(order)
    start = 0
    for name, share, dirt in _EXCLUSIVE:
        chosen = order[start : start + round(share * len(rows))]
        start += len(chosen)
        for index in chosen:
            dirt(rows[index], prefix, dice)
        counts[f"{object_name} {name}"] += len(chosen)
    clean = order[start:]
    _lose_zeros(rows, clean, counts, key=f"{prefix}PostalCode", name=object_name)
    _vary_spellings(rows, clean, dice, counts, prefix=prefix, name=object_name)
    if prefix:
        _repeat_companies(rows, clean, dice, counts)


def _no_address(row: Row, prefix: str, _dice: random.Random) -> None:
    for part in (*_PARTS, *_GEOCODE):
        row[f"{prefix}{part}"] = None


def _canada(row: Row, prefix: str, dice: random.Random) -> None:
    _move_abroad(row, prefix, dice.choice(CANADIAN_PLACES), dice.choice(("CA", "Canada")))


def _germany(row: Row, prefix: str, dice: random.Random) -> None:
    _move_abroad(row, prefix, dice.choice(GERMAN_PLACES), dice.choice(("DE", "Germany")))


def _move_abroad(row: Row, prefix: str, place: tuple[str, str, str], country: str) -> None:
    city, state, code = place
    values = (row[f"{prefix}Street"], city, state, code, country)
    for part, value in zip(_PARTS, values, strict=True):
        row[f"{prefix}{part}"] = value
    for part in _GEOCODE:
        row[f"{prefix}{part}"] = None


def _missing_code(row: Row, prefix: str, _dice: random.Random) -> None:
    row[f"{prefix}PostalCode"] = None


def _other_states_code(row: Row, prefix: str, dice: random.Random) -> None:
    other = dice.choice(all_places())
    while other.state == row[f"{prefix}State"]:
        other = dice.choice(all_places())
    row[f"{prefix}PostalCode"] = other.postal_code


def _plus_four(row: Row, prefix: str, dice: random.Random) -> None:
    row[f"{prefix}PostalCode"] += f"-{dice.randint(1, 9999):04d}"


def _letters(row: Row, prefix: str, dice: random.Random) -> None:
    code = row[f"{prefix}PostalCode"]
    row[f"{prefix}PostalCode"] = dice.choice(
        ("N/A", "unknown", f"{code[:4]}O", f"ZIP {code}", "TBD")
    )


_EXCLUSIVE: tuple[tuple[str, float, Dirt], ...] = (
    ("without any address", 0.02, _no_address),
    ("in Canada", 0.015, _canada),
    ("in Germany", 0.01, _germany),
    ("without postal code", 0.04, _missing_code),
    ("with another state's postal code", 0.015, _other_states_code),
    ("with ZIP+4", 0.06, _plus_four),
    ("with letters for a postal code", 0.006, _letters),
)


def _lose_zeros(
    rows: list[Row], clean: list[int], counts: Counter[str], *, key: str, name: str
) -> None:
    """Let a spreadsheet eat the leading zero of every second code that has one."""
    zeros = [index for index in sorted(clean) if rows[index][key].startswith("0")][::2]
    for index in zeros:
        rows[index][key] = rows[index][key].lstrip("0")
    counts[f"{name} with a lost leading zero"] += len(zeros)


def _vary_spellings(
    rows: list[Row],
    clean: list[int],
    dice: random.Random,
    counts: Counter[str],
    *,
    prefix: str,
    name: str,
) -> None:
    for index in clean:
        row = rows[index]
        die = dice.random()
        if die < 0.35:
            row[f"{prefix}Country"] = dice.choice(COUNTRY_SPELLINGS)
        elif die < 0.40:
            row[f"{prefix}Country"] = None
        counts[f"{name} with country spelled otherwise"] += die < 0.35
        counts[f"{name} without country"] += 0.35 <= die < 0.40
        die = dice.random()
        state = row[f"{prefix}State"]
        if die < 0.10:
            row[f"{prefix}State"] = STATE_NAMES[state]
        elif die < 0.13:
            row[f"{prefix}State"] = state.lower()
        counts[f"{name} with state spelled out"] += die < 0.10
        counts[f"{name} with state in lower case"] += 0.10 <= die < 0.13


def _repeat_companies(
    rows: list[Row], clean: list[int], dice: random.Random, counts: Counter[str]
) -> None:
    """Make one in fifty rows a second entry of another company, its name written otherwise."""
    pairs = round(0.02 * len(rows))
    for original, repeat in zip(clean[:pairs], clean[pairs : 2 * pairs], strict=False):
        name = rows[original]["Name"]
        rows[repeat]["Name"] = dice.choice(
            (name.upper(), name.replace("Inc.", "Incorporated"), f"{name} ", f"The {name}")
        ).strip()
        for part in (*_PARTS, *_GEOCODE):
            rows[repeat][f"Billing{part}"] = rows[original].get(f"Billing{part}")
        rows[repeat]["Website"] = rows[original]["Website"]
        rows[repeat]["Phone"] = rows[original]["Phone"]
    counts["accounts that repeat another"] += min(pairs, max(len(clean) - pairs, 0))
