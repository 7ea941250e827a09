"""The page on growth: its example does what it says, on a real cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from sfterritory.optimize.aggregate import CELLS_PER_REP, PILE
from sfterritory.optimize.parts import PART_ROWS, PARTS_ABOVE

_PAGE = Path(__file__).parents[2] / "docs" / "growth.md"


@pytest.mark.slow
def test_the_three_calls_of_the_page_keep_the_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(4)
    for part in range(4):
        lon, lat = rng.normal(5.0 * part, 1.0, 1_500), rng.normal(48.0, 1.0, 1_500)
        table = np.column_stack((lon, lat, rng.lognormal(0.0, 0.5, 1_500)))
        np.savetxt(tmp_path / f"{part}.csv", table, delimiter=",")
    (source,) = re.findall(r"```python\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    example: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, _PAGE.name, "exec"), example)  # noqa: S102 - our own page

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        example["main"](cluster.scheduler_address, str(tmp_path / "*.csv"))

    assert capsys.readouterr().out == "limits kept: yes\n"
    hours = np.concatenate(
        [np.loadtxt(one, delimiter=",")[:, 2] for one in sorted(tmp_path.glob("*.csv"))]
    )
    rep = np.concatenate([np.load(one) for one in sorted(tmp_path.glob("*.rep.npy"))])
    load = np.bincount(rep, weights=hours, minlength=example["REPS"])
    assert load / load.mean() == pytest.approx(1.0, abs=example["TOLERANCE"] + 1e-9)


def test_the_page_tells_the_sizes_of_the_program() -> None:
    page = _PAGE.read_text("utf-8")

    assert f"more than {PARTS_ABOVE:,} units" in page
    assert f"{PART_ROWS:,} units to a part" in page
    assert f"{CELLS_PER_REP} cells a rep" in page
    assert f"{PILE:,} accounts of one rep on one point" in page
