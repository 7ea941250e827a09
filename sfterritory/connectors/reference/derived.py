"""Derived files: what was read from a package once, kept small beside the project.

A file's name holds a digest of its format number and the versions of the packages it was made
from, so that an update of either makes a new file instead of a wrong answer.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def derived_name(stem: str, suffix: str, *, format_number: int, packages: Sequence[str]) -> str:
    """Return a file name such as `countries-1f2e3d4c.json`."""
    made_of = [f"{stem} {format_number}", *(f"{name} {version(name)}" for name in packages)]
    digest = hashlib.blake2b("\n".join(made_of).encode(), digest_size=4).hexdigest()
    return f"{stem}-{digest}{suffix}"


def write_derived(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, so that two commands at once never read half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
