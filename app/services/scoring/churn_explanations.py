"""Reasons and explanations of one customer's churn level, from its row and its run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from app.domain import churn
from app.domain.churn.explanations import contributions
from app.domain.churn.inputs.customer_facts import COLUMNS
from app.domain.churn.models.logistic import Serving
from app.domain.common.days import day_number
from app.domain.scoring.score_columns import ROW_FACTS
from app.texts import render

Row = dict[str, Any]


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
    read = churn.from_row(facts[: len(COLUMNS)], day_number(as_of), _sales_end(data_end))
    return [
        {
            "code": reason.code,
            "value": reason.value,
            "baseline": reason.baseline,
            "contribution": reason.contribution,
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
    if serving is None or facts is None or len(facts) != len(ROW_FACTS):
        return None
    *known, refunds, _ = facts
    read = churn.from_row(known, day_number(as_of), _sales_end(data_end))
    model = Serving.from_dict(serving)
    parts = contributions.contributions(read, value_minor or 0, refunds, model)
    usual = model.mean_log_odds
    return {
        "log_odds": usual + sum(part.contribution for part in parts),
        "mean_log_odds": usual,
        "contributions": [
            {**asdict(part), "sentence": render(language, *contributions.sentences(part))} for part in parts
        ],
    }


def silence_days_of(facts: Sequence[Any], as_of: date, data_end: date | None) -> int:
    """Days since a customer's last purchase day, by its ``churn_facts``; 0 without one."""
    read = churn.from_row(facts[: len(COLUMNS)], day_number(as_of), _sales_end(data_end))
    return read.silence_days or 0


def _sales_end(data_end: date | None) -> int | None:
    """The first day whose sales were not seen, where they had stopped."""
    return None if data_end is None else day_number(data_end) + 1
