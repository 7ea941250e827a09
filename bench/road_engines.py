"""Real road engines on loopback, over real extracts of OpenStreetMap.

They come as wheels that want Python 3.12, so they live in `.venv-road`, which `make road` makes
where it can. Graphs are built once a machine and kept in a temporary folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIDE = ROOT / ".venv-road"
EXTRACTS = ROOT.parent / "shared" / "data" / "osm"
START_SECONDS = 60.0
TABLE_PLACES = 2_000


class AbsentError(Exception):
    """The engines or the extract are not on this machine; the text says which."""


@dataclass(frozen=True, slots=True)
class Graphs:
    """One extract, prepared for both engines."""

    extract: Path
    osrm: Path
    valhalla_tiles: Path


def side_packages() -> Path:
    """Return where the wheels of the side environment lie."""
    found = sorted(SIDE.glob("lib/python3.*/site-packages/osrm"))
    if not found:
        raise AbsentError("no road engines: `make road` needs Python 3.12 and a package registry")
    return found[0].parent


def extract_named(name: str) -> Path:
    """Return an extract of OpenStreetMap."""
    path = EXTRACTS / f"{name}.osm.pbf"
    if not path.is_file():
        raise AbsentError(f"no extract: ../shared/data/osm/{path.name} is not there")
    return path


def graphs_of(name: str) -> Graphs:
    """Return the graphs of an extract, built where nobody has built them before."""
    packages, extract = side_packages(), extract_named(name)
    wheels = sorted(one.name for one in packages.glob("*.dist-info"))
    key = hashlib.sha256(extract.read_bytes() + repr(wheels).encode()).hexdigest()[:16]
    kept = Path(tempfile.gettempdir()) / f"sfterritory-road-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    folder = kept / f"{name}-{key}"
    with (kept / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            unfinished = Path(tempfile.mkdtemp(dir=kept))
            _build(extract, unfinished, packages)
            unfinished.rename(folder)
    return Graphs(extract, folder / "roads.osrm", folder / "tiles")


@contextmanager
def running_osrm(graphs: Graphs) -> Iterator[str]:
    """Run `osrm-routed` and yield its address."""
    port = _free_port()
    program = side_packages() / "osrm" / "bin" / "osrm-routed"
    options = f"--ip 127.0.0.1 --port {port} --algorithm ch --max-table-size {TABLE_PLACES}"
    with _running([str(program), *options.split(), str(graphs.osrm)], port, "osrm-routed"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_valhalla(graphs: Graphs) -> Iterator[str]:
    """Run `valhalla_service` and yield its address.

    The program itself, not the script of the same name: that one leaves its child behind when it
    is stopped.
    """
    port = _free_port()
    packages = side_packages()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "valhalla.json"
        config.write_text(_valhalla_config(graphs.valhalla_tiles, port=port))
        content = json.loads(config.read_text())
        content["httpd"]["service"] |= {
            "loopback": f"ipc://{folder}/loopback",
            "interrupt": f"ipc://{folder}/interrupt",
        }
        for name in ("loki", "thor", "odin"):
            content[name]["service"]["proxy"] = f"ipc://{folder}/{name}"
        config.write_text(json.dumps(content))
        program = packages / "valhalla" / "bin" / "valhalla_service"
        with _running([str(program), str(config), "1"], port, "valhalla_service"):
            yield f"http://127.0.0.1:{port}"


def box_of(name: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the part of an extract that holds roads."""
    return {
        "liechtenstein": (9.48, 47.05, 9.62, 47.26),
        "heidelberg": (8.62, 49.36, 8.74, 49.44),
        "malta": (14.36, 35.82, 14.56, 35.96),  # the main island: ferries are another matter
        "rhein-neckar": (8.30, 49.30, 8.85, 49.60),
    }[name]


def build_osrm(extract: Path, folder: Path, *, vehicle: str = "car") -> Path:
    """Build a graph for OSRM in a folder, and return its path as OSRM wants it."""
    osrm = side_packages() / "osrm"
    roads = folder / "roads.osm.pbf"
    shutil.copy(extract, roads)
    profile = osrm / "share" / "profiles" / f"{vehicle}.lua"
    _run([str(osrm / "bin" / "osrm-extract"), "-p", str(profile), str(roads)])
    _run([str(osrm / "bin" / "osrm-contract"), str(folder / "roads.osrm")])
    roads.unlink()
    return folder / "roads.osrm"


def _build(extract: Path, folder: Path, packages: Path) -> None:
    build_osrm(extract, folder)
    config = folder / "valhalla.json"
    config.write_text(_valhalla_config(folder / "tiles", port=1))
    program = packages / "valhalla" / "bin" / "valhalla_build_tiles"
    _run([str(program), "-c", str(config), str(extract)])


def _valhalla_config(tiles: Path, *, port: int) -> str:
    script = SIDE / "bin" / "valhalla_build_config"
    listen = f"tcp://127.0.0.1:{port}"
    answer = _run(
        [
            str(SIDE / "bin" / "python"),
            str(script),
            "--mjolnir-tile-dir",
            str(tiles),
            "--httpd-service-listen",
            listen,
        ]
    )
    return answer[answer.index("{") :]


def _run(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def _running(words: list[str], port: int, name: str) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process, name)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not start within {START_SECONDS:g} s")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
