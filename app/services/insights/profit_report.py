"""Profit and cost to serve: of all customers in a run, and of one."""

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.domain.scoring.score_columns import NO_TIER
from app.domain.value import profit
from app.domain.value.concentration import IntArray
from app.domain.value.profit import UNKNOWN, BoolArray
from app.domain.value.unit_costs import CostCode
from app.domain.value.value_tiers import TIER_NAMES
from app.services.customers.external_ids import check_visible
from app.services.insights import profit_accounts
from app.services.insights.profit_accounts import ProfitFigures
from app.services.scoring.runs import find_finished
from app.services.scoring.value_tiers import tiered
from app.store.engine import in_thread
from app.store.scoring import run_results
from app.store.sql import numpy_io
from app.store.sql.numpy_io import Ids
from app.store.tables import Customer, ScoringRun
from app.store.transactions import ReadTx, Row

_RUN = select(ScoringRun.id, ScoringRun.as_of, ScoringRun.parameters, ScoringRun.is_current)


@in_thread
def report(tx: ReadTx, actor: Actor, run_id: UUID | None, as_of: date | None) -> Row:
    """Tell what the customers with a value tier in a run left after costs, over the run's window.

    The revenue is that of the run. Costs, returns and contacts are those that are known now, at the unit
    costs of now: they may differ from what was known when the run was computed.

    Raises:
        NotFoundError: no such run has finished.
        ConflictError: the amounts are too large to be added up.
    """
    run = find_finished(tx, _RUN, run_id, as_of)
    spec = RunSpec(run.as_of, Parameters.from_dict(run.parameters), actor.company)
    columns = tiered(tx, run.id)
    ids, tiers = columns["customer_id"], columns["tier"]
    figures = profit_accounts.read(tx, spec, ids, columns["value_minor"].astype(np.int64))
    currency = spec.parameters.currency
    return {
        "method": "profit",
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "window": {"start": spec.bounds.start, "end": spec.bounds.end},
        "not_counted": _not_counted(figures),
        "unknown": {why: int(np.count_nonzero(who)) for why, who in profit_accounts.unknown(figures).items()},
        **_summary(figures, currency),
        "tiers": [{"tier": tier, **_sums(figures, tiers == tier, currency)} for tier in TIER_NAMES],
        "channels": _channels(figures, currency),
        "channels_without_cost": sorted(figures.accounts.contacts.keys() - figures.costs.channels.keys()),
        "returns": _returns(figures, currency),
        "compensation": money.to_wire(int(figures.accounts.compensation_minor.sum()), currency),
        "top_losses": _losses(tx, ids, tiers, figures, currency),
    }


@in_thread
def of_customer(tx: ReadTx, actor: Actor, customer_id: UUID) -> Row:
    """Tell what one customer left after costs, line by line, over the window of the current run.

    As with `report`, the revenue is that of the run, and all else is what is known now.

    Raises:
        NotFoundError: no such customer, or no run has finished.
        ConflictError: the amounts are too large to be added up.
    """
    check_visible(tx, actor, customer_id)
    run = find_finished(tx, _RUN, None, None)
    spec = RunSpec(run.as_of, Parameters.from_dict(run.parameters), actor.company)
    stored = run_results.of_customer(tx, [run.id], customer_id, ["tier", "value_minor"]).get(run.id, {})
    has_tier = stored.get("tier", NO_TIER) != NO_TIER
    revenue = np.array([stored["value_minor"] if has_tier else 0], dtype=np.int64)
    one = numpy_io.id_array([customer_id.bytes])
    figures = profit_accounts.read(tx, spec, one, revenue, only=one)
    lacks = profit_accounts.unknown(figures)
    currency = spec.parameters.currency
    serve, goods, gained = (
        _known(amounts, currency)
        for amounts in (figures.found.serve_minor, figures.accounts.goods_minor, figures.found.profit_minor)
    )
    return {
        "customer_id": customer_id,
        "run_id": run.id,
        "as_of": run.as_of,
        "window": {"start": spec.bounds.start, "end": spec.bounds.end},
        "tier": str(stored["tier"]) if has_tier else None,
        "not_counted": _not_counted(figures),
        "unknown": [why for why, who in lacks.items() if who[0]],
        "revenue": money.to_wire(int(revenue[0]), currency) if has_tier else None,
        "goods": goods,
        "channels": [line for line in _channels(figures, currency) if line["contacts"]],
        "returns": _returns(figures, currency),
        "compensation": money.to_wire(int(figures.accounts.compensation_minor.sum()), currency),
        "serve": serve,
        "serve_share": _share(figures.found.serve_minor, revenue) if serve is not None else None,
        "profit": gained if has_tier else None,
    }


# --- inside


def _not_counted(figures: ProfitFigures) -> list[str]:
    """Costs that are missing from the figures: compensation, where some of it is in another currency."""
    return ["compensation"] if figures.compensation_left_out else []


def _summary(figures: ProfitFigures, currency: str) -> Row:
    found = profit.summary(figures.accounts, figures.found)
    goods = figures.accounts.goods_minor[figures.found.profit_minor != UNKNOWN]
    return {
        "n": found.n,
        "known": found.known,
        "coverage_customers": found.coverage_customers,
        "coverage_revenue": found.coverage_revenue,
        "revenue": money.to_wire(found.revenue_minor, currency),
        "goods": money.to_wire(int(goods.sum()), currency),
        "serve": money.to_wire(found.serve_minor, currency),
        "profit": money.to_wire(found.profit_minor, currency),
        "serve_share": found.serve_share,
        "unprofitable": found.unprofitable,
        "loss": money.to_wire(found.loss_minor, currency),
        "whale": [{"customer_share": x, "profit_share": y} for x, y in found.whale],
        "peak_share": found.peak_share,
    }


def _sums(figures: ProfitFigures, chosen: BoolArray, currency: str) -> Row:
    """Sums over those of some customers who have a profit."""
    known = chosen & (figures.found.profit_minor != UNKNOWN)
    gained = figures.found.profit_minor[known]
    revenue, serve = figures.accounts.revenue_minor[known], figures.found.serve_minor[known]
    return {
        "n": int(np.count_nonzero(chosen)),
        "known": gained.size,
        "revenue": money.to_wire(int(revenue.sum()), currency),
        "serve": money.to_wire(int(serve.sum()), currency),
        "serve_share": _share(serve, revenue),
        "profit": money.to_wire(int(gained.sum()), currency),
        "unprofitable": int(np.count_nonzero(gained < 0)),
    }


def _channels(figures: ProfitFigures, currency: str) -> list[Row]:
    """What came in over each channel, and what it cost; those with neither contacts nor a unit cost are not
    there."""
    rows = []
    for channel in sorted({*figures.accounts.contacts, *figures.costs.channels}):
        counts = [
            int(columns[channel].sum()) if channel in columns else 0
            for columns in (figures.accounts.contacts, figures.accounts.seconds, figures.untimed)
        ]
        cost = figures.found.by_channel.get(channel, np.zeros(0, dtype=np.int64))
        known = channel in figures.costs.channels
        rows.append(
            {
                "channel": channel,
                **dict(zip(("contacts", "seconds", "untimed"), counts, strict=True)),
                "unit_cost": _unit_cost(figures, channel),
                "cost": money.to_wire(int(cost.sum()), currency) if known else None,
            }
        )
    return rows


def _returns(figures: ProfitFigures, currency: str) -> Row:
    """How many returns there were, and what they cost."""
    handled = profit.returns_cost(figures.accounts, figures.costs)
    return {
        "count": int(figures.accounts.returns.sum()),
        "unit_cost": _unit_cost(figures, CostCode.RETURN),
        "cost": None if handled is None else money.to_wire(int(handled.sum()), currency),
    }


def _unit_cost(figures: ProfitFigures, code: str) -> Row | None:
    given = figures.unit_costs.get(code)
    return None if given is None else {name: given[name] for name in ("per_contact", "per_minute")}


def _losses(tx: ReadTx, ids: Ids, tiers: Any, figures: ProfitFigures, currency: str) -> list[Row]:
    """Who costs most more than they bring, greatest loss first."""
    places = profit.worst(figures.found)
    worst = numpy_io.raw_ids(ids[places])
    found = tx.execute(select(Customer.id, Customer.name).where(Customer.id.in_(worst)))
    names = {row.id: row.name for row in found}
    amounts = {
        "revenue": figures.accounts.revenue_minor,
        "serve": figures.found.serve_minor,
        "profit": figures.found.profit_minor,
    }
    return [
        {
            "id": customer_id,
            "name": names[customer_id],
            "tier": str(tiers[place]),
            **{name: money.to_wire(int(column[place]), currency) for name, column in amounts.items()},
        }
        for place, customer_id in zip(places, worst, strict=True)
        if customer_id in names
    ]


def _known(amounts: IntArray, currency: str) -> Row | None:
    """The amount of the one customer; None if it is not known."""
    return None if amounts[0] == UNKNOWN else money.to_wire(int(amounts[0]), currency)


def _share(serve: IntArray, revenue: IntArray) -> float | None:
    whole = int(revenue.sum())
    return int(serve.sum()) / whole if whole > 0 else None
