"""Derived files: what was read from a package once, kept small beside the project.

A file's name holds a digest of its format number and the versions of the packages it was made
from, so that an update of either makes a new file instead of a wrong answer.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from sfterritory.errors import StoreError
from sfterritory.events import emit

Kept = TypeVar("Kept")

_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, EOFError)
_DAMAGED_ARCHIVE = (zipfile.BadZipFile, zlib.error, NotImplementedError)


def derived_name(stem: str, suffix: str, *, format_number: int, packages: Sequence[str]) -> str:
    """Return a file name such as `countries-1f2e3d4c.json`."""
    made_of = [f"{stem} {format_number}", *(f"{name} {version(name)}" for name in packages)]
    digest = hashlib.blake2b("\n".join(made_of).encode(), digest_size=4).hexdigest()
    return f"{stem}-{digest}{suffix}"


def read_derived(path: Path, read: Callable[[bytes], Kept]) -> Kept | None:
    """Return what a file holds; None where there is none, or where it is damaged: make it anew.

    Args:
        path: The file.
        read: Makes the answer of its content; what it raises over a strange one is damage.

    Raises:
        StoreError: It is there and cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        return read(content)
    except (*_DAMAGED, *_DAMAGED_ARCHIVE):
        emit("reference.damaged", file=path.name)
        return None


def write_derived(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, so that two commands at once never read half of one.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"reference data in {path} cannot be read or written: {error.strerror}",
        remedy="check the disk and the rights on that folder; its files are made anew where they "
        "are missing",
    )


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
