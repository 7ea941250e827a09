"""A drawing as PNG, made by a browser of this machine: nothing else here can paint SVG."""

from __future__ import annotations

import os
import shutil
import signal
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
        paint(browser, drawing, picture)
        if not picture.exists():
            raise ConfigError(
                f"{browser} painted no picture",
                remedy="write --svg and save it as PNG from any browser",
            )
        return picture.read_bytes()


def paint(
    browser: str, drawing: Path, picture: Path, *, timeout_seconds: float = _TIMEOUT_SECONDS
) -> None:
    """Let a browser paint a drawing; one that takes too long is ended with all its helpers.

    Raises:
        ConfigError: It cannot be started, or took too long.
    """
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
        process = subprocess.Popen(  # noqa: S603 - a browser of this machine, a file of our own
            [browser, *options, drawing.as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, which can be ended as a whole
        )
    except OSError as error:
        raise _unpainted(browser, str(error)) from error
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise _unpainted(browser, f"no picture after {timeout_seconds:g} seconds") from error
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a browser that still runs, and the helpers it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _unpainted(browser: str, why: str) -> ConfigError:
    return ConfigError(
        f"{browser} could not paint the picture: {why}",
        remedy="write --svg and save it as PNG from any browser",
    )
