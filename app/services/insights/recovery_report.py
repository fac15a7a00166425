"""What failures cost and what recovery brings: customers with and without a failure, like beside like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.common.company import Company
from app.domain.recovery.cohorts import (
    Spans,
    days_without_failure,
    history,
    mean_by_customer,
    tiers,
)
from app.domain.recovery.complaints import ENDED_STATES, OurFault
from app.domain.recovery.effect import (
    COMPARED,
    Compared,
    CustomerGroup,
    RecoveryComparison,
    RecoveryOutcome,
    RecoveryVerdict,
    compare,
)
from app.domain.recovery.matching import LOOKS_BACK_DAYS, cells
from app.domain.recovery.recovery_steps import Fault, RecoveryKind
from app.domain.satisfaction import INDICES
from app.domain.satisfaction.model import Answers
from app.domain.scoring.parameters import Parameters
from app.domain.standards.clocks import ClockState
from app.schemas.insights.recovery import RecoveryBy, RecoveryQuery
from app.services.platform.windows import window_days
from app.services.scoring.run_facts import in_currency
from app.store.engine import in_thread
from app.store.scoring import recovery_facts, survey_answers
from app.store.scoring.customer_facts import NEVER, Foreign
from app.store.scoring.survey_answers import Asked
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row
from app.store.types import now, to_micros
from app.texts import translate

METHODS = ("recovery_effect", "recovery_return")
LIMITS = (
    "Nobody drew lots for who is recovered: like customers can still differ in what is not recorded, so this "
    "is no proof of cause.",
    "Satisfaction is that of customers who answered; after a complaint they may be asked something else.",
    "A customer counts once, with the first failure of the window; who keeps silent about one counts as "
    "without.",
    "One in twenty intervals misses the truth by chance, and a report that is divided has many.",
)
CSV_COLUMNS = (
    "key",
    "outcome",
    "comparison",
    "first",
    "second",
    "first_n",
    "second_n",
    "strata",
    "first_value",
    "second_value",
    "difference",
    "low",
    "high",
    "verdict",
)
MAX_CUSTOMERS = 20_000
"""About so many of a group are looked at; more would take longer and say the same."""
MOST_POINTS = 100.0
"""No difference is greater: the interval of a few customers is cut there."""
_RUN = select(ScoringRun.parameters).where(ScoringRun.is_current)
_UNITS = {RecoveryOutcome.SATISFACTION: "points", RecoveryOutcome.RETURNED: "share"}
_KINDS = INDICES["composite"].kinds
_NO, _YES, _NOT = range(3)
_GROUPS = {
    CustomerGroup.NO_FAILURE: _NO,
    CustomerGroup.RECOVERED: _YES,
    CustomerGroup.NOT_RECOVERED: _NOT,
}


@in_thread
def report(tx: ReadTx, actor: Actor, query: RecoveryQuery, language: str) -> Row:
    """Compare customers without a failure, recovered and not recovered; limits are in the language.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    spans = Spans(query.recovery_days, query.horizon_days)
    known = min(now(), recovery_facts.newest_sale(tx) or now())
    closed = known - timedelta(microseconds=spans.both_micros)
    days = window_days(actor.company, query.from_, query.to or actor.company.day_of(closed))
    start, end = map(actor.company.start_of, days)
    read = _Read(tx, actor.company, start, end, spans)
    failed, left_open = read.failed(to_micros(closed))
    counted, looked_at = read.counted(failed)
    return {
        "window": {"start": start, "end": end},
        "recovery_days": query.recovery_days,
        "horizon_days": query.horizon_days,
        "by": query.by,
        "closed_before": closed,
        "left_out": {
            "open_horizon": left_open,
            "no_earlier_purchase": failed.customer.size - int(np.count_nonzero(counted.group != _NO)),
        },
        "looked_at": looked_at,
        "outcomes": _outcomes(counted, np.full(counted.group.size, True)),
        "parts": [] if query.by is None else _parts(counted, query.by),
        "methods": METHODS,
        "limits": [translate(limit, language) for limit in LIMITS],
    }


def csv_rows(found: Row) -> list[Row]:
    """The comparisons of a report as rows of `CSV_COLUMNS`, those of the whole under the key ``*``."""
    parts = [{"key": "*", "outcomes": found["outcomes"]}, *found["parts"]]
    return [
        {"key": part["key"], "outcome": outcome["outcome"], **compared}
        for part in parts
        for outcome in part["outcomes"]
        for compared in outcome["comparisons"]
    ]


# --- inside


@dataclass(frozen=True, slots=True, eq=False)
class _Failed:
    """The first failure of each customer in the window; aligned columns.

    ``keys`` has for each way to divide the part of each, empty where it is not known.
    """

    customer: Ids
    at: IntArray
    is_recovered: BoolArray
    keys: Mapping[RecoveryBy, NDArray[np.str_]]

    def take(self, rows: IntArray) -> "_Failed":
        """Some of them."""
        keys = {by: key[rows] for by, key in self.keys.items()}
        return _Failed(self.customer[rows], self.at[rows], self.is_recovered[rows], keys)


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Customers who are compared: group, cell of like ones, outcomes (NaN: unknown) and parts."""

    group: IntArray
    cell: IntArray
    outcome: Mapping[RecoveryOutcome, FloatArray]
    keys: Mapping[RecoveryBy, NDArray[np.str_]]


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database knows of a window."""

    tx: ReadTx
    company: Company
    start: datetime
    end: datetime
    spans: Spans

    @property
    def earlier(self) -> datetime:
        """From when on purchases are read, and complaints keep a customer from being one without."""
        return self.start - timedelta(days=LOOKS_BACK_DAYS)

    def failed(self, closed_micros: int) -> tuple[_Failed, int]:
        """Failures whose horizon has closed; and how many customers have one that has not."""
        tx, start, end = self.tx, self.start, self.end
        found = recovery_facts.failures(tx, start, end)
        own = {name: column[found["is_own"]] for name, column in found.items()}
        _, first = np.unique(own["customer_id"], return_index=True)
        own = {name: column[first] for name, column in own.items()}
        is_closed = own["received_micros"] < closed_micros
        chosen = np.flatnonzero(is_closed)
        chosen = chosen[:: max(1, -(-chosen.size // MAX_CUSTOMERS))]
        own = {name: column[chosen] for name, column in own.items()}
        at = own["received_micros"]
        until = at + self.spans.recovery_days * _DAY
        is_recovered = _solved_by(own, until, recovery_facts.states_of_reopened(tx, start, end))
        steps = recovery_facts.steps(tx, start, end)
        keys = {
            RecoveryBy.FAULT: _faults(own, steps),
            RecoveryBy.SPEED: _speeds(own, recovery_facts.first_clocks(tx, start, end)),
            RecoveryBy.APOLOGY: _done(own, _of_kind(steps, RecoveryKind.APOLOGY), until, "apology"),
            RecoveryBy.COMPENSATION: _done(
                own, recovery_facts.compensations(tx, start, end), until, "compensation"
            ),
        }
        left_open = int(np.count_nonzero(~is_closed))
        return _Failed(own["customer_id"], at, is_recovered, keys), left_open

    def counted(self, failed: _Failed) -> tuple[_Counted, float]:
        """Those with a failure and those without, as far as they bought before; and the share of those
        without that is looked at."""
        if not failed.customer.size:
            return _NOBODY, 1.0
        others, share = recovery_facts.sample(self.tx, MAX_CUSTOMERS)
        complained = recovery_facts.complainers(self.tx, self.earlier, self.end)
        others = others[~np.isin(others, complained)]
        their_days = days_without_failure(recovery_facts.tails(others), failed.at)
        customers, at = np.concatenate([failed.customer, others]), np.concatenate([failed.at, their_days])
        group = np.full(customers.size, _NO)
        group[: failed.customer.size] = np.where(failed.is_recovered, _YES, _NOT)
        order = np.argsort(customers)
        customers, at, group = customers[order], at[order], group[order]
        parameters = self._parameters()
        owner, micros, amounts, is_bought = self._transactions(customers, parameters)
        past = history(at, owner, micros, amounts, is_bought, self.spans)
        bought = past.purchases > 0
        is_fair = (group == _NO) | recovery_facts.is_sampled(customers, share)
        tier = tiers(past.value_minor, is_fair & bought, parameters.cuts)
        keys = {by: np.append(key, [""] * others.size)[order] for by, key in failed.keys.items()}
        outcome = {
            RecoveryOutcome.SATISFACTION: self._satisfaction(customers, at),
            RecoveryOutcome.RETURNED: past.has_returned.astype(np.float64),
        }
        counted = _Counted(
            group[bought],
            cells(tier[bought], past.days_since_last[bought], past.purchases[bought]),
            {name: values[bought] for name, values in outcome.items()},
            {by: key[bought] for by, key in keys.items()},
        )
        return counted, share

    def _parameters(self) -> Parameters:
        run = self.tx.execute(_RUN).first()
        return Parameters(self.company.reporting_currency) if run is None else Parameters.from_dict(run[0])

    def _transactions(
        self, customers: Ids, parameters: Parameters
    ) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
        """Customer (place), instant, effect on the value in the reporting currency, and whether it is a
        purchase. What has no rate has no value, and still counts as a purchase."""
        until = self.end + timedelta(microseconds=self.spans.both_micros)
        read = recovery_facts.transactions(self.tx, parameters, customers, self.earlier, until)
        customer, currency, amounts, micros, is_bought = read
        foreign = np.flatnonzero(currency != parameters.currency)
        if foreign.size:
            paid = Foreign(customer[foreign], currency[foreign], amounts[foreign], micros[foreign])
            amounts[foreign], _, _ = in_currency(self.tx, paid, self.company, parameters.currency)
        return np.searchsorted(customers, customer), micros, amounts, is_bought

    def _satisfaction(self, customers: Ids, at: IntArray) -> FloatArray:
        """Mean points of the answers that each customer gave in the horizon; NaN without one."""
        until = self.end + timedelta(microseconds=self.spans.both_micros)
        asked = Asked(_KINDS, self.start + timedelta(days=self.spans.recovery_days), until)
        columns = survey_answers.answers(self.tx, asked, of_customers=True, only=customers)
        owner = np.searchsorted(customers, columns["customer_id"])
        answers = _answers(columns, owner)
        counts = answers.is_valid() & self.spans.is_after(answers.answered_micros, at[owner])
        return mean_by_customer(owner[counts], answers.points()[counts], customers.size)


_DAY = 86_400_000_000
_NONE = np.empty(0, dtype=np.int64)
_NOBODY = _Counted(
    _NONE,
    _NONE,
    dict.fromkeys(RecoveryOutcome, np.empty(0, dtype=np.float64)),
    dict.fromkeys(RecoveryBy, np.empty(0, dtype="U16")),
)


def _answers(columns: Columns, owner: IntArray) -> Answers:
    nothing = np.zeros(owner.size, dtype=np.int64)
    value, low, high = columns["value"], columns["scale_min"], columns["scale_max"]
    at = columns["answered_micros"]
    return Answers(value, low, high, columns["skipped"], owner, at, nothing, nothing)


def _place(own: Columns, ids: Ids) -> tuple[IntArray, BoolArray]:
    """Where the complaint of each row stands among the chosen ones, and whether it does."""
    order = np.argsort(own["complaint_id"])
    ordered = own["complaint_id"][order]
    at = np.minimum(np.searchsorted(ordered, ids), max(ordered.size - 1, 0))
    is_there = ordered[at] == ids if ordered.size else np.zeros(ids.size, dtype=np.bool_)
    return (order[at] if ordered.size else at), is_there


def _solved_by(own: Columns, until: IntArray, states: Columns) -> BoolArray:
    """Tell which complaints were solved at an instant of each: of reopened ones the state then decides."""
    resolved = own["resolved_micros"]
    solved: BoolArray = (resolved != NEVER) & (resolved <= until)
    place, is_there = _place(own, states["complaint_id"])
    seen = np.flatnonzero(is_there)
    seen = seen[states["at_micros"][seen] <= until[place[seen]]]
    was_ended = np.isin(states["state"], sorted(ENDED_STATES))
    solved[own["reopened"] > 0] = False
    solved[place[seen]] = was_ended[seen]  # the latest one comes last, and stays
    return solved


def _faults(own: Columns, steps: Columns) -> NDArray[np.str_]:
    """Whose fault each is: by its latest cause, else ours where the complaint says so."""
    found = np.where(own["our_fault"] == OurFault.YES, Fault.US, "").astype("U16")
    place, is_there = _place(own, steps["complaint_id"])
    known = is_there & (steps["kind"] == RecoveryKind.CAUSE) & (steps["fault"] != "")
    found[place[known]] = steps["fault"][known]
    return found


def _speeds(own: Columns, clocks: Columns) -> NDArray[np.str_]:
    """Whether the first standard of each resolution was kept."""
    found = np.full(own["customer_id"].size, "", dtype="U16")
    place, is_there = _place(own, clocks["complaint_id"])
    state = clocks["state"]
    said = np.select([state == ClockState.MET, state == ClockState.BROKEN], ["within", "late"], "")
    rows = np.flatnonzero(is_there)[::-1]  # so that the first clock comes last, and stays
    found[place[rows]] = said[rows]
    return found


def _of_kind(steps: Columns, kind: RecoveryKind) -> Columns:
    return {name: column[steps["kind"] == kind] for name, column in steps.items()}


def _done(own: Columns, steps: Columns, until: IntArray, word: str) -> NDArray[np.str_]:
    """Whether any of some steps was taken by an instant of each: the word, or `none`."""
    found = np.full(own["customer_id"].size, "none", dtype="U16")
    place, is_there = _place(own, steps["complaint_id"])
    said = np.flatnonzero(is_there)
    said = said[steps["at_micros"][said] <= until[place[said]]]
    found[place[said]] = word
    return found


def _parts(counted: _Counted, by: RecoveryBy) -> list[Row]:
    key, group = counted.keys[by], counted.group
    divided = group != _NO if by is RecoveryBy.FAULT else group == _YES
    known = sorted(set(key[divided].tolist()), key=lambda one: (one == "", one))
    return [{"key": one or None, "outcomes": _outcomes(counted, ~divided | (key == one))} for one in known]


def _outcomes(counted: _Counted, chosen: BoolArray) -> list[Row]:
    return [_outcome(counted, chosen, outcome) for outcome in RecoveryOutcome]


def _outcome(counted: _Counted, chosen: BoolArray, outcome: RecoveryOutcome) -> Row:
    values = counted.outcome[outcome]
    rows = {
        group: np.flatnonzero(chosen & (counted.group == number) & ~np.isnan(values))
        for group, number in _GROUPS.items()
    }
    columns = {group: (counted.cell[of], values[of]) for group, of in rows.items()}
    compared = {
        comparison: compare(
            outcome, columns[first], columns[second], weigh_both=second is not CustomerGroup.NO_FAILURE
        )
        for comparison, (first, second) in COMPARED.items()
    }
    return {
        "outcome": outcome,
        "unit": _UNITS[outcome],
        "groups": [
            {"group": group, "n": found.size, "value": float(found.mean()) if found.size else None}
            for group, (_, found) in columns.items()
        ],
        "comparisons": [_compared(comparison, found) for comparison, found in compared.items()],
        "is_paradox": compared[RecoveryComparison.PARADOX].verdict is RecoveryVerdict.HIGHER,
    }


def _compared(comparison: RecoveryComparison, compared: Compared) -> Row:
    first, second = COMPARED[comparison]
    found: Any = compared.found
    return {
        "comparison": comparison,
        "first": first,
        "second": second,
        "first_n": compared.first_n,
        "second_n": compared.second_n,
        "strata": compared.strata,
        "first_value": found and found.first,
        "second_value": found and found.second,
        "difference": found and found.difference,
        "low": None if found is None or found.low is None else max(found.low, -MOST_POINTS),
        "high": None if found is None or found.high is None else min(found.high, MOST_POINTS),
        "verdict": compared.verdict,
    }
