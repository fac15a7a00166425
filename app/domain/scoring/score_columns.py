"""What a scoring run stores of every customer: one entry for each figure.

A new figure is one entry here, and a column of ``customer_scores`` if customers' rows show it. The layout of
facts, the columns that rows are made of, the groups that replays report and the columns that are read with a
customer all follow from the entries; `tests/services/scoring/test_score_columns.py` compares them with the
table and with what a run computes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from app.domain.churn.contractual import cross_section
from app.domain.churn.distributions import mbg_nbd
from app.domain.churn.inputs.customer_facts import COLUMNS
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.levels import LEVELS
from app.domain.churn.models import LEARNED, REGULAR, SEASON_LEARNED, contract
from app.domain.churn.notes import REASONS
from app.domain.common.arrays import BoolArray
from app.domain.satisfaction.expectation import QUADRANTS
from app.domain.scoring.replays import LateKind

NONE = -1
"""Stands for nothing in columns of positions, of percent and of amounts that cannot be negative."""
NO_TIER = ""

CHURN_FACTS = "churn_facts"
SATISFACTION = "satisfaction"
"""Columns of ``customer_scores`` that are documents, each made of several figures."""

OTHERS = "facts"
"""The group of figures that replays do not report one by one."""

SOURCES = (
    mbg_nbd.CODE,
    contract.BASE,
    "silence",
    "event",
    LEARNED,
    contract.CODE,
    REGULAR,
    cross_section.CODE,
    SEASON_LEARNED,
)
"""What a level comes from: a purchase model, the state of the contract, a silence that is long for the
customer and for the population, a departure that was recorded, the learned model of customers without a
contract, of those under one or of the season, or a snapshot of contracts. Runs store the positions, so a
new one comes last."""

SATISFACTION_INDICES = ("csat", "nps", "ces", "composite")
"""Indices that are computed for a single customer; the others compare many."""


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """One figure of a customer in a run.

    Args:
        name: of the column that the run stores.
        dtype: its type.
        absent: its value for a customer of whom there is nothing of the kind.
        group: the name under which replays report it.
        row: the column of ``customer_scores`` that shows it: its own name, or a document; None for none.
        labels: what its values, positions among these, are in the row; empty for the values themselves.
        shown_with: the figure without which it is null in the row; None: itself.
        read_from: the records it is read from, for a fact; None for a result.
        converted: whether exchange rates change it.
    """

    name: str
    dtype: DTypeLike
    absent: Any
    group: str = OTHERS
    row: str | None = None
    labels: Sequence[str] = ()
    shown_with: str | None = None
    read_from: LateKind | None = None
    converted: bool = False

    def is_given(self, values: NDArray[Any]) -> BoolArray:
        """Where there is something."""
        return ~equal(values, self.absent)


def _result(name: str, dtype: DTypeLike, absent: Any = NONE, group: str = "", **more: Any) -> ScoreColumn:
    return ScoreColumn(name, dtype, absent, group or name, **{"row": name, **more})


def _transactions(name: str, dtype: DTypeLike = np.int32, absent: Any = 0, **more: Any) -> ScoreColumn:
    return ScoreColumn(name, dtype, absent, read_from=LateKind.TRANSACTIONS, **more)


def _contacts(name: str, absent: Any = 0, **more: Any) -> ScoreColumn:
    return ScoreColumn(name, np.int32, absent, read_from=LateKind.INTERACTIONS, **more)


def _complaints(name: str, absent: Any = 0) -> ScoreColumn:
    return ScoreColumn(name, np.int32, absent, row=CHURN_FACTS, read_from=LateKind.COMPLAINTS)


def _customers(name: str, dtype: DTypeLike = np.int32, absent: Any = NO_DAY, **more: Any) -> ScoreColumn:
    return ScoreColumn(name, dtype, absent, read_from=LateKind.CUSTOMERS, **more)


def _answers(name: str, dtype: DTypeLike, absent: Any, row: str = SATISFACTION) -> ScoreColumn:
    group = OTHERS if row == CHURN_FACTS else row
    return ScoreColumn(name, dtype, absent, group, row, read_from=LateKind.SURVEY_RESPONSES)


def _index(code: str) -> tuple[ScoreColumn, ...]:
    """An index of one customer, as in `app.domain.satisfaction.trend.Occasions`: number of answers, the
    latest, mean and squares of those before it; and the instant of the latest."""
    return (
        _answers(f"{code}_n", np.int32, 0),
        _answers(f"{code}_latest", np.float64, np.nan),
        _answers(f"{code}_earlier", np.float64, np.nan),
        _answers(f"{code}_squares", np.float64, np.nan),
        _answers(f"{code}_micros", np.int64, 0),
    )


SCORE_COLUMNS = (
    _result("tier", "U1", NO_TIER),
    _result("near_threshold", "U1", ""),
    _transactions(
        "value_minor", np.int64, group="value", row="value_minor", shown_with="tier", converted=True
    ),
    _result("churn_level", np.int8, labels=LEVELS),
    _result("churn_percent", np.int16),
    _result("churn_model", np.int8, labels=SOURCES),
    _result("dormant", np.bool_, False),
    _result("churn_reason", np.int8, labels=REASONS),
    _result("value_at_risk_minor", np.int64, group="value_at_risk"),
    _result("lifetime_value_minor", np.int64, group="lifetime_value", row=None),
    _result("quadrant", np.int8, labels=QUADRANTS),
    *(column for code in SATISFACTION_INDICES for column in _index(code)),
    # The latest response that tells both satisfaction and expectation.
    _answers("judged_satisfaction", np.float64, np.nan),
    _answers("judged_expectation", np.float64, np.nan),
    _answers("judged_micros", np.int64, 0),
    # Points over all questions that make a customer's score; answers of one instant count together.
    _answers("last_score", np.float64, np.nan, row=CHURN_FACTS),
    _answers("previous_score", np.float64, np.nan, row=CHURN_FACTS),
    _answers("last_score_day", np.int32, NO_DAY, row=CHURN_FACTS),
    _answers("score_occasions", np.int32, 0, row=CHURN_FACTS),
    _answers("earlier_score", np.float64, np.nan, row=CHURN_FACTS),
    _answers("earlier_score_squares", np.float64, np.nan, row=CHURN_FACTS),
    # Transactions in the value, and all in the window.
    _transactions("counted", converted=True),
    _transactions("transactions"),
    _transactions("foreign"),
    _transactions("purchase_days", row=CHURN_FACTS),
    _transactions("first_day", absent=NO_DAY, row=CHURN_FACTS),
    _transactions("last_day", absent=NO_DAY, row=CHURN_FACTS),
    _transactions("cut_purchase_days"),
    _transactions("cut_last_day", absent=NO_DAY),
    _transactions("refunds", row=CHURN_FACTS),
    _transactions("spend_minor", np.int64, converted=True),
    _transactions("net_spend_minor", np.int64, row=CHURN_FACTS, converted=True),
    _transactions("recent_purchases", row=CHURN_FACTS),
    _transactions("earlier_purchases", row=CHURN_FACTS),
    _transactions("recent_spend_minor", np.int64, row=CHURN_FACTS, converted=True),
    _transactions("earlier_spend_minor", np.int64, row=CHURN_FACTS, converted=True),
    _contacts("contacts"),
    _contacts("recent_contacts", row=CHURN_FACTS),
    _contacts("last_contact_day", NO_DAY),
    _complaints("complaints"),
    _complaints("open_complaints"),
    _complaints("reopened_complaints"),
    _complaints("oldest_open_day", NO_DAY),
    ScoreColumn("broken_promises", np.int32, 0, row=CHURN_FACTS, read_from=LateKind.PROMISES),
    _customers("contract_started_day"),
    _customers("contract_ends_day", row=CHURN_FACTS),
    _customers("contract_notice_day", row=CHURN_FACTS),
    _customers("contract_known_day"),
    # Of the newest snapshot of contracts, and what was said of the contract with and without one.
    _customers("snapshot_day"),
    _customers("snapshot_left", np.bool_, False),
    _customers("snapshot_digest", np.int64, 0),
    _customers("attributes_digest", np.int64, 0),
    _customers("left_day"),
    _customers("left_by_us", np.bool_, False),
)

BY_NAME: Mapping[str, ScoreColumn] = {column.name: column for column in SCORE_COLUMNS}
FACTS: Mapping[str, ScoreColumn] = {
    column.name: column for column in SCORE_COLUMNS if column.read_from is not None
}
"""The figures that are read, from which the others are computed."""

SHOWN = tuple(column.name for column in SCORE_COLUMNS if column.row is not None)
"""The figures that rows of ``customer_scores`` are made of."""
ROW = tuple(dict.fromkeys(column.row for column in SCORE_COLUMNS if column.row is not None))
"""The columns of ``customer_scores``, but for the customer's id."""
ROW_FACTS = (
    *COLUMNS,
    *(column.name for column in SCORE_COLUMNS if column.row == CHURN_FACTS and column.name not in COLUMNS),
)
"""The figures in `CHURN_FACTS`, in its order: those that warning signs read come first."""


_BEFORE_PROMISES = len(ROW_FACTS) - 1


def facts_of_row(row: Sequence[Any]) -> list[Any]:
    """Give the values of a stored `CHURN_FACTS` in the order of `ROW_FACTS`. A row of a run from before
    promises were counted has none of them.

    >>> old, new = list(range(_BEFORE_PROMISES)), facts_of_row(range(_BEFORE_PROMISES))
    >>> new[len(COLUMNS) - 1], new[len(COLUMNS) :] == old[len(COLUMNS) - 1 :]
    (None, True)
    """
    found = list(row)
    if len(found) == _BEFORE_PROMISES:
        found.insert(COLUMNS.index("broken_promises"), None)
    return found


def equal(one: NDArray[Any], other: Any) -> BoolArray:
    """Where values are the same; NaN equals NaN."""
    same = np.asarray(one == other)
    return same | (np.isnan(one) & np.isnan(other)) if one.dtype.kind == "f" else same


def blank(size: int, columns: Collection[ScoreColumn]) -> dict[str, NDArray[Any]]:
    """Make columns for so many customers of whom there is nothing.

    >>> blank(2, [FACTS["left_by_us"]])
    {'left_by_us': array([False, False])}
    """
    return {column.name: np.full(size, column.absent, dtype=column.dtype) for column in columns}


def groups() -> dict[str, list[str]]:
    """Return the names of the figures by the group that replays report them under; `OTHERS` comes last.

    >>> list(groups())[-2:], groups()["value"]
    (['satisfaction', 'facts'], ['value_minor'])
    """
    found: dict[str, list[str]] = {}
    for column in SCORE_COLUMNS:
        found.setdefault(column.group, []).append(column.name)
    found[OTHERS] = found.pop(OTHERS)
    return found
