"""What has to be borne in mind when a lifetime value is read, each with its sentence.

Source: docs/formulas.md#lifetime-value.
"""

from collections.abc import Mapping
from enum import StrEnum

from app.domain.churn.distributions import btyd
from app.domain.common.messages import Message
from app.domain.lifetime_value.level import Basis
from app.domain.lifetime_value.spend import OwnMean, Spend


class Limit(StrEnum):
    """What a value is limited by; the first two mean that there is none, the last two that it has no
    interval."""

    TOO_FEW_CUSTOMERS = "too_few_customers"
    TOO_FEW_REPEAT_BUYERS = "too_few_repeat_buyers"
    MEAN_NOT_FINITE = "mean_not_finite"
    NO_LIFETIME_BACKTEST = "no_lifetime_backtest"
    SEASON_UNKNOWN = "season_unknown"
    CONTRACT_SPREAD_UNKNOWN = "contract_spread_unknown"
    NOTHING_EXPECTED = "nothing_expected"


SENTENCES: Mapping[Limit, Message] = {
    Limit.TOO_FEW_CUSTOMERS: Message("There are too few customers to say what they will spend."),
    Limit.TOO_FEW_REPEAT_BUYERS: Message(
        "Too few customers have bought again to say how often they will buy."
    ),
    Limit.MEAN_NOT_FINITE: Message(
        "A few very large amounts decide the mean, so each customer is expected to go on spending its own."
    ),
    Limit.NO_LIFETIME_BACKTEST: Message(
        "No such total has been held against what then came in; the interval rests on an assumption, "
        "not on this company's past."
    ),
    Limit.SEASON_UNKNOWN: Message(
        "The season ahead has not been seen in an earlier year; if it is a strong one, the total may lie "
        "outside its interval."
    ),
    Limit.CONTRACT_SPREAD_UNKNOWN: Message(
        "How far values by contract may be off is not known, so whatever holds one has no interval."
    ),
    Limit.NOTHING_EXPECTED: Message("Nothing more is expected of this customer, so there is no interval."),
}


def limits(
    rate: btyd.Fit | btyd.NoFit,
    spend: Spend | None,
    basis: Basis,
) -> list[Limit]:
    """Tell what limits values of customers without a contract.

    Args:
        rate: what came of fitting the model of purchases.
        spend: the model of spend that serves.
        basis: which windows the level rests on.
    """
    if isinstance(rate, btyd.NoFit):
        few = rate.reason is btyd.NoFitReason.TOO_FEW_REPEAT_BUYERS
        return [Limit.TOO_FEW_REPEAT_BUYERS if few else Limit.TOO_FEW_CUSTOMERS]
    if spend is None:
        return [Limit.TOO_FEW_CUSTOMERS]
    found = []
    if isinstance(spend, OwnMean):
        found.append(Limit.MEAN_NOT_FINITE)
    if basis is Basis.NONE:
        found.append(Limit.NO_LIFETIME_BACKTEST)
    if basis is Basis.SEASON_UNKNOWN:
        found.append(Limit.SEASON_UNKNOWN)
    return found
