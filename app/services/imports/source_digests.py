"""What the files of a source have said of customers: a row that repeats it says nothing new."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, func, select, update

from app.domain.imports.source_digests import merge, newer_members, pack, unheard
from app.domain.imports.states import ENDED
from app.services.imports.customer_changes import Place
from app.store import dialects
from app.store.tables import Import, SourceStatement
from app.store.transactions import ReadTx, Row, WriteTx

AT_ONCE = 5_000
"""Statements taken back in one transaction."""


@dataclass(slots=True)
class Statements:
    """What the source of an import said of customers before it, and says in it.

    Attributes:
        is_old: whether the file was imported before, and others since: then only that is new of which the
            source has never said anything.
        rows: what is stored, by customer and part.
    """

    kind: str
    source: str
    import_id: UUID
    is_old: bool
    rows: dict[Place, Row]
    changed: set[Place] = field(default_factory=set)

    def newer_members(self, place: Place, members: Mapping[str, Any]) -> set[str]:
        """The members of which a row says something new; all of them where nothing is known."""
        row = self.rows.get(place)
        before = None
        if row is not None:
            before = row["before"] if row["import_id"] == self.import_id else row["said"]
        return unheard(members, before) if self.is_old else newer_members(members, before)

    def note(self, place: Place, members: Mapping[str, Any]) -> None:
        """Note what a row said."""
        row, packed = self.rows.get(place), pack(members)
        said = merge(None if row is None else row["said"], packed)
        if self.is_old and row is not None:  # what was said since stays
            said = merge(packed, row["said"])
        if row is not None and said == row["said"]:
            return
        if row is None or row["import_id"] != self.import_id:
            row = {"before": None if row is None else row["said"], "import_id": self.import_id}
        self.rows[place] = {**row, "said": said}
        self.changed.add(place)


def read(tx: ReadTx, import_row: Row, customer_ids: Collection[UUID]) -> Statements:
    """Read what the source of an import has said of these customers."""
    kind, source = import_row["kind"], import_row["mapping"]["source"]
    columns = SourceStatement.__table__.c
    rows = {}
    if customer_ids:
        mine = select(SourceStatement.__table__).where(
            columns.customer_id.in_(customer_ids), columns.source == source, columns.kind == kind
        )
        rows = {(row["customer_id"], row["part"]): dict(row) for row in tx.execute(mine).mappings()}
    return Statements(kind, source, import_row["id"], is_old(tx, import_row), rows)


def write(tx: WriteTx, statements: Statements) -> None:
    """Keep what was said."""
    if not statements.changed:
        return
    rows = [
        {
            "customer_id": place[0],
            "source": statements.source,
            "kind": statements.kind,
            "part": place[1],
            "said": statements.rows[place]["said"],
            "before": statements.rows[place]["before"],
            "import_id": statements.import_id,
        }
        for place in sorted(statements.changed)
    ]
    keys = ["customer_id", "source", "kind", "part"]
    tx.execute(dialects.upsert(tx, SourceStatement, keys, ["said", "before", "import_id"]), rows)


def take_back(tx: WriteTx, import_id: UUID) -> bool:
    """Forget some of what an import said, as far as no later one has said more.

    Returns:
        Whether nothing is left; otherwise call again.
    """
    columns = SourceStatement.__table__.c
    mine = columns.import_id == import_id
    places = (columns.customer_id, columns.source, columns.kind, columns.part)
    found = tx.execute(select(*places, columns.before).where(mine).limit(AT_ONCE)).mappings().all()
    if not found:
        return True
    one = [column == bindparam(f"its_{column.key}") for column in places]
    bound = [
        {f"its_{name}": value for name, value in row.items() if name != "before"}
        | ({} if row["before"] is None else {"before_it": row["before"]})
        for row in found
    ]
    gone = [values for values in bound if "before_it" not in values]
    back = [values for values in bound if "before_it" in values]
    if gone:
        tx.execute(delete(SourceStatement).where(*one), gone)
    if back:
        restored: Row = {"said": bindparam("before_it"), "before": None, "import_id": None}
        tx.execute(update(SourceStatement).where(*one).values(restored), back)
    return False


def is_old(tx: ReadTx, row: Row) -> bool:
    """Tell whether a file was imported before, and another one since."""
    mine = (Import.kind == row["kind"], Import.state.in_(sorted(ENDED)), Import.dry_run.is_(False))
    same = select(func.max(Import.created_at)).where(
        *mine, Import.file_sha256 == row["file_sha256"], Import.id != row["id"]
    )
    before = tx.execute(same).scalar_one()
    if before is None:
        return False
    since = exists().where(*mine, Import.created_at > before, Import.file_sha256 != row["file_sha256"])
    return bool(tx.execute(select(since)).scalar_one())
