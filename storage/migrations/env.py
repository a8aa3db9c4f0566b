"""Alembic's way in: migrates over the connection that `storage.schema` hands it."""

from alembic import context

from storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,  # whose naming convention names what migrations leave unnamed
)
context.run_migrations()
