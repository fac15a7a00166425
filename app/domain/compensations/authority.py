"""Who may give how much: the limit that is for a case, what is left of it, and who decides above it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.people.hierarchy import Place, way_up


class Above(StrEnum):
    """Which limit a compensation would pass, so that somebody else has to decide."""

    NO_LIMIT = "no_limit"
    """The agent's role has none for this kind and tier."""
    CASE = "case"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much agents of a role may give, in minor units; one version.

    Args:
        code: of the limit.
        version: of the limit.
        role: whose.
        tier: value tier of the customers it is for; None is any, those without a tier too.
        per_case_minor: all that is given of the kind in one case, by whomever.
        per_day_minor: what one agent gives under this limit on a local day; None: no such limit.
        per_month_minor: likewise in a local month.
        valid_from: from when on.
        valid_until: until when, that instant not included; None: it goes on.
    """

    code: str
    version: int
    role: str
    tier: str | None
    per_case_minor: int
    per_day_minor: int | None
    per_month_minor: int | None
    valid_from: datetime
    valid_until: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether the version counts at an instant."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against a limit already, net of what was taken back, in minor units."""

    in_case_minor: int = 0
    on_day_minor: int = 0
    in_month_minor: int = 0


def limit_of(limits: Iterable[Limit], role: str | None, tier: str | None, at: datetime) -> Limit | None:
    """Choose the limit that is for a role and a customer: that of the very tier, else that of any tier.

    >>> from datetime import UTC
    >>> begin = datetime(2026, 1, 1, tzinfo=UTC)
    >>> known = [Limit("any", 1, "clerk", None, 100, None, None, begin),
    ...          Limit("best", 1, "clerk", "A", 500, None, None, begin)]
    >>> [limit_of(known, "clerk", tier, begin).code for tier in ("A", "B", None)]
    ['best', 'any', 'any']
    """
    mine = [one for one in limits if one.role == role and one.is_in_force(at) and one.tier in (tier, None)]
    return min(mine, key=lambda one: (one.tier is None, one.code), default=None)


def passed(limit: Limit | None, used: Used, cost_minor: int) -> Above | None:
    """Tell which limit another compensation would pass; None: it is within.

    >>> from datetime import UTC
    >>> limit = Limit("clerks", 1, "clerk", None, 20_000, 30_000, None, datetime(2026, 1, 1, tzinfo=UTC))
    >>> passed(limit, Used(), 20_000) is None
    True
    >>> passed(limit, Used(), 20_001).value, passed(limit, Used(0, 15_000, 15_000), 15_001).value
    ('case', 'day')
    """
    if limit is None:
        return Above.NO_LIMIT
    if used.in_case_minor + cost_minor > limit.per_case_minor:
        return Above.CASE
    if limit.per_day_minor is not None and used.on_day_minor + cost_minor > limit.per_day_minor:
        return Above.DAY
    if limit.per_month_minor is not None and used.in_month_minor + cost_minor > limit.per_month_minor:
        return Above.MONTH
    return None


@dataclass(frozen=True, slots=True)
class Person:
    """An active agent, and where they stand."""

    code: str
    role: str | None
    unit: str | None


def is_in_line(units: Mapping[str, Place], person: Person, unit: str | None) -> bool:
    """Tell whether somebody is of a unit or of one above it; of no unit everybody is.

    >>> units = {"izmir": Place("turkey", True), "turkey": Place(None, True), "baku": Place(None, True)}
    >>> [is_in_line(units, Person("x", "lead", code), "izmir") for code in ("izmir", "turkey", "baku")]
    [True, True, False]
    """
    return unit is None or (person.unit is not None and person.unit in {unit, *way_up(units, unit)})


def approver_role(
    asker: Person,
    roles: Mapping[str, Place],
    units: Mapping[str, Place],
    people: Collection[Person],
    able: Collection[str],
) -> str | None:
    """Give the next role above the asker's that may give so much, and that somebody else in the line has.

    Args:
        asker: who wants to give more than they may.
        roles: where each role stands.
        units: where each unit stands.
        people: active agents.
        able: roles whose limit for one case is high enough.

    Returns:
        The role; None if there is none.
    """
    start = roles[asker.role].above if asker.role is not None and asker.role in roles else None
    for role in way_up(roles, start):
        if role in able and roles[role].is_active and _has(people, role, asker, units):
            return role
    return None


def may_decide(
    person: Person,
    asker: Person,
    in_line: Collection[str],
    fallback: Collection[str],
    roles: Mapping[str, Place],
    units: Mapping[str, Place],
) -> bool:
    """Tell whether somebody may decide a request of another person.

    Args:
        person: who wants to decide.
        asker: who asked; nobody decides their own.
        in_line: roles that decide, they and those above them, within the line of the asker's unit.
        fallback: roles that decide, they and those above them, for all units.
        roles: where each role stands.
        units: where each unit stands.
    """
    if person.code == asker.code or person.role is None:
        return False
    is_near = is_in_line(units, person, asker.unit)
    wanted = [*(in_line if is_near else ()), *fallback]
    return any(person.role == role or person.role in way_up(roles, role) for role in wanted)


def _has(people: Iterable[Person], role: str, asker: Person, units: Mapping[str, Place]) -> bool:
    return any(
        one.role == role and one.code != asker.code and is_in_line(units, one, asker.unit) for one in people
    )
