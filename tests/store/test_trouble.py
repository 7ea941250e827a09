from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sfterritory.errors import LockHeldError, StoreError
from sfterritory.model.store.pull_state import Pulled
from sfterritory.model.store.store import Store, open_store

from .records import ACCOUNT_FIELDS, NOW, ORG, accounts, bookmark

PAGE_ROWS = 2_000
PAGES = 8

# Loads page after page, saying so after each commit; an argument is the page to begin with.
PULLER = """
import sys
from dataclasses import replace
sys.path.insert(0, sys.argv[3])
from store.records import ACCOUNT_FIELDS, accounts, bookmark
from sfterritory.model.store.store import open_store

rows, pages = int(sys.argv[4]), int(sys.argv[5])
with open_store(sys.argv[1]) as store, store.lease("pull", "the child"):
    for page in range(int(sys.argv[2]), pages):
        numbers = range(page * rows, (page + 1) * rows)
        mark = bookmark(locator=str(page + 1))
        store.mirror.load_page("Account", ACCOUNT_FIELDS, accounts(numbers), bookmark=mark)
        print(page, flush=True)
"""


def puller(url: str, page: int) -> subprocess.Popen[str]:
    arguments = (url, page, Path(__file__).parents[1], PAGE_ROWS, PAGES)
    return subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-c", PULLER, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_pull_that_is_killed_keeps_whole_pages_and_goes_on_after_them(store_url: str) -> None:
    with puller(store_url, 0) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) == 2:
                os.kill(child.pid, signal.SIGKILL)
                break
    with open_store(store_url) as store:
        kept = store.mirror.bookmark("Account", ACCOUNT_FIELDS)
        assert kept is not None
        assert 3 <= kept.pages < PAGES
        assert store.mirror.counts()["Account"] == kept.rows == kept.pages * PAGE_ROWS
        assert kept.locator == str(kept.pages)
        with store.lease("pull", "the parent"):
            pass  # the killed holder's lease is free

    with puller(store_url, int(kept.locator or 0)) as child:
        assert child.wait(timeout=60) == 0
        assert child.stdout is not None
        child.stdout.read()

    with open_store(store_url) as store:
        store.mirror.finish("Account", Pulled(NOW, ACCOUNT_FIELDS))
        assert store.mirror.counts()["Account"] == PAGES * PAGE_ROWS
        resumed = store.snapshots.take(NOW, org_id=ORG).id
        page = accounts(range(PAGES * PAGE_ROWS))
        again = store.mirror.load_page("Account", ACCOUNT_FIELDS, page, bookmark=bookmark())
        assert again.changed == 0
        assert store.snapshots.take(NOW, org_id=ORG).id == resumed


def test_a_lease_that_is_held_is_refused_at_once_with_its_holder(
    store: Store, store_url: str
) -> None:
    with open_store(store_url) as other, store.lease("apply", "dana@laptop, process 7"):
        with (
            pytest.raises(LockHeldError, match="dana@laptop, process 7"),
            other.lease("apply", "b"),
        ):
            pytest.fail("two hold one lease")
        with other.lease("pull", "eric"):
            pass

    with open_store(store_url) as other, other.lease("apply", "eric"):
        pass


def test_a_lease_is_freed_when_its_block_fails(store: Store) -> None:
    with pytest.raises(ValueError, match="boom"), store.lease("apply", "dana"):
        raise ValueError("boom")

    with store.lease("apply", "dana"):
        pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("store.db", "cannot be read"),
        ("mysql://host/db", "names no file and no server"),
        ("sqlite://", "names no file and no server"),
        ("sqlite:////proc/no/such/store.db", "unable to open"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "connection"),
    ],
    ids=["no URL", "another database", "in memory", "no folder", "no server"],
)
def test_a_store_that_cannot_be_opened_says_why_and_keeps_the_password(
    url: str, message: str
) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)

    assert caught.value.remedy
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"Id,Name\n" * 1000)

    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{path}")

    assert path.read_bytes() == b"Id,Name\n" * 1000


def test_a_damaged_store_is_found(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        store.mirror.load_page("Account", ACCOUNT_FIELDS, accounts(range(500)), bookmark=bookmark())
        store.check()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content), 97):
        content[place] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"damaged|malformed"), open_store(sqlite_url) as store:
        store.check()


def test_a_sound_store_passes_its_check(store: Store) -> None:
    store.mirror.load_page("Account", ACCOUNT_FIELDS, accounts(range(5)), bookmark=bookmark())

    store.check()


def test_a_full_disk_keeps_what_was_there(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        store.mirror.load_page(
            "Account", ACCOUNT_FIELDS, accounts(range(10)), bookmark=bookmark(locator="A")
        )
        with store._database.read() as connection:
            used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={used + 5}")

        with pytest.raises(StoreError, match="full") as caught:
            store.mirror.load_page(
                "Account", ACCOUNT_FIELDS, accounts(range(5_000)), bookmark=bookmark(locator="B")
            )

        assert "free space" in caught.value.remedy
        assert store.mirror.counts()["Account"] == 10
        kept = store.mirror.bookmark("Account", ACCOUNT_FIELDS)
        assert kept is not None
        assert kept.locator == "A"
