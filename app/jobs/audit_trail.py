"""What a worker does for the audit trail: seal what was written, read it again, and tell of breaks."""

from collections.abc import Iterable
from time import monotonic

import structlog

from app.jobs.registry import Context
from app.store import event_sequence
from app.store.audit import alarms as audit_alarms
from app.store.audit import head as audit_head
from app.store.audit import keys as audit_keys
from app.store.audit import sealing
from app.store.audit.alarm_log import AlarmLog
from app.store.audit.alarms import Alarm, Kind
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys
from app.store.audit.verification import Walk, ends_otherwise

_MAX_SEALED_AT_ONCE = 1_000
_MAX_CHECKED_AT_ONCE = 500
_BETWEEN_PASSES_SECONDS = 60.0
_LOG_HEAD_SECONDS = 3_600.0

_log = structlog.get_logger("vefa.audit")


class AuditTrail:
    """The trail as one worker sees it; remembers the head, so that an older one in its place is noticed."""

    def __init__(self) -> None:
        self._head: Head | None = None
        self._walk: Walk | None = None
        self._next_pass_at = self._next_log_at = 0.0
        self._alarm_log = AlarmLog()

    def seal(self, context: Context) -> bool:
        """Put events and audit entries into their global order, and seal the entries."""
        keys = audit_keys.of_settings(context.settings)
        if keys is None or not context.store.read_sync(event_sequence.has_unnumbered):
            return False
        done = context.store.write_sync(event_sequence.assign, keys, _MAX_SEALED_AT_ONCE, self._head)
        context.store.numbered.ring()
        self._alarm_log.tell(done.alarms)
        if done.head is not None:
            self._head = done.head
            self._log_head(done.head)
        return done.count >= _MAX_SEALED_AT_ONCE

    def look(self, context: Context) -> bool:
        """Look whether what this process wrote has come to be sealed."""
        if not context.store.witness.is_idle:
            self._alarm_log.tell(context.store.write_sync(context.store.witness.look))
        return False

    def check(self, context: Context) -> bool:
        """Read some of the sealed entries again; after the last one begin with the first."""
        keys, store = audit_keys.of_settings(context.settings), context.store
        if keys is None or (self._walk is None and monotonic() < self._next_pass_at):
            return False
        if self._walk is None:
            self._next_pass_at = monotonic() + _BETWEEN_PASSES_SECONDS
            head = self._stored_head(context, keys)
            if head is None:
                return False
            self._walk = Walk(keys.chain, head.position, frozenset({head.position}), head=head)
        walk = self._walk
        more = store.read_sync(walk.step, _MAX_CHECKED_AT_ONCE)
        while more and walk.alarms:  # what is broken is named at once
            more = store.read_sync(walk.step)
        if not more:
            self._walk, self._next_pass_at = None, monotonic() + _BETWEEN_PASSES_SECONDS
            self._note(context, [*walk.alarms, *ends_otherwise(walk)])
        return False

    def _stored_head(self, context: Context, keys: AuditKeys) -> Head | None:
        """The head in the database, if it may be trusted."""
        head = context.store.read_sync(audit_head.read)
        if head is None:
            if context.store.read_sync(audit_head.last_entry)[0]:
                self._note(context, [Alarm(Kind.NO_HEAD)])
            return None
        if not head.is_signed_by(keys.current):
            self._note(context, [audit_head.untrusted(head, keys)])
            return None
        self._note(context, sealing.put_back(head, self._head))
        return head

    def _note(self, context: Context, alarms: Iterable[Alarm]) -> None:
        if found := list(alarms):
            self._alarm_log.tell(context.store.write_sync(audit_alarms.note, found))

    def _log_head(self, head: Head) -> None:
        """Log a copy of the head, out of reach of those who can write the database."""
        if monotonic() >= self._next_log_at:
            self._next_log_at = monotonic() + _LOG_HEAD_SECONDS
            _log.info("audit_head", head=" ".join(str(head).split()))
