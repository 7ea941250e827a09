"""A layer as the store keeps it: a version that names its content, and its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np

from sfterritory.model.columns import TextColumn
from sfterritory.model.document import content_hash
from sfterritory.model.store.territory import OVERLAYS, Alignment, TerritoryVersion
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.optimize.alignment import Stage
from sfterritory.optimize.curve import PriceCurve, PricePoint
from sfterritory.optimize.metrics import (
    AlignmentMetrics,
    Balance,
    Disruption,
    Travel,
    alignment_metrics,
)
from sfterritory.optimize.territory_figures import AccountFacts
from sfterritory.pipeline.construction.layer import Layer
from sfterritory.pipeline.territory_figures import (
    Drawn,
    demand_documents,
    drive_figures,
    territory_documents,
)
from sfterritory.settings.project import Settings

FEASIBLE = "feasible"
LIMITS_BROKEN = "limits broken"


@dataclass(frozen=True, slots=True)
class Made:
    """What a version was made of beside its layer.

    Attributes:
        snapshot_id: The pull.
        now: The moment of the build.
        what_if: What was changed.
        curve: Other prices of change, None where they were not worked out.
        overlays: Versions of further teams by name.
        teams_feasible: These keep every limit; a version that does not is not gone by in silence.
    """

    snapshot_id: str
    now: datetime
    what_if: WhatIf = UNCHANGED
    curve: PriceCurve | None = None
    overlays: dict[str, str] = field(default_factory=dict)
    teams_feasible: bool = True


def make_version(settings: Settings, layer: Layer, made: Made) -> TerritoryVersion:
    """Return the version of a layer; its name changes with anything that is kept under it."""
    metrics = _metrics(settings, layer, made)
    version_id = content_hash(
        {
            "snapshot": made.snapshot_id,
            "config": settings.config_hash,
            "seed": settings.project.seed,
            "what_if": made.what_if.model_dump(mode="json"),
            "metrics": metrics,
            "territories": _digest(repr(astuple(one)).encode() for one in layer.territories),
            "alignment": _digest(_pieces(layer.alignment)),
        }
    )
    return TerritoryVersion(
        id=version_id,
        snapshot_id=made.snapshot_id,
        params_hash=settings.config_hash,
        seed=settings.project.seed,
        status=FEASIBLE if layer.feasible and made.teams_feasible else LIMITS_BROKEN,
        metrics=metrics,
        created_at=made.now,
    )


def _pieces(alignment: Alignment) -> Iterator[bytes]:
    """Yield every column of an alignment; texts of a million accounts are not joined."""
    for one in fields(alignment):
        column = getattr(alignment, one.name)
        if isinstance(column, TextColumn):
            yield column.codes.tobytes()
            yield from (text.encode() for text in column.vocabulary)
        else:
            yield column.tobytes()


def _digest(pieces: Iterable[bytes]) -> str:
    """Return the SHA-256 of pieces and of where each of them ends."""
    digest = sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
    return digest.hexdigest()


def _metrics(settings: Settings, layer: Layer, made: Made) -> dict[str, Any]:
    asked, plan = layer.asked, layer.plan
    accounts, demands = asked.book.accounts, asked.request.demands
    lock = asked.request.locks.rep
    figures = {
        name: metric_documents(
            alignment_metrics(territory, accounts=accounts, demands=demands, lock=lock)
        )
        for name, territory in (("before", accounts.rep), ("after", plan.territory))
    }
    # Only where there is one: a version's name is made from what it holds.
    told = [one.message for one in layer.travel_broken]
    return {
        **figures,
        **({"travel_broken": told} if told else {}),
        "stages": [_stage_document(one) for one in plan.stages],
        "bound": {
            "objective": round(plan.objective, 4),
            "lower_bound": round(plan.lower_bound, 4),
            "gap_share": plan.gap_share,
        },
        "curve": [] if made.curve is None else curve_documents(made.curve),
        "demands": demand_documents(demands, before=accounts.rep, after=plan.territory),
        "territories": _territories(settings, layer),
        "what_if": list(asked.changes),
        "asked": made.what_if.model_dump(mode="json"),
        "travel_source": layer.drive.source,
        OVERLAYS: dict(made.overlays),
    }


def _territories(settings: Settings, layer: Layer) -> dict[str, dict[str, float]]:
    asked, plan, drive = layer.asked, layer.plan, layer.drive
    accounts = asked.book.accounts
    facts = AccountFacts(
        lon_deg=accounts.lon_deg,
        lat_deg=accounts.lat_deg,
        hours=plan.hours,
        amounts={
            "service_hours_per_year": asked.work.service_hours,
            "travel_hours_per_year": drive.account_line_haul_hours + drive.account_local_hours,
            "value_usd": accounts.value_usd,
        },
        label=asked.book.tier(settings),
    )
    drawn = Drawn(layer.keys, layer.areas.polygons, plan.centre_lon_deg, plan.centre_lat_deg)
    return territory_documents(
        facts,
        plan.territory,
        drawn=drawn,
        given={
            "capacity_hours_per_year": asked.capacity.rep_hours,
            **drive_figures(drive),
        },
        gap_km=asked.request.gap_km,
    )


def curve_documents(curve: PriceCurve) -> list[dict[str, Any]]:
    """Return the curve as a version keeps it."""
    return [
        {
            **_fullest(point),
            **_saved(point),
            "price_km": point.price_km,
            "accounts_moved": point.accounts_moved,
            "mean_km": round(point.mean_km, 4),
            "hours_moved": round(point.hours_moved, 2),
            "value_moved_usd": round(point.value_moved_usd, 2),
            "loss_usd": round(point.risk_usd, 2),
            "knee": point.is_knee,
        }
        for point in curve.points
    ]


def _fullest(point: PricePoint) -> dict[str, float]:
    """Return the fullest territory over the mean, nothing where no account needs hours."""
    number = next(iter(point.balance.values())).max_over_mean
    return {} if np.isnan(number) else {"max_over_mean": round(number, 4)}


def _saved(point: PricePoint) -> dict[str, float]:
    """Return the marginal gain, nothing for the first point."""
    saved = point.saved_km_hours_per_move
    return {} if np.isnan(saved) else {"saved_km_hours": round(saved, 2)}


def metric_documents(metrics: AlignmentMetrics) -> dict[str, dict[str, float]]:
    """Return an alignment's figures by group: each demand, travel, disruption; NaN is left out."""
    groups: dict[str, Balance | Travel | Disruption] = {
        **metrics.balance,
        "travel": metrics.travel,
        "disruption": metrics.disruption,
    }
    return {
        name: {
            figure: round(float(value), 6)
            for figure, value in asdict(group).items()
            if not np.isnan(value)
        }
        for name, group in groups.items()
    }


def _stage_document(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "objective": round(stage.objective, 2),
        "mean_km": round(stage.mean_km, 4),
        "shares": [
            {"name": part.name, "least": round(part.least, 4), "most": round(part.most, 4)}
            for part in stage.shares
        ],
        "territories_outside": stage.territories_outside,
        "accounts_moved": stage.accounts_moved,
    }
