"""Alembic's entry: runs the migrations on the connection that `migrate.upgrade` hands over, or writes their SQL."""

from alembic import context

from racelab.store.tables import metadata

attributes = context.config.attributes
if context.is_offline_mode():
    context.configure(
        dialect_name=attributes["dialect"],
        # Named parameters leave a percent sign as it is.
        dialect_opts={"paramstyle": "named"},
        target_metadata=metadata,
        literal_binds=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    # The caller's transaction holds the whole upgrade, of the schema and of the rows.
    context.configure(connection=attributes["connection"], target_metadata=metadata, transactional_ddl=False)
    context.run_migrations()
