from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from sfterritory.errors import StoreError
from sfterritory.model.store.database import Database
from sfterritory.model.store.migrate import MIGRATIONS, _migrate, newest_revision, prepare
from sfterritory.model.store.store import open_store
from sfterritory.model.store.tables import METADATA
from sfterritory.model.store.territory import TerritoryRoom

from .records import ACCOUNT_FIELDS, account, bookmark

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NOW_AT = newest_revision()
NEXT_AT = f"{int(NOW_AT) + 1:04d}"
NEXT = f'''"""A later schema."""

from alembic import op

revision = "{NEXT_AT}"
down_revision = "{NOW_AT}"


def upgrade():
    op.execute("CREATE TABLE later (id TEXT PRIMARY KEY)")
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    fixture = "sqlite_url" if request.param == "sqlite" else "empty_postgresql_url"
    database = Database(request.getfixturevalue(fixture))
    yield database
    database.close()


@pytest.fixture
def later_migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT_AT}_later.py").write_text(NEXT)
    return folder


def catalogue(connection: Connection) -> list[tuple[object, ...]]:
    """Return everything a database knows about its tables, in order."""
    if connection.dialect.name == "sqlite":
        rows = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    else:
        rows = (
            "SELECT 'column', table_name, column_name, data_type || coalesce(collation_name, '')"
            " || is_nullable || coalesce(column_default, '') FROM information_schema.columns"
            " WHERE table_schema = 'public' UNION ALL "
            "SELECT 'index', tablename, indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' UNION ALL "
            "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE conrelid > 0 AND contype <> 'n'"
            " AND connamespace = 'public'::regnamespace ORDER BY 1, 2, 3"
        )
    found = connection.execute(text(rows)).all()
    return sorted(
        tuple(" ".join(str(cell).split()) for cell in row)
        for row in found
        if "alembic_version" not in str(row)
    )


def test_migrations_build_exactly_the_tables(empty_database: Database) -> None:
    with empty_database.write() as connection:
        _migrate(connection, MIGRATIONS)
    with empty_database.read() as connection:
        migrated = catalogue(connection)
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    with empty_database.write() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
        made = catalogue(connection)

    assert differences == []
    assert migrated == made
    assert len(made) > len(METADATA.tables)


def test_a_new_store_is_of_the_newest_revision(empty_database: Database) -> None:
    prepare(empty_database, create=True)
    prepare(empty_database, create=False)

    with empty_database.read() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert found == newest_revision()


def test_an_older_store_is_migrated_after_a_backup(store_url: str, later_migrations: Path) -> None:
    with open_store(store_url) as store:
        store.mirror.load_page("Account", ACCOUNT_FIELDS, [account(1)], bookmark=bookmark())
    database = Database(store_url)

    prepare(database, create=False, migrations=later_migrations)
    prepare(database, create=False, migrations=later_migrations)

    with database.read() as connection:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        assert connection.execute(text("SELECT count(*) FROM later")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM account")).scalar_one() == 1
    database.close()
    assert revision == NEXT_AT
    if database.path is not None:
        backup = database.path.with_name(f"{database.path.name}.backup-{NOW_AT}")
        with open_store(f"sqlite:///{backup}") as old:
            assert old.mirror.counts()["Account"] == 1


def test_the_territories_chosen_last_still_count_in_a_store_of_the_first_schema(
    empty_database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "first"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[2-9]_*"))
    made = "INSERT INTO territory_version VALUES (:id, 's', 'p', 7, 'feasible', '{}', :at, :chosen)"
    times = {"first": ("01", "04"), "second": ("02", "02"), "third": ("03", "03")}
    with empty_database.write() as connection:
        _migrate(connection, folder)
        for name, (created, chosen) in times.items():
            at, chosen_at = (f"2026-03-{day}T08:00:00.000Z" for day in (created, chosen))
            connection.execute(text(made), {"id": name, "at": at, "chosen": chosen_at})
    prepare(empty_database, create=False)

    room = TerritoryRoom(empty_database)
    counting, version = room.in_force(), room.get("third")
    room.choose("second", at=NOW, now=NOW)
    after = room.in_force()
    assert counting is not None
    assert (counting.version_id, counting.scenario) == ("first", None)
    assert counting.chosen_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert (version.seed, version.created_at.day) == (7, 3)
    assert after is not None
    assert after.version_id == "second"


def test_a_newer_store_is_refused(store_url: str) -> None:
    open_store(store_url).close()
    database = Database(store_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0042'"))
    database.close()

    with pytest.raises(StoreError, match="schema 0042") as caught:
        open_store(store_url)

    assert "upgrade" in caught.value.remedy


def test_a_database_of_something_else_is_refused(empty_database: Database) -> None:
    with empty_database.write() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))

    with pytest.raises(StoreError, match="invoices"):
        prepare(empty_database, create=True)


def test_no_store_is_made_where_none_was_asked_for(empty_database: Database) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        prepare(empty_database, create=False)

    assert empty_database.path is None or not empty_database.path.exists()
