"""Rows of a CSV file, packed or not."""

from __future__ import annotations

import csv
import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfterritory.sandbox.failure import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def csv_rows(path: Path) -> Iterator[Iterator[list[str]]]:
    """Read a CSV file's rows.

    Raises:
        SandboxError: It cannot be opened, unpacked, decoded or parsed.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield csv.reader(stream)
    except (OSError, EOFError, zlib.error) as error:
        raise SandboxError(
            f"{path} cannot be read: {error}", remedy="name a readable .csv or .csv.gz file"
        ) from error
    except UnicodeDecodeError as error:
        raise SandboxError(
            f"{path} is not UTF-8: byte {error.start} is {error.object[error.start]:#x}",
            remedy="save it as CSV UTF-8",
        ) from error
    except csv.Error as error:
        raise SandboxError(
            f"{path} is not readable as CSV: {error}", remedy="save it as comma-separated CSV"
        ) from error
