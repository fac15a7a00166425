"""Set and read follow-up rules."""

from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import InvalidError
from app.schemas.common.base import shaper
from app.schemas.follow_ups.rules import FollowUpRulePut, FollowUpRuleQuery, FollowUpRuleRead
from app.services.follow_ups import cursor
from app.services.people import lookups
from app.services.platform import preconditions
from app.services.recovery import categories
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import FollowUpRule
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

RULES = Listing(
    FollowUpRuleQuery,
    select(FollowUpRule.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such follow-up rule.",
    sorts=[SortKey(FollowUpRule.code)],
    filters=[
        equal(FollowUpRule.trigger),
        where("active", lambda wanted: FollowUpRule.is_active == wanted),
        since(FollowUpRule.updated_at),
    ],
)
shape = shaper(FollowUpRuleRead)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one rule.

    Raises:
        NotFoundError: there is none with this code.
    """
    return RULES.one_or_404(tx, actor, FollowUpRule.code == code)


@one_statement
def page(tx: ReadTx, actor: Actor, query: FollowUpRuleQuery, after: After | None) -> Page:
    """Read a page of the rules that match every filter, by code."""
    return RULES.page(tx, actor, query, after)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: FollowUpRulePut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add a rule, or change the one that has this code. It acts on what happens from now on.

    Returns:
        The rule, and whether it is new.

    Raises:
        InvalidError: an owner that may not be given anything (``unknown_owner``, ``inactive_owner``), or a
            category that is not active any more (``inactive_category``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    dialects.advisory_lock(tx, f"{FollowUpRule.__tablename__}:{code}")
    found = tx.execute(select(FollowUpRule.__table__).where(FollowUpRule.code == code)).mappings().first()
    before = None if found is None else dict(found)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    given = data.model_dump(mode="json")
    if before is not None and all(before[member] == value for member, value in given.items()):
        return shape(before), False
    wrong = lookups.owner_problems(tx, actor, data.owner)
    named = {data.category} if data.category is not None else set()
    wrong += categories.problems(categories.named(tx, named), data.category)
    if wrong:
        raise InvalidError(fields=wrong)
    at = now()
    row = {
        **given,
        "code": code,
        "version": (version or 0) + 1,
        "created_at": at if before is None else before["created_at"],
        "updated_at": at,
    }
    if data.is_active:
        cursor.begin(tx)
    changed = [member for member, value in given.items() if before is None or before[member] != value]
    tx.execute(dialects.upsert(tx, FollowUpRule, ["code"], [*given, "version", "updated_at"]), row)
    trail.record(tx, actor, "follow_up_rule.saved", code, members=changed)
    return shape(row), before is None


def active(tx: ReadTx) -> list[Row]:
    """The rules that act, by code."""
    statement = select(FollowUpRule.__table__).where(FollowUpRule.is_active).order_by(FollowUpRule.code)
    return [dict(row) for row in tx.execute(statement).mappings()]
