"""Shops for tests of churn: two real ones, and simulated ones of which the truth is known."""

import csv
import gzip
from datetime import date
from pathlib import Path

import numpy as np

from app.domain.churn.ledger import Ledger
from app.domain.days import EPOCH_DAY

CDNOW_END = date(1998, 7, 1)
RETAIL_END = date(2011, 12, 10)


def number(day: date) -> int:
    return (day - EPOCH_DAY).days


def cdnow(reference_data: Path) -> Ledger:
    """The CDNOW sample; purchases of amount 0 count."""
    lines = (reference_data / "cdnow_sample.txt").read_text(encoding="ascii").split("\n")
    rows = [line.split() for line in lines if line.strip()]
    days = [number(date.fromisoformat(row[2])) for row in rows]
    return Ledger([int(row[1]) for row in rows], days, [round(100 * float(row[4])) for row in rows])


def online_retail(reference_data: Path) -> Ledger:
    """Online Retail: customers that are known, cancellations as refunds."""
    path = reference_data / "online_retail_invoices.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["customer_id"]]
    days = [number(date.fromisoformat(row["invoice_datetime"][:10])) for row in rows]
    owners = [int(float(row["customer_id"])) for row in rows]
    amounts = [round(100 * float(row["amount"])) for row in rows]
    return Ledger(owners, days, amounts, zero_amounts_count=False)


def simulated(
    seed: int, customers: int = 1500, days: int = 540, *, season: float = 0.0, regular: int = 1
) -> Ledger:
    """Customers who join evenly, buy at their own rates and may drop out after a purchase.

    ``season`` is how far the rate swings over a year (0 none, towards 1 all); ``regular`` how even the
    intervals are: 1 at random, more like a clock the higher (Erlang).
    """
    random = np.random.default_rng(seed)
    joined = random.integers(0, int(days * 0.8), customers)
    rate, dropout = random.gamma(0.6, 1 / 20, customers), random.beta(0.8, 2.5, customers)
    owners, at, spend = [], [], random.lognormal(3, 0.7, customers)
    for one in range(customers):
        day, is_purchase = float(joined[one]), True
        while day < days:
            if is_purchase:
                owners.append(one)
                at.append(int(day))
                if random.random() < dropout[one]:
                    break
            day += max(random.gamma(regular, 1 / (regular * rate[one] * (1 + season))), 1.0)
            swing = 1 + season * np.cos(2 * np.pi * (day - 340) / 365)
            is_purchase = random.random() < swing / (1 + season)
    owner = np.array(owners)
    amounts = (100 * spend[owner] * random.lognormal(0, 0.4, owner.size)).astype(np.int64)
    return Ledger(owner, np.array(at), amounts)
