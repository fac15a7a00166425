"""Alembic's entry: one tree of revisions for SQLite and PostgreSQL.

`vefa migrate` passes its locked connection in; the plain ``alembic`` command (new revisions) opens one
on ``VEFA_DATABASE_URL``.
"""

from typing import Any

from alembic import context
from sqlalchemy import JSON, Connection, String

from app.settings import Settings
from app.store import dialects, types
from app.store.tables import Base


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Leave the job engine's own schema alone."""
    return not (type_ == "schema" and name == "dbos")


def render_item(kind: str, item: Any, _autogen: Any) -> Any:
    """Write our own column types by their names in new revisions."""
    if kind == "type" and isinstance(item, JSON):
        return "types.Json"
    if kind == "type" and isinstance(item, types.Id):
        return "types.Id()"
    if kind == "type" and type(item) is String and item._variant_mapping:
        return "types.Key"
    return False


def run(connection: Connection) -> None:
    """Run the asked revisions on one connection, in one transaction on both databases."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        user_module_prefix="types.",
        render_item=render_item,
        render_as_batch=True,
        compare_type=True,
        include_name=include_name,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with dialects.migration_engine(Settings()).begin() as opened:
        run(opened)
