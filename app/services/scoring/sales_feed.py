"""Whether sales still arrived by the day of a run, of the whole company and of each source."""

from app.domain.churn.inputs.sales_feed import (
    LEAST_SILENCE_DAYS,
    LOOKS_BACK_DAYS,
    RUNNING,
    Feed,
    has_stopped,
)
from app.domain.common.days import day_of
from app.domain.scoring.run_spec import RunSpec
from app.store.scoring import sale_days
from app.store.transactions import ReadTx


def read(tx: ReadTx, spec: RunSpec) -> Feed:
    """Read what has stopped; while something was sold lately by every source, that is all that is read."""
    if (newest := _stopped_on(tx, spec)) is not None:
        return Feed(day_of(newest))
    names = sale_days.sources(tx)
    if len(names) < 2:
        return RUNNING
    stopped = ((name, _stopped_on(tx, spec, name)) for name in names)
    return Feed(None, tuple((name, day_of(day)) for name, day in stopped if day is not None))


def _stopped_on(tx: ReadTx, spec: RunSpec, source: str | None = None) -> int | None:
    """Day of the newest sale when sales have stopped; None while they arrive."""
    if sale_days.sold_since(tx, spec, LEAST_SILENCE_DAYS, source):
        return None
    days = sale_days.sale_days(tx, spec, LOOKS_BACK_DAYS, source)
    return int(days[-1]) if has_stopped(days, spec.as_of_day) else None
