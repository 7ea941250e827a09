"""Figures of the stages of construction, side by side: today, feasible, improved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.alignment import LoadShare, Stage
from sfterritory.optimize.band import Band, band_of
from sfterritory.optimize.request import Demand


@dataclass(frozen=True, slots=True)
class Scale:
    """What stages are measured with, all of accounts, shape (n,), or as `demands` say.

    Attributes:
        demands: Hours first.
        rep: Today's owners.
    """

    demands: tuple[Demand, ...]
    rep: Ints


def stage(name: str, territory: Ints, *, scale: Scale, cost_km: Floats, km: Floats) -> Stage:
    """Return the figures of an alignment; rows with -1 count nowhere.

    `cost_km` and `km` are what an hour costs and how far it lies, of each account, shape (n,).
    """
    held = territory >= 0
    hours = np.where(held, scale.demands[0].amount, 0.0)
    weight = float(hours.sum())
    bands = [band_of(one, territory) for one in scale.demands]
    outside = np.any([band.outside for band in bands], axis=0)
    return Stage(
        name=name,
        objective=float((hours * np.where(held, cost_km, 0.0)).sum()),
        mean_km=float((hours * np.where(held, km, 0.0)).sum()) / weight if weight > 0 else 0.0,
        shares=tuple(_share(band) for band in bands),
        territories_outside=int(outside.sum()),
        accounts_moved=int((held & (scale.rep >= 0) & (territory != scale.rep)).sum()),
    )


def _share(band: Band) -> LoadShare:
    share = band.share[band.target > 0]
    if len(share) == 0:
        return LoadShare(band.name, 0.0, 0.0)
    return LoadShare(band.name, float(share.min()), float(share.max()))
