"""Two real shops whose data are open; the folder that holds their files is given."""

import csv
import gzip
from datetime import date
from pathlib import Path

from app.domain.common.days import day_number
from benchmarks.purchase_log import Ledger


def cdnow(folder: Path) -> Ledger:
    """The CDNOW sample; purchases of amount 0 count."""
    lines = (folder / "cdnow_sample.txt").read_text(encoding="ascii").split("\n")
    rows = [line.split() for line in lines if line.strip()]
    days = [day_number(date.fromisoformat(row[2])) for row in rows]
    return Ledger([int(row[1]) for row in rows], days, [round(100 * float(row[4])) for row in rows])


def online_retail(folder: Path) -> Ledger:
    """Online Retail: customers that are known, cancellations as refunds."""
    path = folder / "online_retail_invoices.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["customer_id"]]
    days = [day_number(date.fromisoformat(row["invoice_datetime"][:10])) for row in rows]
    owners = [int(float(row["customer_id"])) for row in rows]
    amounts = [round(100 * float(row["amount"])) for row in rows]
    return Ledger(owners, days, amounts, zero_amounts_count=False)
