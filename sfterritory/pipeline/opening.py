"""Opening a project's store: the same for every command and for `doctor`."""

from __future__ import annotations

from pathlib import Path

from sfterritory.errors import StoreError
from sfterritory.model.store.store import Store, open_store
from sfterritory.settings.project import Settings

_FILE = "sqlite:///"


def open_project_store(settings: Settings) -> Store:
    """Open the store, making its folder where that lies in the project's own folder.

    A missing folder anywhere else is more likely a spelling mistake, and is left to the error.

    Raises:
        StoreError: See `open_store`; or the folder cannot be made.
    """
    if settings.store_url.startswith(_FILE):
        folder = Path(settings.store_url.removeprefix(_FILE)).parent
        if folder.is_relative_to(settings.root):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"the folder {folder} for the store cannot be made: {error.strerror}",
                    remedy="choose a project folder that you may write to, or name another store",
                ) from error
    return open_store(settings.store_url)
