"""Try a follow-up rule on the past, without doing anything."""

from datetime import timedelta

from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.follow_ups.rules import MAX_EXAMPLES, FollowUpTrialCreate
from app.services.follow_ups import causes, follow_ups, rules
from app.services.follow_ups.causes import Among, Cause
from app.store.engine import in_thread
from app.store.tables import FollowUpRule
from app.store.transactions import ReadTx, Row
from app.store.types import now

MAX_DAYS = 92
_DAYS = timedelta(days=30)


@in_thread
def run(tx: ReadTx, actor: Actor, code: str, data: FollowUpTrialCreate) -> Row:
    """Count on what a rule would have acted in a window, as its condition stands now; active or not.

    Raises:
        NotFoundError: there is no such rule.
        InvalidError: ``from`` is not before ``to``, or the window is longer than 92 days (``too_long``).
    """
    rule = rules.RULES.one_or_404(tx, actor, FollowUpRule.code == code)
    to = data.to or actor.company.day_of(now()) + timedelta(days=1)
    first = data.from_ or to - _DAYS
    if first >= to:
        raise InvalidError(fields=[FieldError("/from", "window_order", "from must be before to.")])
    if (to - first).days > MAX_DAYS:
        detail = "Expected a window of at most {days} days."
        raise InvalidError(fields=[FieldError("/from", "too_long", detail, params={"days": MAX_DAYS})])
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    found = causes.find(tx, rule, Among(start=start, end=end))
    by_key = {cause.key: cause for cause in reversed(found)}  # each once, by its earliest
    known = follow_ups.done(tx, code, found)
    fresh = sorted(
        (cause for key, cause in by_key.items() if key not in known), key=lambda cause: (cause.at, cause.id)
    )
    return {
        "rule": code,
        "rule_version": rule["version"],
        "window": {"start": start, "end": end},
        "would_act": len(fresh),
        "customers": len({cause.customer_id for cause in fresh}),
        "already": len(by_key.keys() & known),
        "examples": [_example(cause) for cause in fresh[:MAX_EXAMPLES]],
    }


def _example(cause: Cause) -> Row:
    return {
        "cause_kind": cause.kind,
        "cause_id": cause.id,
        "cause_detail": cause.found or cause.detail or None,
        "customer_id": cause.customer_id,
        "at": cause.at,
    }
