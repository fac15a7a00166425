"""Categories of complaints: registered ones, those that complaints name all the same, and what they say."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists, func, select

from app.domain.common.access import Actor
from app.errors import FieldError, ForbiddenError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.recovery.categories import CategoryListed, CategoryPut, CategoryQuery, CategoryRead
from app.services.people import records
from app.services.platform import by_code, rights
from app.services.recovery import trees
from app.store.engine import in_thread_on_sqlite, one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import Complaint, ComplaintCategory, Unit
from app.store.transactions import ReadTx, Row, WriteTx

CATEGORIES = Listing(
    CategoryQuery,
    select(ComplaintCategory.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such category.",
    sorts=[SortKey(ComplaintCategory.code)],
    filters=[
        equal(ComplaintCategory.parent),
        where("active", lambda wanted: ComplaintCategory.is_active == wanted),
        since(ComplaintCategory.updated_at),
    ],
    others=["registered"],
)
shape = shaper(CategoryRead)
_as_listed = shaper(CategoryListed)

_NEW: Row = {
    "names": None,
    "parent": None,
    "severity": None,
    "owner_unit": None,
    "demanded_steps": [],
    "auto_close_days": None,
    "is_active": True,
}
_UNREGISTERED: Row = {
    **_NEW,
    "names": {},
    "is_active": False,
    "is_registered": False,
    "version": None,
    "created_at": None,
    "updated_at": None,
}
_UNSEEN: Row = {"is_registered": True, "seen_count": None, "last_seen_at": None}


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one category.

    Raises:
        NotFoundError: none with this code is registered.
    """
    return shape(CATEGORIES.one_or_404(tx, actor, ComplaintCategory.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: CategoryQuery, after: After | None) -> Page:
    """Read a page of the registered categories that match every filter, by code."""
    return CATEGORIES.page(tx, actor, query, after, lambda row: _as_listed(row | _UNSEEN))


@in_thread_on_sqlite
def page_of_unregistered(tx: ReadTx, actor: Actor, query: CategoryQuery, after: After | None) -> Page:
    """Read a page of the categories that complaints name and that nobody registered, by code; one statement.

    Raises:
        InvalidError: another filter is sent: nothing is known of them.
        ForbiddenError: the caller is limited to units (``limited_to_units``).
    """
    others = query.model_fields_set - {"registered", "limit", "cursor"}
    if others:
        fields = [FieldError(member, "not_with_unregistered", _ALONE, "query") for member in sorted(others)]
        raise InvalidError(fields=fields)
    if actor.is_limited:
        raise ForbiddenError(rights.LIMITED, code="limited_to_units")
    code, behind = Complaint.category, "" if after is None else after[0]
    statement = (
        select(code, func.count(), func.max(Complaint.received_at))
        .where(code > behind, code.is_not(None), ~exists().where(ComplaintCategory.code == code))
        .group_by(code)
        .order_by(code)
        .limit(query.limit + 1)
    )
    rows = [
        _as_listed({**_UNREGISTERED, "code": name, "seen_count": count, "last_seen_at": last_at})
        for name, count, last_at in tx.execute(statement)
    ]
    shown = rows[: query.limit]
    return Page(shown, (shown[-1]["code"],) if len(rows) > len(shown) else None)


def reader_of(query: CategoryQuery) -> Any:
    """Return `page`, or `page_of_unregistered` where those are asked for."""
    return page if query.registered else page_of_unregistered


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: CategoryPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Register a category, or change the one that has this code. Complaints that have it keep their values.

    Returns:
        The category, and whether it is new.

    Raises:
        InvalidError: a new one without names; a parent that is not registered or stands below it; an owner
            unit that is unknown or inactive.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    draft, wrong = trees.draft(tx, ComplaintCategory, code, data, _NEW, if_match, if_none_match)
    if unit := draft.newly("owner_unit"):
        wrong += records.known_problems(records.places(tx, Unit).get(unit), "owner_unit", "unit")
    if wrong:
        raise InvalidError(fields=wrong)
    return shape(by_code.store(tx, actor, "complaint_category", draft)), draft.is_new


def named(tx: ReadTx, codes: Collection[str]) -> dict[str, Row]:
    """Return those of ``codes`` that are registered; one statement, none for none."""
    if not codes:
        return {}
    found = select(ComplaintCategory.__table__).where(ComplaintCategory.code.in_(codes))
    return {row["code"]: dict(row) for row in tx.execute(found).mappings()}


def problems(registered: dict[str, Row], category: str | None) -> list[FieldError]:
    """Say that a complaint cannot get a category that is not active any more."""
    row = registered.get(category or "")
    if row is None or row["is_active"]:
        return []
    detail = "This category is not active any more. Name another one, or make it active."
    return [FieldError("/category", "inactive_category", detail)]


_ALONE = "Of codes that nobody registered nothing else is known. Leave this out, or registered=false."
