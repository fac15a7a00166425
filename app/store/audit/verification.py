"""Reading the audit trail again: is every entry what was sealed, and if not, what happened to it?

A `Walk` goes through the trail in steps, so that a million entries need no more memory than a step, and so
that workers can go through it a little at a time. After a break it goes on from the seal that is stored, so
that every break is named and not only the first.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.store.audit import rows
from app.store.audit import seals as audit_seals
from app.store.audit.alarms import Alarm, Kind
from app.store.audit.head import Head
from app.store.audit.rows import Entry
from app.store.transactions import ReadTx

STEP = 2_000
_MAX_SUSPECTS = 24
_MAX_PLACES = 96


@dataclass(slots=True)
class Walk:
    """One pass through the trail."""

    keys: tuple[bytes, ...]
    """Of the chain, in no order; a key that was followed by another fits nowhere behind that."""
    last: int
    """The position up to which there must be entries."""
    wanted: frozenset[int] = frozenset()
    """Positions whose stored seals the caller asks for."""
    head: Head | None = None
    """What signs for the end."""
    position: int = 0
    alarms: list[Alarm] = field(default_factory=list)
    seals: dict[int, bytes | None] = field(default_factory=dict)
    used: list[bytes] = field(default_factory=list)
    """The keys that fitted, in the order in which they were used."""
    _previous: tuple[bytes, ...] = (audit_seals.FIRST,)
    """What the next seal may follow: several seals after a break, none after a gap."""
    _is_sure: bool = True
    """Whether the next seal must follow one of them."""
    _suspects: list[tuple[Entry, tuple[bytes, ...]]] = field(default_factory=list)
    _gaps: list[bytes] = field(default_factory=list)
    """Seals before gaps, some of them."""

    def run(self, tx: ReadTx) -> None:
        """Go to the end."""
        while self.step(tx):
            pass

    def step(self, tx: ReadTx, limit: int = STEP) -> bool:
        """Go on by at most ``limit`` entries; True while there are more."""
        entries = _page(tx, self.position, limit, self.last)
        for entry in entries:
            self._look_at(entry, entry.position or 0)
        if len(entries) >= limit and self.position < self.last:
            return True
        if self.position < self.last:
            self._miss(self.last)
        if self._suspects:
            self._name_moved(rows.refused(tx, _MAX_SUSPECTS))
        return False

    def _look_at(self, entry: Entry, position: int) -> None:
        if position == self.position:
            self._add(Kind.TWICE, position)
            self._previous = (*self._previous, *(() if entry.seal is None else (entry.seal,)))
            return
        if position > self.position + 1:
            self._miss(position - 1)
        fits = entry.seal is not None and self._fits(entry.seal, position, entry.text)
        if entry.seal is None:
            self._add(Kind.UNSEALED, position)
        elif self._is_sure and not fits:
            self._add(Kind.CHANGED, position)
        if not fits and len(self._suspects) < _MAX_SUSPECTS:
            self._suspects.append((entry, self._previous))
        stored = () if entry.seal is None else (entry.seal,)
        self._previous = stored if fits else (*stored, *self._expected(entry, position))
        self._is_sure = entry.seal is not None
        self.position = position
        if position in self.wanted:
            self.seals[position] = entry.seal

    def _fits(self, seal: bytes, position: int, text: str) -> bool:
        current, spent = self.used[-1:], self.used[:-1]
        for key in (*current, *self.keys):
            if key in spent:
                continue
            for previous in self._previous:
                if hmac.compare_digest(seal, audit_seals.seal(key, previous, position, text)):
                    if key not in current:
                        self.used.append(key)
                    return True
        return False

    def _expected(self, entry: Entry, position: int) -> list[bytes]:
        """The seal that a broken entry should have: the next one follows it if only the seal was changed."""
        key = self.used[-1] if self.used else self.keys[0]
        return [audit_seals.seal(key, one, position, entry.text) for one in self._previous[:1]]

    def _miss(self, last: int) -> None:
        self._add(Kind.REMOVED, self.position + 1, last)
        if len(self._gaps) < _MAX_SUSPECTS:
            self._gaps += self._previous
        self.position, self._previous, self._is_sure = last, (), False

    def _add(self, kind: Kind, first: int, last: int = 0) -> None:
        last = last or first
        if self.alarms and self.alarms[-1].kind is kind and self.alarms[-1].last == first - 1:
            first = self.alarms.pop().first
        self.alarms.append(Alarm(kind, first, last))

    def _name_moved(self, refused: list[Entry]) -> None:
        """Find entries that were sealed at another position, and those that only follow such a one."""
        stored = {entry.seal for entry, _ in self._suspects if entry.seal is not None}
        before = {seal for entry, previous in self._suspects for seal in (*previous, entry.seal) if seal}
        before.update(self._gaps, (entry.seal for entry in refused if entry.seal is not None))
        places = self._places()
        for entry, _ in self._suspects:
            position = entry.position or 0
            origin = self._origin(entry, stored, before, [position, *places])
            if origin is None:
                continue
            self.alarms = [part for alarm in self.alarms for part in _without(alarm, position)]
            if origin != position:
                self.alarms.append(Alarm(Kind.MOVED, position, origin))
        self._suspects.clear()

    def _places(self) -> list[int]:
        """Positions at which a suspect may have been sealed."""
        near = {(entry.position or 0) + step for entry, _ in self._suspects for step in (-1, 0, 1)}
        for alarm in self.alarms:
            if alarm.kind is Kind.REMOVED:
                near.update(range(alarm.first, min(alarm.last, alarm.first + _MAX_SUSPECTS) + 1))
        return sorted(near)[:_MAX_PLACES]

    def _origin(
        self, entry: Entry, stored: Iterable[bytes], before: Iterable[bytes], places: list[int]
    ) -> int | None:
        """The position at which a suspect was sealed; None if it was not, or too far away."""
        for key in self.used[-1:] or self.keys:
            for place in places:
                wanted = {entry.seal} if place == entry.position else stored
                for seal in before:
                    if audit_seals.seal(key, seal, place, entry.text) in wanted:
                        return place
        return None


def _page(tx: ReadTx, position: int, limit: int, last: int) -> list[Entry]:
    """The entries behind a position, never parting those that share one.

    No two do, unless somebody who may change the table has taken its unique index away.
    """
    entries = rows.after(tx, position, limit, last)
    if len(entries) < limit:
        return entries
    end = entries[-1].position or 0
    return [one for one in entries if one.position != end] + rows.after(tx, end - 1, limit + 1, end)


def ends_otherwise(walk: Walk) -> list[Alarm]:
    """Whether a walk that is over met another seal than that of its head, and has named nothing there."""
    at = walk.last
    if walk.head is None or not at or walk.seals.get(at) == walk.head.seal:
        return []
    if any(alarm.first <= at <= alarm.last for alarm in walk.alarms):
        return []
    return [Alarm(Kind.CHANGED, at, at, "Its seal is not the one that the head names.")]


def _without(alarm: Alarm, position: int) -> list[Alarm]:
    if alarm.kind is not Kind.CHANGED or not alarm.first <= position <= alarm.last:
        return [alarm]
    parts = (alarm.first, position - 1), (position + 1, alarm.last)
    return [Alarm(alarm.kind, first, last) for first, last in parts if first <= last]
