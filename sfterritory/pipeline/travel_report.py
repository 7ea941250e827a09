"""What knows travel times here, how well, and what asking it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.connectors.road.matrix_file import Place, read_matrix_file
from sfterritory.connectors.road.params import LEAST_FACTOR, MOST_FACTOR
from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.geography.travel.band import band_name
from sfterritory.geography.travel.calibration import BandFactor, MeasuredLegs, calibrated
from sfterritory.geography.travel.estimate import ESTIMATE_ERROR, EstimatedTravel, crow_km
from sfterritory.model.columns import Ints
from sfterritory.model.document import Document
from sfterritory.model.sphere import unit_vectors
from sfterritory.model.store.location import Locations
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Legs, Points, Quality
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.travel import travel_time
from sfterritory.settings.project import Settings

NEAREST_HOMES: Final = 10  # construction looks at about so many for each account
CHECKED_LEGS: Final = 8


class CheckedLeg(Document):
    """One drive of the self-check: to an account from the nearest home; null is no way."""

    account: str
    rep: str
    crow_km: float
    km: float | None
    minutes: float | None
    estimated_minutes: float
    quality: str


class ErrorLine(Document):
    """How far the estimate was off in one band of distance; shares of the real time."""

    band: str
    mean_share: float
    p90_share: float
    bias_share: float


class TravelReport(Document):
    """What knows travel times, and what one leg to every account from its nearest homes would cost.

    Attributes:
        legs: Different pairs of places.
        known: Of these, how many need no question.
        requests: Questions to the engine.
        seconds: Expected duration.
        measured: Whether that rests on answers of this engine just now.
    """

    provider: str
    source: str
    checks: tuple[CheckedLeg, ...]
    estimate_error: tuple[ErrorLine, ...]
    legs: int
    known: int
    requests: int
    seconds: float
    measured: bool
    notes: tuple[str, ...]


class FactorLine(Document):
    """Real over estimated minutes in one band; `own` is false where all bands speak for it."""

    band: str
    legs: int
    factor: float
    own: bool


class CalibrationReport(Document):
    """What a file of real drives says of the estimate."""

    legs: int
    calibration: tuple[float, ...]
    bands: tuple[FactorLine, ...]


def travel_report(settings: Settings, store: Store, *, now: datetime) -> TravelReport:
    """Open what knows travel times, check a few drives, and forecast those of construction.

    Raises:
        ConfigError: The provider cannot be opened as it is set up.
        StepMissingError: No account or no home is located.
    """
    params = settings.territories.travel
    account_ids, accounts = _accounts(store)
    names, homes = _homes(settings, store)
    rows = _nearest(homes, accounts)
    checked = _sample(rows)
    with travel_time(params, root=settings.root, now=now, places=places_by_id(store)) as travel:
        legs = travel.pairs(homes, accounts, rows=checked)
        forecast = travel.forecast(homes, accounts, rows=rows)
        source, notes = travel.source, travel.notes
    return TravelReport(
        provider=params.provider,
        source=source,
        checks=_checks(
            legs,
            (homes.taken(checked[0]), accounts.taken(checked[1])),
            account_ids=[account_ids[row] for row in checked[1].tolist()],
            names=[names[row] for row in checked[0].tolist()],
        ),
        estimate_error=error_lines(),
        legs=forecast.legs,
        known=forecast.known,
        requests=forecast.requests,
        seconds=round(forecast.seconds, 1),
        measured=forecast.measured,
        notes=notes,
    )


def calibration_report(path: Path, *, store: Store) -> CalibrationReport:
    """Compare the estimate with real drives of a CSV, by coordinates or by ids of the store.

    Raises:
        ConfigError: The file is wrong, with its lines, holds fewer than 50 usable drives, or says
            of a band what the settings would refuse.
    """
    file = read_matrix_file(path, name=path.name, places=places_by_id(store))
    try:
        bands = calibrated(MeasuredLegs(file.origins, file.destinations, file.minutes))
    except ValueError as error:
        raise ConfigError(
            f"{path.name}: {error}", remedy="add drives whose real time is known, near and far"
        ) from error
    _refuse_implausible(bands, name=path.name)
    return CalibrationReport(
        legs=sum(one.legs for one in bands),
        calibration=tuple(round(one.factor, 3) for one in bands),
        bands=tuple(
            FactorLine(
                band=band_name(number), legs=one.legs, factor=round(one.factor, 3), own=one.own
            )
            for number, one in enumerate(bands)
        ),
    )


def _refuse_implausible(bands: Sequence[BandFactor], *, name: str) -> None:
    """Refuse factors that `travel.calibration` would refuse, with what they probably come from."""
    wrong = {
        number: one.factor
        for number, one in enumerate(bands)
        if not LEAST_FACTOR <= one.factor <= MOST_FACTOR
    }
    if not wrong:
        return
    told = ", ".join(f"{factor:.3g} ({band_name(number)})" for number, factor in wrong.items())
    usual = float(np.median(list(wrong.values())))
    cause = "longitude and latitude of one end may be swapped, or drives of the wrong places"
    if usual > MOST_FACTOR:
        cause = f"its minutes may be seconds, or {cause}"
    elif usual < LEAST_FACTOR:
        cause = f"its minutes may be hours, or {cause}"
    raise ConfigError(
        f"{name}: real over estimated minutes are {told}, and travel.calibration takes factors "
        f"from {LEAST_FACTOR:g} to {MOST_FACTOR:g}: {cause}",
        remedy="correct the file; the column minutes holds minutes",
    )


def error_lines() -> tuple[ErrorLine, ...]:
    """Return the measured error of the estimate, nearest band first."""
    return tuple(
        ErrorLine(
            band=band_name(number),
            mean_share=one.mean_share,
            p90_share=one.p90_share,
            bias_share=one.bias_share,
        )
        for number, one in enumerate(ESTIMATE_ERROR)
    )


def places_by_id(store: Store) -> dict[str, Place]:
    """Return longitude and latitude of every located account and user."""
    found: dict[str, Place] = {}
    for name in ("Account", "User"):
        ids, points = _located(store.locations.of(name))
        found |= dict(
            zip(
                ids, zip(points.lon_deg.tolist(), points.lat_deg.tolist(), strict=True), strict=True
            )
        )
    return found


def _accounts(store: Store) -> tuple[list[str], Points]:
    ids, points = _located(store.locations.of("Account"))
    if not ids:
        raise StepMissingError(
            "the store holds no located account", remedy="run `sfterritory pull` first"
        )
    return ids, points


def _homes(settings: Settings, store: Store) -> tuple[list[str], Points]:
    roster = load_roster(settings, store, load_people(settings, store))
    rows = np.flatnonzero(~np.isnan(roster.lon_deg))
    if len(rows) == 0:
        raise StepMissingError(
            f"none of the {len(roster):,} reps has a home that is located",
            remedy="give users an address in Salesforce, or a row in mappings/people.yaml's "
            "sources, then run `sfterritory pull`",
        )
    homes = Points(roster.lon_deg, roster.lat_deg).taken(rows)
    return [roster.names[row] for row in rows.tolist()], homes


def _located(locations: Locations) -> tuple[list[str], Points]:
    places = locations.places
    rows = np.flatnonzero(places.located)
    return locations.ids[rows].tolist(), Points(places.lon_deg, places.lat_deg).taken(rows)


def _nearest(homes: Points, accounts: Points) -> tuple[Ints, Ints]:
    """Return drives as construction asks for them: to each account from its nearest homes.

    They stand by account, the nearest home first.
    """
    count = min(NEAREST_HOMES, len(homes))
    tree = cKDTree(unit_vectors(homes.lon_deg, homes.lat_deg))
    _, found = tree.query(
        unit_vectors(accounts.lon_deg, accounts.lat_deg), k=list(range(1, count + 1))
    )
    rows = np.repeat(np.arange(len(accounts), dtype=np.int32), count)
    return np.asarray(found, dtype=np.int32).ravel(), rows


def _sample(rows: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return the drives to a few accounts, spread over the book, from the nearest home."""
    accounts = int(rows[1].max()) + 1
    each = len(rows[1]) // accounts
    chosen = np.unique(np.linspace(0, accounts - 1, CHECKED_LEGS).astype(np.int32)) * each
    return rows[0][chosen], rows[1][chosen]


def _checks(
    legs: Legs, ends: tuple[Points, Points], *, account_ids: list[str], names: list[str]
) -> tuple[CheckedLeg, ...]:
    every = np.arange(len(legs.minutes), dtype=np.int32)
    estimate = EstimatedTravel().pairs(*ends, rows=(every, every))
    distance_km = crow_km(*ends)
    return tuple(
        CheckedLeg(
            account=account_ids[row],
            rep=names[row],
            crow_km=round(float(distance_km[row]), 2),
            km=_rounded(legs.km[row]),
            minutes=_rounded(legs.minutes[row]),
            estimated_minutes=round(float(estimate.minutes[row]), 1),
            quality=Quality(int(legs.quality[row])).name.lower(),
        )
        for row in every.tolist()
    )


def _rounded(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None
