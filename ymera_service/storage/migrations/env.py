"""Runs the migrations on the connection, and in the transaction, that `schema.upgrade` passes on."""

from alembic import context

from ymera_service.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
