"""Roles: what agents of a kind may do at most, and to which role they report."""

from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.people.roles import RolePut, RoleQuery, RoleRead
from app.services.people import records
from app.services.platform import by_code
from app.services.platform.by_code import Draft
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import Role
from app.store.transactions import ReadTx, Row, WriteTx

ROLES = Listing(
    RoleQuery,
    select(Role.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such role.",
    sorts=[SortKey(Role.code)],
    filters=[
        equal(Role.reports_to),
        where("active", lambda wanted: Role.is_active == wanted),
        since(Role.updated_at),
    ],
)
shape = shaper(RoleRead)

_NEW: Row = {"names": None, "scopes": [], "reports_to": None, "is_active": True}


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one role.

    Raises:
        NotFoundError: none with this code is registered.
    """
    return shape(ROLES.one_or_404(tx, actor, Role.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: RoleQuery, after: After | None) -> Page:
    """Read a page of the roles that match every filter, by code."""
    return ROLES.page(tx, actor, query, after, shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: RolePut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Register a role, or change the one that has this code; keys of its agents feel it at once.

    Returns:
        The role, and whether it is new.

    Raises:
        InvalidError: a new one without names; the role that it reports to is unknown or inactive; or it would
            stand above itself (``circle``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    records.lock(tx)
    draft = by_code.draft(tx, Role, code, data, _NEW, if_match, if_none_match)
    draft.after["scopes"] = sorted(set(draft.after["scopes"]))
    if wrong := _problems(tx, draft):
        raise InvalidError(fields=wrong)
    return shape(by_code.store(tx, actor, "role", draft)), draft.is_new


# --- inside


def _problems(tx: ReadTx, draft: Draft) -> list[FieldError]:
    wrong = draft.missing("names")
    if above := draft.newly("reports_to"):
        known = records.places(tx, Role)
        wrong += records.place_problems(known, draft.after["code"], above, "reports_to", "role")
    return wrong
