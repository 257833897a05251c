"""Migrates a database to the schema of this version of Ymera.

Importing Alembic takes longer than everything else that a command needs, so it is not imported for a database that
is already at `HEAD`, the usual case.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0016"
"""The newest revision under `migrations/versions`."""

_VERSION_TABLE = "alembic_version"
_LOCK = 0x796D657261
"""The key of PostgreSQL's advisory lock; any key that nothing else uses ("ymera" in ASCII)."""


class UnknownRevision(Exception):
    """A newer version of Ymera, or another program, created this database."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"its schema is at revision {revision!r}, which this version of Ymera does not know: "
            "upgrade Ymera, or configure another database"
        )


def revision_of(connection: Connection) -> str | None:
    """Returns the revision of the schema; None for a new database."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608  # a constant


def upgrade(connection: Connection) -> None:
    """Migrates within the connection's write transaction; a second server then finds the work done.

    Raises:
        UnknownRevision: The database has a revision that this version does not know.
    """
    if connection.dialect.name == "postgresql":  # on SQLite the write transaction itself is the lock
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    revision = revision_of(connection)
    if revision != HEAD:
        _migrate(connection, revision)


def _migrate(connection: Connection, revision: str | None) -> None:
    from alembic import command  # noqa: PLC0415  # see the module's docstring
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    folder = str(Path(__file__).parent / "migrations")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", folder.replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise UnknownRevision(revision)
    command.upgrade(config, "head")
