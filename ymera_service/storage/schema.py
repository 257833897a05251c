"""Brings a database to the schema that this version knows.

Alembic takes longer to import than everything else a command needs, so a database that is at `HEAD`
already, the usual case, is recognised without it.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0001"
"""The newest revision under `migrations/versions`."""

_VERSION_TABLE = "alembic_version"
_LOCK = 0x796D657261
"""The number of PostgreSQL's advisory lock; any will do that nobody else takes ("ymera" in ASCII)."""


class UnknownRevision(Exception):
    """A newer version of Ymera, or something else, made this database."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"its schema is at revision {revision!r}, which this version of Ymera does not know: "
            "upgrade Ymera, or configure another database"
        )


def revision_of(connection: Connection) -> str | None:
    """Returns the revision of the schema; `None` where there is none yet."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608  # a constant


def upgrade(connection: Connection) -> None:
    """Migrates within the connection's write transaction; whoever comes second finds the work done.

    Raises:
        UnknownRevision: The database is of another time.
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
