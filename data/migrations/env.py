"""Alembic's entrance: runs the steps on the connection that `data.postgis.migrate` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers

from data.postgis.migrate import is_ours
from data.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=is_ours,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
)

with context.begin_transaction():
    context.run_migrations()
