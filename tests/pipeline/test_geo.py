"""Reports on geography out of a pulled store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from geography.places import ESTIMATE, Roads

from pipeline.conftest import PULLED_AT
from sfterritory.cli.main import run
from sfterritory.connectors.reference.county import load_counties
from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.geography.cluster import ClusterRules
from sfterritory.geography.params import AreaSet, GeographyParams
from sfterritory.model.columns import RosterColumns, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.pipeline.geo.area import AreaSetReport, area_report
from sfterritory.pipeline.geo.barrier import barrier_report
from sfterritory.pipeline.geo.book import GeoBook, load_geo_book
from sfterritory.pipeline.geo.border import border_report
from sfterritory.pipeline.geo.cluster import cluster_report
from sfterritory.pipeline.geo.detour import ONLY_ESTIMATED, detour_report
from sfterritory.pipeline.geo.land import land_fit
from sfterritory.pipeline.geo.zone import branch_at, branch_of_account, branch_of_user, zone_report
from sfterritory.settings.project import Settings

Drawn = tuple[str, str, Any, Mapping[str, Any]]
WEST, EAST = shapely.box(-130, 20, -94, 55), shapely.box(-95, 20, -80, 55)
MERIDIAN: Drawn = ("Meridian", "LineString", [[-95, 20], [-95, 55]], {})


@pytest.fixture
def book(settings: Settings, store: Store) -> GeoBook:
    return load_geo_book(settings, store)


def drawn(settings: Settings, name: str, *features: Drawn) -> str:
    rows = [
        {
            "type": "Feature",
            "properties": {"name": title, **more},
            "geometry": {"type": kind, "coordinates": coordinates},
        }
        for title, kind, coordinates, more in features
    ]
    document = {"type": "FeatureCollection", "features": rows}
    (settings.root / "mappings" / name).write_text(json.dumps(document), encoding="utf-8")
    return name


def box(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def built(store: Store, book: GeoBook) -> None:
    """Keep two territories: what lies west of 95 degrees, and what lies east of it."""
    west = book.points.lon_deg < -95
    keys = ("T-1", "T-2")
    reps = sorted({one.id for one in book.people.users if one.is_active})[:2]
    count = len(book)
    nothing = TextColumn.of([None] * count)
    store.territories.save(
        TerritoryVersion("v1", "another pull", "", 0, "feasible", {}, PULLED_AT),
        [
            Territory(keys[0], "West", reps[0], 10.0, 0.0, 1, -110.0, 40.0, WEST.wkb),
            Territory(keys[1], "East", reps[1], 20.0, 0.0, 1, -80.0, 40.0, EAST.wkb),
        ],
        alignment=Alignment(
            account_ids=book.ids,
            territory=TextColumn.of(np.where(west, *keys).tolist()),
            hours_per_year=np.where(west, 2.0, 5.0),
            distance_km=np.zeros(count),
            runner_up=nothing,
            runner_up_km=np.full(count, np.nan),
            locked=np.zeros(count, dtype=np.bool_),
            reason=nothing,
            would_change=nothing,
        ),
    )


def test_before_a_build_drives_begin_at_the_homes_of_owners_and_after_it_at_those_of_reps(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    built(store, book)

    after = load_geo_book(settings, store)

    assert not book.weighed
    assert "nothing was built yet" in book.notes[0]
    assert set(book.hours.tolist()) == {1.0}
    assert after.weighed
    assert "earlier pull" in after.notes[0]
    assert after.hours.tolist() == np.where(book.points.lon_deg < -95, 2.0, 5.0).tolist()
    assert after.seat.tolist() == np.where(book.points.lon_deg < -95, 0, 1).tolist()


def test_without_an_engine_no_detour_is_told_and_with_one_every_drive_is_compared(
    book: GeoBook,
) -> None:
    homeless = replace(book.seats, lon_deg=np.append(np.nan, book.seats.lon_deg[1:]))
    estimated = detour_report(book, ESTIMATE, worst=5)
    real = detour_report(replace(book, seats=homeless), Roads(crooked=1.5), worst=5)

    assert (estimated.compared, estimated.bands, estimated.worst) == (0, (), ())
    assert ONLY_ESTIMATED in estimated.notes
    assert real.compared == real.legs > 0
    assert [one.ratio for one in real.worst] == [1.5] * 5


def test_without_an_engine_the_terminal_says_so_and_what_to_set(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["geo", "detour", "--project", str(project)]) == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert "Real minutes to estimated no road is known" in shown
    assert "set travel.provider in mappings/territories.yaml to osrm" in shown


def test_clusters_are_named_by_their_city_and_every_account_is_inside_or_outside(
    book: GeoBook,
) -> None:
    rules = ClusterRules(most_minutes=60, dense_accounts=2, least_accounts=4)

    report = cluster_report(book, ESTIMATE, rules=rules)

    assert sum(one.accounts for one in report.clusters) + report.outside == len(book)
    assert all(", " in one.city for one in report.clusters)
    assert [one.number for one in report.clusters] == list(range(1, len(report.clusters) + 1))


def test_accounts_beyond_a_barrier_and_in_a_restricted_area_are_listed(
    settings: Settings, book: GeoBook
) -> None:
    rep = next(one.username for one in book.people.users if one.is_active)
    params = GeographyParams(
        barriers=drawn(settings, "b.geojson", MERIDIAN),
        crossing_km=None,
        restricted=drawn(
            settings, "r.geojson", ("East", "Polygon", box(-80, 20, -60, 50), {"reps": [rep]})
        ),
    )

    report = barrier_report(settings, params, book)

    account, seat = book.driven()
    other_bank = (book.points.lon_deg[account] < -95) != (book.seats.lon_deg[seat] < -95)
    assert report.barriers[0].crossing_km is None
    assert report.barriers[0].accounts == len(report.across) == int(other_bank.sum())
    assert report.restricted[0].reps == (rep,)
    assert len(report.inside) == int((book.points.lon_deg > -80).sum())


def test_the_land_says_who_may_have_which_accounts(settings: Settings, book: GeoBook) -> None:
    directory = book.people.directory
    users = sorted(one.id for one in book.people.users if one.is_active)[:2]
    names = [next(one.username for one in book.people.users if one.id == user) for user in users]
    roster = RosterColumns(
        ids=np.array(users),
        names=tuple(names),
        lon_deg=np.array([-110.0, -80.0]),
        lat_deg=np.array([40.0, 40.0]),
        capacity_share=np.ones(2),
    )
    params = GeographyParams(
        barriers=drawn(settings, "b.geojson", MERIDIAN),
        restricted=drawn(
            settings,
            "r.geojson",
            ("Park", "Polygon", box(-80, 20, -60, 50), {}),
            ("Base", "Polygon", box(-130, 20, -110, 50), {"reps": names[0]}),
        ),
    )

    land = land_fit(settings, params, accounts=book.points, roster=roster, directory=directory)

    assert land is not None
    extra = land.groups.extra_km[land.groups.group]
    lon = book.points.lon_deg
    assert land.left_out.tolist() == (lon > -80).tolist()
    assert (extra[lon < -110] == [0.0, np.inf]).all()
    assert (extra[(lon > -110) & (lon < -95)] == [0.0, 40.0]).all()
    assert (extra[(lon > -95) & (lon < -80)] == [40.0, 0.0]).all()


def test_every_mistake_of_a_file_of_barriers_is_told(settings: Settings, book: GeoBook) -> None:
    huge = str(10**400)[:40]
    name = drawn(
        settings,
        "b.geojson",
        ("River", "LineString", [[0, 0], [1, 1]], {"crossing_km": -3}),
        ("Wall", "LineString", [[0, 0], [1, 1]], {"crossing_km": "off"}),
        ("Bridge", "Point", [0, 0], {"barrier": "Rivver", "radius_km": 0}),
        ("Ford", "Point", [0, 0], {"barrier": ["River"], "radius_km": 10**400}),
        ("Wall", "LineString", [[1, 1], [2, 2]], {"crossing_km": 5}),
        ("Wall", "LineString", [[2, 2], [3, 3]], {"crossing_km": "forbid"}),
    )

    with pytest.raises(ConfigError) as raised:
        barrier_report(settings, GeographyParams(barriers=name), book)

    assert raised.value.problem.splitlines() == [
        "mappings/b.geojson: feature 1 (River): crossing_km is -3, not above 0 and not `forbid`",
        "mappings/b.geojson: feature 2 (Wall): crossing_km is 'off', not above 0 and not `forbid`",
        "mappings/b.geojson: feature 6 (Wall): crossing_km differs from another part of Wall",
        "mappings/b.geojson: feature 3 (Bridge): barrier 'Rivver' is none of this file",
        "mappings/b.geojson: feature 3 (Bridge): radius_km is 0, not above 0 and at most 200",
        "mappings/b.geojson: feature 4 (Ford): barrier ['River'] is none of this file",
        f"mappings/b.geojson: feature 4 (Ford): radius_km is {huge}, not above 0 and at most 200",
    ]


def test_a_restricted_area_may_only_name_reps_of_the_roster(
    settings: Settings, book: GeoBook
) -> None:
    name = drawn(settings, "r.geojson", ("Base", "Polygon", box(0, 0, 1, 1), {"reps": "no@where"}))
    roster = RosterColumns(np.empty(0, "U18"), (), np.empty(0), np.empty(0), np.empty(0))

    with pytest.raises(ConfigError, match="Base: reps:"):
        land_fit(
            settings,
            GeographyParams(restricted=name),
            accounts=book.points,
            roster=roster,
            directory=book.people.directory,
        )


def sets_of(settings: Settings, store: Store, book: GeoBook, *sets: AreaSet) -> AreaSetReport:
    report = area_report(settings, GeographyParams(area_sets=sets), store, book)
    return report.sets[0]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(AreaSet(name="a", by="country"), id="country"),
        pytest.param(AreaSet(name="a", by="state"), id="state"),
        pytest.param(AreaSet(name="a", by="county"), id="county"),
        pytest.param(AreaSet(name="a", by="postal_code", prefix_length=3), id="prefix"),
        pytest.param(AreaSet(name="a", by="postal_code", areas={"West": ("8*", "9*")}), id="own"),
    ],
)
def test_areas_and_gaps_account_for_every_account(
    settings: Settings, store: Store, book: GeoBook, given: AreaSet
) -> None:
    report = sets_of(settings, store, book, given)

    assert sum(one.accounts for one in report.areas) + sum(report.gaps.values()) == len(book)
    assert len(report.gap_accounts) == sum(report.gaps.values())
    assert sum(one.homes for one in report.areas) > 0


def test_polygons_show_gaps_overlaps_and_their_size(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    file = drawn(
        settings,
        "p.geojson",
        ("West", "Polygon", box(-130, 20, -94, 50), {}),
        ("East", "Polygon", box(-95, 20, -80, 50), {}),
    )

    report = sets_of(settings, store, book, AreaSet(name="p", by="polygon", file=file))

    lon = book.points.lon_deg
    assert report.gaps == {"no area claims it": int((lon > -80).sum())}
    assert report.overlaps[0].km2 == pytest.approx(
        300_380, rel=1e-4
    )  # 1 degree wide, 20 to 50 north
    assert report.overlaps[0].accounts == int(((lon > -95) & (lon < -94)).sum())


def test_the_areas_of_the_last_build_are_a_set_too(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    with pytest.raises(ConfigError, match="names no set of areas"):
        area_report(settings, GeographyParams(), store, book)
    built(store, book)

    report = area_report(settings, GeographyParams(), store, load_geo_book(settings, store))

    (territories,) = report.sets
    lon = book.points.lon_deg
    assert [one.name for one in territories.areas] == ["East", "West"]
    assert sum(territories.gaps.values()) == int((lon > -80).sum())
    assert territories.overlaps[0].accounts == int(((lon > -95) & (lon < -94)).sum())


def test_polygons_with_swapped_coordinates_are_noticed_by_the_accounts_they_miss(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    file = drawn(settings, "p.geojson", ("Swapped", "Polygon", box(30, -89, 45, -60), {}))

    report = sets_of(settings, store, book, AreaSet(name="p", by="polygon", file=file))

    assert "if longitude and latitude were swapped" in report.notes[0]


def test_metros_come_from_a_table_and_its_contradictions_are_told(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    code = next(one for one in book.text("postal_code").values() if one)
    table = settings.root / "mappings" / "metros.csv"
    metros = AreaSet(name="m", by="metro", file="metros.csv")

    table.write_text(f"Postal_Code,Metro\n{code},Big Town\n", encoding="utf-8")
    assert [one.name for one in sets_of(settings, store, book, metros).areas] == ["Big Town"]

    rows = f"us,{code[:2]} {code[2:]}-0001,Big Town\n"
    table.write_text(f"country,postal_code,metro\n{rows}", encoding="utf-8")
    assert [one.name for one in sets_of(settings, store, book, metros).areas] == ["Big Town"]

    table.write_text(f"postal_code,metro\n{code},A\n{code},B\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"metros.csv:3: {code} is in 'A' and in 'B'"):
        sets_of(settings, store, book, metros)

    table.write_text(f"zip,metro\n{code},A\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="it has no column postal_code"):
        sets_of(settings, store, book, metros)


def test_every_wrong_pattern_is_told(settings: Settings, store: Store, book: GeoBook) -> None:
    given = AreaSet(name="p", by="postal_code", areas={"A": ("9..",), "B": ("80..70", "70*")})

    with pytest.raises(ConfigError) as raised:
        sets_of(settings, store, book, given)

    assert len(raised.value.problem.splitlines()) == 2


def test_counties_are_known_for_postal_codes_of_the_usa() -> None:
    counties = load_counties()

    assert counties["93033"] == "US-CA Ventura County"
    assert len(counties) > 40_000


def test_a_zone_round_a_user_and_an_account_holds_them(store: Store, book: GeoBook) -> None:
    row, seat = book.driven()
    user = book.seats.ids[int(seat[0])]
    account = str(book.ids[row[0]])

    home = branch_of_user(book, store, user)
    shop = branch_of_account(book, store, account)
    zone = zone_report(book, ESTIMATE, shop, radius_km=None, within_minutes=30)

    assert home.lon_deg == book.seats.lon_deg[int(seat[0])]
    assert zone.members[0].minutes == 0.0
    assert account in {one.account_id for one in zone.members}
    assert zone.outline["type"] in {"Polygon", "MultiPolygon"}
    assert all(one.minutes is not None and one.minutes <= 30 for one in zone.members)


@pytest.mark.parametrize(("lon", "lat"), [(40.0, -100.0), (200.0, 10.0), (float("nan"), 0.0)])
def test_a_branch_that_is_nowhere_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(ConfigError, match="no place on earth"):
        branch_at(lon, lat)


def test_borders_need_territories_and_then_list_both_claims(
    settings: Settings, store: Store, book: GeoBook
) -> None:
    with pytest.raises(StepMissingError, match="no territories yet"):
        border_report(book, ESTIMATE, within_share=0.1, within_minutes=1)
    built(store, book)
    after = load_geo_book(settings, store)
    seats = replace(after.seats, lon_deg=np.array([-110.0, -80.0]), lat_deg=np.array([40.0, 40.0]))

    report = border_report(
        replace(after, seats=seats), ESTIMATE, within_share=0.3, within_minutes=0
    )

    assert report.accounts == len(report.border) > 0
    assert {(one.own, one.other) for one in report.border} <= {("West", "East"), ("East", "West")}
    gaps = [abs(one.gap_minutes) for one in report.border]
    assert gaps == sorted(gaps)


def test_every_command_answers_in_words_and_in_json(
    project: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    file = drawn(settings, "b.geojson", MERIDIAN)
    mapping = project / "mappings" / "territories.yaml"
    more = f"\ngeography: {{barriers: {file}, area_sets: [{{name: states, by: state}}]}}\n"
    mapping.write_text(mapping.read_text(encoding="utf-8") + more, encoding="utf-8")
    out = project / "zone.geojson"
    zone = ("zone", "--at=-95,30", "--radius-km", "3000", "--out", str(out))

    for words in (("detour",), ("clusters", "--least", "3"), ("barriers",), ("areas",), zone):
        assert run(["geo", *words, "--project", str(project), "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert run(["geo", *words, "--project", str(project)]) == 0
        text = capsys.readouterr().out

        assert "notes" in answer["geo"]
        assert "Note: nothing was built yet" in text

    assert json.loads(out.read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    away = "\ntravel: {provider: osrm, url: 'http://127.0.0.1:1', connect_timeout_seconds: 1}\n"
    mapping.write_text(mapping.read_text(encoding="utf-8") + away, encoding="utf-8")
    assert run(["geo", "areas", "--project", str(project)]) == 0, "no engine is needed for areas"
    capsys.readouterr()
    assert run(["geo", "zone", "--at=1,2", "--project", str(project)]) == 64
    assert run(["geo", "zone", "--radius-km", "3", "--project", str(project)]) == 64
