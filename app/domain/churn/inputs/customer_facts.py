"""The numbers about customers that warning signs read, and what is usual among them.

Facts are days, counts and points, nothing that names a person: they can be stored with a run and turned into
reasons, in any language, when somebody asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from app.domain.churn.inputs.purchase_history import NO_DAY, Rhythm, from_days, rhythm
from app.domain.common.arrays import FloatArray, IntArray, Rows
from app.domain.satisfaction.trend import Spread, spread

RECENT_DAYS = 90
"""What is recent: so many days before ``as_of_day``; *earlier* are as many days before these."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Facts of n customers as aligned columns, shape (n,), as seen at the start of ``as_of_day``.

    Days are numbered from 1970-01-01 in the company's zone, `NO_DAY` where there is none; counts are 0 or
    more; scores are 0 (worst) to 100, NaN where there is none.

    Args:
        as_of_day: facts are of the days before it.
        first_day: first purchase day.
        last_day: last purchase day.
        purchase_days: distinct purchase days; 0 goes with no first and no last day.
        recent_purchases: purchase days among the last `RECENT_DAYS`.
        earlier_purchases: purchase days among as many days before.
        recent_spend_minor: value of these purchases, minor units of the reporting currency.
        earlier_spend_minor: likewise.
        recent_contacts: contacts the customer began in the last `RECENT_DAYS`.
        complaints: complaints ever received.
        open_complaints: those still open.
        oldest_open_day: day on which the oldest open one was received.
        reopened_complaints: open ones that had been solved once.
        last_score: satisfaction in the last answered survey.
        previous_score: in the one before.
        last_score_day: day of the last answer.
        score_occasions: how often it answered.
        earlier_score: mean satisfaction before the last answer.
        earlier_score_squares: squared distances from that mean, added up.
        contract_ends_day: last day of the contract.
        contract_notice_day: day on which notice was given.
        broken_promises: promises of ours to the customer that were broken in the last `RECENT_DAYS`.
        sales_end_day: purchases are of the days before it, and silence is counted to it: earlier than
            ``as_of_day`` where sales have stopped arriving, else the same.

    Raises:
        ValueError: columns of different lengths.
    """

    as_of_day: int
    first_day: IntArray
    last_day: IntArray
    purchase_days: IntArray
    recent_purchases: IntArray
    earlier_purchases: IntArray
    recent_spend_minor: IntArray
    earlier_spend_minor: IntArray
    recent_contacts: IntArray
    complaints: IntArray
    open_complaints: IntArray
    oldest_open_day: IntArray
    reopened_complaints: IntArray
    last_score: FloatArray
    previous_score: FloatArray
    last_score_day: IntArray
    score_occasions: IntArray
    earlier_score: FloatArray
    earlier_score_squares: FloatArray
    contract_ends_day: IntArray
    contract_notice_day: IntArray
    broken_promises: IntArray
    sales_end_day: int = NO_DAY

    def __post_init__(self) -> None:
        if self.sales_end_day == NO_DAY:
            object.__setattr__(self, "sales_end_day", self.as_of_day)
        if len({getattr(self, name).shape for name in COLUMNS}) > 1 or self.first_day.ndim != 1:
            raise ValueError("columns must be one-dimensional and of one length")

    def __len__(self) -> int:
        return self.first_day.size

    def take(self, rows: Rows) -> "Facts":
        """The facts of some customers."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return Facts(self.as_of_day, **columns, sales_end_day=self.sales_end_day)

    def row(self, place: int) -> list[int | float | None]:
        """One customer's facts in the order of `COLUMNS`, ready for JSON; None for what is not there."""
        values = (getattr(self, name)[place].item() for name in COLUMNS)
        return [None if value == NO_DAY or value != value else value for value in values]


COLUMNS = tuple(field.name for field in fields(Facts) if not field.name.startswith(("as_of", "sales_end")))
SCORES = ("last_score", "previous_score", "earlier_score", "earlier_score_squares")
DAYS = (
    "first_day",
    "last_day",
    "oldest_open_day",
    "last_score_day",
    "contract_ends_day",
    "contract_notice_day",
)


class CustomerFacts(NamedTuple):
    """Facts of one customer, as in `Facts`, from which reasons are made: plain numbers, because arrays
    of one are slow. Days and scores that are not there are None."""

    as_of_day: int
    first_day: int | None
    last_day: int | None
    purchase_days: int
    recent_purchases: int
    earlier_purchases: int
    recent_spend_minor: int
    earlier_spend_minor: int
    recent_contacts: int
    complaints: int
    open_complaints: int
    oldest_open_day: int | None
    reopened_complaints: int
    last_score: float | None
    previous_score: float | None
    last_score_day: int | None
    score_occasions: int
    earlier_score: float | None
    earlier_score_squares: float | None
    contract_ends_day: int | None
    contract_notice_day: int | None
    broken_promises: int
    sales_end_day: int

    @property
    def silence_days(self) -> int | None:
        """Days since the last purchase day; None without one."""
        return None if self.last_day is None else self.sales_end_day - 1 - self.last_day


_ABSENT = tuple(None if name in (*SCORES, *DAYS) else 0 for name in COLUMNS)


def from_row(row: Sequence[Any], as_of_day: int, sales_end_day: int | None = None) -> CustomerFacts:
    """Read back what `Facts.row` gave; ``sales_end_day`` is ``as_of_day`` by default.

    Raises:
        ValueError: the row is not as long as `COLUMNS`.
    """
    if len(row) != len(COLUMNS):
        raise ValueError("a row must hold one value for each column")
    values = (absent if value is None else value for value, absent in zip(row, _ABSENT, strict=True))
    return CustomerFacts._make((as_of_day, *values, as_of_day if sales_end_day is None else sales_end_day))


@dataclass(frozen=True, slots=True)
class Baselines:
    """What is usual among all customers of a run; None where nobody has the fact.

    Args:
        rhythm: of purchases.
        median_score: median of the last scores.
        score_spread: how far apart scores of one customer lie.
        median_contacts: median of recent contacts among those in contact at all. None means that the
            company records no contacts, so that their absence says nothing.
    """

    rhythm: Rhythm
    median_score: float | None
    median_contacts: float | None
    score_spread: Spread | None = None

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Baselines":
        """What `to_dict` gave."""
        spread_of_scores = Spread.from_dict(data["score_spread"])
        return cls(**{**data, "rhythm": Rhythm(**data["rhythm"]), "score_spread": spread_of_scores})


def baselines(facts: Facts) -> Baselines:
    """Measure what is usual.

    Cost: O(n) time and memory.
    """
    bought = facts.purchase_days > 0
    histories = from_days(
        facts.first_day[bought], facts.last_day[bought], facts.purchase_days[bought], facts.sales_end_day
    )
    return Baselines(
        rhythm=rhythm(histories),
        median_score=_median(facts.last_score[~np.isnan(facts.last_score)]),
        median_contacts=_median(facts.recent_contacts[facts.recent_contacts > 0]),
        score_spread=spread(
            facts.score_occasions, facts.last_score, facts.earlier_score, facts.earlier_score_squares
        ),
    )


def _median(values: IntArray | FloatArray) -> float | None:
    return float(np.median(values)) if values.size else None
