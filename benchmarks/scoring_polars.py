"""What `app.store.scoring.customer_facts.transactions` reads, made by Polars from the same database.

Polars reads neither database by itself without further packages, so rows come in batches by the driver,
which is faster here than COPY (psycopg hands out its rows one by one). NumPy makes columns of them, ids as
two numbers.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import psycopg

ZONE = "Europe/Istanbul"
ROWS_AT_ONCE = 200_000


def aggregate(url: str, as_of: date, window_days: int, currency: str = "TRY") -> pl.DataFrame:
    """Sums, counts, first and last days by customer."""
    read = _sqlite if url.startswith("sqlite") else _postgres
    frame = pl.concat(read(url, as_of, currency), rechunk=False)
    start, earlier, recent, cut = (_micros(as_of, days) for days in (window_days, 180, 90, 90))
    at, amount, own = pl.col("at"), pl.col("amount"), pl.col("own")
    bought = amount > 0
    within = (at >= start) & own
    is_recent, is_earlier = at >= recent, (at >= earlier) & (at < recent)
    instant = pl.from_epoch("at", time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    return (
        frame.lazy()
        .with_columns(day=instant.dt.date())
        .group_by("high", "low")
        .agg(
            value_minor=amount.filter(within).sum(),
            transactions=within.sum().cast(pl.Int64),
            foreign=(~own).sum(),
            purchase_days=pl.col("day").filter(bought).n_unique().cast(pl.Int64),
            first=at.filter(bought).min(),
            last=at.filter(bought).max(),
            cut_purchase_days=pl.col("day").filter(bought & (at < cut)).n_unique().cast(pl.Int64),
            cut_last=at.filter(bought & (at < cut)).max(),
            recent_purchases=(bought & is_recent).sum(),
            earlier_purchases=(bought & is_earlier).sum(),
            recent_spend_minor=amount.filter(bought & is_recent & own).sum(),
            earlier_spend_minor=amount.filter(bought & is_earlier & own).sum(),
        )
        .sort("high", "low")
        .collect()
    )


def _sqlite(url: str, as_of: date, currency: str) -> Iterator[pl.DataFrame]:
    connection = sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)
    cursor = connection.execute(
        "SELECT customer_id, currency = ?, amount_minor, occurred_at FROM transactions WHERE occurred_at < ?",
        (currency, _micros(as_of, 0)),
    )
    return _frames(cursor)


def _postgres(url: str, as_of: date, currency: str) -> Iterator[pl.DataFrame]:
    with psycopg.connect(url) as connection, connection.cursor("rows", binary=True) as cursor:
        cursor.execute(
            "SELECT uuid_send(customer_id), currency = %s, amount_minor,"
            " (extract(epoch FROM occurred_at) * 1000000)::bigint"
            " FROM transactions WHERE occurred_at < to_timestamp(%s)",
            (currency, _micros(as_of, 0) // 1_000_000),
        )
        yield from _frames(cursor)


def _frames(cursor: Any) -> Iterator[pl.DataFrame]:
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        ids, own, amount, at = zip(*rows, strict=True)
        high, low = np.frombuffer(b"".join(ids), dtype=">u8").reshape(-1, 2).T.astype(np.uint64)
        columns = {"high": high, "low": low, "own": np.array(own) == 1}
        yield pl.DataFrame({**columns, "amount": np.array(amount), "at": np.array(at)})


def _micros(as_of: date, days: int) -> int:
    """The local midnight so many days before."""
    local = datetime.combine(as_of - timedelta(days=days), datetime.min.time(), ZoneInfo(ZONE))
    return int(local.astimezone(UTC).timestamp()) * 1_000_000
