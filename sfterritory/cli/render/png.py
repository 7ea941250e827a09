"""A drawing as PNG, made by a browser of this machine: nothing else here can paint SVG."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sfterritory.errors import ConfigError
from sfterritory.web.picture_file import size_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
_TIMEOUT_SECONDS = 60


def png_of(svg: str) -> bytes:
    """Return the picture of a drawing.

    Raises:
        ConfigError: There is no browser to paint it, or it painted nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ConfigError(
            f"a PNG is painted by a browser, and none of {', '.join(BROWSERS)} is on the PATH",
            remedy="install Chromium, or write --svg and save it as PNG from any browser",
        )
    # A helper of the browser may still be writing its profile when the browser itself has ended.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        drawing, picture = Path(folder) / "drawing.svg", Path(folder) / "drawing.png"
        drawing.write_text(svg, encoding="utf-8")
        _paint(browser, drawing, picture)
        if not picture.exists():
            raise ConfigError(
                f"{browser} painted no picture",
                remedy="write --svg and save it as PNG from any browser",
            )
        return picture.read_bytes()


def _paint(browser: str, drawing: Path, picture: Path) -> None:
    width, height = size_of(drawing.read_text(encoding="utf-8"))
    options = [
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        f"--user-data-dir={drawing.parent / 'profile'}",
        f"--screenshot={picture}",
        f"--window-size={width},{height}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to start as root without it
    try:
        subprocess.run(  # noqa: S603 - a browser of this machine, and a file of our own
            [browser, *options, drawing.as_uri()],
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"{browser} could not paint the picture: {error}",
            remedy="write --svg and save it as PNG from any browser",
        ) from error
