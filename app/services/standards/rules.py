"""Standards as clocks need them: the versions in force, with their calendars and escalation rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from app.domain.people.hierarchy import Place, with_those_below
from app.domain.standards.business_time import business_time
from app.domain.standards.clocks import CLOCK_TIME, Rules, TimeScale
from app.domain.standards.standards import Case, Standard, first_match
from app.services.standards.calendars import working_hours
from app.services.standards.escalation_rules import rungs_of
from app.store.sql.composite_keys import in_pairs
from app.store.tables import ComplaintCategory, EscalationRule, ServiceStandard, Unit, WorkingCalendar
from app.store.transactions import ReadTx, Row

_CALENDAR = ("zone", "weekly", "holidays", "exceptions")
_OF_CALENDAR = [getattr(WorkingCalendar, column) for column in _CALENDAR]

_READ = (
    select(
        ServiceStandard.__table__,
        WorkingCalendar.version.label("calendar_version"),
        *_OF_CALENDAR,
        EscalationRule.version.label("escalation_version"),
        EscalationRule.rungs,
    )
    .outerjoin(
        WorkingCalendar,
        and_(WorkingCalendar.code == ServiceStandard.calendar, WorkingCalendar.is_current),
    )
    .outerjoin(
        EscalationRule,
        and_(EscalationRule.code == ServiceStandard.escalation_rule, EscalationRule.is_current),
    )
)


_OF_UNITS = select(
    Unit.code.label("unit"),
    WorkingCalendar.code.label("calendar"),
    WorkingCalendar.version.label("calendar_version"),
    *_OF_CALENDAR,
).join(WorkingCalendar, and_(WorkingCalendar.code == Unit.calendar, WorkingCalendar.is_current))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One version of a standard: its row, with the calendar and the rungs a clock would get."""

    standard: Standard
    row: Row
    rules: Rules


class Candidates:
    """The versions of standards that clocks may start under.

    Args:
        rows: standards with their calendars and rungs.
        unit_calendars: the calendars of units that have one of their own.
    """

    def __init__(self, rows: Sequence[Row], unit_calendars: Mapping[str, Row]) -> None:
        self._known = {(row["code"], row["version"]): _candidate(row) for row in rows}
        self._units = unit_calendars

    def __bool__(self) -> bool:
        """Whether the company has standards at all: the latest version of each is always among these."""
        return bool(self._known)

    def find(self, metric: str, case: Case, at: datetime) -> Candidate | None:
        """Return what a clock of ``case`` that starts ``at`` is under; None: no standard is for it."""
        found = first_match((one.standard for one in self._known.values()), metric, case, at)
        if found is None:
            return None
        known = self._known[found.code, found.version]
        own = None if case.unit is None else self._units.get(case.unit)
        if own is None or not known.row["is_business_time"]:
            return known
        return Candidate(found, {**known.row, **own}, Rules(_scale(own), known.rules.rungs))


def candidates(tx: ReadTx, earliest: datetime, units: Collection[str | None]) -> Candidates:
    """Read the versions that clocks which start at ``earliest`` or later may be under.

    One statement; one more for the calendars of ``units`` where business time counts, and for the tree of
    units or of categories where a standard names some: it is for those below them, too.
    """
    ends = ServiceStandard.valid_until
    rows = [dict(row) for row in tx.execute(_READ.where(or_(ends.is_(None), ends > earliest))).mappings()]
    for member, table in (("units", Unit), ("categories", ComplaintCategory)):
        _add_those_below(tx, rows, member, table)
    named = sorted(unit for unit in units if unit is not None)
    counts_hours = any(row["is_business_time"] for row in rows)
    return Candidates(rows, _unit_calendars(tx, named) if named and counts_hours else {})


def rules_of(tx: ReadTx, clocks: Iterable[Row]) -> list[Rules]:
    """Return by what each clock goes: the versions that it started under. At most two statements."""
    clocks = list(clocks)
    scales: dict[Any, TimeScale] = {
        key: business_time(working_hours(row))
        for key, row in _versions(tx, WorkingCalendar, clocks, "calendar", "calendar_version")
    }
    rungs = {
        key: rungs_of(row["rungs"])
        for key, row in _versions(tx, EscalationRule, clocks, "escalation_rule", "escalation_version")
    }
    return [
        Rules(
            scales.get((clock["calendar"], clock["calendar_version"]), CLOCK_TIME),
            rungs.get((clock["escalation_rule"], clock["escalation_version"]), ()),
        )
        for clock in clocks
    ]


def _versions(
    tx: ReadTx, table: type[Any], clocks: Sequence[Row], code: str, version: str
) -> list[tuple[tuple[str, int], Row]]:
    wanted = sorted({(clock[code], clock[version]) for clock in clocks if clock[version] is not None})
    if not wanted:
        return []
    statement = select(table.__table__).where(in_pairs(table.code, table.version, wanted))
    return [((row["code"], row["version"]), dict(row)) for row in tx.execute(statement).mappings()]


def _add_those_below(
    tx: ReadTx, rows: Sequence[Row], member: str, table: type[Unit] | type[ComplaintCategory]
) -> None:
    if any(row[member] for row in rows):
        tree = tx.execute(select(table.code, table.parent, table.is_active))
        places = {code: Place(above, is_active) for code, above, is_active in tree}
        for row in rows:
            row[member] = with_those_below(places, row[member])


def _candidate(row: Row) -> Candidate:
    standard = Standard(
        row["code"],
        row["version"],
        row["metric"],
        row["position"],
        row["valid_from"],
        row["valid_until"],
        row["is_active"],
        *(frozenset(row[member]) for member in ("channels", "severities", "tiers", "units", "categories")),
    )
    has_calendar = row["is_business_time"] and row["calendar_version"] is not None
    scale = _scale(row) if has_calendar else CLOCK_TIME
    return Candidate(standard, row, Rules(scale, rungs_of(row["rungs"])))


def _scale(row: Row) -> TimeScale:
    return business_time(working_hours(row))


def _unit_calendars(tx: ReadTx, units: Sequence[str]) -> dict[str, Row]:
    found = tx.execute(_OF_UNITS.where(Unit.code.in_(units))).mappings()
    return {row["unit"]: {name: value for name, value in row.items() if name != "unit"} for row in found}
