"""Set and read how much roles may give without asking, in versions."""

from itertools import pairwise

from sqlalchemy import or_, select, update

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.compensations.authority import Limit
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.compensations.limits import AuthorityLimitPut, AuthorityLimitQuery, AuthorityLimitRead
from app.services.compensations import kinds
from app.services.people import records
from app.services.standards import versions
from app.store import dialects
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since
from app.store.paging import After, Page, SortKey
from app.store.tables import AuthorityLimit, Role
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

LIMITS = Listing(
    AuthorityLimitQuery,
    select(AuthorityLimit.__table__).where(AuthorityLimit.is_current),
    owner=COMPANY_WIDE,
    missing="There is no such authority limit.",
    sorts=[SortKey(AuthorityLimit.code)],
    filters=[equal(AuthorityLimit.role, AuthorityLimit.kind), since(AuthorityLimit.updated_at)],
)
_AMOUNTS = ("per_case", "per_day", "per_month")
_as_read = shaper(AuthorityLimitRead)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read the current version of an authority limit.

    Raises:
        NotFoundError: there is none with this code.
    """
    return _shape(LIMITS.one_or_404(tx, actor, AuthorityLimit.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: AuthorityLimitQuery, after: After | None) -> Page:
    """Read a page of the authority limits, by code."""
    return LIMITS.page(tx, actor, query, after, _shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: AuthorityLimitPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add an authority limit, or change the one that has this code: from ``valid_from`` on another version
    counts, and what was given by an earlier one stays.

    Returns:
        The limit, and whether it is new.

    Raises:
        InvalidError: the role or the kind is unknown; an amount is negative, or not in the reporting
            currency; or a longer time has a smaller amount (``not_ascending``).
        ConflictError: another active limit is for this role, tier and kind (``limit_exists``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    given = _given(actor, data)
    if wrong := _wrong(tx, data, given):
        raise InvalidError(fields=wrong)
    dialects.advisory_lock(tx, f"authority-limits:{data.kind}")
    if data.is_active:
        _refuse_second(tx, code, data)
    before = versions.current(tx, AuthorityLimit, code)
    differs = before is None or any(before[member] != value for member, value in given.items())
    if differs or data.valid_from is not None:
        given["valid_from"] = data.valid_from or now()
    action, more = "authority_limit.saved", {**given, "valid_until": None}
    row, is_new = versions.put(tx, actor, AuthorityLimit, action, code, more, if_match, if_none_match)
    if row["version"] != (before or {}).get("version"):
        _end_earlier(tx, row)
    return _shape(row), is_new


def of_kind(tx: ReadTx, actor: Actor, kind: str) -> list[Limit]:
    """Return all versions of the limits of a kind that are active, whenever they count; one statement. Those
    that were set in another reporting currency are left out."""
    columns = (
        AuthorityLimit.code,
        AuthorityLimit.version,
        AuthorityLimit.role,
        AuthorityLimit.tier,
        AuthorityLimit.per_case_minor,
        AuthorityLimit.per_day_minor,
        AuthorityLimit.per_month_minor,
        AuthorityLimit.valid_from,
        AuthorityLimit.valid_until,
    )
    mine = AuthorityLimit.currency == actor.company.reporting_currency
    found = select(*columns).where(AuthorityLimit.kind == kind, AuthorityLimit.is_active, mine)
    return [Limit(*row) for row in tx.execute(found)]


# --- inside


def _given(actor: Actor, data: AuthorityLimitPut) -> Row:
    given = data.model_dump(exclude={*_AMOUNTS, "valid_from"})
    given["currency"] = actor.company.reporting_currency
    for name in _AMOUNTS:
        amount = getattr(data, name)
        minor = None if amount is None else kinds.reporting_minor(actor, amount, f"/{name}", least=0)
        given[f"{name}_minor"] = minor
    return given


def _shape(row: Row) -> Row:
    amounts = {name: row[f"{name}_minor"] for name in _AMOUNTS}
    wire = {
        name: None if minor is None else money.to_wire(minor, row["currency"])
        for name, minor in amounts.items()
    }
    return _as_read({**row, **wire})


def _wrong(tx: ReadTx, data: AuthorityLimitPut, given: Row) -> list[FieldError]:
    wrong = records.known_problems(records.places(tx, Role).get(data.role), "role", "role")
    if kinds.find(tx, data.kind) is None:
        detail = (
            "There is no kind of compensation with this code; add it with a PUT to /v1/compensation-kinds/."
        )
        wrong.append(FieldError("/kind", "unknown_kind", detail))
    known = [(name, given[f"{name}_minor"]) for name in _AMOUNTS if given[f"{name}_minor"] is not None]
    for (_, shorter), (name, longer) in pairwise(known):
        if longer < shorter:
            detail = "Expected at least what may be given in the shorter time, or in one case."
            wrong.append(FieldError(f"/{name}", "not_ascending", detail))
    return wrong


def _refuse_second(tx: ReadTx, code: str, data: AuthorityLimitPut) -> None:
    tier = AuthorityLimit.tier
    same = select(AuthorityLimit.code).where(
        AuthorityLimit.is_current,
        AuthorityLimit.is_active,
        AuthorityLimit.code != code,
        AuthorityLimit.role == data.role,
        AuthorityLimit.kind == data.kind,
        tier.is_(None) if data.tier is None else tier == data.tier,
    )
    other = tx.execute(same).scalars().first()
    if other is not None:
        detail = "Another limit is for this role, tier and kind: change that one, or make it inactive."
        raise ConflictError(detail, code="limit_exists", existing=(other, f"/v1/authority-limits/{other}"))


def _end_earlier(tx: WriteTx, row: Row) -> None:
    """Let earlier versions of a limit end where this one begins."""
    ends = AuthorityLimit.valid_until
    tx.execute(
        update(AuthorityLimit)
        .where(AuthorityLimit.code == row["code"], AuthorityLimit.version < row["version"])
        .where(or_(ends.is_(None), ends > row["valid_from"]))
        .values(valid_until=row["valid_from"])
    )
