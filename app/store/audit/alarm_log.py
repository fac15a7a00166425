"""Alarms of the audit trail in the log, out of reach of who can write the database."""

from collections.abc import Iterable
from math import inf
from time import monotonic

import structlog

from app.store.audit.alarms import Alarm

_AGAIN_SECONDS = 600.0

_log = structlog.get_logger("vefa.audit")


class AlarmLog:
    """Tells of each alarm at once, and again while it lasts; of one that is accepted as known only once.

    Of those, too, because who can write the database can mark them as accepted.
    """

    def __init__(self) -> None:
        self._next: dict[Alarm, float] = {}

    def tell(self, alarms: Iterable[Alarm]) -> None:
        """Log what it is time to tell of."""
        for alarm in alarms:
            if monotonic() >= self._next.get(alarm, 0.0):
                self._next[alarm] = inf if alarm.is_accepted else monotonic() + _AGAIN_SECONDS
                (_log.warning if alarm.is_accepted else _log.error)(
                    "audit_trail_alarm",
                    kind=alarm.kind.value,
                    first_position=alarm.first,
                    last_position=alarm.last,
                    accepted=alarm.is_accepted,
                    next="run `vefa audit verify`",
                )
