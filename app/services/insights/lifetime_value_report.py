"""Lifetime value of a run, and of one customer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select

from app.domain.churn import from_days
from app.domain.churn.contractual import cross_section
from app.domain.churn.distributions.btyd import Parameters as RateParameters
from app.domain.churn.models import contract
from app.domain.churn.notes import CROSS_SECTION, NO_TIME, SALES_STOPPED
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.days import day_number
from app.domain.common.messages import Message
from app.domain.lifetime_value import Buyers, interval, worth
from app.domain.lifetime_value.limits import SENTENCES, Limit
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.score_columns import NONE, ROW_FACTS
from app.errors import NotFoundError
from app.services.insights.churn_report import in_words, stopped
from app.services.scoring.lifetime.reports import spend_of
from app.services.scoring.runs import find_finished
from app.store.engine import in_thread
from app.store.scoring import run_results
from app.store.tables import Customer, CustomerScore, ScoringRun
from app.store.transactions import ReadTx, Row
from app.store.visibility import visible_to

_NOTES: Mapping[str, Message] = {
    **{limit.value: said for limit, said in SENTENCES.items()},
    CROSS_SECTION: NO_TIME,
}

_RUN = select(
    ScoringRun.id,
    ScoringRun.as_of,
    ScoringRun.parameters,
    ScoringRun.is_current,
    ScoringRun.churn,
    ScoringRun.lifetime_value,
    ScoringRun.data_end,
)


def report(tx: ReadTx, _actor: Actor, run_id: UUID | None, as_of: date | None, language: str) -> Row:
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
    currency, stored = run.parameters["currency"], run.lifetime_value
    limits, has_contracts = stored["limits"], stored["contracts"]["customers"] > 0
    if has_contracts and stored["total"] is not None:
        limits = [*limits, Limit.CONTRACT_SPREAD_UNKNOWN]
    return {
        **stored,
        "interval": None if has_contracts else stored["purchases"]["interval"],
        "limits": limits,
        "notes": _notes(run, limits, language),
        "tiers": _with_rest(stored, currency),
        "left": _left(stored, currency),
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "parameters": run.parameters,
        "top": top,
    }


@in_thread
def of_customer(tx: ReadTx, actor: Actor, customer_id: UUID, language: str) -> Row:
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
    in_snapshot = row.churn_model == cross_section.CODE
    by_contract = in_snapshot or row.churn_model in (contract.BASE, contract.CODE)
    report = run.lifetime_value
    drawn = _drawn(run, row.churn_facts, parameters) if minor > 0 and not by_contract else {}
    spend = report["purchases"]["spend_model"]
    warnings = [] if by_contract else report["limits"]
    if in_snapshot:
        warnings = [CROSS_SECTION]
    if minor == 0:
        warnings = [*warnings, Limit.NOTHING_EXPECTED]
    elif by_contract and minor > 0:
        warnings = [*warnings, Limit.CONTRACT_SPREAD_UNKNOWN]
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
        "level": None if by_contract else report["level"],
        "spend_model": None if by_contract or spend["kind"] is None else {"kind": spend["kind"]},
        "warnings": warnings,
        "notes": _notes(run, warnings, language),
        **drawn,
    }


def _notes(run: Any, limits: Sequence[str], language: str) -> list[Row]:
    """The limits of values in words."""
    said: list[tuple[str, Message]] = []
    for code in limits:
        said += stopped(run.churn, run.as_of) if code == SALES_STOPPED else [(code, _NOTES[code])]
    return in_words(said, language)


def _with_rest(stored: Row, currency: str) -> list[Row]:
    """The tiers, and the customers without one, who bought nothing in the window of value tiers."""
    tiers: list[Row] = stored["tiers"]
    customers = stored["n"] - sum(tier["customers"] for tier in tiers)
    rest: Row = {"tier": None, "customers": customers, "value": None}
    if stored["total"] is not None:
        in_tiers = sum(money.parse(tier["value"]["amount"], currency) for tier in tiers)
        amount = money.parse(stored["total"]["amount"], currency) - in_tiers
        rest["value"] = money.to_wire(amount, currency)
    return [*tiers, rest]


def _left(stored: Row, currency: str) -> Row:
    """Who has left or was given notice by the company: known to be worth nothing more."""
    customers = stored["n"] - stored["purchases"]["customers"] - stored["contracts"]["customers"]
    return {"customers": customers, "value": money.to_wire(0, currency)}


def _drawn(run: Any, facts: list[Any] | None, parameters: Parameters) -> Row:
    """What the value of a customer without a contract is made of, from what its row and the run hold."""
    rate, report = run.churn["models"]["mbg_nbd"]["parameters"], run.lifetime_value
    spend, level = spend_of(report["purchases"]["spend_model"]), report["level"]
    if facts is None or rate is None or spend is None or level is None:
        return {}
    known = dict(zip(ROW_FACTS, facts, strict=True))
    sales_end = day_number(run.as_of) if run.data_end is None else day_number(run.data_end) + 1
    first, last, days = (np.array([known[name]]) for name in ("first_day", "last_day", "purchase_days"))
    one = Buyers(
        from_days(first, last, days, sales_end),
        days.astype(np.float64),
        np.array([max(known["net_spend_minor"], 0) / known["purchase_days"]]),
    )
    found = worth(one, RateParameters(**rate), spend, parameters.lifetime)
    [between] = interval(one, RateParameters(**rate), spend, parameters.lifetime)

    def wire(amount: float) -> Row:
        return money.to_wire(round(amount), parameters.currency)

    return {
        "interval": {"low": wire(between.low * level), "high": wire(between.high * level)},
        "expected_purchases": float(found.purchases[0]),
        "expected_spend": wire(found.spend[0]),
    }
