"""What has to be borne in mind when churn is read, in words: limits of a run, and why a customer has no level
or no probability."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from app.domain.common.messages import Message


class Reason(StrEnum):
    """Why a customer has no level or no probability.

    ``no_purchase``: nothing was bought and there is no contract. ``no_customers``, ``too_few_customers``,
    ``too_few_repeat_buyers``: the purchases do not carry a model. ``left_by_event``: a departure or the end
    of a contract is known. ``ended_by_us``: the company let the customer go. ``no_turnover``: no contract was
    active long enough to know how many end. ``worse_than_base_rate``, ``season_unproved``: no probability
    beat one figure for all on a closed window, so that customers are only ranked
    (`app.domain.churn.evaluation.season`).
    """

    NO_PURCHASE = "no_purchase"
    NO_CUSTOMERS = "no_customers"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    TOO_FEW_REPEAT_BUYERS = "too_few_repeat_buyers"
    LEFT_BY_EVENT = "left_by_event"
    ENDED_BY_US = "ended_by_us"
    NO_TURNOVER = "no_turnover"
    WORSE_THAN_BASE_RATE = "worse_than_base_rate"
    SEASON_UNPROVED = "season_unproved"


REASONS = tuple(Reason)
"""Runs store positions in here, so a new one comes last; the first is stored for nobody."""

SALES_STOPPED = "sales_stopped"
CROSS_SECTION = "cross_section"
LEFT_UNPROVED = "left_unproved"
TOO_FEW_TO_TELL = "too_few_to_tell"
NO_BACKTEST = "no_backtest"
RECENCY_RANKS_BETTER = "recency_ranks_better"
NOT_CALIBRATED = "not_calibrated"
SEASON_UNKNOWN = "season_unknown"

_CROSS_SECTION = Message(
    "Learned from the snapshot of {day}, which has no dates: the probability says how many customers like "
    "this one had left by then, not how many will leave within {days}."
)
NO_TIME = Message(
    "Of the contract only a snapshot is known, which has no dates: there is no time over which to value it."
)
_LEFT_IN_SNAPSHOT = Message("The snapshot of {day} says that the customer had left; the day is not known.")
_STOPPED = Message("No sale has arrived since {day}, {days}. Silence since then is not counted.")
_SOURCE_STOPPED = Message(
    "No sale has arrived from {source} since {day}, {days}. Nobody is said to have left by silence."
)
_DORMANT = Message("Silent for {days}; of {n} such customers {returned} bought again within {window}.")

SENTENCES: Mapping[str, Message] = MappingProxyType(
    {
        LEFT_UNPROVED: Message(
            "The company's past does not prove from which silence on customers have left; nobody is said to "
            "have left by silence."
        ),
        CROSS_SECTION: Message(
            "Of some contracts only a snapshot is known. What is learned from it was tested across its "
            "customers, not on a later time, and is in no backtest."
        ),
        TOO_FEW_TO_TELL: Message("There are too few customers to tell whether the probabilities are right."),
        NO_BACKTEST: Message("The past is too short to hold a forecast against what happened."),
        RECENCY_RANKS_BETTER: Message(
            "On the last closed window, the days since the last purchase ranked customers better."
        ),
        NOT_CALIBRATED: Message(
            "On the closed window they were tried on, the probabilities were further off than chance "
            "explains."
        ),
        SEASON_UNKNOWN: Message(
            "The season ahead has not been seen in an earlier year; if customers buy by season, the "
            "probabilities do not know it."
        ),
        "dropout_not_identified": Message(
            "The purchases do not tell who is gone from who is slow; the probability is silence held against "
            "the purchase rate."
        ),
        "purchase_rate_at_bound": Message(
            "The purchases do not tell how much customers differ in their rate."
        ),
        "not_converged": Message("The purchase model was not fitted to the end."),
        Reason.NO_PURCHASE.value: Message(
            "By the day of the run nothing was bought and there was no contract, so there is no level."
        ),
        Reason.NO_CUSTOMERS.value: Message("Nobody has bought yet, so there is no model and no probability."),
        Reason.TOO_FEW_CUSTOMERS.value: Message(
            "Fewer than 30 customers have bought, so there is no model and no probability."
        ),
        Reason.TOO_FEW_REPEAT_BUYERS.value: Message(
            "Fewer than 10 customers have bought on a second day, so there is no model and no probability."
        ),
        Reason.LEFT_BY_EVENT.value: Message(
            "It is known that the customer has left; there is nothing to foretell."
        ),
        Reason.ENDED_BY_US.value: Message("The company ended it, which is not churn."),
        Reason.NO_TURNOVER.value: Message(
            "No contract was active one horizon ago, so it is not known how many end."
        ),
        Reason.WORSE_THAN_BASE_RATE.value: Message(
            "On the last closed window the probabilities were worse than one figure for all; customers are "
            "only ranked."
        ),
        Reason.SEASON_UNPROVED.value: Message(
            "Customers buy by season, and in the season of the year before no probability was better than "
            "one figure for all; customers are only ranked."
        ),
    }
)
"""By code of a limit or a reason; those of stopped sales and of dormant customers take figures."""


def days(number: int) -> Message:
    """A number of days, as the language counts them."""
    return Message("{number} day" if number == 1 else "{number} days", {"number": number})


def sales_stopped(newest_sale: date, as_of: date, source: str | None = None) -> Message:
    """Say that sales have stopped: those of the company, or of one source while others go on.

    >>> sales_stopped(date(2026, 5, 1), date(2026, 7, 1)).params["day"]
    '2026-05-01'
    """
    silence = (as_of - newest_sale).days - 1
    said: dict[str, str | float | Message] = {"day": newest_sale.isoformat(), "days": days(silence)}
    if source is None:
        return Message(_STOPPED.id, said)
    return Message(_SOURCE_STOPPED.id, {"source": source, **said})


def cross_section(snapshot_on: date, horizon_days: int, has_left: bool) -> Message:
    """Say what a snapshot of contracts tells of a customer, and what it does not.

    >>> cross_section(date(2026, 1, 31), 90, has_left=True).params
    {'day': '2026-01-31'}
    """
    day = snapshot_on.isoformat()
    if has_left:
        return Message(_LEFT_IN_SNAPSHOT.id, {"day": day})
    return Message(_CROSS_SECTION.id, {"day": day, "days": days(horizon_days)})


def silent(silence_days: int, n: int, returned: int, window_days: int) -> Message:
    """Say how many of customers as silent as this one bought again.

    >>> silent(120, 900, 270, 90).params["returned"]
    270
    """
    figures: dict[str, str | float | Message] = {
        "days": days(silence_days),
        "n": n,
        "returned": returned,
        "window": days(window_days),
    }
    return Message(_DORMANT.id, figures)
