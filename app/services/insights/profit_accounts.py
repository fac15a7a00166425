"""What customers brought and cost over the window of a run, put together from what is known now."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.domain.scoring.run_spec import RunSpec
from app.domain.value import profit
from app.domain.value.concentration import IntArray
from app.domain.value.profit import UNKNOWN, Accounts, Costs, Profit
from app.domain.value.unit_costs import CostCode, in_minor
from app.errors import ConflictError
from app.services.insights import unit_costs
from app.store.scoring import profit_facts, run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx, Row

MAX_CUSTOMERS = 4e18
"""Amounts that together stay below this can be summed in 64 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class ProfitFigures:
    """Accounts of customers, and what comes of them.

    Args:
        accounts: what happened.
        untimed: contacts whose length is not known, by channel: they count as of no length.
        unit_costs: those that were used, by `CostCode`, as `app.schemas.insights.unit_costs` has them.
        costs: the same as the rules want them.
        found: the profit.
        compensation_left_out: lines of the ledger in another currency than the run's.
    """

    accounts: Accounts
    untimed: Mapping[str, IntArray]
    unit_costs: Mapping[str, Row]
    costs: Costs
    found: Profit
    compensation_left_out: int


def read(
    tx: ReadTx, spec: RunSpec, ids: Ids, revenue_minor: IntArray, only: Ids | None = None
) -> ProfitFigures:
    """Read the accounts of some customers.

    Args:
        tx: a transaction.
        spec: of the run.
        ids: the customers, ascending.
        revenue_minor: their value by the run.
        only: the customers to read; None where all are the quickest.

    Raises:
        ConflictError: the amounts are too large to be added up.
    """
    sold = profit_facts.goods(tx, spec, only)
    goods, unknown, returns = (_aligned(sold, name, ids) for name in ("goods_minor", "unknown", "returns"))
    given_back = profit_facts.compensations(tx, spec, only)
    by_channel = profit_facts.contacts(tx, spec.bounds, only)
    contacts, seconds, untimed = (
        {channel: _aligned(found, name, ids) for channel, found in by_channel.items()}
        for name in ("contacts", "seconds", "untimed")
    )
    given = unit_costs.in_currency(tx, spec.parameters.currency)
    costs = _costs(given)
    try:
        accounts = Accounts(
            revenue_minor=_countable(revenue_minor),
            goods_minor=np.where(unknown > 0, UNKNOWN, _countable(goods)),
            compensation_minor=_countable(_aligned(given_back, "given_minor", ids)),
            returns=returns,
            contacts=contacts,
            seconds=seconds,
        )
        found = profit.compute(accounts, costs)
    except ValueError:
        raise ConflictError("The amounts are too large to be added up.") from None
    left_out = int(_aligned(given_back, "unknown", ids).sum())
    return ProfitFigures(accounts, untimed, given, costs, found, left_out)


def unknown(figures: ProfitFigures) -> dict[str, profit.BoolArray]:
    """Which customers have no profit, by what is not known of them."""
    accounts, nobody = figures.accounts, np.zeros(figures.accounts.n, dtype=np.bool_)
    uncosted = [
        contacts > 0
        for channel, contacts in accounts.contacts.items()
        if channel not in figures.costs.channels
    ]
    unhandled = accounts.returns > 0 if figures.costs.return_handling is None else nobody
    return {
        "goods": accounts.goods_minor == UNKNOWN,
        "contacts": np.logical_or.reduce([nobody, *uncosted]),
        "returns": unhandled,
    }


# --- inside


def _aligned(found: Columns, name: str, ids: Ids) -> IntArray:
    """A column in the order of ``ids``, 0 for customers of whom there is nothing."""
    places, known = run_results.matched(found["customer_id"], ids)
    column = np.zeros(ids.size, dtype=np.int64)
    column[known] = found[name][places[known]]
    return column


def _countable(amounts: IntArray) -> IntArray:
    """The amounts, if they can be added up.

    Raises:
        ValueError: they cannot.
    """
    if float(np.abs(amounts.astype(np.float64)).sum()) > MAX_CUSTOMERS:
        raise ValueError("the amounts are too large")
    return amounts


def _costs(given: Mapping[str, Row]) -> Costs:
    minor = {
        code: in_minor(row["per_contact"], row["per_minute"], row["currency"]) for code, row in given.items()
    }
    handling = minor.pop(CostCode.RETURN, None)
    return Costs(minor, None if handling is None else handling.per_contact)
