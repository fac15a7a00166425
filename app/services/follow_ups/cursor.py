"""Up to which event the follow-up rules have been looked at."""

from sqlalchemy import exists, select, update

from app.store import dialects
from app.store.engine import one_statement
from app.store.events import log as event_log
from app.store.tables import Event, FollowUpCursor, FollowUpRule
from app.store.transactions import ReadTx, WriteTx

_ONE = 1
_POSITION = select(FollowUpCursor.position).where(FollowUpCursor.id == _ONE)


@one_statement
def is_behind(tx: ReadTx) -> bool:
    """Tell whether a rule acts and events wait for it."""
    waits = exists().where(Event.position > _POSITION.scalar_subquery())
    acts = exists().where(FollowUpRule.is_active)
    return bool(tx.execute(select(waits & acts)).scalar_one())


def begin(tx: WriteTx) -> None:
    """Begin with the next event, unless rules act already: what happened before the first rule is past."""
    acts = tx.execute(select(exists().where(FollowUpRule.is_active))).scalar_one()
    if not acts:
        row = {"id": _ONE, "position": event_log.last(tx)}
        tx.execute(dialects.upsert(tx, FollowUpCursor, ["id"], ["position"]), row)


def take(tx: WriteTx) -> int | None:
    """Lock the cursor and return its position; None while another worker has it."""
    return tx.execute(_POSITION.with_for_update(skip_locked=True)).scalar_one_or_none()


def move(tx: WriteTx, position: int) -> None:
    """Set the cursor, which `take` has locked."""
    tx.execute(update(FollowUpCursor).where(FollowUpCursor.id == _ONE).values(position=position))
