"""The columns of a run beside those of its replay: who differs, and in what."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import NO_DAY
from app.domain.scoring.replays import LateKind
from app.services.scoring import satisfaction
from app.services.scoring.run_facts import FACTS
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids

Mask = NDArray[np.bool_]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "tier": ("tier",),
    "near_threshold": ("near_threshold",),
    "value": ("value_minor",),
    "churn_level": ("churn_level",),
    "churn_percent": ("churn_percent",),
    "churn_model": ("churn_model",),
    "value_at_risk": ("value_at_risk_minor",),
    "lifetime_value": ("lifetime_value_minor",),
    "quadrant": ("quadrant",),
    "satisfaction": tuple(name for name in satisfaction.ROW_COLUMNS if name != "quadrant"),
}
"""Columns by the name they are told under; all the others are ``facts``."""

OTHERS = "facts"

_CONTRACT = ("contract_started_day", "contract_ends_day", "contract_notice_day", "contract_known_day")
_OF_KIND: Mapping[LateKind, tuple[str, ...]] = {
    LateKind.INTERACTIONS: ("contacts", "recent_contacts", "last_contact_day"),
    LateKind.COMPLAINTS: ("complaints", "open_complaints", "reopened_complaints", "oldest_open_day"),
    LateKind.SURVEY_RESPONSES: tuple(satisfaction.FACTS),
    LateKind.CUSTOMERS: (*_CONTRACT, "left_day", "left_by_us"),
}
_CONVERTED = ("value_minor", "counted", "spend_minor", "recent_spend_minor", "earlier_spend_minor")
"""Facts that exchange rates change as well."""


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """The columns that both have, for the customers of both, ascending; and who is in one only."""

    customer_id: Ids
    before: Columns
    after: Columns
    gone: Ids
    come: Ids

    def differs(self, names: Collection[str]) -> Mask:
        """Which of the customers of both differ in one of these columns."""
        found = np.zeros(self.customer_id.size, dtype=np.bool_)
        for name in names:
            if name in self.before:
                found |= ~_equal(self.before[name], self.after[name])
        return found

    def groups(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Return the columns that are there, by the name they are reported under."""
        known = {name for names in GROUPS.values() for name in names}
        others = tuple(name for name in self.before if name not in known)
        for group, names in [*GROUPS.items(), (OTHERS, others)]:
            there = tuple(name for name in names if name in self.before)
            if there:
                yield group, there


def align(before: Columns, after: Columns, as_of_day: int) -> Aligned:
    """Put both side by side, as they were known to be at the start of ``as_of_day``."""
    before, after = (_as_known(columns, as_of_day) for columns in (before, after))
    places, both = run_results.matched(after["customer_id"], before["customer_id"])
    rows = places[both]
    names = [name for name in after if name in before and name != "customer_id"]
    is_old = np.zeros(after["customer_id"].size, dtype=np.bool_)
    is_old[rows] = True
    return Aligned(
        before["customer_id"][both],
        {name: before[name][both] for name in names},
        {name: after[name][rows] for name in names},
        before["customer_id"][~both],
        after["customer_id"][~is_old],
    )


def changed(before: Columns, after: Columns, as_of_day: int) -> dict[LateKind, Ids]:
    """Customers whose facts of a kind differ, ascending; not those that rates may have changed."""
    before, after = (_as_known(columns, as_of_day) for columns in (before, after))
    ids = np.union1d(before["customer_id"], after["customer_id"])
    names = [name for name in FACTS if name in before]
    before, after = (_filled(columns, ids, names) for columns in (before, after))
    differs = {name: ~_equal(before[name], after[name]) for name in names}
    none = np.zeros(ids.size, dtype=np.bool_)
    if "foreign" in differs:
        converted = (before["foreign"] > 0) & (after["foreign"] > 0)
        for name in _CONVERTED:
            differs[name] &= ~converted
    others = {name for of_kind in _OF_KIND.values() for name in of_kind}
    of_kinds = {**_OF_KIND, LateKind.TRANSACTIONS: tuple(name for name in names if name not in others)}
    return {
        kind: ids[np.logical_or.reduce([none, *(differs[name] for name in wanted if name in differs)])]
        for kind, wanted in of_kinds.items()
    }


# --- inside


def _as_known(columns: Columns, as_of_day: int) -> Columns:
    """Without contracts that had not begun, notice that had not been given and departures that had not
    happened, which facts hold although they change no result; and without customers of whom nothing is left.
    """
    if not {*_CONTRACT, "left_day", "left_by_us"} <= columns.keys():
        return columns
    known = dict(columns)
    ahead = columns["contract_started_day"] >= as_of_day
    for name in _CONTRACT:
        known[name] = np.where(ahead, NO_DAY, columns[name])
    for name in ("contract_notice_day", "left_day"):
        known[name] = np.where(known[name] >= as_of_day, NO_DAY, known[name])
    known["left_by_us"] = columns["left_by_us"] & (known["left_day"] != NO_DAY)
    is_there = np.zeros(columns["customer_id"].size, dtype=np.bool_)
    for name, (dtype, default) in FACTS.items():
        if name in known:
            is_there |= ~_equal(known[name], np.array(default, dtype=dtype))
    return known if is_there.all() else {name: column[is_there] for name, column in known.items()}


def _filled(columns: Columns, ids: Ids, names: Collection[str]) -> Columns:
    """Facts of all these customers, those included of whom there are none."""
    places = np.searchsorted(ids, columns["customer_id"])
    found: Columns = {}
    for name in names:
        dtype, default = FACTS[name]
        found[name] = np.full(ids.size, default, dtype=dtype)
        found[name][places] = columns[name]
    return found


def _equal(one: NDArray[np.generic], other: NDArray[np.generic]) -> Mask:
    equal: Mask = one == other
    if one.dtype.kind == "f":
        equal |= np.isnan(one) & np.isnan(other)
    return equal
