"""Lifetime value of a run, and of one customer."""

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select

from app.domain.churn import from_days
from app.domain.churn.distributions.btyd import Parameters as RateParameters
from app.domain.churn.models import contract
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.days import day_number
from app.domain.lifetime_value import Buyers, interval, worth
from app.domain.lifetime_value.gamma_gamma import Parameters as SpendParameters
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.score_columns import NONE, ROW_FACTS
from app.errors import NotFoundError
from app.services.scoring.runs import find_finished
from app.store.engine import in_thread
from app.store.scoring import run_results
from app.store.tables import Customer, CustomerScore, ScoringRun
from app.store.transactions import ReadTx
from app.store.visibility import visible_to

Row = dict[str, Any]

_RUN = select(
    ScoringRun.id,
    ScoringRun.as_of,
    ScoringRun.parameters,
    ScoringRun.is_current,
    ScoringRun.churn,
    ScoringRun.lifetime_value,
)


def report(tx: ReadTx, _actor: Actor, run_id: UUID | None, as_of: date | None) -> Row:
    """Read the lifetime values of a run: the named one, the newest for a day, or the current one.

    Raises:
        NotFoundError: no such run has finished.
    """
    run = find_finished(tx, _RUN, run_id, as_of)
    ids = [UUID(one["id"]) for one in run.lifetime_value["top"]]
    found = tx.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))
    names = {row.id: row.name for row in found}
    top = [
        {**one, "name": names[customer_id]}
        for one, customer_id in zip(run.lifetime_value["top"], ids, strict=True)
        if customer_id in names
    ]
    currency = run.parameters["currency"]
    return {
        **run.lifetime_value,
        "tiers": _with_rest(run.lifetime_value, currency),
        "left": _left(run.lifetime_value, currency),
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "parameters": run.parameters,
        "top": top,
    }


@in_thread
def of_customer(tx: ReadTx, actor: Actor, customer_id: UUID) -> Row:
    """Compute the lifetime value of one customer by the current run, with its interval.

    Raises:
        NotFoundError: no such customer, or no run has finished.
    """
    statement = (
        select(CustomerScore.churn_facts, CustomerScore.churn_model)
        .select_from(Customer)
        .join(CustomerScore, CustomerScore.customer_id == Customer.id, isouter=True)
        .where(Customer.id == customer_id)
    )
    row = tx.execute(visible_to(statement, actor)).first()
    if row is None:
        raise NotFoundError("There is no such customer.")
    run = find_finished(tx, _RUN, None, None)
    parameters = Parameters.from_dict(run.parameters)
    stored = run_results.of_customer(tx, [run.id], customer_id, ["lifetime_value_minor"])
    minor = int(stored[run.id]["lifetime_value_minor"]) if run.id in stored else NONE
    by_contract = row.churn_model in (contract.BASE, contract.CODE)
    drawn = _drawn(run, row.churn_facts, parameters) if minor > 0 and not by_contract else {}
    return {
        "customer_id": customer_id,
        "run_id": run.id,
        "as_of": run.as_of,
        "method": "contract" if by_contract else "purchases",
        "terms": parameters.to_dict()["lifetime_value"],
        "value": None if minor == NONE else money.to_wire(minor, parameters.currency),
        "interval": None,
        "expected_purchases": None,
        "expected_spend": None,
        **drawn,
    }


def _with_rest(stored: Row, currency: str) -> list[Row]:
    """The tiers, and the customers without one, who bought nothing in the window of value tiers."""
    tiers: list[Row] = stored["tiers"]
    in_tiers = sum(money.parse(tier["value"]["amount"], currency) for tier in tiers)
    rest = money.parse(stored["total"]["amount"], currency) - in_tiers
    customers = stored["n"] - sum(tier["customers"] for tier in tiers)
    return [*tiers, {"tier": None, "customers": customers, "value": money.to_wire(rest, currency)}]


def _left(stored: Row, currency: str) -> Row:
    """Who has left or was given notice by the company: known to be worth nothing more."""
    customers = stored["n"] - stored["purchases"]["customers"] - stored["contracts"]["customers"]
    return {"customers": customers, "value": money.to_wire(0, currency)}


def _drawn(run: Any, facts: list[Any] | None, parameters: Parameters) -> Row:
    """What the value of a customer without a contract is made of, from what its row and the run hold."""
    rate = run.churn["models"]["mbg_nbd"]["parameters"]
    spend = run.lifetime_value["purchases"]["spend_model"]
    if facts is None or rate is None or spend["no_fit"]:
        return {}
    known = dict(zip(ROW_FACTS, facts, strict=True))
    first, last, days = (np.array([known[name]]) for name in ("first_day", "last_day", "purchase_days"))
    one = Buyers(
        from_days(first, last, days, day_number(run.as_of)),
        days.astype(np.float64),
        np.array([max(known["spend_minor"], 0) / known["purchase_days"]]),
    )
    models = RateParameters(**rate), SpendParameters(spend["p"], spend["q"], spend["gamma"])
    found = worth(one, *models, parameters.lifetime)
    [between] = interval(one, *models, parameters.lifetime)

    def wire(amount: float) -> Row:
        return money.to_wire(round(amount), parameters.currency)

    return {
        "interval": {"low": wire(between.low), "high": wire(between.high)},
        "expected_purchases": float(found.purchases[0]),
        "expected_spend": wire(found.spend[0]),
    }
