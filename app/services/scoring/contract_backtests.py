"""Backtests of customers under contract: what was known of them on a past day, and who left after it.

What became known later, first versions of terms included, is not seen: see
`app.services.scoring.training_windows`.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from app.domain.churn.contractual.evaluation import Known, evaluate
from app.domain.churn.contractual.state import State
from app.domain.churn.evaluation.backtest_report import Options
from app.domain.churn.models.contract import ContractWindow
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.population import Population, contracts_of
from app.services.scoring import run_facts, training_windows
from app.services.scoring.churn_reports import evaluation_row
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True, eq=False)
class UnderContract:
    """Customers under contract on a past day.

    Args:
        outcome: those that are measured; None when the terms of too many were not known on the day.
        known: what was known on the day.
        terms_unknown: contracts active on the day, by what became known later; they are left out.
        notice_given: contracts whose end was certain already; they are left out too.
    """

    outcome: ContractWindow | None
    known: Known
    terms_unknown: int
    notice_given: int


def read(tx: ReadTx, population: Population) -> UnderContract | None:
    """Read what was known on a past day, and who had left by the end of the horizon; None, and nothing is
    read, when nobody was under contract.

    Args:
        tx: a transaction.
        population: of the day; all windows are as long as the horizon.
    """
    past = training_windows.contract_windows(tx, population)
    if past is None:
        return None
    facts, spec = population.facts, population.spec
    under_contract = facts["contract_started_day"] != NO_DAY
    closes = spec.on(spec.as_of + timedelta(days=spec.parameters.horizon_days))
    after = run_facts.contracts(tx, closes, facts["customer_id"][under_contract])
    in_time = facts["contract_known_day"] != NO_DAY
    active, notice = (population.states == state for state in (State.ACTIVE, State.NOTICE_GIVEN))
    share = population.turnover_of(contracts_of(facts, in_time)).churn_rate
    return UnderContract(
        training_windows.contract_window(tx, population, after),
        Known(past.earlier, past.last, share, past.terms_known),
        terms_unknown=int(np.count_nonzero(active & ~in_time)),
        notice_given=int(np.count_nonzero(notice & in_time)),
    )


def compute(tested: UnderContract | None, options: Options) -> Row | None:
    """Apply the rules; the part of a backtest's result that is about contracts. Pure."""
    if tested is None:
        return None
    found = evaluate(tested.outcome, tested.known, options=options)
    return {
        **evaluation_row(found),
        "excluded_terms_unknown": tested.terms_unknown,
        "excluded_notice_given": tested.notice_given,
    }
