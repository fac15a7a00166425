"""Texts in one Unicode form, names findable by more spellings, extensions of telephone numbers."""

# ruff: noqa: S608
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.domain.common import names
from app.domain.common.text import composed

# The rules of the running version: what is stored must agree with what it looks up.
from app.domain.customers import customers

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 2_000
PLAIN = {
    "interactions": ("agent", "unit", "topic"),
    "complaints": ("category", "product", "owner", "unit"),
    "survey_responses": ("agent", "unit", "category"),
    "transactions": ("category",),
}
"""Columns that reports divide by: a value in another form is a group of its own."""
KEYS = ("interactions", "complaints", "survey_responses", "transactions")
"""Tables whose external ids are unique by source."""
NAME_KEY_LENGTH = 100


def upgrade() -> None:
    """Bring the schema forward."""
    tx = op.get_bind()
    _add_extensions(tx)
    if tx.dialect.name == "sqlite":
        driver: Any = tx.connection.driver_connection
        driver.create_function(
            "nfc", 1, lambda text: text and unicodedata.normalize("NFC", text), deterministic=True
        )
    for table, columns in PLAIN.items():
        for column in columns:
            _compose_column(tx, table, column)
    for table in KEYS:
        _compose_keys(tx, table, "source", "external_id")
    _compose_keys(tx, "customer_external_ids", "system", "key")
    for rows in _customers(tx):
        _refold(tx, rows)


def downgrade() -> None:
    """Take back what an older version would not pass over; texts in one form and more words serve it too."""
    tx = op.get_bind()
    told = """replace({text}, '"extension": null, ', '')"""
    _set_contact_points(tx, told, """{text} LIKE '%"extension": null, %'""")


def _add_extensions(tx: sa.Connection) -> None:
    # A quote within a value is written \\", so that this can only be the member's name.
    told = """replace({text}, '"network":', '"extension": null, "network":')"""
    _set_contact_points(tx, told, """{text} LIKE '%"network":%' AND {text} NOT LIKE '%"extension":%'""")


def _set_contact_points(tx: sa.Connection, value: str, where: str) -> None:
    is_postgres = tx.dialect.name == "postgresql"
    text = "contact_points::text" if is_postgres else "contact_points"
    given = f"({value.format(text=text)})" + ("::json" if is_postgres else "")
    op.execute(f"UPDATE customers SET contact_points = {given} WHERE {where.format(text=text)}")


def _compose_column(tx: sa.Connection, table: str, column: str) -> None:
    value = f"normalize({column}, NFC)" if tx.dialect.name == "postgresql" else f"nfc({column})"
    op.execute(f"UPDATE {table} SET {column} = {value} WHERE {column} <> {value}")


def _compose_keys(tx: sa.Connection, table: str, scope: str, column: str) -> None:
    """Compose keys but where another row has the composed one already: which of the two is right, and which
    is to go, is for people to say."""
    value = f"normalize({column}, NFC)" if tx.dialect.name == "postgresql" else f"nfc({column})"
    others = sa.text(f"SELECT {scope} AS scope, {column} AS key FROM {table} WHERE {column} <> {value}")
    free = f"NOT EXISTS (SELECT 1 FROM {table} WHERE {scope} = :scope AND {column} = :composed)"
    statement = (
        f"UPDATE {table} SET {column} = :composed WHERE {scope} = :scope AND {column} = :key AND {free}"
    )
    for row in tx.execute(others).all():
        found = {"scope": row.scope, "key": row.key, "composed": unicodedata.normalize("NFC", row.key)}
        tx.execute(sa.text(statement), found)


CUSTOMERS = sa.table(
    "customers",
    *(sa.column(name) for name in ("name", "name_key", "given_name", "family_name", "unit")),
    sa.column("id"),
    *(sa.column(name, sa.JSON) for name in ("contact_points", "external_ids", "tags", "attributes")),
)
LOOKUPS = sa.table("customer_lookups", *(sa.column(name) for name in ("kind", "value", "customer_id")))
TEXTS = ("name", "given_name", "family_name", "unit", "contact_points", "tags", "attributes")


def _customers(tx: sa.Connection) -> Iterator[list[Any]]:
    last = None
    while True:
        wanted = sa.select(CUSTOMERS).order_by(CUSTOMERS.c.id).limit(BATCH)
        rows = list(tx.execute(wanted if last is None else wanted.where(CUSTOMERS.c.id > last)).mappings())
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def _refold(tx: sa.Connection, rows: list[Any]) -> None:
    """Write names, words and texts anew where they come out otherwise than they are stored."""
    found: dict[Any, set[tuple[str, str]]] = {}
    for row in rows:
        after = {name: composed(row[name]) for name in TEXTS}
        after["name_key"] = names.fold(after["name"] or "")[:NAME_KEY_LENGTH]
        after["external_ids"] = _stored_keys(tx, row["external_ids"])
        changed = {name: value for name, value in after.items() if value != row[name]}
        name = after["name"] or ""
        if changed or set(names.keys(name)) != set(names.fold(name).split()):
            found[row["id"]] = customers.lookups(
                after["name"], after["contact_points"], after["tags"], after["attributes"]
            )
        if changed:
            tx.execute(sa.update(CUSTOMERS).where(CUSTOMERS.c.id == row["id"]).values(changed))
    if found:
        tx.execute(sa.delete(LOOKUPS).where(LOOKUPS.c.customer_id.in_(found)))
        told = [
            {"kind": kind, "value": value, "customer_id": customer_id}
            for customer_id, pairs in found.items()
            for kind, value in sorted(pairs)
        ]
        if told:
            tx.execute(sa.insert(LOOKUPS), told)


def _stored_keys(tx: sa.Connection, external_ids: list[Any]) -> list[Any]:
    """External ids as they are in their own table, where a key that was taken has stayed as it was."""
    if composed(external_ids) == external_ids:
        return external_ids
    statement = sa.text("SELECT 1 FROM customer_external_ids WHERE system = :system AND key = :key")
    return [
        entry
        if tx.execute(statement, entry).first()
        else {**entry, "key": unicodedata.normalize("NFC", entry["key"])}
        for entry in external_ids
    ]
