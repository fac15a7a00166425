"""What profit is computed from, by customer, as columns.

As in `app.store.scoring.customer_facts`, ``only`` are the customers to read (None: all), and nothing outside
of ``bounds`` is read.
"""

import numpy as np
from sqlalchemy import BigInteger, and_, case, cast, func, select

from app.domain.activity.transactions import LOWERING
from app.domain.scoring.run_spec import Bounds, RunSpec
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import Compensation, Interaction, Transaction
from app.store.transactions import ReadTx


def goods(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Columns:
    """Sum up what goods cost, and count what came back.

    Returns:
        ``customer_id``, ascending; ``goods_minor``: costs in the reporting currency, less those of goods
        that came back; ``unknown``: number of transactions without a cost, or in another currency;
        ``returns``: number of refunds and cancellations.
    """
    parameters, bounds, cost = spec.parameters, spec.bounds, Transaction.cost_minor
    known = and_(Transaction.currency == parameters.currency, cost.is_not(None))
    statement = select(
        numpy_io.raw_id(tx, Transaction.customer_id),
        cast(func.sum(case((known, cost), else_=0)), BigInteger),
        func.count(case((~known, 1))),
        func.count(case((Transaction.kind.in_(sorted(LOWERING)), 1))),
    ).where(Transaction.occurred_at < bounds.end)
    if bounds.start is not None:
        statement = statement.where(Transaction.occurred_at >= bounds.start)
    if parameters.ignored_kinds:
        statement = statement.where(Transaction.kind.not_in(sorted(parameters.ignored_kinds)))
    if only is not None:
        statement = statement.where(numpy_io.id_in(tx, Transaction.customer_id, only))
    grouped = statement.group_by(Transaction.customer_id).order_by(Transaction.customer_id)
    names = ("customer_id", "goods_minor", "unknown", "returns")
    found = numpy_io.read(tx, grouped, [ID, *[np.int64] * 3])
    return dict(zip(names, found, strict=True))


def compensations(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Columns:
    """Sum up what was given to make up for failures, less what was taken back.

    Returns:
        ``customer_id``, ascending; ``given_minor``: in the reporting currency; ``unknown``: number of lines
        of the ledger in another currency.
    """
    bounds, cost = spec.bounds, Compensation.cost_minor
    known = Compensation.currency == spec.parameters.currency
    statement = select(
        numpy_io.raw_id(tx, Compensation.customer_id),
        cast(func.sum(case((known, cost), else_=0)), BigInteger),
        func.count(case((~known, 1))),
    ).where(Compensation.given_at < bounds.end)
    if bounds.start is not None:
        statement = statement.where(Compensation.given_at >= bounds.start)
    if only is not None:
        statement = statement.where(numpy_io.id_in(tx, Compensation.customer_id, only))
    grouped = statement.group_by(Compensation.customer_id).order_by(Compensation.customer_id)
    names = ("customer_id", "given_minor", "unknown")
    return dict(zip(names, numpy_io.read(tx, grouped, [ID, *[np.int64] * 2]), strict=True))


def contacts(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> dict[str, Columns]:
    """Count contacts, inbound and outbound, by channel.

    Returns:
        For each channel ``customer_id``, ascending; ``contacts``; ``seconds``: talk, hold and wrap-up
        together, as far as they are known; ``untimed``: number of contacts whose talk is not.
    """
    times = (Interaction.talk_seconds, Interaction.hold_seconds, Interaction.wrap_seconds)
    statement = select(
        numpy_io.raw_id(tx, Interaction.customer_id),
        Interaction.channel,
        func.count(),
        cast(func.sum(sum(func.coalesce(time, 0) for time in times)), BigInteger),
        func.count(case((Interaction.talk_seconds.is_(None), 1))),
    ).where(Interaction.customer_id.is_not(None), Interaction.started_at < bounds.end)
    if bounds.start is not None:
        statement = statement.where(Interaction.started_at >= bounds.start)
    if only is not None:
        statement = statement.where(numpy_io.id_in(tx, Interaction.customer_id, only))
    keys = (Interaction.customer_id, Interaction.channel)
    grouped = statement.group_by(*keys).order_by(*keys)
    names = ("customer_id", "channel", "contacts", "seconds", "untimed")
    columns = numpy_io.read(tx, grouped, [ID, "U16", *[np.int64] * 3])
    found: Columns = dict(zip(names, columns, strict=True))
    channel = found.pop("channel")
    return {
        str(one): {name: column[channel == one] for name, column in found.items()}
        for one in np.unique(channel)
    }
