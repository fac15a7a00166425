"""Reasons and explanations of one customer's churn level, from its row and its run."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.domain import churn
from app.domain.churn.contractual import cross_section
from app.domain.churn.contractual.cross_section import SectionServing
from app.domain.churn.contractual.serving import ContractServing, explained
from app.domain.churn.explanations import contributions
from app.domain.churn.explanations.contributions import Contribution
from app.domain.churn.inputs.customer_facts import COLUMNS, CustomerFacts
from app.domain.churn.models.logistic import Serving
from app.domain.common.days import day_number
from app.domain.customers.contract_statements import AgeUnit
from app.domain.scoring.score_columns import ROW_FACTS, facts_of_row
from app.store.transactions import Row
from app.texts import render


def reasons_of(
    facts: Sequence[Any] | None,
    baselines: Mapping[str, Any] | None,
    as_of: date,
    data_end: date | None,
    language: str,
    limit: int | None = None,
) -> list[Row]:
    """Tell why a customer may be leaving, from what its row and the run hold; strongest first.

    Args:
        facts: ``churn_facts`` of the customer.
        baselines: ``churn_baselines`` of the same run.
        as_of: the run's day.
        data_end: day of the newest sale where sales had stopped by then.
        language: of the sentences: en, tr or az.
        limit: how many are wanted; all by default.
    """
    if facts is None or baselines is None:
        return []
    read = _facts(facts, as_of, data_end)
    return [
        {
            "code": reason.code,
            "value": reason.value,
            "baseline": reason.baseline,
            "contribution": reason.contribution,
            "n": reason.n,
            "limit": reason.limit,
            "sentence": render(language, churn.sentence(reason)),
        }
        for reason in churn.reasons_for_one(read, churn.Baselines.from_dict(baselines))[:limit]
    ]


def explanation_of(
    facts: Sequence[Any] | None,
    value_minor: int | None,
    serving: Mapping[str, Any] | None,
    as_of: date,
    data_end: date | None,
    language: str,
) -> Row | None:
    """Tell what the probability of the learned model is made of; parts that add up, the greatest first.

    Args:
        facts: ``churn_facts`` of a customer whose level comes from the learned model.
        value_minor: its value in the run, None without a tier.
        serving: ``churn_serving`` of the same run; None when another model served.
        as_of: the run's day.
        data_end: as above.
        language: of the sentences: en, tr or az.
    """
    if serving is None or facts is None:
        return None
    model = Serving.from_dict(serving)
    read, refunds = _read(facts, as_of, data_end)
    parts = contributions.contributions(read, value_minor or 0, refunds, model)
    return _explanation(parts, model.mean_log_odds, language)


def contract_explanation_of(
    facts: Sequence[Any] | None,
    started_day: int | None,
    serving: Mapping[str, Any] | None,
    as_of: date,
    data_end: date | None,
    language: str,
    document: Mapping[str, Any] | None = None,
) -> Row | None:
    """Tell what the probability of a contract is made of; as `explanation_of`.

    Args:
        facts: ``churn_facts`` of a customer whose level comes from the learned model of contracts.
        started_day: first day of its contract in the run.
        serving: ``contract_serving`` of the same run; None when the share served.
        as_of: the run's day.
        data_end: as above.
        language: of the sentences: en, tr or az.
        document: the attributes of its contract that the run saw.
    """
    if facts is None or started_day is None or serving is None:
        return None
    model = ContractServing.from_dict(serving)
    read, refunds = _read(facts, as_of, data_end)
    parts = explained(read, started_day, refunds, model, document)
    return _explanation(parts, model.mean_log_odds, language)


def section_explanation_of(
    statement: Row | None, serving: Mapping[str, Any] | None, language: str
) -> Row | None:
    """Tell what the probability of a customer in a snapshot is made of; as `explanation_of`.

    Args:
        statement: what the snapshot says of it.
        serving: ``cross_section`` of the run; None when the share served.
        language: of the sentences: en, tr or az.
    """
    if statement is None or serving is None:
        return None
    model = SectionServing.from_dict(serving)
    age, unit = statement["age"], AgeUnit(statement["age_unit"])
    parts = cross_section.explained(age, unit, statement["attributes"], model)
    return _explanation(parts, model.mean_log_odds, language)


def _facts(facts: Sequence[Any], as_of: date, data_end: date | None) -> CustomerFacts:
    """What warning signs read."""
    sales_end = None if data_end is None else day_number(data_end) + 1
    return churn.from_row(facts_of_row(facts)[: len(COLUMNS)], day_number(as_of), sales_end)


def _read(facts: Sequence[Any], as_of: date, data_end: date | None) -> tuple[CustomerFacts, int]:
    """What warning signs read, and the days with a refund."""
    known = dict(zip(ROW_FACTS, facts_of_row(facts), strict=True))
    return _facts(facts, as_of, data_end), known["refunds"]


def _explanation(parts: Sequence[Contribution], usual: float, language: str) -> Row:
    return {
        "log_odds": usual + sum(part.contribution for part in parts),
        "mean_log_odds": usual,
        "contributions": [
            {**_shown(part), "sentence": render(language, *contributions.sentences(part))} for part in parts
        ],
    }


def _shown(part: Contribution) -> Row:
    named = {"attribute": part.attribute, "text": part.text}
    return {name: getattr(part, name) for name in ("code", "value", "baseline", "contribution")} | named


def silence_days_of(facts: Sequence[Any], as_of: date, data_end: date | None) -> int:
    """Days since a customer's last purchase day, by its ``churn_facts``; 0 without one."""
    return _facts(facts, as_of, data_end).silence_days or 0
