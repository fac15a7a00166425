"""Causes of failures: the company's own tree."""

from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.recovery.categories import CausePut, CauseQuery, CauseRead
from app.services.platform import by_code
from app.services.recovery import trees
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import ComplaintCause
from app.store.transactions import ReadTx, Row, WriteTx

CAUSES = Listing(
    CauseQuery,
    select(ComplaintCause.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such cause.",
    sorts=[SortKey(ComplaintCause.code)],
    filters=[
        equal(ComplaintCause.parent),
        where("active", lambda wanted: ComplaintCause.is_active == wanted),
        since(ComplaintCause.updated_at),
    ],
)
shape = shaper(CauseRead)
_NEW: Row = {"names": None, "parent": None, "is_active": True}


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one cause.

    Raises:
        NotFoundError: none with this code is registered.
    """
    return shape(CAUSES.one_or_404(tx, actor, ComplaintCause.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: CauseQuery, after: After | None) -> Page:
    """Read a page of the causes that match every filter, by code."""
    return CAUSES.page(tx, actor, query, after, shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: CausePut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Register a cause, or change the one that has this code.

    Returns:
        The cause, and whether it is new.

    Raises:
        InvalidError: a new one without names; a parent that is not registered or stands below it.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    draft, wrong = trees.draft(tx, ComplaintCause, code, data, _NEW, if_match, if_none_match)
    if wrong:
        raise InvalidError(fields=wrong)
    return shape(by_code.store(tx, actor, "complaint_cause", draft)), draft.is_new


def problems(tx: ReadTx, code: str, pointer: str = "/cause") -> list[FieldError]:
    """Say that a cause is not registered (``unknown_cause``) or not active (``inactive_cause``)."""
    row = by_code.stored(tx, ComplaintCause, code)
    if row is None:
        detail = "No cause with this code is registered. Register it with a PUT to /v1/complaint-causes/."
        return [FieldError(pointer, "unknown_cause", detail)]
    if not row["is_active"]:
        detail = "This cause is not active any more. Name another one, or make it active."
        return [FieldError(pointer, "inactive_cause", detail)]
    return []
