"""Set and read whom to tell when time runs out."""

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.standards.clocks import Rung, TellWhom, are_ascending
from app.errors import FieldError, InvalidError
from app.schemas.common.base import ChangesQuery
from app.schemas.standards.escalation_rules import EscalationRulePut
from app.services.standards import versions
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, since
from app.store.paging import After, Page, SortKey
from app.store.tables import EscalationRule
from app.store.transactions import ReadTx, Row, WriteTx

RULES = Listing(
    ChangesQuery,
    select(EscalationRule.__table__).where(EscalationRule.is_current),
    owner=COMPANY_WIDE,
    missing="There is no such escalation rule.",
    sorts=[SortKey(EscalationRule.code)],
    filters=[since(EscalationRule.updated_at)],
)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read the current version of an escalation rule.

    Raises:
        NotFoundError: there is none with this code.
    """
    return RULES.one_or_404(tx, actor, EscalationRule.code == code)


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of the escalation rules, by code."""
    return RULES.page(tx, actor, query, after)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: EscalationRulePut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add an escalation rule, or change the one that has this code; clocks that run keep their version.

    Returns:
        The rule, and whether it is new.

    Raises:
        InvalidError: the rungs are not in the order in which they come (``not_ascending``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    given = data.model_dump(mode="json")
    if not are_ascending(rungs_of(given["rungs"])):
        detail = "Expected rungs in the order in which they come, no two at once."
        raise InvalidError(fields=[FieldError("/rungs", "not_ascending", detail)])
    return versions.put(
        tx, actor, EscalationRule, "escalation_rule.saved", code, given, if_match, if_none_match
    )


def rungs_of(rungs: list[Row] | None) -> tuple[Rung, ...]:
    """The rungs of a rule's row; none for None."""
    return tuple(Rung(**{**rung, "tell": TellWhom(rung["tell"])}) for rung in rungs or ())
