"""Rows of a tree that the company fills, by their code: what categories and causes do alike."""

from pydantic import BaseModel
from sqlalchemy import select

from app.domain.people.hierarchy import Place, makes_circle
from app.errors import FieldError
from app.services.platform import by_code
from app.services.platform.by_code import Draft
from app.store import dialects
from app.store.tables import ComplaintCategory, ComplaintCause
from app.store.transactions import Row, WriteTx


def draft(
    tx: WriteTx,
    table: type[ComplaintCategory] | type[ComplaintCause],
    code: str,
    data: BaseModel,
    defaults: Row,
    if_match: str | None,
    if_none_match: str | None,
) -> tuple[Draft, list[FieldError]]:
    """Bring what was sent together with what is stored; the tree does not change until the transaction ends.

    Returns:
        How the row was and is to be; and what is wrong with that: no names (``missing``), a parent that is
        not registered (``unknown_parent``) or stands below it (``circle``).

    Raises:
        PreconditionFailedError: as in `app.services.platform.by_code.draft`.
    """
    dialects.advisory_lock(tx, table.__tablename__)
    draft = by_code.draft(tx, table, code, data, defaults, if_match, if_none_match)
    wrong = draft.missing("names")
    if parent := draft.newly("parent"):
        rows = tx.execute(select(table.code, table.parent, table.is_active))
        found = {one: Place(above, is_active) for one, above, is_active in rows}
        if makes_circle(found, code, parent):
            detail = "It would stand above itself. Name another one."
            wrong.append(FieldError("/parent", "circle", detail))
        elif parent not in found:
            detail = "Nothing with this code is registered. Register the parent with a PUT first."
            wrong.append(FieldError("/parent", "unknown_parent", detail))
    return draft, wrong
